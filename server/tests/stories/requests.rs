//! Requests that are wrong in themselves (60001): each is refused by name before anything is looked up, counted or begun.

use axum::http::Method;
use serde_json::{Value, json};

use crate::authenticators::{CODE, Code, RIGHT};
use crate::world::*;

// Checklist 80.
#[tokio::test]
async fn an_authorization_request_that_is_wrong_says_which_part_of_it() {
    let world = World::shop().await;
    let long = "x".repeat(2049);
    for (name, value, word, oauth) in [
        ("client_id", "", "client_id", None),
        ("response_type", "", "response_type", Some("invalid_request")),
        ("response_type", "token", "response_type", Some("unsupported_response_type")),
        ("response_type", "code id_token", "response_type", Some("unsupported_response_type")),
        ("response_type", "CODE", "response_type", Some("unsupported_response_type")),
        ("redirect_uri", "", "redirect_uri", Some("invalid_request")),
        ("redirect_uri", "myapp://callback/", "redirect_uri", Some("invalid_request")),
        ("redirect_uri", "myapp://callback?x", "redirect_uri", Some("invalid_request")),
        ("redirect_uri", "MYAPP://callback", "redirect_uri", Some("invalid_request")),
        ("redirect_uri", "https://evil.example", "redirect_uri", Some("invalid_request")),
        ("code_challenge", "short", "code_challenge", Some("invalid_request")),
        ("code_challenge_method", "S512", "code_challenge_method", Some("invalid_request")),
        ("scope", "openid \"x\"", "scope", Some("invalid_scope")),
        ("scope", &long, "scope", Some("invalid_scope")),
        ("prompt", "consent", "prompt", Some("invalid_request")),
        ("prompt", "none login", "prompt", Some("invalid_request")),
        ("prompt", "LOGIN", "prompt", Some("invalid_request")),
        ("max_age", "soon", "max_age", Some("invalid_request")),
        ("max_age", "-1", "max_age", Some("invalid_request")),
        ("claims", "[]", "claims", Some("invalid_request")),
        ("claims", "{", "claims", Some("invalid_request")),
        ("state", &long, "state", Some("invalid_request")),
        ("id_token_hint", "e30.e30.e30", "id_token_hint", Some("invalid_request")),
        ("request", "e30.e30.", "equest", Some("request_not_supported")),
        ("request_uri", "https://a.example", "equest", Some("request_uri_not_supported")),
        ("registration", "{}", "registration", Some("registration_not_supported")),
        ("authorization_details", "[]", "uthorization", Some("invalid_authorization_details")),
        ("response_mode", "Direct", "response_mode", None),
        ("response_mode", "DIRECT", "response_mode", None),
    ] {
        let answer = world.authorize("shop", &[(name, value)]).await;
        answer.is_refused(400, "60001", "invalid_request");
        assert!(answer.at("/description").contains(word), "{}", answer.text());
        if let Some(oauth) = oauth {
            assert_eq!(answer.at("/oauth_error"), oauth, "{name}={value}");
        }
    }
}

// Checklist 74.
#[tokio::test]
async fn a_public_application_needs_pkce_and_strong_pkce() {
    let world = World::shop().await;
    for more in [
        [("code_challenge", ""), ("code_challenge_method", "")],
        [("code_challenge", ""), ("code_challenge_method", "S256")],
        [("code_challenge", CHALLENGE), ("code_challenge_method", "plain")],
        [("code_challenge", CHALLENGE), ("code_challenge_method", "")],
    ] {
        let answer = world.authorize("shop", &more).await;
        answer.is_refused(400, "60001", "invalid_request");
        assert_eq!(answer.at("/oauth_error"), "invalid_request");
    }
}

#[tokio::test]
async fn a_parameter_comes_once() {
    let world = World::shop().await;
    for name in ["client_id", "state", "response_mode", "unheard_of"] {
        let form = [(name, "a"), (name, "a"), ("client_id", "shop"), ("response_mode", "direct")];
        let answer = world.anonymous().form("/oauth2/authorize", &form).await;
        answer.is_refused(400, "60001", "invalid_request");
        assert!(answer.at("/description").contains(name));
    }
    let split = world.anonymous().form("/oauth2/authorize?client_id=shop", &[("client_id", "shop")]).await;
    split.is_refused(400, "60001", "invalid_request");
    let token = [("grant_type", "refresh_token"), ("grant_type", "refresh_token")];
    world.anonymous().form("/oauth2/token", &token).await.is_oauth_refusal(400, "invalid_request");
}

