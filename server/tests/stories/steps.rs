//! Logins of several steps and of several options: the order cannot be bent, the user cannot be exchanged, and asking
//! again changes nothing.

use serde_json::{Value, json};

use crate::authenticators::{CODE, Code, RIGHT};
use crate::world::*;

const NAME: &str = "IdentifierExecutor";
const PASS: &str = "BasicAuthenticator";

/// A world with the code authenticator, the users kim and lee, and an application of these steps.
async fn world(sequence: &[&[&str]]) -> (World, &'static Code) {
    let code = Code::leaked();
    let world = World::set(|setting| setting.authenticators.push(code)).await;
    world.app_with("bank", |app| app.sequence = steps(sequence)).await;
    for name in ["kim", "lee"] {
        world.user(name).await;
    }
    (world, code)
}

impl World {
    async fn start(&self) -> String {
        self.authorize("bank", &[]).await.is_step("INCOMPLETE").flow_id()
    }

    async fn named(&self, name: &str) -> String {
        let flow = self.start().await;
        self.anonymous().answer(&flow, IDENTIFIER, json!({"username": name})).await.is_step("INCOMPLETE");
        flow
    }

    async fn code(&self, flow: &str, code: &str) -> Answer {
        self.anonymous().answer(flow, &id_of(CODE), json!({"OTPCode": code})).await
    }

    async fn pass(&self, flow: &str, params: Value) -> Answer {
        self.anonymous().answer(flow, BASIC, params).await
    }
}

#[tokio::test]
async fn the_name_first_and_then_the_password_alone() {
    let (world, _) = world(&[&[NAME], &[PASS]]).await;
    let start = world.authorize("bank", &[]).await;
    assert_eq!(start.member("/nextStep/stepType"), "AUTHENTICATOR_PROMPT");
    assert_eq!(
        start.member("/nextStep/authenticators/0"),
        json!({
            "authenticatorId": IDENTIFIER, "authenticator": "Identifier First", "idp": "LOCAL",
            "metadata": {"i18nKey": "authenticator.identifier", "promptType": "USER_PROMPT", "params": [
                {"param": "username", "type": "STRING", "order": 0, "i18nKey": "username.param", "displayName": "Username", "confidential": false},
            ]},
            "requiredParams": ["username"],
        })
    );
    let flow = start.flow_id();
    let next = world.anonymous().answer(&flow, IDENTIFIER, json!({"username": "kim"})).await;
    assert_eq!(next.is_step("INCOMPLETE").options(), [BASIC]);
    assert_eq!(next.flow_id(), flow);
    world.pass(&flow, json!({"password": "wrong"})).await.is_step("FAIL_INCOMPLETE");
    world.pass(&flow, json!({"password": PASSWORD})).await.is(200).code();
}

