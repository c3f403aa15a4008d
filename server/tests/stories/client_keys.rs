//! Where the keys and secrets of clients come from: registered, at an address of the client's, or kept sealed.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};
use vestibule_core::ports::Web;
use vestibule_core::ports::web::{WebAnswer, WebFailure, WebRequest};
use vestibule_jose::{JwkSet, MacKey, SigningKey};

use crate::client_assertions::*;
use crate::operators::*;
use crate::world::*;

/// The keys of a client at their address.
#[derive(Default)]
struct Published {
    keys: Mutex<JwkSet>,
    calls: AtomicUsize,
    gone: AtomicBool,
}

#[async_trait]
impl Web for Published {
    async fn fetch(&self, request: WebRequest) -> Result<WebAnswer, WebFailure> {
        assert_eq!(request.url, "https://vault.example/keys");
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.gone.load(Ordering::SeqCst) {
            return Err(WebFailure::Unreachable("gone".to_owned()));
        }
        let body = serde_json::to_vec(&*self.keys.lock().unwrap()).unwrap();
        Ok(WebAnswer { status: 200, retry_after: None, body })
    }
}

#[tokio::test]
async fn keys_at_an_address_are_remembered_looked_for_again_and_outlive_a_failure_for_a_while() {
    let web = Arc::new(Published::default());
    *web.keys.lock().unwrap() = keys(&[&KEY]);
    let world = World::set(|setting| setting.web = web.clone()).await;
    let app = signing_app(&world, "vault", &KEY).await;
    world
        .change_app(&app, |app| {
            app.oauth.client_auth.keys = None;
            app.oauth.client_auth.jwks_uri = Some("https://vault.example/keys".to_owned());
        })
        .await;
    let count = AtomicUsize::new(0);
    let ask = async |key: &SigningKey| {
        let jti = count.fetch_add(1, Ordering::SeqCst);
        ask(&world, &signed(key, &says(&world, "vault", json!({"jti": jti.to_string()}))), &[]).await
    };
    ask(&KEY).await.is(200);
    ask(&KEY).await.is(200);
    assert_eq!(web.calls.load(Ordering::SeqCst), 1);
    // The client turns to another key: an unknown one is looked for, not more often than every ten seconds.
    *web.keys.lock().unwrap() = keys(&[&OTHER]);
    ask(&OTHER).await.is(401);
    world.wait(seconds(10));
    ask(&OTHER).await.is(200);
    ask(&KEY).await.is(401);
    assert_eq!(web.calls.load(Ordering::SeqCst), 2);
    // The address is out of reach: keys of the last ten minutes do, and it is not asked at every request.
    web.gone.store(true, Ordering::SeqCst);
    world.wait(minutes(5));
    ask(&OTHER).await.is(200);
    ask(&OTHER).await.is(200);
    assert_eq!(web.calls.load(Ordering::SeqCst), 3);
    world.wait(minutes(5));
    let late = ask(&OTHER).await;
    assert_eq!(late.is(503).header("retry-after"), Some("10"));
    ask(&OTHER).await.is(503);
    assert_eq!(web.calls.load(Ordering::SeqCst), 4);
    web.gone.store(false, Ordering::SeqCst);
    world.wait(seconds(10));
    ask(&OTHER).await.is(200);
}

/// An application whose secret makes its assertions, and that secret.
async fn keyed_app(world: &World, admin: &Caller, name: &str) -> (String, String, String) {
    let body = json!({
        "name": name,
        "inboundProtocolConfiguration": {"oidc": {
            "grantTypes": ["client_credentials"],
            "clientAuthentication": {"tokenEndpointAuthMethod": "client_secret_jwt"},
        }},
    });
    let made = admin.post(APPS, body).await;
    let (id, client_id, secret) = (made.is(201).at("/id"), made.at("/clientId"), made.at("/clientSecret"));
    assert!(!world.anonymous().form("/oauth2/token", &[]).await.text().contains(&secret));
    (id, client_id, secret)
}

fn keyed(secret: &str, claims: &Value) -> String {
    made(&json!({"alg": "HS256", "typ": "JWT"}), claims, |text| MacKey::new(secret.as_bytes()).sign(text).to_vec())
}

// Checklist 90, 91, 96.
#[tokio::test]
async fn an_assertion_may_be_made_with_the_secret() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (id, client_id, secret) = keyed_app(&world, &admin, "vault").await;
    let claims = says(&world, &client_id, json!({}));
    ask(&world, &keyed(&secret, &claims), &[]).await.is(200);
    is_no_client(&ask(&world, &keyed(&secret, &claims), &[]).await, "used before");
    is_no_client(&ask(&world, &keyed("another secret of sufficient length", &claims), &[]).await, "are invalid");
    is_no_client(&ask(&world, &signed(&KEY, &claims), &[]).await, "algorithm");
    let none = made(&json!({"alg": "none"}), &claims, |_| Vec::new());
    is_no_client(&ask(&world, &none, &[]).await, "algorithm");
    // The secret itself is not what was registered.
    let post = [("grant_type", "client_credentials"), ("client_id", &client_id), ("client_secret", &secret)];
    is_no_client(&world.anonymous().form("/oauth2/token", &post).await, "authenticates with client_secret_jwt");
    // Neither the secret nor its seal is shown, and only what such an application needs is kept.
    let app = world.store().app_by_client(&"carbon.super".parse().unwrap(), &client_id).await.unwrap().unwrap();
    assert!(app.secrets.iter().all(|kept| kept.sealed.as_ref().is_some_and(|sealed| !sealed.contains(&secret))));
    let oidc = format!("{APPS}/{id}/inbound-protocols/oidc");
    let shown = admin.get(&oidc).await;
    assert_eq!(shown.at("/clientAuthentication/tokenEndpointAuthMethod"), "client_secret_jwt");
    assert!(!shown.text().contains(&secret) && !shown.text().contains("sealed"));
    let body =
        json!({"inboundProtocolConfiguration": {"oidc": {"clientAuthentication": {"tokenEndpointAuthMethod": ""}}}});
    admin.patch(&format!("{APPS}/{id}"), body).await.is(200);
    let app = world.store().app(&app.tenant, &app.id).await.unwrap().unwrap();
    assert!(app.secrets.iter().all(|kept| kept.sealed.is_none()));
    world.anonymous().form("/oauth2/token", &post).await.is(200);
}

