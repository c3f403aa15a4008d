//! Email OTP: a code sent by email, as the first factor of somebody who names themselves, and as the second.

use serde_json::{Value, json};

use crate::holdings::*;
use crate::world::*;

const WRONG: &str = "The code is wrong or too old. Please try again.";

fn username() -> Value {
    json!({
        "authenticatorId": "ZW1haWwtb3RwLWF1dGhlbnRpY2F0b3I6TE9DQUw", "authenticator": "Email OTP", "idp": "LOCAL",
        "metadata": {"i18nKey": "authenticator.email.otp", "promptType": "USER_PROMPT", "params": [
            {"param": "username", "type": "STRING", "order": 0, "i18nKey": "username.param", "displayName": "Username", "confidential": false},
        ]},
        "requiredParams": ["username"],
    })
}

fn code() -> Value {
    json!({
        "authenticatorId": "ZW1haWwtb3RwLWF1dGhlbnRpY2F0b3I6TE9DQUw", "authenticator": "Email OTP", "idp": "LOCAL",
        "metadata": {"i18nKey": "authenticator.email.otp", "promptType": "USER_PROMPT", "params": [
            {"param": "OTPCode", "type": "STRING", "order": 1, "i18nKey": "code.param", "displayName": "Code", "confidential": true},
        ]},
        "requiredParams": ["OTPCode"],
    })
}

/// What is told as long as nothing is proved.
fn perhaps() -> Value {
    json!({
        "type": "INFO", "messageId": "EmailOTPSent", "i18nKey": "message.EmailOTPSent",
        "message": "If the account has an email address, a code was sent to it.",
    })
}

fn to_kim() -> Value {
    json!({
        "type": "INFO", "messageId": "EmailOTPSent", "i18nKey": "message.EmailOTPSent",
        "message": "The code is successfully sent to the email ID: kim*****@example.com",
        "context": [{"key": "maskedEmail", "value": "kim*****@example.com"}],
    })
}

// Checklist 33.
#[tokio::test]
async fn the_name_and_then_the_code_that_was_sent_to_it() {
    let world = World::bank(&[&[EMAIL]]).await;
    let start = world.authorize("bank", &[]).await;
    assert_eq!(start.is(200).shape(), asked("INCOMPLETE", &username(), &[]));
    let flow = start.flow_id();
    let named = world.give(&flow, EMAIL, json!({"username": "kim"})).await;
    assert_eq!(named.is(200).shape(), asked("INCOMPLETE", &code(), &[perhaps()]));
    let mail = world.mail().await;
    assert_eq!(mail.iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), ["kimberly@example.com"]);
    let right = world.newest_code().await;
    assert!(right.len() == 6 && right.bytes().all(|digit| digit.is_ascii_digit()), "{right}");
    let wrong = world.give(&flow, EMAIL, json!({"OTPCode": other(&right)})).await;
    assert_eq!(wrong.is(200).shape(), asked("FAIL_INCOMPLETE", &code(), &[perhaps(), failed(WRONG)]));
    let done = world.give(&flow, EMAIL, json!({"OTPCode": right})).await;
    assert_eq!(done.is(200).member("/flowStatus"), "SUCCESS_COMPLETED");
    assert_eq!((named.flow_id(), wrong.flow_id(), world.sent().await), (flow.clone(), flow, 1));
    let tokens = world.anonymous().exchange("bank", &done.code()).await;
    let id = claims(&tokens.at("/id_token"));
    assert_eq!((&id["amr"], &id["acr"]), (&json!(["otp"]), &json!("aal1")));
}