// Checklist 57.
#[tokio::test]
async fn the_user_is_fixed_once_the_flow_speaks_of_somebody() {
    let (world, _) = world(&[&[NAME], &[PASS]]).await;
    let flow = world.authorize("bank", &[("scope", "openid profile")]).await.flow_id();
    world.anonymous().answer(&flow, IDENTIFIER, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    for name in ["lee", "nobody"] {
        let other = world.pass(&flow, json!({"username": name, "password": PASSWORD})).await;
        other.is_refused(400, "60001", "invalid_request");
        assert!(!other.text().contains(name));
    }
    world.anonymous().answer(&flow, IDENTIFIER, json!({"username": "lee"})).await.is_refused(
        400,
        "60012",
        "invalid_authenticator",
    );
    let done = world.pass(&flow, json!({"username": " KIM ", "password": PASSWORD})).await;
    let tokens = world.anonymous().exchange("bank", &done.code()).await;
    let named = world.anonymous().userinfo(&tokens.at("/access_token")).await;
    assert_eq!(named.member("/username"), "kim");
}

// Checklist 29.
#[tokio::test]
async fn a_name_that_is_nobodys_goes_the_same_way_and_never_arrives() {
    let (world, code) = world(&[&[NAME], &[PASS, CODE]]).await;
    let mut seen = Vec::new();
    for name in ["kim", "nobody"] {
        let flow = world.start().await;
        let named = world.anonymous().answer(&flow, IDENTIFIER, json!({"username": name})).await;
        let missed = world.pass(&flow, json!({"password": "wrong"})).await;
        let asked = world.anonymous().select(&flow, &id_of(CODE)).await;
        seen.push([named.shape(), missed.shape(), asked.shape()]);
    }
    assert_eq!(seen[0], seen[1]);
    let flow = world.named("nobody").await;
    world.pass(&flow, json!({"password": PASSWORD})).await.is_step("FAIL_INCOMPLETE");
    world.anonymous().select(&flow, &id_of(CODE)).await.is_step("INCOMPLETE");
    let right = world.code(&flow, RIGHT).await;
    assert!(right.member("/authData").is_null(), "{}", right.text());
    assert!(code.judged() <= 1);
}

#[tokio::test]
async fn a_password_and_then_a_code_that_is_sent_once() {
    let (world, code) = world(&[&[PASS], &[CODE]]).await;
    let flow = world.start().await;
    assert_eq!(code.sent(), 0);
    let asked = world.anonymous().password(&flow, "kim", PASSWORD).await;
    assert_eq!(
        asked.is_step("INCOMPLETE").member("/nextStep"),
        json!({
            "stepType": "AUTHENTICATOR_PROMPT",
            "authenticators": [{
                "authenticatorId": id_of(CODE), "authenticator": "Story", "idp": "LOCAL",
                "metadata": {"i18nKey": "authenticator.story.code", "promptType": "USER_PROMPT", "params": [
                    {"param": "OTPCode", "type": "STRING", "order": 1, "i18nKey": "code.param", "displayName": "Code", "confidential": true},
                ]},
                "requiredParams": ["OTPCode"],
            }],
            "messages": [{"type": "INFO", "messageId": "CodeSent", "message": "The code is sent.", "i18nKey": "message.CodeSent"}],
        })
    );
    let wrong = world.code(&flow, "000000").await;
    assert_eq!(wrong.is_step("FAIL_INCOMPLETE").options(), [id_of(CODE)]);
    assert_eq!((wrong.flow_id(), wrong.at("/nextStep/messages/0/messageId")), (flow.clone(), "60003".to_owned()));
    world.code(&flow, RIGHT).await.is(200).code();
    assert_eq!((code.sent(), code.judged()), (1, 2));
}

#[tokio::test]
async fn an_empty_code_is_a_wrong_answer_and_an_absent_one_is_none() {
    let (world, code) = world(&[&[PASS], &[CODE]]).await;
    let flow = world.start().await;
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_step("INCOMPLETE");
    world.anonymous().answer(&flow, &id_of(CODE), json!({})).await.is_step("INCOMPLETE");
    assert_eq!(code.judged(), 0);
    world.code(&flow, "").await.is_step("FAIL_INCOMPLETE");
    assert_eq!((code.sent(), code.judged()), (1, 1));
}

// Checklist 56.
#[tokio::test]
async fn steps_come_in_their_order_and_cannot_be_skipped() {
    let (world, code) = world(&[&[PASS], &[CODE]]).await;
    let flow = world.start().await;
    world.anonymous().select(&flow, &id_of(CODE)).await.is_refused(400, "60012", "invalid_authenticator");
    world.code(&flow, RIGHT).await.is_refused(400, "60012", "invalid_authenticator");
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_step("INCOMPLETE");
    for again in
        [world.anonymous().select(&flow, BASIC).await, world.anonymous().password(&flow, "kim", PASSWORD).await]
    {
        again.is_refused(400, "60012", "invalid_authenticator");
    }
    world.code(&flow, RIGHT).await.is(200).code();
    assert_eq!(code.judged(), 1);
}

#[tokio::test]
async fn options_that_can_be_answered_at_once_are_shown_whole_and_the_others_by_name() {
    let (world, code) = world(&[&[PASS, NAME, CODE]]).await;
    let start = world.authorize("bank", &[]).await;
    assert_eq!(start.is_step("INCOMPLETE").member("/nextStep/stepType"), "MULTI_OPTIONS_PROMPT");
    assert_eq!(start.options(), [BASIC.to_owned(), IDENTIFIER.to_owned(), id_of(CODE)]);
    assert_eq!(start.member("/nextStep/authenticators/0/requiredParams"), json!(["username", "password"]));
    assert_eq!(start.member("/nextStep/authenticators/1/requiredParams"), json!(["username"]));
    assert_eq!(
        start.member("/nextStep/authenticators/2"),
        json!({
            "authenticatorId": id_of(CODE), "authenticator": "Story", "idp": "LOCAL",
            "metadata": {"i18nKey": "authenticator.story.code"},
        })
    );
    assert_eq!(code.sent(), 0);
}

#[tokio::test]
async fn selecting_an_option_again_shows_it_again_and_sends_nothing() {
    let (world, code) = world(&[&[NAME], &[PASS, CODE]]).await;
    let flow = world.named("kim").await;
    let first = world.anonymous().select(&flow, &id_of(CODE)).await;
    assert_eq!(first.is_step("INCOMPLETE").member("/nextStep/stepType"), "AUTHENTICATOR_PROMPT");
    for _ in 0..6 {
        for again in [
            world.anonymous().select(&flow, &id_of(CODE)).await,
            world.anonymous().answer(&flow, &id_of(CODE), json!({})).await,
        ] {
            again.is_step("INCOMPLETE");
            assert_eq!(again.member("/nextStep/authenticators"), first.member("/nextStep/authenticators"));
            assert_eq!((again.flow_id(), again.options().len()), (flow.clone(), 1));
        }
    }
    assert_eq!((code.sent(), code.judged()), (1, 0));
    world.code(&flow, RIGHT).await.is(200).code();
}

#[tokio::test]
async fn selecting_the_only_option_is_idempotent_too() {
    let (world, code) = world(&[&[PASS], &[CODE]]).await;
    let flow = world.start().await;
    let first = world.anonymous().select(&flow, BASIC).await;
    assert_eq!(first.shape(), world.anonymous().select(&flow, BASIC).await.shape());
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_step("INCOMPLETE");
    for _ in 0..3 {
        assert_eq!(world.anonymous().select(&flow, &id_of(CODE)).await.is_step("INCOMPLETE").options(), [id_of(CODE)]);
    }
    assert_eq!(code.sent(), 1);
}

#[tokio::test]
async fn another_option_may_be_taken_after_one_was_selected() {
    let (world, code) = world(&[&[NAME], &[PASS, CODE]]).await;
    let flow = world.named("kim").await;
    world.anonymous().select(&flow, &id_of(CODE)).await.is_step("INCOMPLETE");
    world.anonymous().select(&flow, BASIC).await.is_step("INCOMPLETE");
    world.pass(&flow, json!({"password": PASSWORD})).await.is(200).code();
    assert_eq!((code.sent(), code.judged()), (1, 0));
}

#[tokio::test]
async fn a_code_that_is_out_stays_good_while_another_option_is_tried() {
    let (world, code) = world(&[&[NAME], &[PASS, CODE]]).await;
    for detour in [json!({}), json!({"password": "wrong"})] {
        let before = code.sent();
        let flow = world.named("kim").await;
        world.anonymous().select(&flow, &id_of(CODE)).await.is_step("INCOMPLETE");
        world.pass(&flow, detour).await.is(200);
        world.anonymous().select(&flow, &id_of(CODE)).await.is_step("INCOMPLETE");
        assert_eq!(code.sent() - before, 1, "a second code was sent though nobody asked for it");
        world.code(&flow, RIGHT).await.is(200).code();
    }
}

#[tokio::test]
async fn a_wrong_answer_keeps_all_the_options_of_the_step() {
    let (world, _) = world(&[&[PASS, CODE]]).await;
    let start = world.authorize("bank", &[]).await;
    let missed = world.anonymous().password(&start.flow_id(), "kim", "wrong").await;
    assert_eq!(missed.is_step("FAIL_INCOMPLETE").member("/nextStep/stepType"), "MULTI_OPTIONS_PROMPT");
    assert_eq!(missed.member("/nextStep/authenticators"), start.member("/nextStep/authenticators"));
    assert_eq!(missed.member("/nextStep/messages").as_array().map(Vec::len), Some(1));
    world.anonymous().password(&start.flow_id(), "lee", PASSWORD).await.is(200).code();
}

#[tokio::test]
async fn a_wrong_code_keeps_all_the_options_of_the_step_too() {
    let (world, code) = world(&[&[NAME], &[PASS, CODE]]).await;
    let flow = world.named("kim").await;
    world.anonymous().select(&flow, &id_of(CODE)).await.is_step("INCOMPLETE");
    let missed = world.code(&flow, "000000").await;
    assert_eq!(missed.is_step("FAIL_INCOMPLETE").options(), [BASIC.to_owned(), id_of(CODE)]);
    assert_eq!(code.sent(), 1);
}

#[tokio::test]
async fn an_option_that_needs_selection_cannot_be_answered_before_it() {
    let (world, code) = world(&[&[NAME], &[PASS, CODE]]).await;
    let flow = world.named("kim").await;
    let early = world.code(&flow, RIGHT).await;
    assert!(early.member("/authData").is_null(), "{}", early.text());
    assert_eq!(code.judged(), 0);
}

#[tokio::test]
async fn a_login_hint_is_shown_to_the_form_that_asks_for_the_name() {
    let (world, _) = world(&[&[NAME], &[PASS]]).await;
    let start = world.authorize("bank", &[("login_hint", "kim@home")]).await;
    assert_eq!(start.member("/nextStep/authenticators/0/metadata/additionalData"), json!({"loginHint": "kim@home"}));
    let next = world.anonymous().answer(&start.flow_id(), IDENTIFIER, json!({"username": "kim"})).await;
    assert!(next.member("/nextStep/authenticators/0/metadata/additionalData").is_null());
}

#[tokio::test]
async fn a_change_of_the_steps_does_not_bend_a_flow_under_way() {
    let (world, _) = world(&[&[PASS], &[CODE]]).await;
    let flow = world.start().await;
    let app = world.store().app_by_client(&vestibule_core::ports::TenantId::root(), "bank").await.unwrap().unwrap();
    world.change_app(&app, |app| app.sequence = steps(&[&[PASS]])).await;
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_step("INCOMPLETE");
    world.code(&flow, RIGHT).await.is(200).code();
}

// Checklist 63.
#[tokio::test]
async fn a_user_who_is_locked_between_two_steps_does_not_arrive() {
    let (world, _) = world(&[&[PASS], &[CODE]]).await;
    let ann = world.user("ann").await;
    let flow = world.start().await;
    world.anonymous().password(&flow, "ann", PASSWORD).await.is_step("INCOMPLETE");
    world.change_user(&ann, |user| user.locked = true).await;
    let right = world.code(&flow, RIGHT).await;
    assert!(right.member("/authData").is_null(), "{}", right.text());
}

#[tokio::test]
async fn a_password_that_is_changed_between_two_steps_ends_the_flow() {
    let (world, _) = world(&[&[PASS], &[CODE]]).await;
    let ann = world.user("ann").await;
    let flow = world.authorize("bank", &[]).await.flow_id();
    world.anonymous().password(&flow, "ann", PASSWORD).await.is_step("INCOMPLETE");
    let other = world.house.ports.passwords.hash(&"another password".to_owned().into()).await.unwrap();
    world.change_user(&ann, |user| user.password = other).await;
    world.code(&flow, RIGHT).await.is_refused(400, "60002", "authentication_failed");
    world.code(&flow, RIGHT).await.is_refused(400, "60009", "invalid_flow_id");
}
