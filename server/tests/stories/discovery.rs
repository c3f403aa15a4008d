//! Where everything is and which keys sign, for whoever asks.

use serde_json::{Value, json};

use crate::world::*;

/// The forms of the metadata's address, before and after the tenant's part of the path.
const FORMS: [(&str, &str); 4] = [
    ("", "/oauth2/token/.well-known/openid-configuration"),
    ("", "/.well-known/openid-configuration"),
    ("", "/.well-known/oauth-authorization-server"),
    ("/.well-known/oauth-authorization-server", "/oauth2/token"),
];

#[tokio::test]
async fn all_forms_of_discovery_say_the_same() {
    let world = World::new().await;
    world.tenant("acme").await;
    for tenant in ["", "/t/acme"] {
        let mut documents = Vec::new();
        for (before, after) in FORMS {
            let found = world.anonymous().get(&format!("{before}{tenant}{after}")).await;
            assert_eq!(found.is(200).header("content-type"), Some("application/json"));
            documents.push(found.json());
        }
        assert!(documents.iter().all(|document| *document == documents[0]));
        let at = |path: &str| json!(format!("{BASE}{tenant}{path}"));
        for (name, path) in [
            ("issuer", "/oauth2/token"),
            ("authorization_endpoint", "/oauth2/authorize"),
            ("authn_endpoint", "/oauth2/authn"),
            ("token_endpoint", "/oauth2/token"),
            ("userinfo_endpoint", "/oauth2/userinfo"),
            ("jwks_uri", "/oauth2/jwks"),
            ("introspection_endpoint", "/oauth2/introspect"),
            ("revocation_endpoint", "/oauth2/revoke"),
            ("end_session_endpoint", "/oidc/logout"),
        ] {
            assert_eq!(documents[0][name], at(path), "{name}");
        }
    }
}

// Checklist 76.
#[tokio::test]
async fn the_metadata_promises_what_is_there() {
    let world = World::new().await;
    let metadata = world.anonymous().get("/.well-known/openid-configuration").await.json();
    let has = |name: &str, value: &str| metadata[name].as_array().unwrap().contains(&json!(value));
    assert_eq!(metadata["response_types_supported"], json!(["code"]));
    assert!(has("code_challenge_methods_supported", "S256"));
    assert!(has("response_modes_supported", "direct"));
    assert!(has("subject_types_supported", "public"));
    for grant in ["authorization_code", "refresh_token", "client_credentials"] {
        assert!(has("grant_types_supported", grant));
    }
    for method in ["client_secret_basic", "client_secret_post", "none"] {
        assert!(has("token_endpoint_auth_methods_supported", method));
    }
    for scope in ["openid", "profile", "email", "phone"] {
        assert!(has("scopes_supported", scope));
    }
    assert!(!has("id_token_signing_alg_values_supported", "none"));
    for (name, value) in metadata.as_object().unwrap() {
        let Some(path) = value.as_str().and_then(|url| url.strip_prefix(BASE)) else { continue };
        if name != "issuer" {
            assert_ne!(world.anonymous().get(path).await.status, 404, "{name}");
        }
    }
}

#[tokio::test]
async fn metadata_and_keys_may_be_kept_for_a_while_and_read_by_anybody() {
    let world = World::new().await;
    for path in FORMS.map(|(before, after)| format!("{before}{after}")).iter().chain([&"/oauth2/jwks".to_owned()]) {
        let found = world.anonymous().get(path).await;
        let caching = found.is(200).header("cache-control").unwrap();
        assert!(caching.contains("max-age=") && !caching.contains("no-store"), "{caching}");
        world.anonymous().header("accept", "application/jwk-set+json").get(path).await.is(200);
    }
}

#[tokio::test]
async fn the_published_keys_are_public_ones_with_names_of_their_own() {
    let world = World::new().await;
    let keys = world.anonymous().get("/oauth2/jwks").await.is(200).json();
    assert_eq!(world.anonymous().get("/oauth2/jwks").await.json(), keys);
    let keys = keys["keys"].as_array().unwrap().clone();
    let mut kids: Vec<&Value> = keys.iter().map(|key| &key["kid"]).collect();
    kids.dedup();
    assert_eq!(kids.len(), keys.len());
    for kind in ["RSA", "EC", "OKP"] {
        assert!(keys.iter().any(|key| key["kty"] == kind), "no {kind}");
    }
    for key in &keys {
        assert!(key["kid"].as_str().is_some_and(|kid| !kid.is_empty()));
        assert_eq!(key["use"], "sig");
        for secret in ["d", "p", "q", "dp", "dq", "qi", "k"] {
            assert!(key[secret].is_null(), "{key}");
        }
    }
    let rsa = keys.iter().find(|key| key["kty"] == "RSA").unwrap();
    assert!(vestibule_jose::from_base64url(rsa["n"].as_str().unwrap()).unwrap().len() >= 256);
}

#[tokio::test]
async fn a_tenant_that_there_is_not_has_neither_metadata_nor_keys() {
    let world = World::new().await;
    for (before, after) in FORMS.into_iter().chain([("", "/oauth2/jwks")]) {
        let found = world.anonymous().get(&format!("{before}/t/nowhere{after}")).await;
        assert_eq!(found.is(404).at("/traceId").len(), 32);
        assert_eq!(found.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn the_servers_addresses_come_from_its_configuration_and_never_from_a_request() {
    let world = World::new().await;
    world.app("shop").await;
    let liar = world
        .anonymous()
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("x-forwarded-proto", "https")
        .header("forwarded", "host=evil.example");
    for answer in [liar.get("/.well-known/openid-configuration").await, liar.authorize("shop", &[]).await] {
        assert!(!answer.is(200).text().contains("evil"), "{}", answer.text());
    }
}