// Checklist 32.
#[tokio::test]
async fn after_a_password_the_address_is_told_in_part() {
    let world = World::bank(&[&[PASS], &[EMAIL]]).await;
    let start = world.open().await;
    let next = world.anonymous().password(&start, "kim", PASSWORD).await;
    assert_eq!(next.is(200).shape(), asked("INCOMPLETE", &code(), &[to_kim()]));
    let right = world.newest_code().await;
    let wrong = world.give(&start, EMAIL, json!({"OTPCode": other(&right)})).await;
    assert_eq!(wrong.is(200).shape(), asked("FAIL_INCOMPLETE", &code(), &[to_kim(), failed(WRONG)]));
    let done = world.give(&start, EMAIL, json!({"OTPCode": right})).await;
    let id = claims(&world.anonymous().exchange("bank", &done.code()).await.at("/id_token"));
    // Who reads the mail is no second factor.
    assert_eq!((&id["amr"], &id["acr"]), (&json!(["pwd", "otp"]), &json!("aal1")));
}

#[tokio::test]
async fn message_keys_are_sent_where_they_are_wanted() {
    let world = World::set(|setting| {
        setting.config.native.messages = vestibule_core::tenant::MessageStyle::Wso2;
        setting.config.native.error_codes = vestibule_core::error::Spelling::Wso2;
    })
    .await;
    world.settle_in(&[&[PASS], &[EMAIL]]).await;
    let flow = world.past_password("kim").await;
    let wrong = world.give(&flow, EMAIL, json!({"OTPCode": other(&world.newest_code().await)})).await;
    let told = json!({
        "type": "ERROR", "messageId": "ABA-60003", "message": "authentication.fail.message", "i18nKey": "message.ABA-60003",
    });
    assert_eq!(wrong.is(200).shape(), asked("FAIL_INCOMPLETE", &code(), &[to_kim(), told]));
}

// Checklist 29.
#[tokio::test]
async fn nobody_learns_who_can_be_reached_by_email() {
    let world = World::bank(&[&[EMAIL]]).await;
    world.person("off", "+491511111111").await;
    world.change_user(&world.who("off").await, |user| user.active = false).await;
    world.person("shut", "+491512222222").await;
    world.change_user(&world.who("shut").await, |user| user.locked = true).await;
    world.user("bare").await;
    let mut seen: Vec<Vec<Value>> = Vec::new();
    for name in ["kim", "nobody", "off", "shut", "bare"] {
        let before = world.sent().await;
        let mut told = Vec::new();
        let flow = world.open().await;
        for params in [
            json!({"username": name}),
            json!({"username": name}),
            json!({}),
            json!({"OTPCode": "x"}),
            json!({"username": name, "OTPCode": "x"}),
            json!({"resendCode": "true"}),
            json!({"resendCode": "true"}),
            json!({"resendCode": "true"}),
            json!({"resendCode": "true"}),
            json!({"OTPCode": "x"}),
            json!({"OTPCode": "x"}),
            json!({"OTPCode": "x"}),
            json!({"OTPCode": "x"}),
        ] {
            told.push(world.give(&flow, EMAIL, params).await.shape());
        }
        assert_eq!(world.sent().await - before, if name == "kim" { 4 } else { 0 }, "{name}");
        seen.push(told);
    }
    let [kim, others @ ..] = seen.as_slice() else { panic!("nobody was seen") };
    assert_eq!(kim[11]["code"], "60013");
    others.iter().for_each(|told| assert_eq!(told, kim));
}

// Checklist 34, 44.
#[tokio::test]
async fn a_code_holds_for_five_minutes_and_its_age_is_not_told() {
    for (wait, is_right) in [(299, true), (300, false)] {
        let world = World::bank(&[&[PASS], &[EMAIL]]).await;
        let flow = world.past_password("kim").await;
        let right = world.newest_code().await;
        world.wait(seconds(wait));
        let late = world.give(&flow, EMAIL, json!({"OTPCode": right})).await;
        if is_right {
            late.is(200).code();
            continue;
        }
        let wrong = world.give(&flow, EMAIL, json!({"OTPCode": other(&right)})).await;
        assert_eq!(late.is_step("FAIL_INCOMPLETE").shape(), wrong.shape());
        world.give(&flow, EMAIL, json!({"resendCode": "true"})).await.is_step("INCOMPLETE");
        world.give(&flow, EMAIL, json!({"OTPCode": world.newest_code().await})).await.is(200).code();
    }
}

