//! What of a provider's words is believed.

use std::sync::LazyLock;

use serde_json::{Value, json};
use vestibule_core::connection::Provisioning;
use vestibule_core::flow::authenticator::{Outcome, Then};
use vestibule_core::ports::web::WebFailure;
use vestibule_jose::{Algorithm, Family, SigningKey, base64url, left_half_hash};

use crate::world::{NOW, World, answer, form, header, query, sign};

pub static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Family::P256).unwrap());

pub fn keys(of: &[&SigningKey]) -> Value {
    json!({ "keys": of.iter().map(|key| key.jwk()).collect::<Vec<_>>() })
}

/// A provider in its own right, whose keys lie at an address of the test's.
pub fn provider(test: &str) -> World {
    let jwks = format!("https://id.example.com/{test}/jwks");
    let mut world = World::new(
        "OpenIDConnectAuthenticator",
        "Example",
        &[
            ("ClientId", "client"),
            ("OAuth2AuthzEPUrl", "https://id.example.com/authorize"),
            ("OAuth2TokenEPUrl", "https://id.example.com/token"),
            ("idpIssuerName", "https://id.example.com"),
            ("jwksUri", &jwks),
        ],
    );
    world.seal("ClientSecret", "s3cret");
    world.connection.provisioning.just_in_time = true;
    world
}

pub async fn claims(world: &World) -> Value {
    let nonce = query(&world.prompt().await.additional["redirectUrl"])["nonce"].clone();
    json!({
        "iss": "https://id.example.com", "sub": "248289761001", "aud": "client",
        "exp": NOW + 300, "iat": NOW, "nonce": nonce,
        "email": "kim@example.com", "email_verified": true, "given_name": "Kim", "family_name": "Doe",
    })
}

/// Lets the provider give this ID token for any code.
pub fn give(world: &World, token: String) {
    world.web(move |request| match request.url.rsplit('/').next() {
        Some("token") => answer(200, &json!({ "access_token": "at", "token_type": "Bearer", "id_token": token })),
        Some("jwks") => answer(200, &keys(&[&KEY])),
        _ => panic!("{}", request.url),
    });
}

pub fn is_wrong(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Wrong { then: Then::Leave, .. })
}

#[tokio::test]
async fn a_code_is_exchanged_and_its_id_token_believed() {
    let world = provider("believed");
    give(&world, sign(&KEY, &claims(&world).await));
    let url = world.prompt().await.additional["redirectUrl"].clone();
    let outcome = world.come_back().await;
    let Outcome::Proved { whose: Some(user), .. } = &outcome else { panic!("{outcome:?}") };
    assert_eq!(user.name, "kim@example.com");
    let exchange = &world.asked()[0];
    let form = form(exchange);
    assert_eq!(exchange.url, "https://id.example.com/token");
    assert_eq!(form["code"], "the-code");
    assert_eq!(form["redirect_uri"], query(&url)["redirect_uri"]);
    assert_eq!((form["client_id"].as_str(), form["client_secret"].as_str()), ("client", "s3cret"));
    let challenge = base64url(&vestibule_jose::sha256(form["code_verifier"].as_bytes()));
    assert_eq!(challenge, query(&url)["code_challenge"]);
}

#[tokio::test]
async fn the_client_shows_itself_in_the_header_where_the_connection_says_so() {
    let mut world = provider("basic");
    world.connection.settings.insert("IsBasicAuthEnabled".to_owned(), "true".to_owned());
    give(&world, sign(&KEY, &claims(&world).await));
    assert!(matches!(world.come_back().await, Outcome::Proved { .. }));
    let exchange = &world.asked()[0];
    assert_eq!(header(exchange, "authorization"), Some("Basic Y2xpZW50OnMzY3JldA=="));
    assert!(!form(exchange).contains_key("client_secret"));
}

#[tokio::test]
async fn an_answer_to_another_question_reaches_no_provider() {
    let mut world = provider("mix-up");
    let state = world.prompt().await.additional["state"].clone();
    world.place.option = 1;
    for answers in [
        vec![("code", "c"), ("state", state.as_str())],
        vec![("code", "c"), ("state", "")],
        vec![("error", "access_denied"), ("state", "forged")],
    ] {
        assert!(is_wrong(&world.answer(&answers).await));
    }
    assert!(world.asked().is_empty());
}

#[tokio::test]
async fn the_issuer_of_an_answer_is_checked_and_may_be_required() {
    let mut world = provider("iss");
    give(&world, sign(&KEY, &claims(&world).await));
    let state = world.prompt().await.additional["state"].clone();
    let own = [("code", "c"), ("state", state.as_str()), ("iss", "https://id.example.com")];
    let other = [("code", "c"), ("state", state.as_str()), ("iss", "https://evil.example.com")];
    assert!(matches!(world.answer(&own).await, Outcome::Proved { .. }));
    let before = world.asked().len();
    assert!(is_wrong(&world.answer(&other).await));
    world.connection.settings.insert("IsIssParameterRequired".to_owned(), "true".to_owned());
    assert!(is_wrong(&world.answer(&own[..2]).await));
    assert_eq!(world.asked().len(), before);
    assert!(matches!(world.answer(&own).await, Outcome::Proved { .. }));
}

