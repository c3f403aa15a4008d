//! What is no proof: an answer to another question, of another page, party or passkey, without its user, or for the
//! second time.

use serde_json::{Value, json};
use vestibule_authn::passkey::softkey::{BACKED_UP, BACKUP_ELIGIBLE, Kind, PRESENT, SoftKey, VERIFIED};
use vestibule_core::user::User;
use vestibule_jose::base64url;

use crate::devices::{PASSKEY, RP, asked, proof};
use crate::world::*;

const PASS: &str = "BasicAuthenticator";

/// A world in which password or passkey opens, and password and passkey; kim and lee have a passkey each.
async fn world() -> (World, [User; 2], [SoftKey; 2]) {
    let world = World::new().await;
    world.app_with("either", |app| app.sequence = steps(&[&[PASS, PASSKEY]])).await;
    world.app_with("both", |app| app.sequence = steps(&[&[PASS], &[PASSKEY]])).await;
    let (kim, lee) = (world.user("kim").await, world.user("lee").await);
    let keys = [world.passkey(&kim).await, world.passkey(&lee).await];
    (world, [kim, lee], keys)
}

/// A flow that has asked for a passkey, and what it asked.
async fn open(world: &World) -> (String, Value) {
    let flow = world.authorize("either", &[]).await.flow_id();
    let question = again(world, &flow).await;
    (flow, question)
}

async fn again(world: &World, flow: &str) -> Value {
    asked(world.anonymous().select(flow, &id_of(PASSKEY)).await.is_step("INCOMPLETE"))
}

/// A flow that asks kim for a passkey after the password, and what it asks.
async fn second(world: &World) -> (String, Value) {
    let flow = world.authorize("both", &[]).await.flow_id();
    let step = world.anonymous().password(&flow, "kim", PASSWORD).await;
    (flow, asked(step.is_step("INCOMPLETE")))
}

// Checklist 49.
#[tokio::test]
async fn an_authenticator_that_says_something_else_is_refused() {
    let (world, _, [mut key, _]) = world().await;
    let (flow, _) = open(&world).await;
    let usual = PRESENT | VERIFIED | BACKUP_ELIGIBLE | BACKED_UP;
    type Spoil = (&'static str, fn(&mut SoftKey));
    let spoils: &[Spoil] = &[
        ("without its user verified", |key| key.flags &= !VERIFIED),
        ("without its user", |key| key.flags &= !PRESENT),
        ("never to be backed up", |key| key.flags &= !(BACKUP_ELIGIBLE | BACKED_UP)),
        ("of another page", |key| key.origin = "https://evil.example".into()),
        ("of another port", |key| key.origin = "http://localhost:9444".into()),
        ("of another scheme", |key| key.origin = "https://localhost:9443".into()),
        ("of a longer name", |key| key.origin = "http://localhost:9443.evil.example".into()),
        ("of a page below", |key| key.origin = "http://localhost:9443/".into()),
        ("of another party", |key| key.rp_id = "example.com".into()),
        ("of the party's page", |key| key.rp_id = BASE.into()),
        ("in a frame", |key| key.cross_origin = Some(true)),
        ("below another page", |key| key.top_origin = Some(BASE.into())),
        ("of a creation", |key| key.kind = Some("webauthn.create".into())),
        ("of somebody else", |key| key.user_handle = Some(b"somebody else".to_vec())),
        ("of an unknown passkey", |key| key.id = b"unknown".to_vec()),
    ];
    for (what, spoil) in spoils {
        let (origin, handle, id) = (key.origin.clone(), key.user_handle.clone(), key.id.clone());
        spoil(&mut key);
        let question = again(&world, &flow).await;
        let refused = world.touch(&flow, &key, &question).await;
        assert_eq!(refused.at("/flowStatus"), "FAIL_INCOMPLETE", "{what}");
        assert_eq!(refused.options().len(), 2, "{what}");
        (key.origin, key.user_handle, key.id) = (origin, handle, id);
        (key.rp_id, key.flags, key.cross_origin, key.top_origin, key.kind) = (RP.into(), usual, None, None, None);
    }
    let question = again(&world, &flow).await;
    world.touch(&flow, &key, &question).await.is(200).code();
}

#[tokio::test]
async fn what_is_no_answer_is_refused() {
    let (world, _, [key, _]) = world().await;
    let (flow, _) = open(&world).await;
    let change = |question: &Value, pointer: &str, value: Value| {
        let mut response = proof(&key, question);
        *response.pointer_mut(pointer).unwrap() = value;
        response
    };
    type Garble<'a> = Box<dyn Fn(&Value) -> Value + 'a>;
    let garbled: Vec<Garble<'_>> = vec![
        Box::new(|_| json!("")),
        Box::new(|_| json!("nonsense")),
        Box::new(|_| json!("{")),
        Box::new(|_| json!("!!!")),
        Box::new(|_| json!("[]")),
        Box::new(|_| base64url(b"null").into()),
        Box::new(|_| json!({})),
        Box::new(|question| json!({"requestId": question["requestId"], "errorCode": "NotAllowedError"})),
        Box::new(|question| change(question, "/requestId", json!(null))),
        Box::new(|question| change(question, "/requestId", json!(""))),
        Box::new(|question| change(question, "/requestId", base64url(&[0; 32]).into())),
        Box::new(|question| change(question, "/credential", json!([]))),
        Box::new(|question| change(question, "/credential/id", json!(7))),
        Box::new(|question| change(question, "/credential/type", json!("password"))),
        Box::new(|question| change(question, "/credential/rawId", base64url(b"other").into())),
        Box::new(|question| change(question, "/credential/response", json!(null))),
        Box::new(|question| change(question, "/credential/response/clientDataJSON", json!(""))),
        Box::new(|question| change(question, "/credential/response/authenticatorData", base64url(&[0; 37]).into())),
        Box::new(|question| change(question, "/credential/response/signature", base64url(&[0; 64]).into())),
        Box::new(|question| change(question, "/credential/response/signature", "A".repeat(12_000).into())),
    ];
    for (place, garble) in garbled.iter().enumerate() {
        let question = again(&world, &flow).await;
        let refused = world.respond(&flow, PASSKEY, &garble(&question)).await;
        assert_eq!(refused.at("/flowStatus"), "FAIL_INCOMPLETE", "answer {place}");
    }
    let question = again(&world, &flow).await;
    world.touch(&flow, &key, &question).await.is(200).code();
}