// Checklist 69.
#[tokio::test]
async fn secrets_in_a_url_are_refused() {
    let world = World::shop().await;
    let query = |name: &str| spelled(&[("client_id", "shop"), ("response_mode", "direct"), (name, "x")]);
    for name in ["client_secret", "sessionId", "password", "OTPCode", "OTPcode", "code_verifier"] {
        let got = world.anonymous().get(&format!("/oauth2/authorize?{}", query(name))).await;
        got.is_refused(400, "60001", "invalid_request");
        let posted = world.anonymous().form(&format!("/oauth2/authorize?{name}=x"), &[("client_id", "shop")]).await;
        posted.is_refused(400, "60001", "invalid_request");
    }
    for name in ["client_secret", "refresh_token", "code", "code_verifier", "token"] {
        let form = [("client_id", "shop"), ("grant_type", "authorization_code")];
        let posted = world.anonymous().form(&format!("/oauth2/token?{name}=x"), &form).await;
        println!("{name}");
        posted.is_oauth_refusal(400, "invalid_request");
        assert!(posted.at("/error_description").contains(name), "{}", posted.text());
    }
    let token = world.login("shop", "kim").await.at("/access_token");
    let caller = world.anonymous().bearer(&token);
    caller.get("/oauth2/userinfo").await.is(200);
    caller.get("/oauth2/userinfo?access_token=x").await.is_oauth_refusal(400, "invalid_request");
}

#[tokio::test]
async fn credentials_beside_the_body_of_an_answer_are_refused() {
    let world = World::shop().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    let body = json!({"flowId": flow, "selectedAuthenticator": {"authenticatorId": BASIC}});
    for query in ["password=x", "username=kim&password=x", "OTPCode=1"] {
        println!("{query}");
        let answer = world.anonymous().json(Method::POST, &format!("/oauth2/authn?{query}"), &body).await;
        answer.is_refused(400, "60001", "invalid_request");
    }
}

