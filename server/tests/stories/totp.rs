//! TOTP: a code that the user's authenticator app computes from the time. Each is accepted once, whatever the flow.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::holdings::*;
use crate::world::*;

fn token() -> Value {
    json!({
        "authenticatorId": "dG90cDpMT0NBTA", "authenticator": "TOTP", "idp": "LOCAL",
        "metadata": {"i18nKey": "authenticator.totp", "promptType": "USER_PROMPT", "params": [
            {"param": "token", "type": "STRING", "order": 0, "i18nKey": "totp.authenticator", "displayName": "Token", "confidential": false},
        ]},
        "requiredParams": ["token"],
    })
}

fn wrong() -> Value {
    failed("The code is wrong. Please try again.")
}

/// A world whose login is password and TOTP, and the authenticator apps of kim and lee.
async fn world() -> (World, Device, Device) {
    let world = World::bank(&[&[PASS], &[TOTP]]).await;
    let kims = world.enrol_device(&world.who("kim").await).await;
    let lees = world.enrol_device(&world.who("lee").await).await;
    (world, kims, lees)
}

impl World {
    async fn answers_token(&self, flow: &str, token: &str) -> Answer {
        self.give(flow, TOTP, json!({"token": token})).await
    }
}

#[tokio::test]
async fn a_password_and_then_a_token() {
    let (world, device, _) = world().await;
    let flow = world.open().await;
    let next = world.anonymous().password(&flow, "kim", PASSWORD).await;
    assert_eq!(next.is(200).shape(), asked("INCOMPLETE", &token(), &[]));
    let missed = world.answers_token(&flow, &other(&device.code(&world, 0))).await;
    assert_eq!(missed.is(200).shape(), asked("FAIL_INCOMPLETE", &token(), &[wrong()]));
    let done = world.answers_token(&flow, &device.code(&world, 0)).await;
    assert_eq!(done.is(200).member("/flowStatus"), "SUCCESS_COMPLETED");
    let id = claims(&world.anonymous().exchange("bank", &done.code()).await.at("/id_token"));
    assert_eq!((&id["amr"], &id["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("aal2")));
}

#[tokio::test]
async fn message_keys_are_sent_where_they_are_wanted() {
    let world = World::set(|setting| setting.config.native.messages = vestibule_core::tenant::MessageStyle::Wso2).await;
    world.settle_in(&[&[PASS], &[TOTP]]).await;
    let flow = world.past_password("kim").await;
    let missed = world.answers_token(&flow, "000000").await;
    assert_eq!(missed.is(200).shape(), asked("FAIL_INCOMPLETE", &token(), &[failed("login.fail.message")]));
}

#[tokio::test]
async fn among_others_an_option_is_a_button_until_it_is_selected() {
    let world = World::bank(&[&[PASS], &[TOTP, EMAIL, BACKUP]]).await;
    let device = world.enrol_device(&world.who("kim").await).await;
    let buttons = [
        json!({"authenticatorId": "dG90cDpMT0NBTA", "authenticator": "TOTP", "idp": "LOCAL", "metadata": {"i18nKey": "authenticator.totp"}}),
        json!({"authenticatorId": "ZW1haWwtb3RwLWF1dGhlbnRpY2F0b3I6TE9DQUw", "authenticator": "Email OTP", "idp": "LOCAL", "metadata": {"i18nKey": "authenticator.email.otp"}}),
        json!({"authenticatorId": "YmFja3VwLWNvZGUtYXV0aGVudGljYXRvcjpMT0NBTA", "authenticator": "Backup Code", "idp": "LOCAL", "metadata": {"i18nKey": "authenticator.backup.code"}}),
    ];
    let flow = world.open().await;
    let next = world.anonymous().password(&flow, "kim", PASSWORD).await;
    assert_eq!(next.is(200).shape(), choice("INCOMPLETE", &buttons, &[]));
    for _ in 0..3 {
        assert_eq!(world.pick(&flow, TOTP).await.is(200).shape(), asked("INCOMPLETE", &token(), &[]));
    }
    world.pick(&flow, EMAIL).await.is_step("INCOMPLETE");
    world.pick(&flow, BACKUP).await.is_step("INCOMPLETE");
    assert_eq!(world.pick(&flow, TOTP).await.is(200).shape(), asked("INCOMPLETE", &token(), &[]));
    assert_eq!(world.sent().await, 1);
    // After a wrong answer all of them are open again.
    let missed = world.answers_token(&flow, &other(&device.code(&world, 0))).await;
    assert_eq!(missed.is_step("FAIL_INCOMPLETE").member("/nextStep/stepType"), "MULTI_OPTIONS_PROMPT");
    assert_eq!(missed.options(), [id_of(TOTP), id_of(EMAIL), id_of(BACKUP)]);
    assert_eq!(missed.member("/nextStep/authenticators/0"), buttons[0]);
    assert_eq!(missed.member("/nextStep/authenticators/2"), buttons[2]);
    world.answers_token(&flow, &device.code(&world, 0)).await.is(200).code();
}

// Checklist 35.
#[tokio::test]
async fn a_device_may_be_one_step_early_or_late() {
    for (off, is_right) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
        let (world, device, _) = world().await;
        let flow = world.past_password("kim").await;
        let answer = world.answers_token(&flow, &device.code(&world, off)).await;
        match is_right {
            true => drop(answer.is(200).code()),
            false => drop(answer.is_step("FAIL_INCOMPLETE").flow_id()),
        }
    }
}

// Checklist 36.
#[tokio::test]
async fn a_code_is_accepted_once_whatever_the_flow_and_never_after_a_later_one() {
    let (world, device, _) = world().await;
    let (early, now, late) = (device.code(&world, -1), device.code(&world, 0), device.code(&world, 1));
    let flow = world.past_password("kim").await;
    world.answers_token(&flow, &now).await.is(200).code();
    world.answers_token(&flow, &now).await.is_refused(400, "60009", "invalid_flow_id");
    let flow = world.past_password("kim").await;
    for used in [&now, &early] {
        world.answers_token(&flow, used).await.is_step("FAIL_INCOMPLETE");
    }
    world.answers_token(&flow, &late).await.is(200).code();
    // A minute later the device is at a new step, and the old codes stay used.
    world.wait(seconds(30));
    let flow = world.past_password("kim").await;
    for used in [&now, &late] {
        world.answers_token(&flow, used).await.is_step("FAIL_INCOMPLETE");
    }
    world.answers_token(&flow, &device.code(&world, 1)).await.is(200).code();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_sent_in_several_flows_at_once_opens_one_of_them() {
    for _ in 0..10 {
        let (world, device, _) = world().await;
        let mut calls = JoinSet::new();
        for _ in 0..4 {
            let (flow, caller) = (world.past_password("kim").await, world.anonymous());
            let params = json!({"token": device.code(&world, 0)});
            calls.spawn(async move { caller.answer(&flow, &id_of(TOTP), params).await });
        }
        let answers = calls.join_all().await;
        let (done, missed): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.member("/flowStatus") == "SUCCESS_COMPLETED");
        assert_eq!((done.len(), missed.len()), (1, 3));
        for answer in missed {
            assert_eq!(answer.is(200).shape(), asked("FAIL_INCOMPLETE", &token(), &[wrong()]));
        }
    }
}

#[tokio::test]
async fn codes_of_another_user_and_odd_spellings_are_wrong() {
    let (world, kims, lees) = world().await;
    let right = kims.code(&world, 0);
    let flow = world.past_password("kim").await;
    for code in [lees.code(&world, 0), String::new(), format!(" {right}"), format!("0{right}")] {
        world.answers_token(&flow, &code).await.is_step("FAIL_INCOMPLETE");
    }
    for params in [json!({"token": right, "username": "kim"}), json!({"token": right, "OTPCode": right})] {
        world.give(&flow, TOTP, params).await.is_refused(400, "60001", "invalid_request");
    }
    world.give(&flow, TOTP, json!({})).await.is_step("INCOMPLETE");
    world.answers_token(&flow, &right).await.is(200).code();
}

#[tokio::test]
async fn the_fifth_wrong_code_ends_the_flow() {
    let (world, device, _) = world().await;
    let flow = world.past_password("kim").await;
    for _ in 0..4 {
        world.answers_token(&flow, "x").await.is_step("FAIL_INCOMPLETE");
    }
    world.answers_token(&flow, "x").await.is_refused(400, "60013", "max_attempts_exceeded");
    world.answers_token(&flow, &device.code(&world, 0)).await.is_refused(400, "60009", "invalid_flow_id");
    // The user's own count goes on: a new flow does not open the lock.
    let flow = world.past_password("kim").await;
    world.answers_token(&flow, &device.code(&world, 0)).await.is_step("FAIL_INCOMPLETE");
    world.wait(seconds(30));
    world.answers_token(&flow, &device.code(&world, 0)).await.is(200).code();
}

#[tokio::test]
async fn a_user_without_a_device_is_asked_like_any_other_and_does_not_arrive() {
    let world = World::bank(&[&[NAME], &[TOTP]]).await;
    world.enrol_device(&world.who("kim").await).await;
    let mut seen = Vec::new();
    for name in ["kim", "lee", "nobody"] {
        let flow = world.open().await;
        let named = world.give(&flow, NAME, json!({"username": name})).await;
        let mut told = vec![named.shape()];
        for _ in 0..5 {
            told.push(world.answers_token(&flow, "000000").await.shape());
        }
        seen.push(told);
    }
    assert_eq!((&seen[0], &seen[0]), (&seen[1], &seen[2]));
}

#[tokio::test]
async fn nobody_is_let_in_by_a_token_alone() {
    let world = World::bank(&[&[TOTP]]).await;
    let device = world.enrol_device(&world.who("kim").await).await;
    let flow = world.open().await;
    let right = device.code(&world, 0);
    world.give(&flow, TOTP, json!({"token": right, "username": "kim"})).await.is_refused(
        400,
        "60001",
        "invalid_request",
    );
    for _ in 0..4 {
        world.answers_token(&flow, &right).await.is_step("FAIL_INCOMPLETE");
    }
    world.answers_token(&flow, &right).await.is_refused(400, "60013", "max_attempts_exceeded");
}
