//! Signing in at another identity provider, and by a service of the operator's.

use std::sync::Arc;

use serde_json::{Value, json};
use vestibule_core::application::{Limits, SequenceStep, StepOption};
use vestibule_jose::base64url;

use crate::operators::*;
use crate::providers::*;
use crate::world::*;

const OIDC: &str = "OpenIDConnectAuthenticator";

fn elsewhere(authenticator: &str, idp: &str) -> StepOption {
    StepOption { authenticator: authenticator.to_owned(), idp: idp.to_owned(), limits: Limits::default() }
}

fn id(authenticator: &str, idp: &str) -> String {
    base64url(format!("{authenticator}:{idp}").as_bytes())
}

/// A world with the provider, a connection to it, and an application whose only step has these options.
async fn world(story: &str, jit: Value, options: Vec<StepOption>) -> (World, Arc<Provider>) {
    let provider = Provider::new(story);
    let web = provider.clone();
    let world = World::set(|setting| setting.web = web).await;
    let admin = world.admin().await;
    admin.post(CONNECTIONS, provider.connection("Example", jit)).await.is(201);
    world
        .app_with("shop", |app| {
            app.sequence.user_defined = true;
            app.sequence.steps = vec![SequenceStep { options }];
        })
        .await;
    (world, provider)
}

fn kim() -> Value {
    json!({"sub": "248289761001", "email": "kim@example.com", "email_verified": true, "given_name": "Kim", "family_name": "Doe"})
}

#[tokio::test]
async fn a_stranger_signs_in_at_the_provider_and_is_the_same_user_the_next_time() {
    let (world, provider) = world("stranger", json!({"isEnabled": true}), vec![elsewhere(OIDC, "Example")]).await;
    let example = id(OIDC, "Example");
    let before = world.users().await;
    let mut subjects = Vec::new();
    for _ in 0..2 {
        let start = world.authorize("shop", &[]).await;
        let option = start.is_step("INCOMPLETE").member("/nextStep/authenticators/0");
        assert_eq!(option["authenticatorId"], json!(example));
        assert_eq!((&option["authenticator"], &option["idp"]), (&json!("openidconnect"), &json!("Example")));
        assert_eq!(option["metadata"]["promptType"], "REDIRECTION_PROMPT");
        assert_eq!(option["metadata"]["i18nKey"], "authenticator.oidc");
        assert_eq!(option["requiredParams"], json!(["code", "state"]));
        let page = start.at("/nextStep/authenticators/0/metadata/additionalData/redirectUrl");
        let done = world.anonymous().answer(&start.flow_id(), &example, provider.agree(&page, kim())).await;
        let tokens = world.anonymous().exchange("shop", &done.is_step("SUCCESS_COMPLETED").code()).await;
        let claims = claims(&tokens.is(200).at("/id_token"));
        assert_eq!(claims["amr"], json!(["fed"]));
        subjects.push(claims["sub"].clone());
    }
    assert_eq!(subjects[0], subjects[1]);
    assert_eq!(world.users().await, before + 1);
}

#[tokio::test]
async fn a_denial_leads_back_to_the_options_and_an_answer_is_good_once() {
    let options = vec![StepOption::local("BasicAuthenticator"), elsewhere(OIDC, "Example")];
    let (world, provider) = world("denial", json!({"isEnabled": true}), options).await;
    let example = id(OIDC, "Example");
    let start = world.authorize("shop", &[]).await;
    // An option that was not chosen is bare.
    let bare = start.member("/nextStep/authenticators/1");
    assert_eq!(bare["metadata"], json!({"i18nKey": "authenticator.oidc"}));
    let flow = start.flow_id();
    let chosen = world.anonymous().select(&flow, &example).await;
    let state = chosen.at("/nextStep/authenticators/0/metadata/additionalData/state");
    let page = chosen.at("/nextStep/authenticators/0/metadata/additionalData/redirectUrl");
    let first = provider.agree(&page, kim());
    let denied = world.anonymous().answer(&flow, &example, json!({"error": "access_denied", "state": state})).await;
    assert_eq!(denied.is_step("FAIL_INCOMPLETE").options(), [BASIC.to_owned(), example.clone()]);
    // The state of the attempt that was denied is spent.
    let late = world.anonymous().answer(&flow, &example, first).await;
    late.is_step("FAIL_INCOMPLETE");
    let again = world.anonymous().select(&flow, &example).await;
    let page = again.at("/nextStep/authenticators/0/metadata/additionalData/redirectUrl");
    let done = world.anonymous().answer(&flow, &example, provider.agree(&page, kim())).await;
    done.is_step("SUCCESS_COMPLETED");
}

