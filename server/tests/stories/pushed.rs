//! Pushed authorization requests (RFC 9126): the client authenticates, leaves its request with the server and gets a name
//! for it, by which it starts one login within a minute.

use serde_json::json;
use vestibule_core::application::{Callback, GrantType};

use crate::operators::*;
use crate::world::*;

const PAR: &str = "/oauth2/par";

fn request<'a>(client_id: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("client_id", client_id),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid"),
        ("state", "pushed"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    merged(&usual, more)
}

async fn push(world: &World, client_id: &str, more: &[(&str, &str)]) -> Answer {
    world.anonymous().form(PAR, &request(client_id, more)).await
}

/// Starts a login by the name of a pushed request, with `more` beside it.
async fn start(world: &World, client_id: &str, uri: &str, more: &[(&str, &str)]) -> Answer {
    let form = [("client_id", client_id), ("request_uri", uri), ("response_mode", "direct")];
    world.anonymous().form("/oauth2/authorize", &merged(&form, more)).await
}

async fn world() -> World {
    let world = World::new().await;
    world.app("shop").await;
    world.app("other").await;
    world.confidential_app("vault").await;
    world.user("kim").await;
    world
}

#[track_caller]
fn is_gone(answer: &Answer) {
    answer.is_refused(400, "60001", "invalid_request");
    assert_eq!(answer.at("/oauth_error"), "invalid_request_uri");
}

// Checklist 93.
#[tokio::test]
async fn a_pushed_request_starts_one_login() {
    let world = world().await;
    let pushed = push(&world, "shop", &[]).await;
    let uri = pushed.is(201).at("/request_uri");
    assert_eq!(pushed.member("/expires_in"), 60);
    assert_eq!(pushed.header("cache-control"), Some("no-store"));
    let reference = uri.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
    assert!(vestibule_jose::from_base64url(reference).unwrap().len() >= 16);
    let step = start(&world, "shop", &uri, &[]).await;
    let done = world.anonymous().password(&step.is_step("INCOMPLETE").flow_id(), "kim", PASSWORD).await;
    assert_eq!(done.at("/authData/state"), "pushed");
    world.anonymous().exchange("shop", &done.code()).await.is(200);
    is_gone(&start(&world, "shop", &uri, &[]).await);
}

// Checklist 93.
#[tokio::test]
async fn of_many_who_use_a_pushed_request_one_starts_a_login() {
    let world = world().await;
    let uri = push(&world, "shop", &[]).await.at("/request_uri");
    let use_it = || start(&world, "shop", &uri, &[]);
    let answers: [Answer; 3] = tokio::join!(use_it(), use_it(), use_it()).into();
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
}

// Checklist 93.
#[tokio::test]
async fn a_pushed_request_is_its_clients_and_its_tenants_and_ends_after_a_minute() {
    let world = world().await;
    let acme = world.tenant("acme").await;
    world.app_with("shop-of-acme", |app| (app.tenant, app.client_id) = (acme, "shop".to_owned())).await;
    let uri = push(&world, "shop", &[]).await.at("/request_uri");
    is_gone(&start(&world, "other", &uri, &[]).await);
    let form = [("client_id", "shop"), ("request_uri", uri.as_str()), ("response_mode", "direct")];
    is_gone(&world.anonymous().at("/t/acme").form("/oauth2/authorize", &form).await);
    for unknown in ["urn:ietf:params:oauth:request_uri:", "urn:ietf:params:oauth:request_uri:AAAA"] {
        is_gone(&start(&world, "shop", unknown, &[]).await);
    }
    let elsewhere = start(&world, "shop", "https://a.example/request", &[]).await;
    assert_eq!(elsewhere.is_refused(400, "60001", "invalid_request").at("/oauth_error"), "request_uri_not_supported");
    world.wait(seconds(59));
    // Whom it does not belong to does not use it up.
    start(&world, "shop", &uri, &[]).await.is_step("INCOMPLETE");
    let uri = push(&world, "shop", &[]).await.at("/request_uri");
    world.wait(seconds(60));
    is_gone(&start(&world, "shop", &uri, &[]).await);
}

