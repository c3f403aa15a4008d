//! The authorization challenge endpoint: the same logins in the words of draft-ietf-oauth-first-party-apps.

use axum::http::Method;
use serde_json::json;

use crate::holdings::*;
use crate::world::*;

const PATH: &str = "/oauth2/authorize-challenge";

impl Caller {
    /// Begins a login as the application with the usual parameters and `more`.
    async fn challenge(&self, client_id: &str, more: &[(&str, &str)]) -> Answer {
        let mut form = vec![("client_id", client_id), ("scope", "openid")];
        form.extend([("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
        form.extend(more);
        self.form(PATH, &form).await
    }

    /// Goes on with a login by an answer.
    async fn give(&self, session: &str, authenticator: &str, params: &str) -> Answer {
        let form = [("auth_session", session), ("authenticator_id", authenticator), ("params", params)];
        self.form(PATH, &form).await
    }
}

impl Answer {
    /// More is needed: 403, and the login's name.
    #[track_caller]
    fn session(&self) -> String {
        assert_eq!(self.is(403).member("/error"), "insufficient_authorization", "{}", self.text());
        assert_eq!(self.at("/auth_session"), self.flow_id());
        self.at("/auth_session")
    }
}

fn kim(password: &str) -> String {
    json!({"username": "kim", "password": password}).to_string()
}

#[tokio::test]
async fn a_login_step_by_step() {
    let world = World::shop().await;
    let start = world.anonymous().challenge("shop", &[]).await;
    let session = start.session();
    assert_eq!(start.header("cache-control"), Some("no-store"));
    assert_eq!(start.member("/flowStatus"), "INCOMPLETE");
    assert_eq!(start.options(), [BASIC]);
    let wrong = world.anonymous().give(&session, BASIC, &kim("wrong")).await;
    assert_eq!(wrong.session(), session);
    assert_eq!(wrong.member("/flowStatus"), "FAIL_INCOMPLETE");
    assert!(wrong.at("/error_description").contains("wrong"));
    let done = world.anonymous().give(&session, BASIC, &kim(PASSWORD)).await;
    let code = done.is(200).at("/authorization_code");
    assert!(done.member("/error").is_null());
    let form =
        [("grant_type", "authorization_code"), ("client_id", "shop"), ("code", &code), ("code_verifier", VERIFIER)];
    let tokens = world.anonymous().form("/oauth2/token", &form).await;
    assert!(!tokens.is(200).at("/id_token").is_empty());
}

#[tokio::test]
async fn a_login_in_one_request() {
    let world = World::shop().await;
    let answer = kim(PASSWORD);
    let more = [("authenticator_id", BASIC), ("params", answer.as_str()), ("state", "s 1")];
    let done = world.anonymous().challenge("shop", &more).await;
    assert_eq!(done.is(200).at("/state"), "s 1");
    assert!(!done.at("/authorization_code").is_empty());
    let again = world.anonymous().cookie(&done).challenge("shop", &[]).await;
    assert!(!again.is(200).at("/authorization_code").is_empty(), "the session is good enough");
}

#[tokio::test]
async fn a_flow_begun_at_one_face_is_finished_at_the_other() {
    let world = World::bank(&[&[PASS], &[TOTP]]).await;
    let device = world.enrol_device(&world.who("kim").await).await;
    let token = |step| json!({"token": device.code(&world, step)});

    let here = world.anonymous().challenge("bank", &[]).await.session();
    let next = world.anonymous().password(&here, "kim", PASSWORD).await;
    assert_eq!(next.is_step("INCOMPLETE").flow_id(), here);
    let done = world.anonymous().give(&here, &id_of(TOTP), &token(0).to_string()).await;
    assert!(!done.is(200).at("/authorization_code").is_empty());

    let there = world.authorize("bank", &[]).await.flow_id();
    let next = world.anonymous().give(&there, BASIC, &kim(PASSWORD)).await;
    assert_eq!(next.session(), there);
    world.wait(std::time::Duration::from_secs(30));
    let done = world.anonymous().answer(&there, &id_of(TOTP), token(0)).await;
    let tokens = world.anonymous().exchange("bank", &done.code()).await;
    tokens.is(200);
    let spent = world.anonymous().give(&there, BASIC, &kim(PASSWORD)).await;
    spent.is_oauth_refusal(400, "invalid_session");
}

#[tokio::test]
async fn an_option_is_selected_without_an_answer() {
    let world = World::bank(&[&[PASS, TOTP]]).await;
    let session = world.anonymous().challenge("bank", &[]).await.session();
    let totp = id_of(TOTP);
    let selected = world.anonymous().form(PATH, &[("auth_session", &session), ("authenticator_id", &totp)]).await;
    assert_eq!(selected.session(), session);
    assert_eq!(selected.options(), [totp]);
}

#[tokio::test]
async fn a_redirect_uri_that_was_left_out_need_not_be_repeated_and_one_that_was_sent_must() {
    let world = World::shop().await;
    let answer = kim(PASSWORD);
    let done = [("authenticator_id", BASIC), ("params", answer.as_str())];
    let implied = world.anonymous().challenge("shop", &done).await.at("/authorization_code");
    let other = [("redirect_uri", "https://evil.example/cb")];
    world.anonymous().exchange_with("shop", &implied, &other).await.is_oauth_refusal(400, "invalid_grant");
    let named = [done.as_slice(), &[("redirect_uri", REDIRECT)]].concat();
    let named = world.anonymous().challenge("shop", &named).await.at("/authorization_code");
    let left_out = world.anonymous().exchange_with("shop", &named, &[("redirect_uri", "")]).await;
    left_out.is_oauth_refusal(400, "invalid_request");
    world.anonymous().exchange("shop", &named).await.is(200);
    let foreign = world.anonymous().challenge("shop", &other).await;
    foreign.is_oauth_refusal(400, "invalid_request");
}

// Checklist 54, 58.
#[tokio::test]
async fn a_session_that_is_over_foreign_or_made_up_is_invalid() {
    let world = World::shop().await;
    world.app("other").await;
    world.tenant("acme").await;
    let session = world.anonymous().challenge("shop", &[]).await.session();
    let answer = kim(PASSWORD);
    let form = [("auth_session", session.as_str()), ("authenticator_id", BASIC), ("params", answer.as_str())];
    for made_up in ["x", &session[1..], &format!("{session}A")] {
        let refused = world.anonymous().give(made_up, BASIC, &answer).await;
        refused.is_oauth_refusal(400, "invalid_session");
    }
    let foreign = world.anonymous().form(PATH, &[form.as_slice(), &[("client_id", "other")]].concat()).await;
    foreign.is_oauth_refusal(400, "invalid_session");
    world.anonymous().at("/t/acme").form(PATH, &form).await.is_oauth_refusal(400, "invalid_session");
    world.wait(std::time::Duration::from_secs(600));
    let late = world.anonymous().form(PATH, &form).await;
    assert!(late.is_oauth_refusal(400, "invalid_session").at("/error_description").contains("timed out"));
}

#[tokio::test]
async fn a_client_with_a_secret_shows_it_with_every_request() {
    let world = World::shop().await;
    world.confidential_app("vault").await;
    world.anonymous().challenge("vault", &[]).await.is_oauth_refusal(401, "invalid_client");
    let session = world.anonymous().challenge("vault", &[("client_secret", SECRET)]).await.session();
    world.anonymous().give(&session, BASIC, &kim(PASSWORD)).await.is_oauth_refusal(401, "invalid_client");
    let vault = world.anonymous().basic("vault", SECRET);
    assert!(!vault.give(&session, BASIC, &kim(PASSWORD)).await.is(200).at("/authorization_code").is_empty());
    world.anonymous().challenge("nobody", &[]).await.is_oauth_refusal(400, "invalid_client");
}

// Checklist 64.
#[tokio::test]
async fn an_app_is_sent_to_the_browser_where_a_step_cannot_run_inside_it() {
    let world = World::shop().await;
    world.app_with("saml", |app| app.sequence = steps(&[&["SAMLSSOAuthenticator"]])).await;
    world.anonymous().challenge("saml", &[]).await.is_oauth_refusal(400, "redirect_to_web");
}

#[tokio::test]
async fn a_login_that_fails_for_good_is_denied() {
    let world = World::shop().await;
    world.anonymous().challenge("shop", &[("prompt", "none")]).await.is_oauth_refusal(400, "login_required");
    let app = world.app("off").await;
    world.change_app(&app, |app| app.native = false).await;
    world.anonymous().challenge("off", &[]).await.is_oauth_refusal(400, "unauthorized_client");
}

// Checklist 60, 61, 68, 69.
#[tokio::test]
async fn what_is_malformed_is_told_precisely() {
    let world = World::shop().await;
    let session = world.anonymous().challenge("shop", &[]).await.session();
    for params in ["x", "[]", "1", "null", r#"{"username":{}}"#, r#"{"username":"kim","username":"lee"}"#] {
        let refused = world.anonymous().give(&session, BASIC, params).await;
        assert!(refused.is_oauth_refusal(400, "invalid_request").at("/error_description").contains("JSON object"));
    }
    for (form, told) in [
        (vec![("auth_session", session.as_str())], "Authenticator id"),
        (vec![("auth_session", &session), ("params", "{}")], "authenticator_id"),
        (vec![("auth_session", &session), ("authenticator_id", "x")], "authenticatorId"),
        (vec![("client_id", "shop")], "PKCE"),
        (vec![("scope", "openid")], "client_id"),
    ] {
        let refused = world.anonymous().form(PATH, &form).await;
        assert!(refused.is_oauth_refusal(400, "invalid_request").at("/error_description").contains(told), "{told}");
    }
    let token = world.anonymous().challenge("shop", &[("response_type", "token")]).await;
    token.is_oauth_refusal(400, "unsupported_response_type");
    for secret in [format!("auth_session={session}"), "params=%7B%7D".to_owned()] {
        let refused = world.anonymous().form(&format!("{PATH}?{secret}"), &[("client_id", "shop")]).await;
        assert!(refused.is_oauth_refusal(400, "invalid_request").at("/error_description").contains("in a URL"));
    }
    world.anonymous().get(PATH).await.is_oauth_refusal(405, "invalid_request");
    let json = world.anonymous().json(Method::POST, PATH, &json!({"client_id": "shop"})).await;
    json.is_oauth_refusal(415, "invalid_request");
    world.anonymous().give(&session, BASIC, &kim(PASSWORD)).await.is(200);
}

#[tokio::test]
async fn the_endpoint_is_found_by_discovery() {
    let world = World::shop().await;
    let metadata = world.anonymous().get("/.well-known/oauth-authorization-server/oauth2/token").await;
    assert_eq!(metadata.at("/authorization_challenge_endpoint"), format!("{BASE}{PATH}"));
}
