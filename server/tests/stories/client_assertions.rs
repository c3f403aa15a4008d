//! Clients that show an assertion instead of a secret: signed with a key of theirs (`private_key_jwt`) or made with their
//! secret (`client_secret_jwt`). It is for this server alone, short-lived, and good for one request.

use std::sync::LazyLock;

use serde_json::{Value, json};
use vestibule_core::application::{Application, AuthMethod, ClientAuthentication};
use vestibule_jose::{Algorithm, Family, JwkSet, MacKey, SigningKey, base64url};

use crate::world::*;

pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Family::P256).unwrap());
pub static OTHER: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Family::P256).unwrap());

pub fn keys(of: &[&SigningKey]) -> JwkSet {
    JwkSet { keys: of.iter().map(|key| key.jwk().clone()).collect() }
}

/// An application that signs its assertions with a key.
pub async fn signing_app(world: &World, client_id: &str, key: &SigningKey) -> Application {
    let app = world.confidential_app(client_id).await;
    let method = Some(AuthMethod::PrivateKeyJwt);
    let registered = ClientAuthentication { method, keys: Some(keys(&[key])), ..ClientAuthentication::default() };
    world.change_app(&app, |app| app.oauth.client_auth = registered).await;
    app
}

async fn world() -> World {
    let world = World::new().await;
    signing_app(&world, "vault", &KEY).await;
    signing_app(&world, "other", &OTHER).await;
    world
}

/// What a right assertion of the client says now, and `more` in the place of it; null leaves a claim out.
pub fn says(world: &World, client_id: &str, more: Value) -> Value {
    let now = world.house.ports.clock.now().seconds();
    let mut claims = json!({
        "iss": client_id, "sub": client_id, "aud": format!("{BASE}/oauth2/token"),
        "iat": now, "exp": now + 60, "jti": "first",
    });
    let members = claims.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    members.retain(|_, value| !value.is_null());
    claims
}

pub fn signed(key: &SigningKey, claims: &Value) -> String {
    key.sign(Algorithm::ES256, "JWT", claims).unwrap()
}

/// A token with a header of one's own, and its signature by `sign`.
pub fn made(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let message = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
    let signature = base64url(&sign(message.as_bytes()));
    format!("{message}.{signature}")
}

/// Asks for a token of the application itself.
pub async fn ask(world: &World, assertion: &str, more: &[(&str, &str)]) -> Answer {
    let form = [("grant_type", "client_credentials"), ("client_assertion_type", TYPE), ("client_assertion", assertion)];
    world.anonymous().form("/oauth2/token", &merged(&form, more)).await
}

#[track_caller]
pub fn is_no_client(answer: &Answer, because: &str) {
    answer.is_oauth_refusal(401, "invalid_client");
    assert!(answer.header("www-authenticate").unwrap().starts_with("Basic realm="));
    assert!(answer.at("/error_description").contains(because), "{because:?} is not why: {}", answer.text());
}

// Checklist 90, 91.
#[tokio::test]
async fn a_signed_assertion_is_good_for_one_request() {
    let world = world().await;
    let assertion = signed(&KEY, &says(&world, "vault", json!({})));
    ask(&world, &assertion, &[]).await.is(200);
    is_no_client(&ask(&world, &assertion, &[]).await, "used before");
    let again = signed(&KEY, &says(&world, "vault", json!({"exp": world.house.ports.clock.now().seconds() + 90})));
    is_no_client(&ask(&world, &again, &[("client_id", "vault")]).await, "used before");
    let next = signed(&KEY, &says(&world, "vault", json!({"jti": "second"})));
    ask(&world, &next, &[("client_id", "vault")]).await.is(200);
    // The names of another client's assertions are its own.
    ask(&world, &signed(&OTHER, &says(&world, "other", json!({}))), &[]).await.is(200);
}

// Checklist 91.
#[tokio::test]
async fn of_many_requests_with_one_assertion_one_is_answered() {
    let world = world().await;
    let assertion = signed(&KEY, &says(&world, "vault", json!({})));
    let mut good = 0;
    for answer in futures(&world, &assertion).await {
        good += usize::from(answer.status == 200);
    }
    assert_eq!(good, 1);
}

async fn futures(world: &World, assertion: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    let (a, b, c) = tokio::join!(ask(world, assertion, &[]), ask(world, assertion, &[]), ask(world, assertion, &[]));
    answers.extend([a, b, c]);
    answers
}