// Checklist 38.
#[tokio::test]
async fn what_is_sent_again_is_a_new_code_and_the_old_one_is_void() {
    let world = World::bank(&[&[PASS], &[EMAIL]]).await;
    let flow = world.past_password("kim").await;
    let first = world.newest_code().await;
    let again = world.give(&flow, EMAIL, json!({"resendCode": "true"})).await;
    assert_eq!(again.is(200).shape(), asked("INCOMPLETE", &code(), &[to_kim()]));
    let second = world.newest_code().await;
    assert!(first != second && world.sent().await == 2);
    world.give(&flow, EMAIL, json!({"OTPCode": first})).await.is_step("FAIL_INCOMPLETE");
    world.give(&flow, EMAIL, json!({"OTPCode": second})).await.is(200).code();
}

// Checklist 37.
#[tokio::test]
async fn a_code_is_good_once_and_only_where_it_was_asked_for() {
    let world = World::bank(&[&[PASS], &[EMAIL]]).await;
    let lees = world.past_password("lee").await;
    let one = world.past_password("kim").await;
    let first = world.newest_code().await;
    let two = world.past_password("kim").await;
    let second = world.newest_code().await;
    world.give(&lees, EMAIL, json!({"OTPCode": first})).await.is_step("FAIL_INCOMPLETE");
    world.give(&two, EMAIL, json!({"OTPCode": first})).await.is_step("FAIL_INCOMPLETE");
    world.give(&one, EMAIL, json!({"OTPCode": first})).await.is(200).code();
    world.give(&one, EMAIL, json!({"OTPCode": first})).await.is_refused(400, "60009", "invalid_flow_id");
    world.give(&two, EMAIL, json!({"OTPCode": first})).await.is_step("FAIL_INCOMPLETE");
    world.give(&two, EMAIL, json!({"OTPCode": second})).await.is(200).code();
}

