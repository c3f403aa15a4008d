//! SMS OTP: a code sent to a telephone. It goes the ways of a code by email; here is what is its own, and the whole of a
//! login as a client sees it.

use serde_json::{Value, json};

use crate::holdings::*;
use crate::world::*;

const WRONG: &str = "The code is wrong or too old. Please try again.";

fn code() -> Value {
    json!({
        "authenticatorId": "c21zLW90cC1hdXRoZW50aWNhdG9yOkxPQ0FM", "authenticator": "SMS OTP", "idp": "LOCAL",
        "metadata": {"i18nKey": "authenticator.sms.otp", "promptType": "USER_PROMPT", "params": [
            {"param": "OTPcode", "type": "STRING", "order": 1, "i18nKey": "code.param", "displayName": "Code", "confidential": true},
        ]},
        "requiredParams": ["OTPcode"],
    })
}

fn to_kim() -> Value {
    json!({
        "type": "INFO", "messageId": "SMSOTPSent", "i18nKey": "message.SMSOTPSent",
        "message": "The code is successfully sent to the mobile number: ******4321",
        "context": [{"key": "maskedMobileNumber", "value": "******4321"}],
    })
}

#[tokio::test]
async fn a_password_a_wrong_code_another_code_and_in() {
    let world = World::bank(&[&[PASS], &[SMS]]).await;
    let flow = world.open().await;
    let asked_first = world.anonymous().password(&flow, "kim", PASSWORD).await;
    assert_eq!(asked_first.is(200).shape(), asked("INCOMPLETE", &code(), &[to_kim()]));
    let mail = world.mail().await;
    assert_eq!(mail.iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), ["+771234321"]);
    let first = world.newest_code().await;
    let wrong = world.give(&flow, SMS, json!({"OTPcode": other(&first)})).await;
    assert_eq!(wrong.is(200).shape(), asked("FAIL_INCOMPLETE", &code(), &[to_kim(), failed(WRONG)]));
    let again = world.give(&flow, SMS, json!({"resendCode": "true"})).await;
    assert_eq!(again.is(200).shape(), asked("INCOMPLETE", &code(), &[to_kim()]));
    let second = world.newest_code().await;
    assert!(first != second && world.sent().await == 2);
    world.give(&flow, SMS, json!({"OTPcode": first})).await.is_step("FAIL_INCOMPLETE");
    let done = world.give(&flow, SMS, json!({"OTPcode": second})).await;
    let body = done.is(200).json();
    let (code, state) = (&body["authData"]["code"], &body["authData"]["session_state"]);
    assert!(code.is_string() && state.is_string());
    assert_eq!(
        body,
        json!({"flowStatus": "SUCCESS_COMPLETED", "authData": {"code": code, "session_state": state, "state": "s1"}})
    );
    world.give(&flow, SMS, json!({"OTPcode": second})).await.is_refused(400, "60009", "invalid_flow_id");
    let id = claims(&world.anonymous().exchange("bank", &done.code()).await.at("/id_token"));
    assert_eq!((&id["amr"], &id["acr"]), (&json!(["pwd", "sms", "mfa"]), &json!("aal2")));
}

// Checklist 32.
#[tokio::test]
async fn as_the_first_factor_nothing_is_told_of_what_was_sent() {
    let world = World::bank(&[&[SMS]]).await;
    let start = world.authorize("bank", &[]).await;
    let username = json!({
        "authenticatorId": "c21zLW90cC1hdXRoZW50aWNhdG9yOkxPQ0FM", "authenticator": "SMS OTP", "idp": "LOCAL",
        "metadata": {"i18nKey": "authenticator.sms.otp", "promptType": "USER_PROMPT", "params": [
            {"param": "username", "type": "STRING", "order": 0, "i18nKey": "username.param", "displayName": "Username", "confidential": false},
        ]},
        "requiredParams": ["username"],
    });
    assert_eq!(start.is(200).shape(), asked("INCOMPLETE", &username, &[]));
    let flow = start.flow_id();
    let named = world.give(&flow, SMS, json!({"username": "kim"})).await;
    assert_eq!(named.is(200).shape(), asked("INCOMPLETE", &code(), &[]));
    world.give(&flow, SMS, json!({"OTPcode": world.newest_code().await})).await.is(200).code();
}

// Checklist 29.
#[tokio::test]
async fn nobody_learns_who_can_be_reached_by_telephone() {
    let world = World::bank(&[&[NAME], &[SMS, EMAIL]]).await;
    world.person("off", "+491511111111").await;
    world.change_user(&world.who("off").await, |user| user.active = false).await;
    world.user("bare").await;
    let mut seen: Vec<Vec<Value>> = Vec::new();
    for name in ["kim", "nobody", "off", "bare"] {
        let before = world.sent().await;
        let flow = world.open().await;
        let mut told = vec![world.give(&flow, NAME, json!({"username": name})).await.shape()];
        for params in [
            json!({}),
            json!({"OTPcode": "x"}),
            json!({"resendCode": true}),
            json!({"OTPcode": "x"}),
            json!({"OTPcode": "x"}),
            json!({"OTPcode": "x"}),
            json!({"OTPcode": "x"}),
        ] {
            told.push(world.give(&flow, SMS, params).await.shape());
        }
        assert_eq!(world.sent().await - before, if name == "kim" { 2 } else { 0 }, "{name}");
        seen.push(told);
    }
    let [kim, others @ ..] = seen.as_slice() else { panic!("nobody was seen") };
    assert_eq!(kim[7]["code"], "60013");
    others.iter().for_each(|told| assert_eq!(told, kim));
}

