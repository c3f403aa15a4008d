//! The limit of a user's sessions: passed in silence below it; at it, the user ends some of the others or does not sign in.

use serde_json::{Value, json};

use crate::world::*;

const PASS: &str = "BasicAuthenticator";
const LIMIT: &str = "SessionExecutor";
const AGENT: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36";

/// Applications with a limit of one and of two sessions, one without, and the users kim and lee.
async fn world() -> World {
    let world = World::new().await;
    world.app("shop").await;
    for (name, most) in [("one", None), ("two", Some(2))] {
        world
            .app_with(name, |app| {
                app.sequence = steps(&[&[PASS], &[LIMIT]]);
                app.sequence.steps[1].options[0].limits.max_sessions = most;
            })
            .await;
    }
    for name in ["kim", "lee"] {
        world.user(name).await;
    }
    world
}

async fn signed_in(world: &World, app: &str, user: &str) -> Answer {
    world.anonymous().header("user-agent", AGENT).sign_in(app, user, &[]).await
}

fn data(answer: &Answer) -> Value {
    answer.member("/nextStep/authenticators/0/metadata/additionalData")
}

fn sessions(answer: &Answer) -> Vec<Value> {
    serde_json::from_str(data(answer)["sessions"].as_str().unwrap()).unwrap()
}

fn ids(answer: &Answer) -> Vec<Value> {
    sessions(answer).iter().map(|session| session["sessionId"].clone()).collect()
}

async fn act(world: &World, asked: &Answer, action: &str, chosen: &[Value]) -> Answer {
    let mut params =
        json!({"promptResp": "true", "promptId": data(asked)["promptId"], "ActiveSessionsLimitAction": action});
    if !chosen.is_empty() {
        params["sessionsToTerminate"] = chosen.into();
    }
    world.anonymous().answer(&asked.flow_id(), &id_of(LIMIT), params).await
}

async fn terminate(world: &World, asked: &Answer, chosen: &[Value]) -> Answer {
    act(world, asked, "terminateActiveSessionsAction", chosen).await
}

#[tokio::test]
async fn below_the_limit_nothing_is_asked() {
    let world = world().await;
    signed_in(&world, "one", "kim").await.is(200).code();
    signed_in(&world, "two", "kim").await.is(200).code();
    signed_in(&world, "one", "lee").await.is(200).code();
    signed_in(&world, "two", "kim").await.is_step("INCOMPLETE");
}

#[tokio::test]
async fn at_the_limit_the_user_sees_the_others_and_ends_one() {
    let world = world().await;
    let first = signed_in(&world, "one", "kim").await;
    let tokens = world.anonymous().exchange("one", &first.is(200).code()).await;
    world.wait(seconds(5));
    let asked = signed_in(&world, "one", "kim").await;
    let offer = asked.is_step("INCOMPLETE").member("/nextStep/authenticators/0");
    assert_eq!(
        (&offer["authenticatorId"], &offer["authenticator"]),
        (&json!("U2Vzc2lvbkV4ZWN1dG9yOkxPQ0FM"), &json!("Active Sessions Limit"))
    );
    assert_eq!(offer["requiredParams"], json!(["promptResp", "promptId", "ActiveSessionsLimitAction"]));
    assert_eq!(offer["metadata"]["i18nKey"], Value::Null);
    assert_eq!(offer["metadata"]["params"][3]["type"], "MULTI_VALUED");
    assert_eq!(data(&asked)["MaxSessionCount"], "1");
    let mut listed = sessions(&asked);
    assert_eq!(listed.len(), 1);
    let id = listed[0]["sessionId"].take();
    assert_eq!(
        listed[0],
        json!({"sessionId": null, "lastAccessTime": "1767225600000", "browser": "Chrome", "platform": "Windows", "device": "Computer"})
    );
    let sid = claims(&tokens.at("/id_token"))["sid"].clone();
    assert!(id != sid && id != claims(&tokens.at("/id_token"))["isk"]);
    terminate(&world, &asked, &[id]).await.is(200).code();
    world.anonymous().userinfo(&tokens.at("/access_token")).await.is_unauthorized_token();
}

#[tokio::test]
async fn whoever_gives_up_signs_in_nowhere_and_ends_nothing() {
    let world = world().await;
    let first = signed_in(&world, "one", "kim").await;
    let asked = signed_in(&world, "one", "kim").await;
    act(&world, &asked, "denyLimitActiveSessionsAction", &[]).await.is_refused(400, "60002", "authentication_failed");
    act(&world, &asked, "refreshActiveSessionsAction", &[]).await.is_refused(400, "60009", "invalid_flow_id");
    world.anonymous().cookie(&first).authorize("shop", &[]).await.is(200).code();
}