// Checklist 93.
#[tokio::test]
async fn only_what_was_pushed_counts() {
    let world = world().await;
    let uri = push(&world, "shop", &[]).await.at("/request_uri");
    for (name, value) in [
        ("redirect_uri", "https://evil.example"),
        ("scope", "openid internal_login"),
        ("state", "mine"),
        ("code_challenge", "another-challenge-of-forty-three-characters"),
        ("prompt", "none"),
        ("nonce", "n"),
        ("acr_values", "aal1"),
        ("sessionId", "s"),
        ("anything", "else"),
    ] {
        let refused = start(&world, "shop", &uri, &[(name, value)]).await;
        assert!(refused.is_refused(400, "60001", "invalid_request").at("/description").contains(name));
    }
    // OpenID Connect has some repeated, which changes nothing.
    start(&world, "shop", &uri, &[("response_type", "code"), ("scope", "openid")]).await.is_step("INCOMPLETE");
}

// Checklist 93.
#[tokio::test]
async fn a_client_authenticates_where_it_pushes() {
    let world = world().await;
    for (client, more) in [
        ("vault", vec![]),
        ("vault", vec![("client_secret", "wrong")]),
        ("shop", vec![("client_secret", SECRET)]),
        ("nobody", vec![("client_secret", SECRET)]),
        ("nobody", vec![]),
    ] {
        let refused = push(&world, client, &more).await;
        refused.is_oauth_refusal(401, "invalid_client");
        assert!(refused.header("www-authenticate").is_some());
    }
    let basic = world.anonymous().basic("vault", SECRET);
    basic.form(PAR, &request("vault", &[("client_secret", SECRET)])).await.is_oauth_refusal(401, "invalid_client");
    basic.form(PAR, &request("shop", &[])).await.is_oauth_refusal(401, "invalid_client");
    // What was shown with the push counts for the login; what is shown again must be right.
    let uri = basic.form(PAR, &request("vault", &[])).await.is(201).at("/request_uri");
    start(&world, "vault", &uri, &[("client_secret", "wrong")]).await.is_refused(401, "401", "unauthorized");
    start(&world, "vault", &uri, &[]).await.is_step("INCOMPLETE");
    let uri = push(&world, "vault", &[("client_secret", SECRET)]).await.is(201).at("/request_uri");
    start(&world, "vault", &uri, &[("client_secret", SECRET)]).await.is_step("INCOMPLETE");
}

// Checklist 93.
#[tokio::test]
async fn a_push_is_checked_like_an_authorization_request_and_refused_in_oauths_words() {
    let world = world().await;
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("redirect_uri", "https://evil.example", "invalid_request"),
        ("redirect_uri", "", "invalid_request"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("scope", "a\u{7f}b", "invalid_scope"),
        ("request_uri", "urn:ietf:params:oauth:request_uri:AAAA", "invalid_request"),
        ("request", "e30.e30.", "request_not_supported"),
        ("response_mode", "fragment", "invalid_request"),
        ("response_mode", "DIRECT", "invalid_request"),
        ("id_token_hint", "x", "invalid_request"),
    ] {
        push(&world, "shop", &[(name, value)]).await.is_oauth_refusal(400, error);
    }
    let long = "x".repeat(17 * 1024);
    push(&world, "shop", &[("sessionId", &long)]).await.is_oauth_refusal(413, "invalid_request");
    push(&world, "shop", &[("state", &long[..2049])]).await.is_oauth_refusal(400, "invalid_request");
    let caller = world.anonymous();
    caller.form(PAR, &[("client_id", "shop"), ("client_id", "shop")]).await.is_oauth_refusal(400, "invalid_request");
    caller.form(PAR, &[]).await.is_oauth_refusal(400, "invalid_request");
    caller.get(PAR).await.is_oauth_refusal(405, "invalid_request");
    caller.get(&format!("{PAR}?request_uri=x")).await.is(405);
    caller.json(axum::http::Method::POST, PAR, &json!({})).await.is_oauth_refusal(415, "invalid_request");
    let app = world.app("closed").await;
    world.change_app(&app, |app| app.native = false).await;
    push(&world, "closed", &[]).await.is_oauth_refusal(400, "unauthorized_client");
    world.change_app(&app, |app| app.enabled = false).await;
    push(&world, "closed", &[]).await.is_oauth_refusal(400, "unauthorized_client");
}