// Checklist 37.
#[tokio::test]
async fn a_code_of_one_step_is_no_good_in_the_next() {
    let world = World::bank(&[&[EMAIL], &[EMAIL, SMS]]).await;
    let flow = world.open().await;
    world.give(&flow, EMAIL, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    let first = world.newest_code().await;
    let next = world.give(&flow, EMAIL, json!({"OTPCode": first})).await;
    assert_eq!(next.is_step("INCOMPLETE").options(), [id_of(EMAIL), id_of(SMS)]);
    // Not selected yet: the answer selects it, and is not judged.
    world.give(&flow, EMAIL, json!({"OTPCode": first})).await.is_step("INCOMPLETE");
    world.give(&flow, EMAIL, json!({"OTPCode": first})).await.is_step("FAIL_INCOMPLETE");
    world.pick(&flow, SMS).await.is_step("INCOMPLETE");
    world.give(&flow, SMS, json!({"OTPcode": first})).await.is_step("FAIL_INCOMPLETE");
    world.give(&flow, SMS, json!({"OTPcode": world.newest_code().await})).await.is(200).code();
}

#[tokio::test]
async fn asking_again_sends_nothing() {
    for sequence in [[&[PASS] as &[&str], &[EMAIL]], [&[PASS], &[EMAIL, TOTP]]] {
        let world = World::bank(&sequence).await;
        let flow = world.past_password("kim").await;
        let first = world.pick(&flow, EMAIL).await;
        assert_eq!(first.is(200).shape(), asked("INCOMPLETE", &code(), &[to_kim()]));
        for params in [json!({}), json!({"resendCode": "false"}), json!({"username": "kim"})] {
            for again in [world.pick(&flow, EMAIL).await, world.give(&flow, EMAIL, params).await] {
                assert_eq!(again.is(200).shape(), first.shape());
            }
        }
        assert_eq!(world.sent().await, 1);
        world.give(&flow, EMAIL, json!({"OTPCode": world.newest_code().await})).await.is(200).code();
    }
}

#[tokio::test]
async fn a_code_is_understood_however_it_is_spelled() {
    let world = World::set(|setting| setting.config.sending.per_user = 100).await;
    world.settle_in(&[&[PASS], &[EMAIL]]).await;
    for name in ["OTPCode", "OTPcode", "otpCode", "code"] {
        let flow = world.past_password("kim").await;
        world.give(&flow, EMAIL, json!({name: world.newest_code().await})).await.is(200).code();
    }
    let mut flow = world.past_password("kim").await;
    while world.newest_code().await.starts_with('0') {
        flow = world.past_password("kim").await;
    }
    let number: u32 = world.newest_code().await.parse().unwrap();
    world.give(&flow, EMAIL, json!({"OTPCode": number})).await.is(200).code();
}

#[tokio::test]
async fn what_is_no_answer_is_refused_or_asked_again_and_counts_nothing() {
    let world = World::bank(&[&[PASS], &[EMAIL]]).await;
    let flow = world.past_password("kim").await;
    let right = world.newest_code().await;
    for _ in 0..6 {
        for params in [
            json!({"OTPCode": right, "token": "1"}),
            json!({"OTPCode": right, "OTPcode": right}),
            json!({"OTPCode": [right, right]}),
            json!({"OTPCode": right, "username": "lee"}),
            json!({"OTPCode": right, "username": "nobody"}),
        ] {
            world.give(&flow, EMAIL, params).await.is_refused(400, "60001", "invalid_request");
        }
        world.give(&flow, EMAIL, json!({})).await.is_step("INCOMPLETE");
    }
    world.give(&flow, EMAIL, json!({"OTPCode": ""})).await.is_step("FAIL_INCOMPLETE");
    for odd in [format!(" {right}"), format!("{right} "), format!("{right}\0")] {
        world.give(&flow, EMAIL, json!({"OTPCode": odd})).await.is_step("FAIL_INCOMPLETE");
    }
    world.give(&flow, EMAIL, json!({"OTPCode": right})).await.is(200).code();
}

#[tokio::test]
async fn before_a_name_is_given_a_code_is_no_answer() {
    for (way, param) in SENT {
        let world = World::bank(&[&[way]]).await;
        let start = world.authorize("bank", &[]).await;
        for params in [json!({param: "000000"}), json!({param: ""}), json!({"resendCode": "true"})] {
            for _ in 0..6 {
                let asked = world.give(&start.flow_id(), way, params.clone()).await;
                assert_eq!(asked.is(200).shape(), start.shape());
            }
        }
        world.give(&start.flow_id(), way, json!({"username": "kim"})).await.is_step("INCOMPLETE");
        world.give(&start.flow_id(), way, json!({param: world.newest_code().await})).await.is(200).code();
    }
}

#[tokio::test]
async fn a_name_may_be_corrected_as_long_as_nothing_is_proved() {
    let world = World::bank(&[&[EMAIL], &[SMS]]).await;
    let flow = world.open().await;
    let mistaken = world.give(&flow, EMAIL, json!({"username": "lee"})).await;
    let lees = world.newest_code().await;
    let corrected = world.give(&flow, EMAIL, json!({"username": "kim"})).await;
    assert_eq!(corrected.is(200).shape(), mistaken.shape());
    let mail = world.mail().await;
    assert_eq!(mail.last().unwrap().to, "kimberly@example.com");
    world.give(&flow, EMAIL, json!({"OTPCode": lees})).await.is_step("FAIL_INCOMPLETE");
    // A code never speaks for somebody else than it was sent to.
    let kims = world.newest_code().await;
    world.give(&flow, EMAIL, json!({"username": "lee", "OTPCode": kims})).await.is_step("INCOMPLETE");
    world.give(&flow, EMAIL, json!({"OTPCode": kims})).await.is_step("FAIL_INCOMPLETE");
    world.give(&flow, EMAIL, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    world.give(&flow, EMAIL, json!({"OTPCode": world.newest_code().await})).await.is_step("INCOMPLETE");
    world.give(&flow, SMS, json!({"username": "lee"})).await.is_refused(400, "60001", "invalid_request");
    let done = world.give(&flow, SMS, json!({"OTPcode": world.newest_code().await})).await;
    let tokens = world.anonymous().exchange("bank", &done.code()).await;
    assert_eq!(
        world.anonymous().userinfo(&tokens.at("/access_token")).await.at("/sub"),
        world.who("kim").await.id.to_string()
    );
}

// Checklist 42.
#[tokio::test]
async fn beyond_the_budget_of_an_address_the_answers_stay_and_nothing_is_sent() {
    let world = World::set(|setting| setting.config.sending.per_destination = 2).await;
    world.settle_in(&[&[EMAIL]]).await;
    let mut told = Vec::new();
    for _ in 0..5 {
        let flow = world.open().await;
        told.push(world.give(&flow, EMAIL, json!({"username": "kim"})).await.is(200).shape());
        told.push(world.give(&flow, EMAIL, json!({"resendCode": "true"})).await.is(200).shape());
    }
    assert!(told.iter().all(|body| *body == told[0]));
    assert_eq!(world.sent().await, 2);
    world.wait(minutes(31));
    let flow = world.open().await;
    world.give(&flow, EMAIL, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    assert_eq!(world.sent().await, 3);
    world.give(&flow, EMAIL, json!({"OTPCode": world.newest_code().await})).await.is(200).code();
}

#[tokio::test]
async fn a_known_user_without_an_address_is_told_after_a_password() {
    let world = World::bank(&[&[PASS], &[EMAIL]]).await;
    world.user("bare").await;
    let flow = world.open().await;
    let bare = json!({
        "authenticatorId": id_of(EMAIL), "authenticator": "Email OTP", "idp": "LOCAL",
        "metadata": {"i18nKey": "authenticator.email.otp"},
    });
    let told = failed("There is no address to which a code could be sent.");
    let next = world.anonymous().password(&flow, "bare", PASSWORD).await;
    assert_eq!(next.is(200).shape(), asked("FAIL_INCOMPLETE", &bare, &[told]));
    for params in [json!({"OTPCode": ""}), json!({"OTPCode": "000000"}), json!({"resendCode": "true"})] {
        assert_eq!(world.give(&flow, EMAIL, params).await.shape(), next.shape());
    }
    assert_eq!(world.sent().await, 0);
}

// Checklist 63.
#[tokio::test]
async fn a_user_who_is_locked_after_the_code_was_sent_does_not_arrive() {
    for sequence in [&[&[PASS] as &[&str], &[EMAIL]] as &[&[&str]], &[&[EMAIL]]] {
        let world = World::bank(sequence).await;
        let flow = if sequence.len() == 2 { world.past_password("kim").await } else { world.open().await };
        world.give(&flow, EMAIL, json!({"username": "kim"})).await.is_step("INCOMPLETE");
        world.change_user(&world.who("kim").await, |user| user.locked = true).await;
        world.give(&flow, EMAIL, json!({"OTPCode": world.newest_code().await})).await.is_step("FAIL_INCOMPLETE");
    }
}

// Checklist 41.
#[tokio::test]
async fn nobody_who_reads_the_store_learns_a_code() {
    let world = World::bank(&[&[EMAIL]]).await;
    let flow = world.authorize("bank", &[]).await.flow_id();
    world.give(&flow, EMAIL, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    let code = world.newest_code().await;
    let kept = world.store().flow(&crate::faults::number(&world, &flow)).await.unwrap().unwrap();
    let text = String::from_utf8(kept.body).unwrap();
    assert!(text.contains("digest") && !text.contains(&code), "{text}");
    let digest = vestibule_jose::base64url(&vestibule_jose::sha256(code.as_bytes()));
    assert!(!text.contains(&digest), "a digest without a key is found by trying");
}