#[tokio::test]
async fn a_denial_leads_back_to_the_options() {
    let world = provider("denial");
    let state = world.prompt().await.additional["state"].clone();
    let outcome = world.answer(&[("error", "access_denied"), ("state", &state)]).await;
    let Outcome::Wrong { message, then: Then::Leave } = outcome else { panic!("{outcome:?}") };
    assert!(message.text.contains("did not sign the user in"));
    assert!(world.asked().is_empty());
}

#[tokio::test]
async fn an_id_token_that_fails_in_one_point_is_not_believed() {
    let world = provider("points");
    let right = claims(&world).await;
    let wrong: &[(&str, Value)] = &[
        ("iss", json!("https://evil.example.com")),
        ("aud", json!("other")),
        ("aud", json!(["other"])),
        ("aud", json!(["client", "other"])),
        ("azp", json!("other")),
        ("exp", json!(NOW - 61)),
        ("iat", json!(NOW + 120)),
        ("nbf", json!(NOW + 120)),
        ("nonce", json!("another")),
        ("nonce", Value::Null),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
        ("sub", json!("")),
    ];
    for (name, value) in wrong {
        let mut claims = right.clone();
        claims[*name] = value.clone();
        give(&world, sign(&KEY, &claims));
        assert!(is_wrong(&world.come_back().await), "{name} {value}");
    }
    for name in ["iss", "aud", "exp", "iat", "nonce", "sub"] {
        let mut claims = right.clone();
        claims.as_object_mut().unwrap().remove(name);
        give(&world, sign(&KEY, &claims));
        assert!(is_wrong(&world.come_back().await), "without {name}");
    }
    let mut claims = right.clone();
    claims["aud"] = json!(["client", "other"]);
    claims["azp"] = json!("client");
    claims["at_hash"] = json!(left_half_hash(Algorithm::ES256, "at"));
    give(&world, sign(&KEY, &claims));
    assert!(matches!(world.come_back().await, Outcome::Proved { .. }));
}