#[tokio::test]
async fn a_stranger_whom_nobody_makes_a_user_ends_the_flow() {
    let (world, provider) = world("nobody", json!({}), vec![elsewhere(OIDC, "Example")]).await;
    let start = world.authorize("shop", &[]).await;
    let page = start.at("/nextStep/authenticators/0/metadata/additionalData/redirectUrl");
    let ended = world.anonymous().answer(&start.flow_id(), &id(OIDC, "Example"), provider.agree(&page, kim())).await;
    ended.is_refused(400, "60002", "authentication_failed");
}

#[tokio::test]
async fn a_code_of_another_flow_is_refused_and_asks_no_provider() {
    let options = vec![StepOption::local("BasicAuthenticator"), elsewhere(OIDC, "Example")];
    let (world, provider) = world("injection", json!({"isEnabled": true}), options).await;
    let example = id(OIDC, "Example");
    let victim = world.authorize("shop", &[]).await.flow_id();
    let attacker = world.authorize("shop", &[]).await.flow_id();
    let page = world.anonymous().select(&attacker, &example).await;
    let page = page.at("/nextStep/authenticators/0/metadata/additionalData/redirectUrl");
    let answer = provider.agree(&page, kim());
    world.anonymous().answer(&victim, &example, answer.clone()).await.is_step("FAIL_INCOMPLETE");
    // The code was not spent on the way.
    world.anonymous().answer(&attacker, &example, answer).await.is_step("SUCCESS_COMPLETED");
}

#[tokio::test]
async fn a_service_names_the_user_when_the_app_asks_again() {
    let (world, provider) = world("service", json!({}), vec![elsewhere("custom-pin", "LOCAL")]).await;
    let service = json!({
        "name": "custom-pin", "displayName": "PIN at the desk", "authenticationType": "IDENTIFICATION",
        "endpoint": {"uri": "https://pin.example.com/check", "authentication": {"type": "NONE"}},
    });
    world.anonymous().basic("admin", PASSWORD).post(&format!("{WAYS}/custom"), service).await.is(201);
    world.user("kim").await;
    let page = json!({"op": "redirect", "url": "https://pin.example.com/page"});
    *provider.said.lock().unwrap() = json!({"actionStatus": "INCOMPLETE", "operations": [page]});
    let start = world.authorize("shop", &[]).await;
    let option = start.is_step("INCOMPLETE").member("/nextStep/authenticators/0");
    assert_eq!(option["authenticator"], "PIN at the desk");
    assert_eq!(option["metadata"]["promptType"], "INTERNAL_PROMPT");
    assert_eq!(option["metadata"]["i18nKey"], "AbstractAuthenticatorAdapter");
    assert_eq!(option["metadata"]["additionalData"]["endpointUrl"], "https://pin.example.com/page");
    let (flow, pin) = (start.flow_id(), id("custom-pin", "LOCAL"));
    world.anonymous().select(&flow, &pin).await.is_step("INCOMPLETE");
    *provider.said.lock().unwrap() = json!({"actionStatus": "SUCCESS", "data": {"user": {"userName": "kim"}}});
    let done = world.anonymous().select(&flow, &pin).await;
    let tokens = world.anonymous().exchange("shop", &done.is_step("SUCCESS_COMPLETED").code()).await;
    assert_eq!(claims(&tokens.is(200).at("/id_token"))["amr"], json!(["ext"]));
}
