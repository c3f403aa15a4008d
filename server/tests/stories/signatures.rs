//! Signed tokens: every algorithm that is offered verifies with the published keys, and nothing else does.

use serde_json::{Value, json};
use vestibule_core::application::OauthSettings;
use vestibule_jose::{Algorithm, JwkSet, base64url, from_base64url, left_half_hash, verify};

use crate::world::*;

const OFFERED: [&str; 4] = ["RS256", "PS256", "ES256", "EdDSA"];

async fn keys(world: &World) -> JwkSet {
    serde_json::from_slice(&world.anonymous().get("/oauth2/jwks").await.is(200).body).unwrap()
}

/// The token with another header or other claims, and the signature that it had.
fn forged(token: &str, part: usize, change: impl FnOnce(&mut Value)) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let mut value: Value = serde_json::from_slice(&from_base64url(&parts[part]).unwrap()).unwrap();
    change(&mut value);
    parts[part] = base64url(value.to_string().as_bytes());
    parts.join(".")
}

#[tokio::test]
async fn every_offered_algorithm_verifies_with_the_published_keys() {
    let world = World::new().await;
    world.user("kim").await;
    let metadata = world.anonymous().get("/.well-known/openid-configuration").await;
    let listed = metadata.member("/id_token_signing_alg_values_supported");
    for name in OFFERED {
        assert!(listed.as_array().unwrap().contains(&json!(name)), "{listed}");
        let alg: Algorithm = name.parse().unwrap();
        world.app_with(name, |app| (app.oauth.id_token_alg, app.oauth.access_token_alg) = (alg, alg)).await;
        let tokens = world.login(name, "kim").await;
        let keys = keys(&world).await;
        let (id, access) = (tokens.at("/id_token"), tokens.at("/access_token"));
        for (token, typ) in [(&id, "JWT"), (&access, "at+jwt")] {
            let header = verify(token, &keys, &[alg], Some(typ)).unwrap().header;
            assert!(header.kid.is_some_and(|kid| keys.keys.iter().any(|key| key.kid.as_deref() == Some(&kid))));
        }
        assert_eq!(claims(&id)["at_hash"], left_half_hash(alg, &access));
        world.anonymous().userinfo(&access).await.is(200);
    }
}

#[tokio::test]
async fn by_default_shipped_clients_can_read_the_id_token() {
    let world = World::new().await;
    world.user("kim").await;
    let callbacks = vec![vestibule_core::application::Callback::parse(REDIRECT).unwrap()];
    world
        .app_with("sdk", |app| app.oauth = OauthSettings { public: true, callbacks, ..OauthSettings::default() })
        .await;
    let tokens = world.login("sdk", "kim").await;
    assert_eq!(token_header(&tokens.at("/id_token"))["alg"], "RS256");
    assert_eq!(token_header(&tokens.at("/access_token"))["alg"], "ES256");
}

#[tokio::test]
async fn a_token_that_was_changed_does_not_hold() {
    let world = World::new().await;
    world.app("shop").await;
    let kim = world.user("kim").await;
    let access = world.login("shop", "kim").await.at("/access_token");
    let (signed, signature) = access.rsplit_once('.').unwrap();
    let set = |name: &'static str, value: Value| move |part: &mut Value| part[name] = value;
    let zeros = base64url(&[0; 64]);
    for token in [
        forged(&access, 0, set("alg", json!("none"))),
        format!("{}.", forged(&access, 0, set("alg", json!("none"))).rsplit_once('.').unwrap().0),
        forged(&access, 0, set("alg", json!("HS256"))),
        forged(&access, 0, set("alg", json!("RS256"))),
        forged(&access, 0, set("kid", json!("other"))),
        forged(&access, 0, set("jku", json!("https://evil.example"))),
        forged(&access, 0, set("typ", json!("JWT"))),
        forged(&access, 1, set("exp", json!(99_999_999_999_i64))),
        forged(&access, 1, set("scope", json!("openid profile"))),
        forged(&access, 1, set("sub", json!(kim.id.to_string().replace('a', "b")))),
        format!("{signed}.{zeros}"),
        format!("{signed}."),
        signed.to_owned(),
        format!("{access}A"),
        format!("{signed}.{signature}.{signature}"),
        "x".repeat(100_000),
        "..".to_owned(),
    ] {
        if token != access {
            world.anonymous().userinfo(&token).await.is_unauthorized_token();
        }
    }
    world.anonymous().userinfo(&access).await.is(200);
}

// Checklist 98.
#[tokio::test]
async fn a_token_of_one_kind_is_not_taken_for_another() {
    let world = World::shop().await;
    let tokens = world.login("shop", "kim").await;
    let (id, access, refresh) = (tokens.at("/id_token"), tokens.at("/access_token"), tokens.at("/refresh_token"));
    for token in [&id, &refresh] {
        world.anonymous().userinfo(token).await.is_unauthorized_token();
    }
    for hint in [&access, &refresh] {
        let logout = [("response_mode", "direct"), ("id_token_hint", hint.as_str())];
        world.anonymous().form("/oidc/logout", &logout).await.is_refused(400, "60010", "invalid_logout_request");
        world.authorize("shop", &[("id_token_hint", hint)]).await.is_refused(400, "60001", "invalid_request");
    }
    world.anonymous().userinfo(&access).await.is(200);
}

#[tokio::test]
async fn an_access_token_holds_for_an_hour() {
    let world = World::shop().await;
    let access = world.login("shop", "kim").await.at("/access_token");
    world.wait(seconds(3599));
    world.anonymous().userinfo(&access).await.is(200);
    world.wait(seconds(1));
    world.anonymous().userinfo(&access).await.is_unauthorized_token();
}

#[tokio::test]
async fn a_clock_that_went_back_a_little_does_no_harm() {
    let world = World::shop().await;
    world.wait(minutes(10));
    let access = world.login("shop", "kim").await.at("/access_token");
    let back = |span| {
        let mut now = world.clock.0.lock().unwrap();
        *now = *now - span;
    };
    back(seconds(10));
    world.anonymous().userinfo(&access).await.is(200);
    back(seconds(51));
    world.anonymous().userinfo(&access).await.is_unauthorized_token();
}