#[tokio::test]
async fn only_the_providers_own_signature_counts() {
    let world = provider("signatures");
    let claims = claims(&world).await;
    let token = sign(&KEY, &claims);
    let payload = token.split('.').nth(1).unwrap();
    let kid = KEY.kid();
    let stranger = SigningKey::generate(Family::P256).unwrap().named(kid);
    let none = base64url(br#"{"alg":"none"}"#);
    let symmetric = base64url(format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#).as_bytes());
    let own_key = base64url(json!({ "alg": "ES256", "jwk": stranger.jwk() }).to_string().as_bytes());
    for forged in [
        sign(&stranger, &claims),
        format!("{none}.{payload}."),
        format!("{symmetric}.{payload}.{}", base64url(&[0; 32])),
        format!("{own_key}.{payload}.{}", sign(&stranger, &claims).rsplit('.').next().unwrap()),
        payload.to_owned(),
    ] {
        give(&world, forged);
        assert!(is_wrong(&world.come_back().await));
    }
    give(&world, token);
    assert!(matches!(world.come_back().await, Outcome::Proved { .. }));
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_once_in_ten_seconds() {
    let mut world = provider("rotation");
    let fresh = SigningKey::generate(Family::P256).unwrap();
    let looks = |world: &World| world.asked().iter().filter(|request| request.url.ends_with("jwks")).count();
    give(&world, sign(&KEY, &claims(&world).await));
    for _ in 0..3 {
        assert!(matches!(world.come_back().await, Outcome::Proved { .. }));
    }
    assert_eq!(looks(&world), 1);
    give(&world, sign(&fresh, &claims(&world).await));
    assert!(is_wrong(&world.come_back().await));
    assert_eq!(looks(&world), 1);
    world.now += 10;
    for _ in 0..3 {
        assert!(is_wrong(&world.come_back().await));
    }
    assert_eq!(looks(&world), 2);
    world.now += 10;
    let (token, both) = (sign(&fresh, &claims(&world).await), keys(&[&KEY, &fresh]));
    world.web(move |request| match request.url.ends_with("jwks") {
        true => answer(200, &both),
        false => answer(200, &json!({ "id_token": token })),
    });
    assert!(matches!(world.come_back().await, Outcome::Proved { .. }));
    assert_eq!(looks(&world), 3);
}

#[tokio::test]
async fn keys_of_the_connection_go_before_those_of_an_address() {
    let mut world = provider("inline");
    world.connection.settings.insert("jwks".to_owned(), keys(&[&KEY]).to_string());
    give(&world, sign(&KEY, &claims(&world).await));
    assert!(matches!(world.come_back().await, Outcome::Proved { .. }));
    assert!(world.asked().iter().all(|request| !request.url.ends_with("jwks")));
}

#[tokio::test]
async fn tokens_of_the_app_are_made_for_this_login() {
    let mut world = provider("native");
    world.connection.settings.insert("isTrustedTokenIssuer".to_owned(), "true".to_owned());
    world.connection.settings.insert("alias".to_owned(), "the-server".to_owned());
    world.web(|_| answer(200, &keys(&[&KEY])));
    let nonce = world.prompt().await.additional["nonce"].clone();
    let right = json!({
        "iss": "https://id.example.com", "sub": "1", "aud": "the-server", "azp": "the-phone",
        "exp": NOW + 3600, "iat": NOW - 300, "nonce": nonce,
    });
    let bring = async |claims: &Value| world.answer(&[("accessToken", "at"), ("idToken", &sign(&KEY, claims))]).await;
    assert!(matches!(bring(&right).await, Outcome::Proved { .. }));
    for (name, value) in
        [("iat", json!(NOW - 301)), ("aud", json!("client")), ("nonce", json!("another")), ("nonce", Value::Null)]
    {
        let mut claims = right.clone();
        claims[name] = value.clone();
        assert!(is_wrong(&bring(&claims).await), "{name} {value}");
    }
    let mut claims = right.clone();
    claims.as_object_mut().unwrap().remove("nonce");
    assert!(is_wrong(&bring(&claims).await));
}

#[tokio::test]
async fn a_provider_that_is_unwell_is_no_wrong_answer() {
    let world = provider("unwell");
    world.web(|_| Err(WebFailure::Unreachable("timeout".to_owned())));
    assert!(matches!(world.come_back().await, Outcome::Overloaded));
    world.web(|_| answer(503, &json!({})));
    assert!(matches!(world.come_back().await, Outcome::Overloaded));
    world.web(|_| answer(400, &json!({ "error": "invalid_grant" })));
    assert!(is_wrong(&world.come_back().await));
    world.web(|_| answer(401, &json!({ "error": "invalid_client" })));
    let state = world.prompt().await.additional["state"].clone();
    assert!(
        world
            .try_answer(vestibule_core::flow::authenticator::Memo::default(), &[("code", "c"), ("state", &state)])
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_tenant_of_many_is_an_issuer_of_its_own() {
    let mut world = provider("tenants");
    world.connection.settings.insert("idpIssuerName".to_owned(), "https://id.example.com/{tenantid}/v2.0".to_owned());
    let tenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let mut claims = claims(&world).await;
    claims["tid"] = json!(tenant);
    claims["iss"] = json!(format!("https://id.example.com/{tenant}/v2.0"));
    give(&world, sign(&KEY, &claims));
    assert!(matches!(world.come_back().await, Outcome::Proved { .. }));
    claims["iss"] = json!("https://id.example.com/00000000-0000-0000-0000-000000000000/v2.0");
    give(&world, sign(&KEY, &claims));
    assert!(is_wrong(&world.come_back().await));
}

#[tokio::test]
async fn userinfo_adds_to_the_person_and_must_speak_of_the_same_one() {
    let mut world = provider("userinfo");
    world.connection.settings.insert("UserInfoUrl".to_owned(), "https://id.example.com/me".to_owned());
    let mut claims = claims(&world).await;
    claims.as_object_mut().unwrap().remove("email");
    for (subject, is_right) in [("248289761001", true), ("somebody else", false)] {
        let token = sign(&KEY, &claims);
        world.web(move |request| match request.url.rsplit('/').next() {
            Some("token") => answer(200, &json!({ "access_token": "at", "id_token": token })),
            Some("jwks") => answer(200, &keys(&[&KEY])),
            _ => answer(200, &json!({ "sub": subject, "email": "kim@example.com" })),
        });
        assert_eq!(matches!(world.come_back().await, Outcome::Proved { .. }), is_right, "{subject}");
    }
}

#[tokio::test]
async fn whether_an_address_is_verified_is_said_by_who_says_the_address() {
    let mut world = provider("userinfo");
    world.connection.settings.insert("UserInfoUrl".to_owned(), "https://id.example.com/me".to_owned());
    world.connection.provisioning = Provisioning { just_in_time: true, link_by_email: true };
    let mut claims = claims(&world).await;
    claims["email"] = json!("victim@example.com");
    claims.as_object_mut().unwrap().remove("email_verified");
    let token = sign(&KEY, &claims);
    world.web(move |request| match request.url.rsplit('/').next() {
        Some("token") => answer(200, &json!({ "access_token": "at", "id_token": token })),
        Some("jwks") => answer(200, &keys(&[&KEY])),
        _ => answer(200, &json!({ "sub": "248289761001", "email": "own@example.com", "email_verified": true })),
    });
    let Outcome::Proved { whose: Some(user), .. } = world.come_back().await else { panic!("nobody came") };
    assert!(user.profile.emails.iter().all(|email| !email.verified), "{:?}", user.profile.emails);
}