// Checklist 91, 92.
#[tokio::test]
async fn an_assertion_that_fails_in_one_point_is_not_believed() {
    let world = world().await;
    let now = world.house.ports.clock.now().seconds();
    for (more, because) in [
        (json!({"aud": [format!("{BASE}/oauth2/token")]}), "The aud"),
        (json!({"aud": format!("{BASE}/oauth2/par")}), "The aud"),
        (json!({"aud": format!("{BASE}/t/acme/oauth2/token")}), "The aud"),
        (json!({"aud": "https://elsewhere.example/oauth2/token"}), "The aud"),
        (json!({"aud": null}), "needs iss, sub, aud, exp and jti"),
        (json!({"iss": "other"}), "The iss and sub"),
        (json!({"iss": null}), "needs iss, sub, aud, exp and jti"),
        (json!({"exp": null}), "needs iss, sub, aud, exp and jti"),
        (json!({"exp": now}), "is over"),
        (json!({"exp": now - 1}), "is over"),
        (json!({"exp": now + 311}), "lasts too long"),
        (json!({"exp": 1.0e300}), "lasts too long"),
        (json!({"iat": now + 11}), "is not good yet"),
        (json!({"nbf": now + 61}), "is not good yet"),
        (json!({"jti": null}), "needs a jti"),
        (json!({"jti": ""}), "needs a jti"),
        (json!({"jti": "x".repeat(513)}), "needs a jti"),
    ] {
        let assertion = signed(&KEY, &says(&world, "vault", more.clone()));
        let answer = ask(&world, &assertion, &[("client_id", "vault")]).await;
        is_no_client(&answer, because);
    }
    for (number, more) in [
        json!({"iat": now + 10, "nbf": now + 10}),
        json!({"iat": null}),
        json!({"exp": now + 300}),
        json!({"exp": f64::from(u32::try_from(now).unwrap()) + 59.5}),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = says(&world, "vault", more);
        claims["jti"] = format!("good-{number}").into();
        ask(&world, &signed(&KEY, &claims), &[]).await.is(200);
    }
}

// Checklist 90, 96, 98.
#[tokio::test]
async fn an_assertion_is_signed_by_the_clients_own_key_and_as_a_key_signs() {
    let world = world().await;
    let claims = says(&world, "vault", json!({}));
    is_no_client(&ask(&world, &signed(&OTHER, &claims), &[]).await, "Client credentials are invalid.");
    // Another client's assertion, shown as one's own.
    let others = signed(&OTHER, &says(&world, "other", json!({})));
    is_no_client(&ask(&world, &others, &[("client_id", "vault")]).await, "name different clients");
    // No algorithm at all.
    let none = made(&json!({"alg": "none", "typ": "JWT"}), &claims, |_| Vec::new());
    is_no_client(&ask(&world, &none, &[]).await, "algorithm");
    // The public key, taken for a shared secret.
    let jwk = serde_json::to_vec(KEY.jwk()).unwrap();
    let mixed = made(&json!({"alg": "HS256", "kid": KEY.kid()}), &claims, |text| MacKey::new(&jwk).sign(text).to_vec());
    is_no_client(&ask(&world, &mixed, &[]).await, "algorithm");
    // A token of another kind, and a key that comes along.
    let typed = KEY.sign(Algorithm::ES256, "at+jwt", &claims).unwrap();
    is_no_client(&ask(&world, &typed, &[]).await, "another type");
    let es256 = |key: &SigningKey, header: Value| {
        let token = key.sign(Algorithm::ES256, "JWT", &claims).unwrap();
        let (_, rest) = token.split_once('.').unwrap();
        format!("{}.{rest}", base64url(header.to_string().as_bytes()))
    };
    let brought = es256(&OTHER, json!({"alg": "ES256", "jwk": OTHER.jwk()}));
    is_no_client(&ask(&world, &brought, &[]).await, "Client credentials are invalid.");
    for garbage in ["x", "a.b.c", ".."] {
        is_no_client(&ask(&world, garbage, &[("client_id", "vault")]).await, "Client credentials are invalid.");
    }
    // The type that RFC 7523 is to get, and no name of the key.
    ask(&world, &KEY.sign(Algorithm::ES256, "client-authentication+jwt", &claims).unwrap(), &[]).await.is(200);
}

#[tokio::test]
async fn the_type_of_the_assertion_is_spelled_to_the_letter() {
    let world = world().await;
    let assertion = signed(&KEY, &says(&world, "vault", json!({})));
    for kind in [
        "",
        "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
        "URN:ietf:params:oauth:client-assertion-type:jwt-bearer",
    ] {
        let answer = ask(&world, &assertion, &[("client_id", "vault"), ("client_assertion_type", kind)]).await;
        is_no_client(&answer, "client_assertion_type must be");
    }
    let bare = ask(&world, "", &[("client_id", "vault"), ("client_assertion", "")]).await;
    is_no_client(&bare, "client_assertion is missing");
}

