//! Magic Link: a link sent by email that leads back into the app, good once and only in the flow that asked for it.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::holdings::*;
use crate::world::*;

fn username() -> Value {
    json!({
        "authenticatorId": "TWFnaWNMaW5rQXV0aGVudGljYXRvcjpMT0NBTA", "authenticator": "Magic Link", "idp": "LOCAL",
        "metadata": {"i18nKey": "authenticator.magic.link", "promptType": "USER_PROMPT", "params": [
            {"param": "username", "type": "STRING", "order": 0, "i18nKey": "username.param", "displayName": "Username", "confidential": false},
        ]},
        "requiredParams": ["username"],
    })
}

fn prompt(state: &str) -> Value {
    json!({
        "authenticatorId": "TWFnaWNMaW5rQXV0aGVudGljYXRvcjpMT0NBTA", "authenticator": "Magic Link", "idp": "LOCAL",
        "metadata": {"i18nKey": "authenticator.magic.link", "promptType": "USER_PROMPT", "params": [
            {"param": "mlt", "type": "STRING", "order": 0, "i18nKey": "magic.link.code.param", "displayName": "Magic Link Token", "confidential": true},
        ], "additionalData": {"state": state}},
        "requiredParams": ["mlt"],
    })
}

/// The body of a step without its state, which differs from flow to flow.
fn stateless(answer: &Answer) -> Value {
    let mut body = answer.shape();
    if let Some(state) = body.pointer_mut("/nextStep/authenticators/0/metadata/additionalData/state") {
        assert!(state.as_str().is_some_and(|state| state.len() >= 22), "{state}");
        *state = "…".into();
    }
    body
}

fn state(answer: &Answer) -> String {
    answer.at("/nextStep/authenticators/0/metadata/additionalData/state")
}

impl World {
    /// What the newest link brings: the token and the state.
    async fn brought(&self) -> (String, String) {
        let link = self.newest_link().await;
        assert_eq!(link.as_str().split('?').next(), Some(REDIRECT));
        let mut pairs: HashMap<String, String> = link.query_pairs().into_owned().collect();
        (pairs.remove("mlt").unwrap(), pairs.remove("state").unwrap())
    }

    /// A flow of the bank in which a link was sent to this user.
    async fn linked(&self, name: &str) -> (String, String, String) {
        let flow = self.open().await;
        self.give(&flow, LINK, json!({"username": name})).await.is_step("INCOMPLETE");
        let (token, state) = self.brought().await;
        (flow, token, state)
    }
}

#[tokio::test]
async fn the_name_and_then_the_link_that_was_sent_to_it() {
    let world = World::bank(&[&[LINK]]).await;
    let start = world.authorize("bank", &[]).await;
    assert_eq!(start.is(200).shape(), asked("INCOMPLETE", &username(), &[]));
    let flow = start.flow_id();
    let named = world.give(&flow, LINK, json!({"username": "kim"})).await;
    let mail = world.mail().await;
    assert_eq!(mail.iter().map(|letter| letter.to.as_str()).collect::<Vec<_>>(), ["kimberly@example.com"]);
    let (token, told) = world.brought().await;
    assert_eq!(named.is(200).shape(), asked("INCOMPLETE", &prompt(&told), &[]));
    assert!(token.len() >= 43, "{token}");
    assert!(!named.text().contains(&token));
    for again in [world.pick(&flow, LINK).await, world.give(&flow, LINK, json!({"username": "kim"})).await] {
        assert_eq!(again.is(200).shape(), named.shape());
    }
    assert_eq!(world.sent().await, 1);
    let done = world.give(&flow, LINK, json!({"mlt": token})).await;
    let id = claims(&world.anonymous().exchange("bank", &done.code()).await.at("/id_token"));
    assert_eq!((&id["amr"], &id["acr"]), (&json!(["otp"]), &json!("aal1")));
    world.give(&flow, LINK, json!({"mlt": token})).await.is_refused(400, "60009", "invalid_flow_id");
}