#[tokio::test]
async fn a_list_that_is_read_again_has_another_id_and_passes_when_there_is_room() {
    let world = world().await;
    signed_in(&world, "one", "kim").await.is(200);
    let asked = signed_in(&world, "one", "kim").await;
    let again = act(&world, &asked, "refreshActiveSessionsAction", &[]).await;
    assert_ne!(data(again.is_step("INCOMPLETE"))["promptId"], data(&asked)["promptId"]);
    // The older list ends nothing.
    let chosen = ids(&asked);
    terminate(&world, &asked, &chosen).await.is_step("FAIL_INCOMPLETE");
    world.wait(days(1));
    signed_in(&world, "one", "kim").await.is(200).code();
}

#[tokio::test]
async fn sessions_that_ended_meanwhile_make_room() {
    let world = world().await;
    signed_in(&world, "one", "kim").await.is(200);
    world.wait(minutes(14));
    let asked = signed_in(&world, "one", "kim").await;
    world.wait(minutes(2));
    act(&world, &asked, "refreshActiveSessionsAction", &[]).await.is(200).code();
}

#[tokio::test]
async fn only_the_users_own_sessions_end_and_enough_of_them() {
    let world = world().await;
    let lees = signed_in(&world, "one", "lee").await;
    let lees_list = ids(&signed_in(&world, "one", "lee").await);
    for _ in 0..3 {
        signed_in(&world, "shop", "kim").await.is(200);
    }
    let asked = signed_in(&world, "two", "kim").await;
    assert_eq!(ids(&asked).len(), 3);
    let few = terminate(&world, &asked, &ids(&asked)[..1]).await;
    assert_eq!(few.is_step("FAIL_INCOMPLETE").member("/nextStep/messages/0/context/0/value"), "2");
    for wrong in [lees_list[0].clone(), json!("x")] {
        let chosen = [ids(&few)[0].clone(), ids(&few)[1].clone(), wrong];
        terminate(&world, &few, &chosen).await.is_step("FAIL_INCOMPLETE");
    }
    let twice = [ids(&few)[0].clone(), ids(&few)[0].clone()];
    let few = terminate(&world, &few, &twice).await;
    assert_eq!(ids(few.is_step("FAIL_INCOMPLETE")).len(), 3);
    terminate(&world, &few, &ids(&few)[..2]).await.is(200).code();
    world.anonymous().cookie(&lees).authorize("shop", &[]).await.is(200).code();
}

#[tokio::test]
async fn the_wrong_list_five_times_ends_the_flow() {
    let world = world().await;
    signed_in(&world, "one", "kim").await.is(200);
    let asked = signed_in(&world, "one", "kim").await;
    let flow = asked.flow_id();
    let wrong =
        json!({"promptResp": "true", "promptId": "x", "ActiveSessionsLimitAction": "refreshActiveSessionsAction"});
    for _ in 0..4 {
        world.anonymous().answer(&flow, &id_of(LIMIT), wrong.clone()).await.is_step("FAIL_INCOMPLETE");
    }
    world.anonymous().answer(&flow, &id_of(LIMIT), wrong).await.is_refused(400, "60013", "max_attempts_exceeded");
}

#[tokio::test]
async fn an_answer_without_what_counts_asks_again_and_an_unknown_action_is_refused() {
    let world = world().await;
    signed_in(&world, "one", "kim").await.is(200);
    let asked = signed_in(&world, "one", "kim").await;
    let half = world.anonymous().answer(&asked.flow_id(), &id_of(LIMIT), json!({"promptResp": "true"})).await;
    assert_eq!(data(half.is_step("INCOMPLETE")), data(&asked));
    act(&world, &asked, "endEverything", &[]).await.is_refused(400, "60001", "invalid_request");
    terminate(&world, &asked, &[]).await.is_refused(400, "60001", "invalid_request");
}

#[tokio::test]
async fn a_session_that_is_used_again_is_not_one_too_many() {
    let world = world().await;
    let first = signed_in(&world, "shop", "kim").await;
    world.anonymous().cookie(&first).authorize("one", &[]).await.is(200).code();
}

#[tokio::test]
async fn before_somebody_is_proved_it_says_nothing_and_ends_nothing() {
    let world = world().await;
    world.app_with("early", |app| app.sequence = steps(&[&["IdentifierExecutor"], &[LIMIT], &[PASS]])).await;
    let first = signed_in(&world, "shop", "kim").await;
    let mut shapes = Vec::new();
    for name in ["kim", "lee", "nobody"] {
        let flow = world.authorize("early", &[]).await.flow_id();
        let next = world.anonymous().answer(&flow, IDENTIFIER, json!({"username": name})).await;
        let wrong =
            json!({"promptResp": "true", "promptId": "x", "ActiveSessionsLimitAction": "refreshActiveSessionsAction"});
        let more = world.anonymous().answer(&flow, &id_of(LIMIT), wrong).await;
        shapes.push([next.is_step("FAIL_INCOMPLETE").shape(), more.is_step("FAIL_INCOMPLETE").shape()]);
    }
    assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:?}");
    world.anonymous().cookie(&first).authorize("shop", &[]).await.is(200).code();
}
