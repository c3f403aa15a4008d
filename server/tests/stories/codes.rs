//! Exchanging a code: once, soon, by the application that asked, with everything that bound the request.

use serde_json::json;
use vestibule_core::application::GrantType;

use crate::world::*;

const OTHER_VERIFIER: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

async fn world() -> World {
    let world = World::new().await;
    world.app("shop").await;
    world.confidential_app("vault").await;
    world.user("kim").await;
    world
}

impl World {
    async fn new_code(&self, app: &str, more: &[(&str, &str)]) -> String {
        self.anonymous().sign_in(app, "kim", more).await.is(200).code()
    }

    async fn exchange(&self, app: &str, code: &str, more: &[(&str, &str)]) -> Answer {
        self.anonymous().exchange_with(app, code, more).await
    }
}

#[tokio::test]
async fn a_code_becomes_tokens() {
    let world = world().await;
    let code = world.new_code("shop", &[]).await;
    let tokens = world.exchange("shop", &code, &[]).await;
    let body = tokens.is(200).json();
    let mut members: Vec<&String> = body.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["access_token", "expires_in", "id_token", "refresh_token", "scope", "token_type"]);
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3600)));
    assert_eq!(tokens.header("cache-control"), Some("no-store"));
    assert_eq!(tokens.header("pragma"), Some("no-cache"));
    assert_eq!(tokens.header("content-type"), Some("application/json"));
    let url_safe = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
    assert!(url_safe(&tokens.at("/refresh_token")) && url_safe(&code));
}

#[tokio::test]
async fn an_id_token_comes_with_openid_and_a_refresh_token_with_the_grant() {
    let world = world().await;
    let app = world.app("plain").await;
    world.change_app(&app, |app| app.oauth.grants = [GrantType::AuthorizationCode].into()).await;
    let done = world.anonymous().sign_in("plain", "kim", &[("scope", "profile unheard_of")]).await;
    assert!(done.member("/authData/session_state").is_null());
    let tokens = world.exchange("plain", &done.code(), &[]).await;
    assert_eq!(tokens.is(200).at("/scope"), "profile");
    assert!(tokens.member("/id_token").is_null() && tokens.member("/refresh_token").is_null());
    let refresh = world.anonymous().refresh("plain", "x").await;
    refresh.is_oauth_refusal(400, "unauthorized_client");
}

// Checklist 79.
#[tokio::test]
async fn the_verifier_must_belong_to_the_challenge() {
    let world = world().await;
    for verifier in [OTHER_VERIFIER, "", "short", CHALLENGE, &format!("{VERIFIER}="), &VERIFIER.to_lowercase()] {
        let code = world.new_code("shop", &[]).await;
        world.exchange("shop", &code, &[("code_verifier", verifier)]).await.is_oauth_refusal(400, "invalid_grant");
    }
}

// Checklist 75.
#[tokio::test]
async fn a_verifier_without_a_challenge_shows_that_the_challenge_was_stripped() {
    let world = world().await;
    let bare = [("code_challenge", ""), ("code_challenge_method", ""), ("client_secret", SECRET)];
    let code = world.new_code("vault", &bare).await;
    world.exchange("vault", &code, &[("client_secret", SECRET)]).await.is_oauth_refusal(400, "invalid_grant");
    let code = world.new_code("vault", &bare).await;
    world.exchange("vault", &code, &[("client_secret", SECRET), ("code_verifier", "")]).await.is(200);
}

#[tokio::test]
async fn pkce_that_was_used_is_checked_also_where_it_is_not_required() {
    let world = world().await;
    let secret = ("client_secret", SECRET);
    let code = world.new_code("vault", &[secret]).await;
    world.exchange("vault", &code, &[secret, ("code_verifier", "")]).await.is_oauth_refusal(400, "invalid_grant");
    let code = world.new_code("vault", &[secret]).await;
    world.exchange("vault", &code, &[secret]).await.is(200);
}

#[tokio::test]
async fn an_application_may_allow_plain_pkce_or_none() {
    let world = world().await;
    world.app_with("old", |app| app.oauth.pkce_plain = true).await;
    for method in ["plain", ""] {
        let more = [("code_challenge", VERIFIER), ("code_challenge_method", method)];
        let code = world.new_code("old", &more).await;
        world.exchange("old", &code, &[]).await.is(200);
        let code = world.new_code("old", &more).await;
        world.exchange("old", &code, &[("code_verifier", OTHER_VERIFIER)]).await.is_oauth_refusal(400, "invalid_grant");
    }
    world.app_with("android", |app| app.oauth.pkce_required = false).await;
    let code = world.new_code("android", &[("code_challenge", ""), ("code_challenge_method", ""), ("state", "")]).await;
    world.exchange("android", &code, &[("code_verifier", "")]).await.is(200);
}

// Checklist 79.
#[tokio::test]
async fn the_exchange_repeats_the_redirect_uri() {
    let world = world().await;
    for (uri, error) in [
        ("", "invalid_request"),
        ("myapp://callback/", "invalid_grant"),
        ("myapp://other", "invalid_grant"),
        ("MYAPP://callback", "invalid_grant"),
    ] {
        let code = world.new_code("shop", &[]).await;
        world.exchange("shop", &code, &[("redirect_uri", uri)]).await.is_oauth_refusal(400, error);
    }
}

