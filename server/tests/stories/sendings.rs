//! When something is sent, and when not: once for many hands, at once where a session has done the first step, and never
//! where nobody may be asked.

use serde_json::json;
use tokio::task::JoinSet;
use vestibule::config::RetryableFailure;
use vestibule_core::application::SequenceStep;

use crate::holdings::*;
use crate::world::*;

const MANY: usize = 16;

/// The same answer by many at once.
async fn at_once(world: &World, flow: &str, way: &str, params: serde_json::Value) -> Vec<Answer> {
    let mut calls = JoinSet::new();
    for _ in 0..MANY {
        let (caller, flow, way, params) = (world.anonymous(), flow.to_owned(), id_of(way), params.clone());
        calls.spawn(async move { caller.answer(&flow, &way, params).await });
    }
    let answers = calls.join_all().await;
    for answer in &answers {
        // Whoever came while another was being looked at may come again.
        assert!(answer.status == 200 || answer.at("/code") == "60003" || answer.at("/code") == "60009");
    }
    answers
}

/// The world of a bank, and an application `shop` that asks for a password alone.
async fn with_shop(sequence: &[&[&str]]) -> World {
    let world = World::bank(sequence).await;
    world.app("shop").await;
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_name_the_user_or_select_at_once_one_sends() {
    for way in [EMAIL, SMS, LINK] {
        for _ in 0..5 {
            let world = World::bank(&[&[way]]).await;
            let flow = world.open().await;
            at_once(&world, &flow, way, json!({"username": "kim"})).await;
            assert_eq!(world.sent().await, 1, "{way}");

            let world = World::bank(&[&[PASS], &[way, TOTP]]).await;
            let flow = world.past_password("kim").await;
            at_once(&world, &flow, way, json!({})).await;
            assert_eq!(world.sent().await, 1, "{way}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_want_it_sent_again_do_not_outrun_the_limit() {
    for (way, param) in SENT {
        let world = World::bank(&[&[PASS], &[way]]).await;
        let flow = world.past_password("kim").await;
        for _ in 0..4 {
            at_once(&world, &flow, way, json!({"resendCode": "true"})).await;
        }
        assert_eq!(world.sent().await, 4, "{way}");
        // Letters of one moment have no order: one of the last is the one that counts.
        let mail = world.mail().await;
        let mut right = 0;
        for letter in mail {
            let answer = world.give(&flow, way, json!({param: letter.code.unwrap()})).await;
            right += usize::from(answer.member("/flowStatus") == "SUCCESS_COMPLETED");
        }
        assert_eq!(right, 1, "{way}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_answer_sent_by_many_at_once_is_right_once() {
    for (way, param) in [SENT[0], SENT[1], (LINK, "mlt")] {
        for _ in 0..5 {
            let world = World::bank(&[&[PASS], &[way]]).await;
            let flow = world.past_password("kim").await;
            let right = match way {
                LINK => world.newest_link().await.query_pairs().find(|(name, _)| name == "mlt").unwrap().1.into_owned(),
                _ => world.newest_code().await,
            };
            let answers = at_once(&world, &flow, way, json!({param: right})).await;
            let done = answers.iter().filter(|answer| answer.member("/flowStatus") == "SUCCESS_COMPLETED");
            assert_eq!(done.count(), 1, "{way}");
        }
    }
}

#[tokio::test]
async fn a_start_on_a_session_sends_the_second_factors_code_at_once() {
    let world = with_shop(&[&[PASS], &[SMS]]).await;
    let session = world.anonymous().sign_in("shop", "kim", &[]).await;
    let start = world.anonymous().cookie(&session).authorize("bank", &[]).await;
    assert_eq!(start.is_step("INCOMPLETE").options(), [id_of(SMS)]);
    assert_eq!(start.at("/nextStep/messages/0/context/0/value"), "******4321");
    let flow = start.flow_id();
    assert_eq!(world.sent().await, 1);
    assert_eq!(world.pick(&flow, SMS).await.shape(), start.shape());
    world.give(&flow, SMS, json!({"OTPcode": "x"})).await.is_step("FAIL_INCOMPLETE");
    world.give(&flow, SMS, json!({"OTPcode": world.newest_code().await})).await.is(200).code();
    assert_eq!(world.sent().await, 1);
}

#[tokio::test]
async fn starts_on_a_session_beyond_the_budget_answer_the_same_and_send_nothing() {
    let world = World::set(|setting| setting.config.sending.per_user = 3).await;
    world.settle_in(&[&[PASS], &[SMS]]).await;
    world.app("shop").await;
    let session = world.anonymous().sign_in("shop", "kim", &[]).await;
    let mut told = Vec::new();
    for _ in 0..6 {
        told.push(world.anonymous().cookie(&session).authorize("bank", &[]).await.is(200).shape());
    }
    assert!(told.iter().all(|body| *body == told[0]));
    assert_eq!(world.sent().await, 3);
}

#[tokio::test]
async fn a_start_that_may_ask_nobody_sends_nothing() {
    let world = with_shop(&[&[PASS], &[SMS]]).await;
    let session = world.anonymous().sign_in("shop", "kim", &[]).await;
    let caller = world.anonymous().cookie(&session);
    let refused = caller.authorize("bank", &[("prompt", "none")]).await;
    refused.is_refused(400, "60002", "authentication_failed");
    let start = caller.authorize("bank", &[("prompt", "login")]).await;
    assert_eq!(start.is_step("INCOMPLETE").options(), [BASIC]);
    assert_eq!(world.sent().await, 0);
}

#[tokio::test]
async fn a_session_passes_only_the_steps_of_what_it_proved_whatever_their_order() {
    let world = with_shop(&[&[EMAIL], &[PASS], &[TOTP]]).await;
    let device = world.enrol_device(&world.who("kim").await).await;
    let session = world.anonymous().sign_in("shop", "kim", &[]).await;
    let caller = world.anonymous().cookie(&session);
    // Another user than the session's goes through all of it.
    for (name, left) in [("lee", PASS), ("kim", TOTP)] {
        let flow = caller.authorize("bank", &[]).await.is_step("INCOMPLETE").flow_id();
        world.give(&flow, EMAIL, json!({"username": name})).await.is_step("INCOMPLETE");
        let next = world.give(&flow, EMAIL, json!({"OTPCode": world.newest_code().await})).await;
        assert_eq!(next.is_step("INCOMPLETE").options(), [id_of(left)], "{name}");
        if name == "kim" {
            world.give(&flow, TOTP, json!({"token": "x"})).await.is_step("FAIL_INCOMPLETE");
            world.give(&flow, TOTP, json!({"token": device.code(&world, 0)})).await.is(200).code();
        }
    }
}

#[tokio::test]
async fn enrolment_stands_in_for_a_step_and_does_not_pass_it() {
    let world = World::bank(&[&[PASS], &[TOTP], &[EMAIL]]).await;
    let app = world.store().app_by_client(&world.who("kim").await.tenant, "bank").await.unwrap().unwrap();
    world.change_app(&app, |app| app.enrolment = true).await;
    let flow = world.past_password("kim").await;
    let shown = world.pick(&flow, "totp-enroll").await;
    let secret = shown.at("/nextStep/authenticators/0/metadata/additionalData/secret");
    let device = Device::with(&secret);
    for (way, params) in [
        (TOTP, json!({"token": device.code(&world, 0)})),
        (EMAIL, json!({"OTPCode": "x"})),
        ("backup-code-enroll", json!({"acknowledged": "true"})),
    ] {
        world.give(&flow, way, params).await.is_refused(400, "60012", "invalid_authenticator");
    }
    world.give(&flow, "totp-enroll", json!({"token": "x"})).await.is_step("FAIL_INCOMPLETE");
    let last = world.give(&flow, "totp-enroll", json!({"token": device.code(&world, 0)})).await;
    assert_eq!(last.is_step("INCOMPLETE").options(), [id_of(EMAIL)]);
    let early = world.give(&flow, "backup-code-enroll", json!({"acknowledged": "true"})).await;
    early.is_refused(400, "60012", "invalid_authenticator");
    let mail = world.mail().await;
    let code = mail.iter().find_map(|letter| letter.code.clone()).unwrap();
    let sheet = world.give(&flow, EMAIL, json!({"OTPCode": code})).await;
    assert_eq!(sheet.is_step("INCOMPLETE").options(), [id_of("backup-code-enroll")]);
    world.give(&flow, "backup-code-enroll", json!({})).await.is_step("INCOMPLETE");
    world.give(&flow, "backup-code-enroll", json!({"acknowledged": "true"})).await.is(200).code();
    // The code that confirmed the device is used.
    let flow = world.past_password("kim").await;
    world.give(&flow, TOTP, json!({"token": device.code(&world, 0)})).await.is_step("FAIL_INCOMPLETE");
    world.give(&flow, TOTP, json!({"token": device.code(&world, 1)})).await.is_step("INCOMPLETE");
}

#[tokio::test]
async fn who_names_another_user_after_a_proof_is_refused_in_every_way() {
    let world = with_shop(&[&[PASS], &[EMAIL, SMS, LINK]]).await;
    let app = world.store().app_by_client(&world.who("kim").await.tenant, "bank").await.unwrap().unwrap();
    let alone = |way| vec![SequenceStep { options: vec![vestibule_core::application::StepOption::local(way)] }];
    for way in [EMAIL, SMS, LINK] {
        let flow = world.past_password("kim").await;
        for name in ["lee", "nobody", ""] {
            let other = world.give(&flow, way, json!({"username": name})).await;
            other.is_refused(400, "60001", "invalid_request");
        }
        world.give(&flow, way, json!({"username": "KIM"})).await.is_step("INCOMPLETE");
        // Before a proof it is only a name.
        world.change_app(&app, |app| app.sequence.steps = alone(way)).await;
        let flow = world.open().await;
        world.give(&flow, way, json!({"username": "lee"})).await.is_step("INCOMPLETE");
        world.give(&flow, way, json!({"username": "kim"})).await.is_step("INCOMPLETE");
        world.change_app(&app, |now| now.sequence = app.sequence.clone()).await;
    }
}

#[tokio::test]
async fn a_wrong_code_is_sent_as_an_error_where_the_operator_wants_it_so() {
    let world = World::set(|setting| setting.config.native.retryable_failure = RetryableFailure::Error).await;
    world.settle_in(&[&[PASS], &[EMAIL]]).await;
    let flow = world.past_password("kim").await;
    let asked = world.pick(&flow, EMAIL).await;
    let missed = world.give(&flow, EMAIL, json!({"OTPCode": "x"})).await;
    missed.is_refused(400, "60003", "authentication_failed_retry");
    assert_eq!((missed.flow_id(), missed.at("/flowStatus")), (flow.clone(), "FAIL_INCOMPLETE".to_owned()));
    assert_eq!(missed.member("/nextStep/authenticators"), asked.member("/nextStep/authenticators"));
    for _ in 0..3 {
        world.give(&flow, EMAIL, json!({"resendCode": "true"})).await.is_step("INCOMPLETE");
    }
    let refused = world.give(&flow, EMAIL, json!({"resendCode": "true"})).await;
    refused.is_refused(400, "60003", "authentication_failed_retry");
    world.give(&flow, EMAIL, json!({"OTPCode": world.newest_code().await})).await.is(200).code();
}

#[tokio::test]
async fn the_reason_of_a_refused_code_is_told_where_the_operator_wants_it_told() {
    let world = World::set(|setting| setting.config.native.show_auth_failure_reason = true).await;
    world.settle_in(&[&[PASS], &[EMAIL]]).await;
    let told = |answer: &Answer| {
        let messages = answer.is_step("FAIL_INCOMPLETE").member("/nextStep/messages");
        let last = messages.as_array().unwrap().last().unwrap().clone();
        (last["messageId"].clone(), last["context"][0]["value"].clone())
    };
    let flow = world.past_password("kim").await;
    for remaining in ["4", "3", "2", "1"] {
        let missed = world.give(&flow, EMAIL, json!({"OTPCode": "x"})).await;
        assert_eq!(told(&missed), (json!("17002"), json!(remaining)));
    }
    world.give(&flow, EMAIL, json!({"OTPCode": "x"})).await.is_refused(400, "60013", "max_attempts_exceeded");
    let flow = world.past_password("kim").await;
    // The lock is told before the flow's own limit is looked at.
    for _ in 0..7 {
        let locked = world.give(&flow, EMAIL, json!({"OTPCode": world.newest_code().await})).await;
        assert_eq!(told(&locked), (json!("17003"), json!("MAX_ATTEMPTS_EXCEEDED")));
    }
}
