//! Many hands at once: of what may happen once, one happens.

use serde_json::json;
use tokio::task::JoinSet;

use crate::authenticators::{CODE, Code, RIGHT};
use crate::world::*;

const MANY: usize = 32;

/// The answers to the same call by many at once.
async fn at_once<F>(call: impl Fn() -> F) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    let mut calls = JoinSet::new();
    for _ in 0..MANY {
        calls.spawn(call());
    }
    calls.join_all().await
}

fn split(answers: &[Answer]) -> (Vec<&Answer>, Vec<&Answer>) {
    answers.iter().partition(|answer| answer.status == 200)
}

async fn world() -> World {
    let world = World::new().await;
    world.app("shop").await;
    world.confidential_app("vault").await;
    world.user("kim").await;
    world
}

// Checklist 59.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_flow_answered_by_many_gives_one_code() {
    let world = world().await;
    for _ in 0..5 {
        let flow = world.authorize("shop", &[]).await.flow_id();
        let answers = at_once(|| {
            let (caller, flow) = (world.anonymous(), flow.clone());
            async move { caller.password(&flow, "kim", PASSWORD).await }
        })
        .await;
        let (done, refused) = split(&answers);
        assert_eq!((done.len(), refused.len()), (1, MANY - 1));
        done[0].code();
        for answer in refused {
            let code = answer.is(400).at("/code");
            assert!(code == "60003" || code == "60009", "{}", answer.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_wrong_answers_to_one_flow_only_those_that_were_judged_count() {
    let setting = Setting::default();
    let watched = setting.watched.clone();
    let world = World::with(setting).await;
    world.app("shop").await;
    world.user("kim").await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    let answers = at_once(|| {
        let (caller, flow) = (world.anonymous(), flow.clone());
        async move { caller.password(&flow, "kim", "wrong").await }
    })
    .await;
    let (judged, refused) = split(&answers);
    assert!(!judged.is_empty());
    assert_eq!(watched.compared(), judged.len().min(5));
    for answer in judged {
        answer.is_step("FAIL_INCOMPLETE");
    }
    for answer in refused {
        answer.is_refused(400, "60003", "authentication_failed_retry");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_was_sent_once_is_accepted_once() {
    let code = Code::leaked();
    let world = World::set(|setting| setting.authenticators.push(code)).await;
    world.app_with("bank", |app| app.sequence = steps(&[&["BasicAuthenticator"], &[CODE]])).await;
    world.user("kim").await;
    let flow = world.anonymous().sign_in("bank", "kim", &[]).await.flow_id();
    let answers = at_once(|| {
        let (caller, flow) = (world.anonymous(), flow.clone());
        async move { caller.answer(&flow, &id_of(CODE), json!({"OTPCode": RIGHT})).await }
    })
    .await;
    assert_eq!(split(&answers).0.len(), 1);
    assert_eq!(code.sent(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_option_selected_by_many_is_begun_once() {
    let code = Code::leaked();
    let world = World::set(|setting| setting.authenticators.push(code)).await;
    world.app_with("bank", |app| app.sequence = steps(&[&["IdentifierExecutor"], &["BasicAuthenticator", CODE]])).await;
    world.user("kim").await;
    let flow = world.authorize("bank", &[]).await.flow_id();
    world.anonymous().answer(&flow, IDENTIFIER, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    at_once(|| {
        let (caller, flow) = (world.anonymous(), flow.clone());
        async move { caller.select(&flow, &id_of(CODE)).await }
    })
    .await;
    assert_eq!(code.sent(), 1);
    world.anonymous().answer(&flow, &id_of(CODE), json!({"OTPCode": RIGHT})).await.is(200).code();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_exchanged_by_many_gives_tokens_once_and_these_are_revoked() {
    let world = world().await;
    for _ in 0..5 {
        let code = world.anonymous().sign_in("shop", "kim", &[]).await.code();
        let answers = at_once(|| {
            let (caller, code) = (world.anonymous(), code.clone());
            async move { caller.exchange("shop", &code).await }
        })
        .await;
        let (done, refused) = split(&answers);
        assert_eq!((done.len(), refused.len()), (1, MANY - 1));
        for answer in refused {
            answer.is_oauth_refusal(400, "invalid_grant");
        }
        world.anonymous().userinfo(&done[0].at("/access_token")).await.is_unauthorized_token();
        world.anonymous().refresh("shop", &done[0].at("/refresh_token")).await.is_oauth_refusal(400, "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_of_a_public_application_used_by_many_ends_the_family() {
    let world = world().await;
    let token = world.login("shop", "kim").await.at("/refresh_token");
    let answers = at_once(|| {
        let (caller, token) = (world.anonymous(), token.clone());
        async move { caller.refresh("shop", &token).await }
    })
    .await;
    let (done, _) = split(&answers);
    assert_eq!(done.len(), 1);
    world.anonymous().refresh("shop", &done[0].at("/refresh_token")).await.is_oauth_refusal(400, "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refresh_token_of_a_confidential_application_used_by_many_has_one_successor() {
    let world = world().await;
    let caller = world.anonymous().basic("vault", SECRET);
    let code = caller.sign_in("vault", "kim", &[]).await.code();
    let token = caller.exchange("vault", &code).await.at("/refresh_token");
    let answers = at_once(|| {
        let (caller, token) = (caller.clone(), token.clone());
        async move { caller.refresh("vault", &token).await }
    })
    .await;
    let successors: std::collections::BTreeSet<_> =
        answers.iter().map(|answer| answer.is(200).at("/refresh_token")).collect();
    assert_eq!(successors.len(), 1);
    caller.refresh("vault", successors.first().unwrap()).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_and_a_refresh_at_once_leave_nothing_alive() {
    let world = world().await;
    for _ in 0..10 {
        let tokens = world.login("shop", "kim").await;
        let (id_token, refresh) = (tokens.at("/id_token"), tokens.at("/refresh_token"));
        let (leaver, refresher) = (world.anonymous(), world.anonymous());
        let leave = tokio::spawn(async move {
            leaver.form("/oidc/logout", &[("response_mode", "direct"), ("id_token_hint", &id_token)]).await
        });
        let refreshed = tokio::spawn(async move { refresher.refresh("shop", &refresh).await });
        leave.await.unwrap().is(200);
        let refreshed = refreshed.await.unwrap();
        if refreshed.status == 200 {
            world.anonymous().userinfo(&refreshed.at("/access_token")).await.is_unauthorized_token();
            world.anonymous().refresh("shop", &refreshed.at("/refresh_token")).await.is(400);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_and_a_single_sign_on_at_once_leave_no_session() {
    let world = world().await;
    for round in 0..300 {
        let done = world.anonymous().sign_in("shop", "kim", &[]).await;
        let (leaver, comer) = (world.anonymous().cookie(&done), world.anonymous().cookie(&done));
        let leave = tokio::spawn(async move {
            leaver.form("/oidc/logout", &[("response_mode", "direct"), ("client_id", "shop")]).await
        });
        let come = tokio::spawn(async move { comer.authorize("shop", &[]).await });
        leave.await.unwrap().is(200);
        come.await.unwrap().is(200);
        let after = world.anonymous().cookie(&done).authorize("shop", &[]).await;
        assert!(after.member("/authData").is_null(), "the session was there again after the logout (round {round})");
    }
}