// Checklist 60.
#[tokio::test]
async fn a_body_that_is_no_answer_is_refused_whole() {
    let world = World::shop().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    let selected = json!({"authenticatorId": BASIC});
    for body in [
        json!([flow, selected]),
        json!([[flow, selected]]),
        json!("text"),
        json!(null),
        json!({}),
        json!({"flowId": flow}),
        json!({"flowId": 1, "selectedAuthenticator": selected}),
        json!({"flowId": null, "selectedAuthenticator": selected}),
        json!({"flowId": flow, "selectedAuthenticator": null}),
        json!({"flowId": flow, "selectedAuthenticator": [BASIC]}),
        json!({"flowId": flow, "selectedAuthenticator": BASIC}),
        json!({"flowId": flow, "selectedAuthenticator": selected, "more": 1}),
        json!({"flowId": flow, "selectedAuthenticator": selected, "sessionDataKey": "x"}),
        json!({"flow_id": flow, "selectedAuthenticator": selected}),
        json!({"flowId": flow, "selectedAuthenticator": {"authenticatorId": 1}}),
        json!({"flowId": flow, "selectedAuthenticator": {"authenticatorId": BASIC, "more": 1}}),
        json!({"flowId": flow, "selectedAuthenticator": {"authenticatorId": BASIC, "params": null}}),
        json!({"flowId": flow, "selectedAuthenticator": {"authenticatorId": BASIC, "params": []}}),
        json!({"flowId": flow, "selectedAuthenticator": {"authenticatorId": BASIC, "params": "x"}}),
    ] {
        let answer = world.anonymous().authn(&body).await;
        answer.is_refused(400, "60001", "invalid_request");
        assert!(!answer.at("/description").contains(&flow), "the body is repeated");
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused() {
    let world = World::shop().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    let whole = json!({"flowId": flow, "selectedAuthenticator": {"authenticatorId": BASIC}}).to_string();
    let twice =
        format!(r#"{{"flowId":"{flow}","flowId":"{flow}","selectedAuthenticator":{{"authenticatorId":"{BASIC}"}}}}"#);
    let param = format!(
        r#"{{"flowId":"{flow}","selectedAuthenticator":{{"authenticatorId":"{BASIC}","params":{{"username":"a","username":"b","password":"c"}}}}}}"#
    );
    let deep = "[".repeat(100_000);
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        &whole.as_bytes()[..whole.len() - 1],
        twice.as_bytes(),
        param.as_bytes(),
        deep.as_bytes(),
        b"flowId=x&password=y",
        b"\xff\xfe{}",
        b"\0",
    ];
    let trailing = format!("{whole}x");
    for body in bodies.into_iter().chain([trailing.as_bytes()]) {
        let answer =
            world.anonymous().send(Method::POST, "/oauth2/authn", Some("application/json"), body.to_vec()).await;
        answer.is_refused(400, "60001", "invalid_request");
    }
}

// Checklist 60.
#[tokio::test]
async fn parameters_of_an_answer_are_those_that_its_authenticator_takes() {
    let world = World::shop().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    for params in [
        json!({"username": "kim"}),
        json!({"password": PASSWORD}),
        json!({"username": "", "password": PASSWORD}),
        json!({"username": "kim", "password": PASSWORD, "sessionDataKey": "x"}),
        json!({"username": "kim", "password": PASSWORD, "authenticator": "IdentifierExecutor"}),
        json!({"username": "kim", "password": PASSWORD, "idp": "LOCAL"}),
        json!({"username": "kim", "password": PASSWORD, "restart_flow": "true"}),
        json!({"username": "kim", "password": PASSWORD, "OTPCode": "1"}),
        json!({"username": "kim", "Password": PASSWORD}),
        json!({"username": ["kim", "lee"], "password": PASSWORD}),
        json!({"username": [], "password": PASSWORD}),
        json!({"username": null, "password": PASSWORD}),
        json!({"username": {"a": "b"}, "password": PASSWORD}),
        json!({"username": [["kim"]], "password": PASSWORD}),
        json!({"username": "kim", "password": "x".repeat(20_000)}),
    ] {
        println!("{params}");
        world.anonymous().answer(&flow, BASIC, params).await.is_refused(400, "60001", "invalid_request");
    }
    world.anonymous().password(&flow, "kim", PASSWORD).await.is(200).code();
}

#[tokio::test]
async fn numbers_switches_and_lists_of_one_stand_for_their_text() {
    let code = Code::leaked();
    let world = World::set(|setting| setting.authenticators.push(code)).await;
    world.app("shop").await;
    world.user("kim").await;
    world.app_with("bank", |app| app.sequence = steps(&[&["BasicAuthenticator"], &[CODE]])).await;
    for otp in [json!({"OTPCode": 424_242}), json!({"OTPcode": RIGHT}), json!({"OTPCode": [RIGHT]})] {
        let flow = world.authorize("bank", &[]).await.flow_id();
        let remember = json!({"username": ["kim"], "password": PASSWORD, "chkRemember": true});
        world.anonymous().answer(&flow, BASIC, remember).await.is_step("INCOMPLETE");
        world.anonymous().answer(&flow, &id_of(CODE), otp).await.is(200).code();
    }
    let flow = world.authorize("bank", &[]).await.flow_id();
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_step("INCOMPLETE");
    let twice: Value = json!({"OTPCode": RIGHT, "OTPcode": RIGHT});
    world.anonymous().answer(&flow, &id_of(CODE), twice).await.is_refused(400, "60001", "invalid_request");
}

#[tokio::test]
async fn a_refused_request_is_not_counted_as_a_guess() {
    let world = World::shop().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    for _ in 0..10 {
        let params = json!({"username": "kim", "password": "wrong", "more": "x"});
        world.anonymous().answer(&flow, BASIC, params).await.is_refused(400, "60001", "invalid_request");
        world.anonymous().answer(&flow, BASIC, json!({"username": "kim"})).await.is(400);
    }
    world.anonymous().password(&flow, "kim", PASSWORD).await.is(200).code();
}