#[tokio::test]
async fn an_answer_is_good_in_its_own_flow_only() {
    let (world, _, [key, _]) = world().await;
    let ((one, first), (two, second)) = (open(&world).await, open(&world).await);
    assert_ne!(
        first["publicKeyCredentialRequestOptions"]["challenge"],
        second["publicKeyCredentialRequestOptions"]["challenge"]
    );
    let right = proof(&key, &first);
    world.respond(&two, PASSKEY, &right).await.is_step("FAIL_INCOMPLETE");
    // Neither does the name of the other question help, nor the other question under the own name.
    let mut renamed = right.clone();
    renamed["requestId"] = again(&world, &two).await["requestId"].clone();
    world.respond(&two, PASSKEY, &renamed).await.is_step("FAIL_INCOMPLETE");
    world.respond(&one, PASSKEY, &right).await.is(200).code();
    world.respond(&one, PASSKEY, &right).await.is_refused(400, "60009", "invalid_flow_id");
}

// Checklist 48.
#[tokio::test]
async fn an_answer_is_judged_once() {
    let (world, kim, [key, _]) = {
        let (world, [kim, _], keys) = world().await;
        (world, kim, keys)
    };
    let (flow, question) = open(&world).await;
    let answer = proof(&key, &question);
    world.change_user(&kim, |user| user.locked = true).await;
    world.respond(&flow, PASSKEY, &answer).await.is_step("FAIL_INCOMPLETE");
    world.change_user(&kim, |user| user.locked = false).await;
    world.respond(&flow, PASSKEY, &answer).await.is_step("FAIL_INCOMPLETE");
    let fresh = again(&world, &flow).await;
    world.touch(&flow, &key, &fresh).await.is(200).code();
}

#[tokio::test]
async fn an_answer_to_one_step_is_no_answer_to_the_next() {
    let (world, _, [key, _]) = world().await;
    world.app_with("twice", |app| app.sequence = steps(&[&[PASSKEY], &[PASSKEY]])).await;
    let start = world.authorize("twice", &[]).await;
    let answer = proof(&key, &asked(&start));
    let next = world.respond(&start.flow_id(), PASSKEY, &answer).await;
    let question = asked(next.is_step("INCOMPLETE"));
    assert_ne!(question["requestId"], answer["requestId"]);
    world.respond(&start.flow_id(), PASSKEY, &answer).await.is_refused(400, "60002", "authentication_failed");
}

