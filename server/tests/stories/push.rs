//! Signing in by a registered device: the device asks its user, the user types the number that the app shows, and the
//! answer counts once, in the flow that asked, from a device that was asked.

use serde_json::{Value, json};
use vestibule_core::delivery::Dispatch;
use vestibule_core::tenant::MessageStyle;

use crate::phone::{Key, Phone, sent};
use crate::world::*;

const PUSH: &str = "push-notification-authenticator";
const PASS: &str = "BasicAuthenticator";

/// Applications for a push alone, after a password and beside one; kim and lee with a phone each.
async fn world() -> (World, Phone, Phone) {
    let world = World::set(|setting| {
        setting.config.native.messages = MessageStyle::Wso2;
        setting.config.sending.per_user = 1000;
        setting.config.sending.per_destination = 1000;
    })
    .await;
    world.app("shop").await;
    world.app_with("alone", |app| app.sequence = steps(&[&[PUSH]])).await;
    world.app_with("second", |app| app.sequence = steps(&[&[PASS], &[PUSH]])).await;
    world.app_with("beside", |app| app.sequence = steps(&[&[PASS, PUSH]])).await;
    for name in ["kim", "lee", "bare"] {
        world.user(name).await;
    }
    world.user_with("off", |user| user.active = false).await;
    let mut phones = Vec::new();
    for name in ["kim", "lee"] {
        let tokens = world.login_with("shop", name, &[("scope", "openid internal_login")]).await;
        phones.push(Phone::of(&world, &tokens.at("/access_token"), Key::ec()).await);
    }
    sent(&world).await;
    let lee = phones.pop().unwrap();
    (world, phones.pop().unwrap(), lee)
}

/// A flow that waits for a device, with the number it shows.
struct Waiting {
    flow: String,
    number: String,
    status: String,
    message: Option<Dispatch>,
}

async fn asked(world: &World, flow: String, answer: &Answer) -> Waiting {
    answer.is_step("INCOMPLETE");
    let data = answer.member("/nextStep/authenticators/0/metadata/additionalData");
    let (number, status) = (data["numberChallenge"].as_str().unwrap(), data["statusEndpoint"].as_str().unwrap());
    let message = sent(world).await.pop();
    Waiting { flow, number: number.to_owned(), status: status.strip_prefix(BASE).unwrap().to_owned(), message }
}

/// A login of that user by a push alone.
async fn begun(world: &World, name: &str) -> Waiting {
    let flow = world.authorize("alone", &[]).await.flow_id();
    let answer = world.anonymous().answer(&flow, &id_of(PUSH), json!({"username": name})).await;
    asked(world, flow, &answer).await
}

async fn scenario(world: &World, flow: &str, scenario: &str) -> Answer {
    world.anonymous().answer(flow, &id_of(PUSH), json!({"scenario": scenario})).await
}

async fn proceed(world: &World, flow: &str) -> Answer {
    scenario(world, flow, "PROCEED_PUSH_AUTHENTICATION").await
}

async fn resend(world: &World, flow: &str) -> Answer {
    scenario(world, flow, "RESEND_PUSH_NOTIFICATION").await
}

impl Waiting {
    fn message(&self) -> &Dispatch {
        self.message.as_ref().unwrap()
    }

    async fn status(&self, world: &World) -> Value {
        world.anonymous().get(&self.status).await.is(200).json()
    }
}

fn told(answer: &Answer) -> Value {
    answer.member("/nextStep/messages/0/message")
}

fn another(number: &str) -> &'static str {
    if number == "17" { "18" } else { "17" }
}

