//! One flow from its flowId: who may go on with it, for how long, by which option, and how it ends.

use serde_json::json;
use vestibule::config::RetryableFailure;

use crate::authenticators::{RIGHT, WAITING, Waiting};
use crate::world::*;

const SAML: &str = "SAMLSSOAuthenticator";

#[tokio::test]
async fn a_login_may_be_started_by_get_and_at_paths_with_a_slash() {
    let world = World::shop().await;
    let query = spelled(&[
        ("client_id", "shop"),
        ("response_type", "code"),
        ("response_mode", "direct"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    for path in ["/oauth2/authorize", "/oauth2/authorize/", "/t/carbon.super/oauth2/authorize/"] {
        let flow = world.anonymous().get(&format!("{path}?{query}")).await.is_step("INCOMPLETE").flow_id();
        let params = json!({"username": "kim", "password": PASSWORD});
        let body = json!({"flowId": flow, "selectedAuthenticator": {"authenticatorId": BASIC, "params": params}});
        world.anonymous().json(axum::http::Method::POST, "/oauth2/authn/", &body).await.is(200).code();
    }
}

// Checklist 71.
#[tokio::test]
async fn the_port_of_a_loopback_address_is_free_and_the_exchange_repeats_it() {
    use vestibule_core::application::Callback;
    let world = World::shop().await;
    world.app_with("tool", |app| app.oauth.callbacks = vec![Callback::parse("http://127.0.0.1/cb").unwrap()]).await;
    let uri = ("redirect_uri", "http://127.0.0.1:49152/cb");
    let code = world.anonymous().sign_in("tool", "kim", &[uri]).await.code();
    world.anonymous().exchange_with("tool", &code, &[uri]).await.is(200);
    for other in ["http://127.0.0.1:49152/other", "http://localhost/cb", "http://127.0.0.1@evil.example/cb"] {
        let refused = world.authorize("tool", &[("redirect_uri", other)]).await;
        refused.is_refused(400, "60001", "invalid_request");
    }
}

// Checklist 53.
#[tokio::test]
async fn a_flow_id_that_was_changed_anywhere_is_unknown() {
    let world = World::shop().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    let mut forged: Vec<String> = (0..flow.len())
        .step_by(50)
        .chain([flow.len() - 1])
        .map(|place| {
            let other = if &flow[place..=place] == "A" { "B" } else { "A" };
            format!("{}{other}{}", &flow[..place], &flow[place + 1..])
        })
        .collect();
    forged.extend([
        flow[1..].to_owned(),
        flow[..flow.len() - 1].to_owned(),
        format!("{flow}A"),
        format!("{flow}{flow}"),
    ]);
    forged.extend([String::new(), "unknown".to_owned(), "3bd1f207-e5b5-4b45-8a91-13b0acfb2151".to_owned()]);
    forged.extend([format!("{flow}="), format!(" {flow}"), "\0".to_owned(), "é".repeat(1000)]);
    for forged in forged {
        let answer = world.anonymous().password(&forged, "kim", PASSWORD).await;
        answer.is_refused(400, "60009", "invalid_flow_id");
    }
    world.anonymous().password(&flow, "kim", PASSWORD).await.is(200).code();
}

#[tokio::test]
async fn a_flow_id_that_is_not_sent_is_unknown() {
    let world = World::shop().await;
    let answer = world.anonymous().authn(&json!({"selectedAuthenticator": {"authenticatorId": BASIC}})).await;
    answer.is_refused(400, "60009", "invalid_flow_id");
}

// Checklist 58.
#[tokio::test]
async fn a_flow_lives_for_ten_minutes_from_its_start_however_much_it_is_used() {
    let world = World::shop().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    for _ in 0..2 {
        world.wait(minutes(4));
        world.anonymous().password(&flow, "kim", "wrong").await.is_step("FAIL_INCOMPLETE");
    }
    world.wait(seconds(119));
    world.anonymous().select(&flow, BASIC).await.is_step("INCOMPLETE");
    world.wait(seconds(1));
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_refused(400, "60008", "flow_timeout");
}

#[tokio::test]
async fn an_application_sets_how_long_its_flows_live() {
    let world = World::new().await;
    world.app_with("brief", |app| app.oauth.lifetimes.flow = minutes(1)).await;
    let flow = world.authorize("brief", &[]).await.flow_id();
    world.wait(minutes(1));
    world.anonymous().select(&flow, BASIC).await.is_refused(400, "60008", "flow_timeout");
}

// Checklist 58.
#[tokio::test]
async fn a_finished_flow_is_over() {
    let world = World::shop().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    world.anonymous().password(&flow, "kim", PASSWORD).await.is(200).code();
    for answer in
        [world.anonymous().password(&flow, "kim", PASSWORD).await, world.anonymous().select(&flow, BASIC).await]
    {
        answer.is_refused(400, "60009", "invalid_flow_id");
    }
}

// Checklist 58.
#[tokio::test]
async fn a_flow_that_failed_is_over() {
    let world = World::shop().await;
    world.user("lee").await;
    let hint = world.login("shop", "lee").await.at("/id_token");
    let flow = world.authorize("shop", &[("id_token_hint", &hint)]).await.flow_id();
    let failed = world.anonymous().password(&flow, "kim", PASSWORD).await;
    failed.is_refused(400, "60002", "authentication_failed");
    assert_eq!(failed.at("/oauth_error"), "login_required");
    world.anonymous().password(&flow, "lee", PASSWORD).await.is_refused(400, "60009", "invalid_flow_id");
}

#[tokio::test]
async fn steps_that_only_name_the_user_end_in_failure() {
    let world = World::new().await;
    world.app_with("names", |app| app.sequence = steps(&[&["IdentifierExecutor"]])).await;
    world.user("kim").await;
    let flow = world.authorize("names", &[]).await.flow_id();
    let failed = world.anonymous().answer(&flow, IDENTIFIER, json!({"username": "kim"})).await;
    failed.is_refused(400, "60002", "authentication_failed");
}

// Checklist 61.
#[tokio::test]
async fn an_authenticator_id_is_read_leniently_but_must_be_one() {
    let world = World::shop().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    let named = vestibule_jose::base64url(b"BasicAuthenticator");
    for good in [BASIC.to_owned(), named] {
        world.anonymous().select(&flow, &good).await.is_step("INCOMPLETE");
    }
    let missing = world.anonymous().authn(&json!({"flowId": flow, "selectedAuthenticator": {}})).await;
    missing.is_refused(400, "60004", "invalid_authenticator_id");
    let text = vestibule_jose::base64url;
    let junk =
        [String::new(), "!".into(), "/+==".into(), text(b"\xff\xfe"), text(b"a:b:c"), text(b":LOCAL"), text(b"a:")];
    for bad in junk.into_iter().chain(["BasicAuthenticator".repeat(100), text(b"a\nb:LOCAL")]) {
        world.anonymous().select(&flow, &bad).await.is_refused(400, "60004", "invalid_authenticator_id");
    }
}

// Checklist 61.
#[tokio::test]
async fn an_authenticator_that_the_step_does_not_offer_is_refused() {
    let world = World::shop().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    let text = |name: &str| vestibule_jose::base64url(name.as_bytes());
    for other in
        [IDENTIFIER.to_owned(), text("BasicAuthenticator:Google"), text("basicauthenticator:LOCAL"), id_of(SAML)]
    {
        world.anonymous().select(&flow, &other).await.is_refused(400, "60012", "invalid_authenticator");
    }
}

#[tokio::test]
async fn an_authenticator_that_cannot_run_inside_an_app_is_refused_only_when_it_is_meant() {
    let world = World::shop().await;
    world.app_with("alone", |app| app.sequence = steps(&[&[SAML]])).await;
    world.authorize("alone", &[]).await.is_refused(501, "60006", "authenticator_not_supported");

    world.app_with("among", |app| app.sequence = steps(&[&["BasicAuthenticator", SAML]])).await;
    let start = world.authorize("among", &[]).await;
    assert_eq!(start.options(), [BASIC.to_owned(), id_of(SAML)]);
    let flow = start.flow_id();
    world.anonymous().select(&flow, &id_of(SAML)).await.is_refused(501, "60006", "authenticator_not_supported");
    world.anonymous().password(&flow, "kim", PASSWORD).await.is(200).code();
}

// Checklist 63.
#[tokio::test]
async fn a_disabled_application_is_refused_at_every_call() {
    let world = World::shop().await;
    let app = world.confidential_app("vault").await;
    let caller = world.anonymous().basic("vault", SECRET);
    let flow = caller.authorize("vault", &[]).await.flow_id();
    let done = caller.sign_in("vault", "kim", &[]).await.code();
    let code = caller.sign_in("vault", "kim", &[]).await.code();
    let tokens = caller.exchange("vault", &done).await;
    world.change_app(&app, |app| app.enabled = false).await;

    caller.authorize("vault", &[]).await.is_refused(400, "60011", "application_disabled");
    world.anonymous().select(&flow, BASIC).await.is_refused(400, "60011", "application_disabled");
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_refused(400, "60011", "application_disabled");
    let logout = [("response_mode", "direct"), ("id_token_hint", &*tokens.at("/id_token"))];
    world.anonymous().form("/oidc/logout", &logout).await.is_refused(400, "60011", "application_disabled");
    for refused in [
        caller.exchange("vault", &code).await,
        caller.refresh("vault", &tokens.at("/refresh_token")).await,
        caller.form("/oauth2/introspect", &[("token", &tokens.at("/access_token"))]).await,
    ] {
        assert!(refused.status.is_client_error(), "{}", refused.text());
    }
    world.anonymous().userinfo(&tokens.at("/access_token")).await.is_unauthorized_token();
}

// Checklist 65.
#[tokio::test]
async fn native_login_that_is_switched_off_ends_flows_under_way() {
    let world = World::shop().await;
    let app = world.app("native").await;
    let flow = world.authorize("native", &[]).await.flow_id();
    world.change_app(&app, |app| app.native = false).await;
    let refused = world.anonymous().password(&flow, "kim", PASSWORD).await;
    refused.is_refused(400, "60008", "app_native_not_enabled");
}

#[tokio::test]
async fn a_removed_application_takes_its_flows_and_tokens_with_it() {
    let world = World::shop().await;
    let app = world.app("brief").await;
    let flow = world.authorize("brief", &[]).await.flow_id();
    let tokens = world.login("brief", "kim").await;
    world.store().remove_app(&app.tenant, &app.id).await.unwrap();
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_refused(400, "60005", "application_not_found");
    world.anonymous().userinfo(&tokens.at("/access_token")).await.is_unauthorized_token();
    world.anonymous().refresh("brief", &tokens.at("/refresh_token")).await.is_oauth_refusal(401, "invalid_client");
}

#[tokio::test]
async fn an_answer_that_comes_while_another_is_judged_is_not_looked_at() {
    let waiting = Waiting::leaked();
    let world = World::set(|setting| setting.authenticators.push(waiting)).await;
    world.app_with("slow", |app| app.sequence = steps(&[&["BasicAuthenticator"], &[WAITING]])).await;
    world.user("kim").await;
    let flow = world.authorize("slow", &[]).await.flow_id();
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_step("INCOMPLETE");

    let (caller, first_flow) = (world.anonymous(), flow.clone());
    let wrong = json!({"OTPCode": "000000"});
    let first = tokio::spawn(async move { caller.answer(&first_flow, &id_of(WAITING), wrong).await });
    waiting.has_begun().await;
    let second = world.anonymous().answer(&flow, &id_of(WAITING), json!({"OTPCode": RIGHT})).await;
    second.is_refused(400, "60003", "authentication_failed_retry");
    assert_eq!(second.at("/message"), "Authentication failure.");
    waiting.let_go();
    first.await.unwrap().is_step("FAIL_INCOMPLETE");

    waiting.let_go();
    world.anonymous().answer(&flow, &id_of(WAITING), json!({"OTPCode": RIGHT})).await.is(200).code();
}

#[tokio::test]
async fn retryable_failures_are_errors_where_the_operator_wants_them_so() {
    let world = World::set(|setting| setting.config.native.retryable_failure = RetryableFailure::Error).await;
    world.app("shop").await;
    world.user("kim").await;
    let start = world.authorize("shop", &[]).await;
    let flow = start.flow_id();
    let wrong = world.anonymous().password(&flow, "kim", "wrong").await;
    wrong.is_refused(400, "60003", "authentication_failed_retry");
    let body = wrong.json();
    assert_eq!((&body["flowId"], &body["flowStatus"]), (&json!(flow), &json!("FAIL_INCOMPLETE")));
    assert_eq!(body["nextStep"]["authenticators"], start.member("/nextStep/authenticators"));
    assert_eq!(body["links"], start.member("/links"));
    world.anonymous().password(&flow, "kim", PASSWORD).await.is(200).code();
}

#[tokio::test]
async fn starting_a_flow_writes_nothing() {
    let (world, store) = crate::faults::Breakable::open().await;
    for verb in [vestibule_store::Verb::Claim, vestibule_store::Verb::Settle] {
        store.fail(verb);
    }
    world.authorize("shop", &[]).await.is_step("INCOMPLETE");
    let flow = world.authorize("shop", &[]).await.flow_id();
    world.anonymous().select(&flow, BASIC).await.is_step("INCOMPLETE");
}