#[tokio::test]
async fn a_wrong_link_ends_the_flow_where_there_is_no_other_way() {
    let world = World::bank(&[&[LINK]]).await;
    for params in [json!({"mlt": "x"}), json!({"mlt": ""}), json!({"mlt": "x", "state": "y"})] {
        let (flow, token, _) = world.linked("kim").await;
        world.give(&flow, LINK, params).await.is_refused(400, "60002", "authentication_failed");
        world.give(&flow, LINK, json!({"mlt": token})).await.is_refused(400, "60009", "invalid_flow_id");
    }
}

#[tokio::test]
async fn a_state_that_comes_back_is_held_against_the_one_that_was_sent() {
    let world = World::bank(&[&[LINK]]).await;
    let (flow, token, state) = world.linked("kim").await;
    world.give(&flow, LINK, json!({"mlt": token, "state": state})).await.is(200).code();
    let (flow, token, _) = world.linked("kim").await;
    world.give(&flow, LINK, json!({"mlt": token, "state": state})).await.is_refused(
        400,
        "60002",
        "authentication_failed",
    );
}

// Checklist 37.
#[tokio::test]
async fn a_link_of_another_flow_or_another_user_leads_nowhere() {
    let world = World::bank(&[&[LINK]]).await;
    let (_, of_lee, _) = world.linked("lee").await;
    let (one, of_one, _) = world.linked("kim").await;
    for stranger in [&of_lee, &of_one] {
        let (flow, ..) = world.linked("kim").await;
        world.give(&flow, LINK, json!({"mlt": stranger})).await.is_refused(400, "60002", "authentication_failed");
    }
    world.give(&one, LINK, json!({"mlt": of_one})).await.is(200).code();
}

#[tokio::test]
async fn a_link_holds_for_five_minutes() {
    let world = World::bank(&[&[LINK]]).await;
    let (flow, token, _) = world.linked("kim").await;
    world.wait(seconds(299));
    world.give(&flow, LINK, json!({"mlt": token})).await.is(200).code();
    let (flow, token, _) = world.linked("kim").await;
    world.wait(seconds(300));
    world.give(&flow, LINK, json!({"mlt": token})).await.is_refused(400, "60002", "authentication_failed");
}

#[tokio::test]
async fn a_link_that_is_sent_again_is_another_one() {
    let world = World::bank(&[&[LINK, PASS]]).await;
    let (flow, first, old) = world.linked("kim").await;
    let again = world.give(&flow, LINK, json!({"resendCode": "true"})).await;
    let (second, new) = world.brought().await;
    assert_eq!(again.is(200).shape(), asked("INCOMPLETE", &prompt(&new), &[]));
    assert!(first != second && old != new && world.sent().await == 2);
    world.give(&flow, LINK, json!({"mlt": second, "state": new})).await.is(200).code();
    let (flow, first, _) = world.linked("kim").await;
    world.give(&flow, LINK, json!({"resendCode": "true"})).await.is_step("INCOMPLETE");
    world.give(&flow, LINK, json!({"mlt": first})).await.is_step("FAIL_INCOMPLETE");
}

#[tokio::test]
async fn among_others_a_wrong_link_leads_back_to_all_of_them() {
    let world = World::bank(&[&[LINK, PASS]]).await;
    let start = world.authorize("bank", &[]).await;
    let (flow, token, _) = world.linked("kim").await;
    let missed = world.give(&flow, LINK, json!({"mlt": "x"})).await;
    let mut expected = start.shape();
    expected["flowStatus"] = "FAIL_INCOMPLETE".into();
    expected["nextStep"]["messages"] = json!([failed("The link is not good any more.")]);
    assert_eq!(missed.is(200).shape(), expected);
    // The link is void: it would have to be sent again.
    world.give(&flow, LINK, json!({"mlt": token})).await.is_step("INCOMPLETE");
    world.anonymous().password(&flow, "kim", PASSWORD).await.is(200).code();
}