#[tokio::test]
async fn a_device_on_which_the_user_types_the_number_signs_in() {
    let (world, phone, _) = world().await;
    let start = world.authorize("alone", &[]).await;
    assert_eq!(
        start.member("/nextStep/authenticators/0"),
        json!({
            "authenticatorId": "cHVzaC1ub3RpZmljYXRpb24tYXV0aGVudGljYXRvcjpMT0NBTA",
            "authenticator": "Push Notification", "idp": "LOCAL",
            "metadata": {"i18nKey": "authenticator.push.notification", "promptType": "USER_PROMPT", "params": [
                {"param": "username", "type": "STRING", "order": 0, "i18nKey": "username.param", "displayName": "Username", "confidential": false},
            ]},
            "requiredParams": ["username"],
        })
    );
    let login = begun(&world, "kim").await;
    let again = proceed(&world, &login.flow).await;
    let offer = again.is_step("INCOMPLETE").member("/nextStep/authenticators/0");
    assert_eq!(
        (&offer["metadata"]["promptType"], &offer["requiredParams"]),
        (&json!("INTERNAL_PROMPT"), &json!(["scenario"]))
    );
    assert_eq!(offer["metadata"]["additionalData"]["numberChallenge"], login.number);
    assert_eq!(login.status(&world).await, json!({"status": "PENDING"}));
    let message = login.message();
    assert_eq!((message.template.as_str(), &message.to), ("push-login", &phone.token));
    for name in [
        "pushId",
        "challenge",
        "deviceId",
        "username",
        "userStoreDomain",
        "applicationName",
        "ipAddress",
        "deviceOS",
        "browser",
    ] {
        assert!(!message.values[name].is_empty(), "{name}");
    }
    assert!(!message.values.values().any(|value| *value == login.number));
    phone.approve(&world, message, &login.number).await.is(200);
    assert_eq!(login.status(&world).await, json!({"status": "COMPLETED"}));
    let done = proceed(&world, &login.flow).await;
    let tokens = world.anonymous().exchange("alone", &done.is(200).code()).await;
    assert_eq!(claims(&tokens.at("/id_token"))["amr"], json!(["hwk"]));
}

#[tokio::test]
async fn keys_of_every_kind_sign() {
    let (world, ..) = world().await;
    for (number, key) in [Key::ec(), Key::ed(), Key::rsa()].into_iter().enumerate() {
        let name = format!("user{number}");
        world.user(&name).await;
        let tokens = world.login_with("shop", &name, &[("scope", "internal_login")]).await;
        let phone = Phone::of(&world, &tokens.at("/access_token"), key).await;
        let login = begun(&world, &name).await;
        phone.approve(&world, login.message(), &login.number).await.is(200);
        proceed(&world, &login.flow).await.is(200).code();
    }
}

#[tokio::test]
async fn a_device_is_a_second_factor_after_a_password() {
    let (world, phone, _) = world().await;
    let next = world.anonymous().sign_in("second", "kim", &[]).await;
    let login = asked(&world, next.flow_id(), &next).await;
    phone.approve(&world, login.message(), &login.number).await.is(200);
    let done = proceed(&world, &login.flow).await;
    let tokens = world.anonymous().exchange("second", &done.is(200).code()).await;
    assert_eq!(claims(&tokens.at("/id_token"))["acr"], "aal2");
}

#[tokio::test]
async fn beside_a_password_it_asks_when_it_is_chosen() {
    let (world, phone, _) = world().await;
    let start = world.authorize("beside", &[]).await;
    assert_eq!(start.options(), [BASIC.to_owned(), id_of(PUSH)]);
    assert!(sent(&world).await.is_empty());
    let flow = start.flow_id();
    let answer = world.anonymous().answer(&flow, &id_of(PUSH), json!({"username": "kim"})).await;
    let login = asked(&world, flow, &answer).await;
    // Selecting it again sends nothing.
    world.anonymous().select(&login.flow, &id_of(PUSH)).await.is_step("INCOMPLETE");
    assert!(sent(&world).await.is_empty());
    phone.deny(&world, login.message()).await.is(200);
    let denied = proceed(&world, &login.flow).await;
    assert_eq!(denied.is_step("FAIL_INCOMPLETE").options().len(), 2);
    world.anonymous().password(&login.flow, "kim", PASSWORD).await.is(200).code();
}

#[tokio::test]
async fn a_refusal_on_the_device_is_told_and_the_third_ends_the_flow() {
    let (world, phone, _) = world().await;
    let mut login = begun(&world, "kim").await;
    for _ in 0..2 {
        phone.deny(&world, login.message()).await.is(200);
        assert_eq!(login.status(&world).await["status"], "COMPLETED");
        let denied = proceed(&world, &login.flow).await;
        assert_eq!(told(denied.is_step("FAIL_INCOMPLETE")), "error.push.user.denied.consent");
        assert!(sent(&world).await.is_empty());
        let answer = resend(&world, &login.flow).await;
        login = asked(&world, login.flow, &answer).await;
    }
    phone.deny(&world, login.message()).await.is(200);
    proceed(&world, &login.flow).await.is_refused(400, "60013", "max_attempts_exceeded");
    proceed(&world, &login.flow).await.is_refused(400, "60009", "invalid_flow_id");
}