// Checklist 48.
#[tokio::test]
async fn a_question_is_open_for_half_of_five_minutes_at_least_and_for_five_at_most() {
    // Challenges change every 150 seconds, and the world begins with a new one.
    for (before, after, good) in [(0, 299, true), (0, 300, false), (149, 150, true), (149, 151, false), (0, 360, false)]
    {
        let (world, _, [key, _]) = world().await;
        world.wait(seconds(before));
        let (flow, question) = open(&world).await;
        world.wait(seconds(after));
        let answer = world.touch(&flow, &key, &question).await;
        assert_eq!(answer.is(200).member("/authData").is_object(), good, "asked at {before}, answered {after} later");
        if !good {
            let fresh = again(&world, &flow).await;
            world.touch(&flow, &key, &fresh).await.is(200).code();
        }
    }
}

// Checklist 50.
#[tokio::test]
async fn a_count_that_does_not_rise_is_refused() {
    let (world, [kim, _], _) = world().await;
    let mut key = SoftKey::new(Kind::EdDsa, RP, BASE);
    key.counter = 5;
    world.owns(&kim, &key).await;
    for (counter, good) in [(5, false), (4, false), (0, false), (6, true), (6, false), (9, true), (7, false)] {
        key.counter = counter;
        let (flow, question) = open(&world).await;
        let answer = world.touch(&flow, &key, &question).await;
        assert_eq!(answer.is(200).member("/authData").is_object(), good, "at {counter}");
    }
}

// Checklist 50.
#[tokio::test]
async fn two_at_once_with_one_count_open_once() {
    let (world, [kim, _], _) = world().await;
    let mut key = SoftKey::new(Kind::EdDsa, RP, BASE);
    key.counter = 5;
    world.owns(&kim, &key).await;
    key.counter = 6;
    let ((one, first), (two, second)) = (open(&world).await, open(&world).await);
    let answers = tokio::join!(world.touch(&one, &key, &first), world.touch(&two, &key, &second));
    let opened = [answers.0, answers.1].iter().filter(|answer| answer.is(200).member("/authData").is_object()).count();
    assert_eq!(opened, 1);
}

#[tokio::test]
async fn after_kims_password_lees_passkey_is_refused() {
    let (world, [kim, _], [own, mut other]) = world().await;
    for handle in [other.user_handle.clone(), Some(kim.id.as_bytes().to_vec()), None] {
        other.user_handle = handle;
        let (flow, question) = second(&world).await;
        world.touch(&flow, &other, &question).await.is_refused(400, "60002", "authentication_failed");
    }
    // The id of kim's passkey with lee's signature.
    other.id.clone_from(&own.id);
    let (flow, question) = second(&world).await;
    world.touch(&flow, &other, &question).await.is_refused(400, "60002", "authentication_failed");
    let (flow, question) = second(&world).await;
    world.touch(&flow, &own, &question).await.is(200).code();
}

#[tokio::test]
async fn a_passkey_says_whose_it_is_and_not_the_handle() {
    let (world, [_, lee], [mut key, _]) = world().await;
    key.user_handle = Some(lee.id.as_bytes().to_vec());
    let (flow, question) = open(&world).await;
    world.touch(&flow, &key, &question).await.is_step("FAIL_INCOMPLETE");
    key.user_handle = None;
    let question = again(&world, &flow).await;
    let done = world.touch(&flow, &key, &question).await;
    let token = claims(&world.anonymous().exchange("either", &done.code()).await.at("/id_token"));
    assert_ne!(token["sub"], lee.id.to_string());
}

#[tokio::test]
async fn a_passkey_of_another_party_is_refused_although_it_is_in_the_store() {
    let (world, [kim, _], _) = world().await;
    let mut key = SoftKey::new(Kind::EdDsa, "other.example", BASE);
    world.owns(&kim, &key).await;
    for party in ["other.example", RP] {
        key.rp_id = party.to_owned();
        let (flow, question) = open(&world).await;
        world.touch(&flow, &key, &question).await.is_step("FAIL_INCOMPLETE");
    }
    let (_, question) = second(&world).await;
    let ids = question["publicKeyCredentialRequestOptions"]["allowCredentials"].as_array().unwrap();
    assert_eq!(ids.len(), 1, "only that of this party is asked for");
}

#[tokio::test]
async fn a_passkey_of_another_tenant_is_unknown() {
    let (world, ..) = world().await;
    let acme = world.tenant("acme").await;
    let ann = world.user_with("ann", |user| user.tenant = acme).await;
    let key = world.passkey(&ann).await;
    let (flow, question) = open(&world).await;
    world.touch(&flow, &key, &question).await.is_step("FAIL_INCOMPLETE");
}