#[tokio::test]
async fn a_code_that_is_too_old_is_a_wrong_one() {
    let world = World::bank(&[&[PASS], &[SMS]]).await;
    let flow = world.past_password("kim").await;
    let right = world.newest_code().await;
    let wrong = world.give(&flow, SMS, json!({"OTPcode": other(&right)})).await;
    world.wait(minutes(5));
    let late = world.give(&flow, SMS, json!({"OTPcode": right})).await;
    assert_eq!(late.is_step("FAIL_INCOMPLETE").shape(), wrong.shape());
    world.give(&flow, SMS, json!({"resendCode": "true"})).await.is_step("INCOMPLETE");
    world.give(&flow, SMS, json!({"OTPcode": world.newest_code().await})).await.is(200).code();
}

// Checklist 37.
#[tokio::test]
async fn a_code_of_another_flow_another_user_or_another_way_is_a_wrong_one() {
    let world = World::bank(&[&[PASS], &[SMS, EMAIL]]).await;
    let mut codes = Vec::new();
    for (name, way) in [("lee", SMS), ("kim", SMS), ("kim", EMAIL)] {
        let flow = world.past_password(name).await;
        world.pick(&flow, way).await.is_step("INCOMPLETE");
        codes.push(world.newest_code().await);
    }
    let flow = world.past_password("kim").await;
    world.pick(&flow, EMAIL).await.is_step("INCOMPLETE");
    codes.push(world.newest_code().await);
    world.pick(&flow, SMS).await.is_step("INCOMPLETE");
    let right = world.newest_code().await;
    for code in codes {
        world.give(&flow, SMS, json!({"OTPcode": code})).await.is_step("FAIL_INCOMPLETE");
    }
    world.wait(seconds(30));
    world.give(&flow, SMS, json!({"OTPcode": right})).await.is(200).code();
}

#[tokio::test]
async fn a_code_is_understood_however_it_is_spelled() {
    let world = World::bank(&[&[PASS], &[SMS]]).await;
    for name in ["OTPcode", "OTPCode", "otpCode", "code"] {
        let flow = world.past_password("kim").await;
        world.give(&flow, SMS, json!({name: world.newest_code().await})).await.is(200).code();
    }
    let flow = world.past_password("kim").await;
    let right = world.newest_code().await;
    for params in [json!({"OTPcode": right, "OTPCode": right}), json!({"OTPcode": right, "BackupCode": "1"})] {
        world.give(&flow, SMS, params).await.is_refused(400, "60001", "invalid_request");
    }
    world.give(&flow, SMS, json!({"OTPcode": ""})).await.is_step("FAIL_INCOMPLETE");
    world.give(&flow, SMS, json!({})).await.is_step("INCOMPLETE");
    world.give(&flow, SMS, json!({"OTPcode": right})).await.is(200).code();
}

// Checklist 42.
#[tokio::test]
async fn a_block_of_numbers_has_one_budget() {
    let world = World::set(|setting| setting.config.sending.per_prefix = 3).await;
    world.settle_in(&[&[SMS]]).await;
    for number in 0..6 {
        world.person(&format!("victim{number}"), &format!("+9006661{number}")).await;
    }
    let mut told = Vec::new();
    for number in 0..6 {
        let flow = world.open().await;
        told.push(world.give(&flow, SMS, json!({"username": format!("victim{number}")})).await.is(200).shape());
    }
    assert!(told.iter().all(|body| *body == told[0]));
    // Two of three is what strangers may ask for.
    assert_eq!(world.sent().await, 2);
    let flow = world.open().await;
    world.give(&flow, SMS, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    world.give(&flow, SMS, json!({"OTPcode": world.newest_code().await})).await.is(200).code();
}

#[tokio::test]
async fn a_known_user_without_a_telephone_takes_another_way() {
    let world = World::bank(&[&[PASS], &[SMS, EMAIL]]).await;
    world.change_user(&world.who("kim").await, |user| user.profile.phones.clear()).await;
    let flow = world.past_password("kim").await;
    let bare = json!({
        "authenticatorId": id_of(SMS), "authenticator": "SMS OTP", "idp": "LOCAL", "metadata": {"i18nKey": "authenticator.sms.otp"},
    });
    let told = failed("There is no address to which a code could be sent.");
    assert_eq!(world.pick(&flow, SMS).await.is(200).shape(), asked("FAIL_INCOMPLETE", &bare, &[told]));
    assert_eq!(world.sent().await, 0);
    world.pick(&flow, EMAIL).await.is_step("INCOMPLETE");
    world.give(&flow, EMAIL, json!({"OTPCode": world.newest_code().await})).await.is(200).code();
}