#[tokio::test]
async fn keys_and_methods_are_registered_by_the_management_api() {
    let world = World::new().await;
    let admin = world.admin().await;
    let body = |authentication: Value| {
        json!({"name": "vault", "inboundProtocolConfiguration": {"oidc": {
            "grantTypes": ["client_credentials"], "clientAuthentication": authentication,
        }}})
    };
    let jwks = json!(keys(&[&KEY]));
    let made = admin
        .post(APPS, body(json!({"tokenEndpointAuthMethod": "private_key_jwt", "tokenEndpointAuthSigningAlg": "ES256", "jwks": jwks})))
        .await;
    assert!(made.is(201).member("/clientSecret").is_null());
    let (id, client_id) = (made.at("/id"), made.at("/clientId"));
    ask(&world, &signed(&KEY, &says(&world, &client_id, json!({}))), &[]).await.is(200);
    // What is shown can be sent back.
    let oidc = format!("{APPS}/{id}/inbound-protocols/oidc");
    let shown = admin.get(&oidc).await.json();
    assert_eq!(shown["clientAuthentication"]["jwks"], jwks);
    assert_eq!(admin.put(&oidc, shown.clone()).await.is(200).json(), shown);
    admin.post(&format!("{oidc}/regenerate-secret"), json!({})).await.is(400);
    for (wrong, because) in [
        (json!({"tokenEndpointAuthMethod": "magic"}), "tokenEndpointAuthMethod must be one of"),
        (json!({"tokenEndpointAuthMethod": "private_key_jwt"}), "jwks or jwksUri is needed"),
        (
            json!({"tokenEndpointAuthMethod": "private_key_jwt", "jwksUri": "http://a.example/k"}),
            "must be an https address",
        ),
        (json!({"tokenEndpointAuthMethod": "private_key_jwt", "jwks": {"keys": [{"kty": "oct", "k": "AQAB"}]}}), ""),
        (
            json!({"tokenEndpointAuthMethod": "private_key_jwt", "jwks": jwks, "tokenEndpointAuthSigningAlg": "HS256"}),
            "SigningAlg must be",
        ),
        (json!({"tokenEndpointAuthMethod": "tls_client_auth"}), "tls_client_auth needs one of"),
        (
            json!({"tokenEndpointAuthMethod": "tls_client_auth", "tlsClientAuthSanDns": "a.example", "tlsClientAuthSanUri": "b:c"}),
            "by one name",
        ),
        (
            json!({"tokenEndpointAuthMethod": "tls_client_auth", "tlsClientAuthSanIp": "a.example"}),
            "must be an address",
        ),
        (json!({"tokenEndpointAuthMethod": "none"}), "publicClient true"),
        (json!({"tokenEndpointAllowReusePvtKeyJwt": true}), ""),
    ] {
        let refused = admin.patch(&format!("{APPS}/{id}"), body(wrong.clone())).await;
        assert!(refused.is(400).at("/description").contains(because), "{wrong}: {}", refused.text());
    }
}

/// An assertion that does not name its key.
fn nameless(key: &SigningKey, claims: &Value) -> String {
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key.to_pkcs8().unwrap()).unwrap();
    made(&json!({"alg": "ES256"}), claims, |text| pair.sign(&SystemRandom::new(), text).unwrap().as_ref().to_vec())
}

#[tokio::test]
async fn a_client_need_not_name_its_key() {
    let web = Arc::new(Published::default());
    *web.keys.lock().unwrap() = keys(&[&KEY]);
    let world = World::set(|setting| setting.web = web.clone()).await;
    let app = signing_app(&world, "vault", &KEY).await;
    let claims = |jti: &str| says(&world, "vault", json!({"jti": jti}));
    ask(&world, &nameless(&KEY, &claims("a")), &[]).await.is(200);
    is_no_client(&ask(&world, &nameless(&OTHER, &claims("b")), &[]).await, "Client credentials are invalid.");
    world
        .change_app(&app, |app| {
            app.oauth.client_auth.keys = None;
            app.oauth.client_auth.jwks_uri = Some("https://vault.example/keys".to_owned());
        })
        .await;
    ask(&world, &nameless(&KEY, &claims("c")), &[]).await.is(200);
    *web.keys.lock().unwrap() = keys(&[&OTHER, &KEY]);
    world.wait(seconds(10));
    ask(&world, &nameless(&OTHER, &says(&world, "vault", json!({"jti": "d"}))), &[]).await.is(200);
}