// Checklist 45.
#[tokio::test]
async fn a_wrong_number_is_a_refusal() {
    let (world, phone, _) = world().await;
    for number in [None, Some("")] {
        let login = begun(&world, "kim").await;
        let claims = Phone::claims(&world, login.message(), "APPROVED", number);
        phone.send(&world, &claims).await.is(400);
        assert_eq!(
            told(proceed(&world, &login.flow).await.is_step("FAIL_INCOMPLETE")),
            "error.push.user.denied.consent"
        );
    }
    let login = begun(&world, "kim").await;
    phone.approve(&world, login.message(), another(&login.number)).await.is(400);
    phone.approve(&world, login.message(), &login.number).await.is(410);
    proceed(&world, &login.flow).await.is_step("FAIL_INCOMPLETE");
}

#[tokio::test]
async fn an_answer_counts_once() {
    let (world, phone, _) = world().await;
    let login = begun(&world, "kim").await;
    let claims = Phone::claims(&world, login.message(), "APPROVED", Some(&login.number));
    phone.send(&world, &claims).await.is(200);
    phone.send(&world, &claims).await.is(410);
    phone.deny(&world, login.message()).await.is(410);
    proceed(&world, &login.flow).await.is(200).code();
    phone.send(&world, &claims).await.is(410);
    assert_eq!(login.status(&world).await["status"], "PENDING");
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_over() {
    let (world, phone, _) = world().await;
    let login = begun(&world, "kim").await;
    world.wait(seconds(120));
    phone.approve(&world, login.message(), &login.number).await.is(410);
    assert_eq!(told(proceed(&world, &login.flow).await.is_step("FAIL_INCOMPLETE")), "authentication.fail.message");
    let answer = resend(&world, &login.flow).await;
    let login = asked(&world, login.flow, &answer).await;
    phone.approve(&world, login.message(), &login.number).await.is(200);
    world.wait(seconds(120));
    proceed(&world, &login.flow).await.is_step("FAIL_INCOMPLETE");
}

#[tokio::test]
async fn a_notification_sent_again_replaces_the_one_before_and_three_times_are_enough() {
    let (world, phone, _) = world().await;
    let first = begun(&world, "kim").await;
    let flow = first.flow.clone();
    let answer = resend(&world, &flow).await;
    let second = asked(&world, flow.clone(), &answer).await;
    assert_ne!(first.status, second.status);
    phone.approve(&world, first.message(), &first.number).await.is(410);
    assert_eq!(first.status(&world).await["status"], "PENDING");
    resend(&world, &flow).await.is_step("INCOMPLETE");
    let answer = resend(&world, &flow).await;
    sent(&world).await;
    let last = answer.member("/nextStep/authenticators/0/metadata/additionalData");
    let over = resend(&world, &flow).await;
    assert_eq!(told(over.is_step("FAIL_INCOMPLETE")), "error.push.resent.count.exceeded");
    assert_eq!(over.member("/nextStep/authenticators/0/metadata/additionalData"), last);
    assert!(sent(&world).await.is_empty());
}

#[tokio::test]
async fn an_answer_for_one_flow_is_no_good_in_another() {
    let (world, phone, _) = world().await;
    let (mine, other) = (begun(&world, "kim").await, begun(&world, "kim").await);
    phone.approve(&world, mine.message(), &mine.number).await.is(200);
    proceed(&world, &other.flow).await.is_step("INCOMPLETE");
    let mut mixed = Phone::claims(&world, other.message(), "APPROVED", Some(&other.number));
    mixed["challenge"] = mine.message().values["challenge"].clone().into();
    phone.send(&world, &mixed).await.is(400);
    proceed(&world, &other.flow).await.is_step("INCOMPLETE");
    proceed(&world, &mine.flow).await.is(200).code();
}

#[tokio::test]
async fn only_a_device_that_was_asked_may_answer() {
    let (world, kim, lee) = world().await;
    let login = begun(&world, "kim").await;
    lee.approve(&world, login.message(), &login.number).await.is(410);
    let claims = Phone::claims(&world, login.message(), "APPROVED", Some(&login.number));
    let posing = Phone { id: kim.id.clone(), token: String::new(), key: lee.key };
    posing.send(&world, &claims).await.is(400);
    let mut stale = claims.clone();
    for exp in [world.house.ports.clock.now().seconds(), i64::MAX] {
        stale["exp"] = exp.into();
        kim.send(&world, &stale).await.is(400);
    }
    proceed(&world, &login.flow).await.is_step("INCOMPLETE");
    kim.send(&world, &claims).await.is(200);
}

// Checklist 47.
#[tokio::test]
async fn a_device_that_was_removed_agrees_to_nothing() {
    let (world, phone, _) = world().await;
    let login = begun(&world, "kim").await;
    phone.approve(&world, login.message(), &login.number).await.is(200);
    let kim = world.who("kim").await;
    for held in world.store().credentials(&kim.tenant, &kim.id).await.unwrap() {
        assert!(world.store().remove_credential(&kim.tenant, &kim.id, &held.id).await.unwrap());
    }
    proceed(&world, &login.flow).await.is_step("FAIL_INCOMPLETE");
}

// Checklist 29.
#[tokio::test]
async fn nobody_learns_who_has_a_device() {
    let (world, ..) = world().await;
    let shape = |answer: &Answer| {
        let mut shape = answer.shape();
        let data = &mut shape["nextStep"]["authenticators"][0]["metadata"]["additionalData"];
        for name in ["statusEndpoint", "numberChallenge"] {
            data[name] = data[name].as_str().unwrap().len().into();
        }
        shape
    };
    let mut shapes = Vec::new();
    for name in ["kim", "bare", "nobody", "off"] {
        let flow = world.authorize("alone", &[]).await.flow_id();
        let first = world.anonymous().answer(&flow, &id_of(PUSH), json!({"username": name})).await;
        let messages = sent(&world).await.len();
        assert_eq!(messages, usize::from(name == "kim"), "{name}");
        let login = asked(&world, flow, &first).await;
        assert_eq!(login.status(&world).await, json!({"status": "PENDING"}));
        let waits = proceed(&world, &login.flow).await;
        let again = resend(&world, &login.flow).await;
        world.wait(seconds(120));
        assert_eq!(login.status(&world).await, json!({"status": "PENDING"}));
        let late = proceed(&world, &login.flow).await;
        shapes.push([shape(&first), shape(&waits), shape(&again), shape(&late)]);
        sent(&world).await;
    }
    assert!(shapes.iter().all(|shape| *shape == shapes[0]), "{shapes:?}");
    let junk = world.anonymous().get("/push-auth/check-status?pushAuthId=junk").await;
    assert_eq!(junk.is(200).json(), json!({"status": "PENDING"}));
    world.anonymous().get("/push-auth/check-status").await.is(400);
}

#[tokio::test]
async fn after_a_password_it_is_told_that_there_is_no_device() {
    let (world, ..) = world().await;
    let next = world.anonymous().sign_in("second", "bare", &[]).await;
    assert_eq!(told(next.is_step("FAIL_INCOMPLETE")), "error.push.registered.device.not.found");
    let offer = next.member("/nextStep/authenticators/0");
    assert_eq!(offer["metadata"], json!({"i18nKey": "authenticator.push.notification"}));
    assert_eq!(offer["requiredParams"], Value::Null);
}

// Checklist 45.
#[tokio::test]
async fn three_notifications_wait_for_a_user_at_most() {
    let (world, phone, _) = world().await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        waiting.push(begun(&world, "kim").await);
    }
    let fourth = begun(&world, "kim").await;
    assert!(fourth.message.is_none());
    proceed(&world, &fourth.flow).await.is_step("INCOMPLETE");
    let told_so = world.anonymous().sign_in("second", "kim", &[]).await;
    assert_eq!(told(told_so.is_step("FAIL_INCOMPLETE")), "error.push.resent.count.exceeded");
    for login in waiting {
        phone.approve(&world, login.message(), &login.number).await.is(200);
        proceed(&world, &login.flow).await.is(200).code();
    }
    assert!(begun(&world, "kim").await.message.is_some());
}

#[tokio::test]
async fn scenarios_of_browsers_are_refused() {
    let (world, ..) = world().await;
    let login = begun(&world, "kim").await;
    for name in ["INIT_PUSH_ENROLL", "PUSH_DEVICE_ENROLLMENT", "CANCEL_PUSH_ENROLL", "x", ""] {
        scenario(&world, &login.flow, name).await.is_refused(400, "60001", "invalid_request");
    }
    scenario(&world, &login.flow, "SEND_PUSH_NOTIFICATION").await.is_step("INCOMPLETE");
    assert!(sent(&world).await.is_empty());
    let flow = world.authorize("alone", &[]).await.flow_id();
    proceed(&world, &flow).await.is_refused(400, "60001", "invalid_request");
}