// Checklist 90.
#[tokio::test]
async fn one_method_in_a_request_and_it_is_the_registered_one() {
    let world = world().await;
    world.confidential_app("plain").await;
    world.app("shop").await;
    let assertion = |client_id: &str, key| signed(key, &says(&world, client_id, json!({"jti": "fresh"})));
    let vault = assertion("vault", &KEY);
    let several = "more than one authentication method";
    is_no_client(&ask(&world, &vault, &[("client_secret", SECRET)]).await, several);
    let form = [("grant_type", "client_credentials"), ("client_assertion_type", TYPE), ("client_assertion", &vault)];
    let caller = world.anonymous().basic("vault", SECRET);
    is_no_client(&caller.form("/oauth2/token", &form).await, several);
    let both = [("grant_type", "client_credentials"), ("client_secret", SECRET)];
    is_no_client(&world.anonymous().basic("plain", SECRET).form("/oauth2/token", &both).await, several);
    // A right secret, where the application registered a key.
    is_no_client(&caller.form("/oauth2/token", &form[..1]).await, "authenticates with private_key_jwt");
    let post = [("grant_type", "client_credentials"), ("client_id", "vault"), ("client_secret", SECRET)];
    is_no_client(&world.anonymous().form("/oauth2/token", &post).await, "authenticates with private_key_jwt");
    is_no_client(&world.anonymous().form("/oauth2/token", &post[..2]).await, "authenticates with private_key_jwt");
    // An assertion, where the application has none to show.
    is_no_client(&ask(&world, &assertion("plain", &KEY), &[]).await, "with its client secret");
    is_no_client(&ask(&world, &assertion("shop", &KEY), &[]).await, "is public");
    // The registered place of the secret, and the other one.
    for (method, name) in [(AuthMethod::ClientSecretBasic, "in-header"), (AuthMethod::ClientSecretPost, "in-form")] {
        let app = world.confidential_app(name).await;
        world.change_app(&app, |app| app.oauth.client_auth.method = Some(method)).await;
        let header = world.anonymous().basic(name, SECRET).form("/oauth2/token", &form[..1]).await;
        let post = [("grant_type", "client_credentials"), ("client_id", name), ("client_secret", SECRET)];
        let post = world.anonymous().form("/oauth2/token", &post).await;
        let (good, bad) = if method == AuthMethod::ClientSecretBasic { (header, post) } else { (post, header) };
        good.is(200);
        is_no_client(&bad, "and nothing else");
    }
    ask(&world, &vault, &[]).await.is(200);
}

// Checklist 99.
#[tokio::test]
async fn every_endpoint_takes_an_assertion_and_no_url_carries_one() {
    let world = world().await;
    let mut count = 0;
    let mut fresh = || {
        count += 1;
        signed(&KEY, &says(&world, "vault", json!({"jti": format!("n{count}")})))
    };
    for path in ["/oauth2/introspect", "/oauth2/revoke"] {
        let assertion = fresh();
        let form = [("token", "x"), ("client_assertion_type", TYPE), ("client_assertion", &assertion)];
        world.anonymous().form(path, &form).await.is(200);
        is_no_client(&world.anonymous().form(path, &form).await, "used before");
    }
    let (first, second) = (fresh(), fresh());
    let more = [("client_assertion_type", TYPE), ("client_assertion", first.as_str())];
    world.authorize("vault", &more).await.is_step("INCOMPLETE");
    world.authorize("vault", &more).await.is_refused(401, "401", "unauthorized");
    world.authorize("vault", &[]).await.is_refused(401, "401", "unauthorized");
    let url = format!("/oauth2/token?client_assertion={second}");
    world
        .anonymous()
        .form(&url, &[("grant_type", "client_credentials")])
        .await
        .is_oauth_refusal(400, "invalid_request");
}

// Checklist 96.
#[tokio::test]
async fn an_application_may_register_one_algorithm() {
    let world = World::new().await;
    let key = SigningKey::generate(Family::Ed25519).unwrap();
    let app = signing_app(&world, "vault", &key).await;
    let sign = |jti: &str| key.sign(Algorithm::EdDSA, "JWT", &says(&world, "vault", json!({"jti": jti}))).unwrap();
    ask(&world, &sign("a"), &[]).await.is(200);
    world.change_app(&app, |app| app.oauth.client_auth.alg = Some(Algorithm::ES256)).await;
    is_no_client(&ask(&world, &sign("b"), &[]).await, "algorithm");
}