#[tokio::test]
async fn the_response_mode_stands_in_the_push_or_beside_its_name() {
    let world = world().await;
    let inside = push(&world, "shop", &[("response_mode", "direct")]).await.at("/request_uri");
    start(&world, "shop", &inside, &[("response_mode", "")]).await.is_step("INCOMPLETE");
    let neither = push(&world, "shop", &[]).await.at("/request_uri");
    start(&world, "shop", &neither, &[("response_mode", "")]).await.is_refused(400, "60001", "invalid_request");
    start(&world, "shop", &neither, &[]).await.is_step("INCOMPLETE");
    let uri = push(&world, "shop", &[]).await.at("/request_uri");
    let query = spelled(&[("client_id", "shop"), ("request_uri", &uri), ("response_mode", "direct")]);
    world.anonymous().get(&format!("/oauth2/authorize?{query}")).await.is_step("INCOMPLETE");
}

// Checklist 93.
#[tokio::test]
async fn an_application_may_have_to_push() {
    let world = world().await;
    let admin = world.admin().await;
    let grants = [GrantType::AuthorizationCode].into();
    let app = world.app_with("strict", |app| app.oauth.grants = grants).await;
    let body = json!({"inboundProtocolConfiguration": {"oidc": {
        "pushAuthorizationRequest": {"requirePushAuthorizationRequest": true},
    }}});
    admin.patch(&format!("{APPS}/{}", app.id), body).await.is(200);
    let shown = admin.get(&format!("{APPS}/{}/inbound-protocols/oidc", app.id)).await;
    assert_eq!(shown.member("/pushAuthorizationRequest/requirePushAuthorizationRequest"), true);
    let refused = world.authorize("strict", &[]).await;
    assert!(refused.is_refused(400, "60001", "invalid_request").at("/description").contains("must push"));
    let uri = push(&world, "strict", &[]).await.at("/request_uri");
    start(&world, "strict", &uri, &[]).await.is_step("INCOMPLETE");
}

// Checklist 93.
#[tokio::test]
async fn what_changed_since_the_push_is_looked_at_again() {
    let world = world().await;
    let app = world.app("changing").await;
    let (first, second) = (push(&world, "changing", &[]).await, push(&world, "changing", &[]).await);
    world.change_app(&app, |app| app.oauth.callbacks = vec![Callback::parse("myapp://other").unwrap()]).await;
    start(&world, "changing", &first.at("/request_uri"), &[]).await.is_refused(400, "60001", "invalid_request");
    world.change_app(&app, |app| app.enabled = false).await;
    start(&world, "changing", &second.at("/request_uri"), &[]).await.is_refused(400, "60011", "application_disabled");
}

#[tokio::test]
async fn pushed_requests_are_announced_and_answered_below_tenants() {
    let world = world().await;
    let acme = world.tenant("acme").await;
    world.app_with("acme-shop", |app| app.tenant = acme).await;
    let metadata = world.anonymous().get("/t/acme/oauth2/token/.well-known/openid-configuration").await;
    assert_eq!(metadata.at("/pushed_authorization_request_endpoint"), format!("{BASE}/t/acme/oauth2/par"));
    assert_eq!(metadata.member("/require_pushed_authorization_requests"), false);
    let caller = world.anonymous().at("/t/acme");
    let uri = caller.form(PAR, &request("acme-shop", &[])).await.is(201).at("/request_uri");
    let form = [("client_id", "acme-shop"), ("request_uri", uri.as_str()), ("response_mode", "direct")];
    caller.form("/oauth2/authorize", &form).await.is_step("INCOMPLETE");
}

#[tokio::test]
async fn pages_of_registered_origins_may_push() {
    let world = world().await;
    let app = world.app("page").await;
    world.change_app(&app, |app| app.oauth.origins = ["https://shop.example".to_owned()].into()).await;
    for (origin, allowed) in [("https://shop.example", true), ("https://evil.example", false)] {
        let answer = world.anonymous().header("origin", origin).form(PAR, &request("page", &[])).await;
        assert_eq!(answer.is(201).header("access-control-allow-origin"), allowed.then_some(origin));
    }
}