// Checklist 79.
#[tokio::test]
async fn a_code_is_for_the_application_that_asked_and_another_cannot_spend_it() {
    let world = world().await;
    world.app("forum").await;
    let code = world.new_code("shop", &[]).await;
    world.exchange("forum", &code, &[]).await.is_oauth_refusal(400, "invalid_grant");
    world.exchange("vault", &code, &[("client_secret", SECRET)]).await.is_oauth_refusal(400, "invalid_grant");
    world.exchange("vault", &code, &[]).await.is_oauth_refusal(401, "invalid_client");
    world.exchange("shop", &code, &[]).await.is(200);
}

// Checklist 78.
#[tokio::test]
async fn a_code_lives_for_a_minute() {
    let world = world().await;
    let (early, late) = (world.new_code("shop", &[]).await, world.new_code("shop", &[]).await);
    world.wait(seconds(59));
    world.exchange("shop", &early, &[]).await.is(200);
    world.wait(seconds(1));
    world.exchange("shop", &late, &[]).await.is_oauth_refusal(400, "invalid_grant");
}

// Checklist 77.
#[tokio::test]
async fn a_replayed_code_revokes_what_it_gave() {
    let world = world().await;
    for wait in [0, 30, 3000] {
        let code = world.new_code("shop", &[]).await;
        let tokens = world.exchange("shop", &code, &[]).await;
        let refreshed = world.anonymous().refresh("shop", &tokens.at("/refresh_token")).await;
        refreshed.is(200);
        world.wait(seconds(wait));
        world.exchange("shop", &code, &[]).await.is_oauth_refusal(400, "invalid_grant");
        for access in [tokens.at("/access_token"), refreshed.at("/access_token")] {
            world.anonymous().userinfo(&access).await.is_unauthorized_token();
        }
        world.anonymous().refresh("shop", &refreshed.at("/refresh_token")).await.is_oauth_refusal(400, "invalid_grant");
    }
}

#[tokio::test]
async fn what_is_no_code_is_refused() {
    let world = world().await;
    let code = world.new_code("shop", &[]).await;
    let refresh = world.login("shop", "kim").await.at("/refresh_token");
    let last = if code.ends_with('A') { "E" } else { "A" };
    let forged = format!("{}{last}", &code[..code.len() - 1]);
    for wrong in [&forged, &code[1..], &code[..code.len() - 4], &format!("{code}AAAA"), &refresh, "x", "é", "\0"] {
        world.exchange("shop", wrong, &[]).await.is_oauth_refusal(400, "invalid_grant");
    }
    world.exchange("shop", "", &[]).await.is_oauth_refusal(400, "invalid_request");
    world.exchange("shop", &code, &[]).await.is(200);
}

#[tokio::test]
async fn a_user_who_was_locked_after_the_login_gets_no_tokens() {
    let world = world().await;
    for change in [true, false] {
        let user = world.user(if change { "ann" } else { "bob" }).await;
        let code = world.anonymous().sign_in("shop", &user.name, &[]).await.code();
        world.change_user(&user, |user| if change { user.locked = true } else { user.active = false }).await;
        world.exchange("shop", &code, &[]).await.is_oauth_refusal(400, "invalid_grant");
    }
}

// Checklist 80.
#[tokio::test]
async fn grants_that_there_are_not_and_grants_that_the_application_may_not_use() {
    let world = world().await;
    for grant in ["password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", "AUTHORIZATION_CODE"] {
        let form = [("grant_type", grant), ("client_id", "shop"), ("username", "kim"), ("password", PASSWORD)];
        world.anonymous().form("/oauth2/token", &form).await.is_oauth_refusal(400, "unsupported_grant_type");
    }
    world.anonymous().form("/oauth2/token", &[("client_id", "shop")]).await.is_oauth_refusal(400, "invalid_request");
    world.app_with("machine", |app| app.oauth.grants = [GrantType::ClientCredentials].into()).await;
    let start = world.authorize("machine", &[]).await;
    start.is_refused(400, "60001", "invalid_request");
    assert_eq!(start.at("/oauth_error"), "unauthorized_client");
    world.exchange("machine", "x", &[]).await.is_oauth_refusal(400, "unauthorized_client");
}

#[tokio::test]
async fn the_end_of_a_login_carries_state_to_the_byte_and_the_query_of_the_redirect_uri() {
    use vestibule_core::application::Callback;
    let world = world().await;
    world
        .app_with("odd", |app| {
            app.oauth.callbacks = vec![Callback::parse("https://a.example/cb?from=odd&x=1").unwrap()]
        })
        .await;
    for state in ["instance_0_request_0", "a+b%20c %41", "é\"<&\\\u{1f600}", &"s".repeat(2000)] {
        let more = [("redirect_uri", "https://a.example/cb?from=odd&x=1"), ("state", state)];
        let done = world.anonymous().sign_in("odd", "kim", &more).await;
        assert_eq!(done.at("/authData/state"), state);
        assert_eq!((done.at("/authData/from"), done.at("/authData/x")), ("odd".to_owned(), "1".to_owned()));
    }
    let done = world.anonymous().sign_in("shop", "kim", &[("state", "")]).await;
    assert!(done.member("/authData/state").is_null());
}