#[tokio::test]
async fn as_the_second_factor_it_is_a_button_until_it_is_selected() {
    let world = World::bank(&[&[PASS], &[LINK, TOTP]]).await;
    let flow = world.past_password("kim").await;
    assert_eq!(world.sent().await, 0);
    let listed = world.give(&flow, TOTP, json!({"token": "x"})).await;
    assert_eq!(
        listed.member("/nextStep/authenticators/0"),
        json!({
            "authenticatorId": "TWFnaWNMaW5rQXV0aGVudGljYXRvcjpMT0NBTA", "authenticator": "Magic Link", "idp": "LOCAL",
            "metadata": {"i18nKey": "authenticator.magic.link"},
        })
    );
    let first = world.pick(&flow, LINK).await;
    world.pick(&flow, TOTP).await.is_step("INCOMPLETE");
    assert_eq!(world.pick(&flow, LINK).await.is_step("INCOMPLETE").shape(), first.shape());
    assert_eq!(world.sent().await, 1);
    world.give(&flow, LINK, json!({"mlt": world.brought().await.0, "username": "lee"})).await.is(400);
    world.give(&flow, LINK, json!({"mlt": world.brought().await.0})).await.is(200).code();
}

// Checklist 29.
#[tokio::test]
async fn nobody_learns_who_can_be_sent_a_link() {
    let world = World::bank(&[&[LINK]]).await;
    world.person("off", "+491511111111").await;
    world.change_user(&world.who("off").await, |user| user.active = false).await;
    world.user("bare").await;
    let mut seen: Vec<Vec<Value>> = Vec::new();
    for name in ["kim", "nobody", "off", "bare"] {
        let before = world.sent().await;
        let flow = world.open().await;
        let mut told = Vec::new();
        for params in [
            json!({"username": name}),
            json!({}),
            json!({"resendCode": "true"}),
            json!({"resendCode": "true"}),
            json!({"resendCode": "true"}),
            json!({"resendCode": "true"}),
            json!({"mlt": "x"}),
        ] {
            told.push(stateless(&world.give(&flow, LINK, params).await));
        }
        assert_eq!(world.sent().await - before, if name == "kim" { 4 } else { 0 }, "{name}");
        seen.push(told);
    }
    let [kim, others @ ..] = seen.as_slice() else { panic!("nobody was seen") };
    others.iter().for_each(|told| assert_eq!(told, kim));
}

#[tokio::test]
async fn before_a_name_is_given_a_token_is_no_answer() {
    let world = World::bank(&[&[LINK]]).await;
    let start = world.authorize("bank", &[]).await;
    for params in [json!({"mlt": "x"}), json!({"mlt": ""}), json!({"resendCode": "true"}), json!({"state": "x"})] {
        assert_eq!(world.give(&start.flow_id(), LINK, params).await.is(200).shape(), start.shape());
    }
    assert_eq!(world.sent().await, 0);
}

#[tokio::test]
async fn a_name_may_be_corrected_as_long_as_nothing_is_proved() {
    let world = World::bank(&[&[LINK]]).await;
    let (flow, of_lee, before) = world.linked("lee").await;
    let corrected = world.give(&flow, LINK, json!({"username": "kim"})).await;
    assert_ne!(state(&corrected), before);
    let (token, _) = world.brought().await;
    assert_ne!(token, of_lee);
    let done = world.give(&flow, LINK, json!({"mlt": token})).await;
    let tokens = world.anonymous().exchange("bank", &done.code()).await;
    let sub = world.anonymous().userinfo(&tokens.at("/access_token")).await.at("/sub");
    assert_eq!(sub, world.who("kim").await.id.to_string());
}

#[tokio::test]
async fn a_link_keeps_what_the_redirect_uri_has_of_its_own() {
    let world = World::new().await;
    world
        .app_with("bank", |app| {
            app.sequence = steps(&[&[LINK]]);
            let own = vestibule_core::application::Callback::parse("https://shop.example/back?lang=en").unwrap();
            app.oauth.callbacks.push(own);
        })
        .await;
    world.person("kim", "+771234321").await;
    let flow = world.authorize("bank", &[("redirect_uri", "https://shop.example/back?lang=en")]).await.flow_id();
    world.give(&flow, LINK, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    let link = world.newest_link().await;
    let names: Vec<String> = link.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!((link.path(), names), ("/back", vec!["lang".to_owned(), "mlt".to_owned(), "state".to_owned()]));
}
