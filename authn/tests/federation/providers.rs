//! What is particular to single providers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vestibule_core::flow::authenticator::Outcome;
use vestibule_core::user::User;
use vestibule_jose::{Algorithm, Family, JwkSet, SigningKey, verify};

use crate::tokens::{KEY, is_wrong, keys};
use crate::world::{NOW, World, answer, form, header, query, sign};

fn user(outcome: &Outcome) -> &User {
    let Outcome::Proved { whose: Some(user), .. } = outcome else { panic!("{outcome:?}") };
    user
}

fn github(primary: &str) -> World {
    let mut world =
        World::new("GithubAuthenticator", "GitHub", &[("ClientId", "client"), ("UsePrimaryEmail", primary)]);
    world.seal("ClientSecret", "s3cret");
    world.connection.provisioning.just_in_time = true;
    world
}

#[tokio::test]
async fn github_tells_by_its_api_who_signed_in() {
    for (primary, name) in [("true", "octo@example.com"), ("false", "GitHub.583231")] {
        let world = github(primary);
        world.web(|request| match request.url.as_str() {
            "https://github.com/login/oauth/access_token" => answer(200, &json!({ "access_token": "at" })),
            "https://api.github.com/user" => {
                assert_eq!(header(request, "authorization"), Some("Bearer at"));
                answer(200, &json!({ "id": 583231, "login": "octocat", "name": "Octo Cat", "email": "public@example.com", "email_verified": true }))
            }
            "https://api.github.com/user/emails" => answer(
                200,
                &json!([
                    { "email": "old@example.com", "primary": false, "verified": true },
                    { "email": "octo@example.com", "primary": true, "verified": true },
                ]),
            ),
            other => panic!("{other}"),
        });
        let url = world.prompt().await.additional["redirectUrl"].clone();
        assert!(!query(&url).contains_key("nonce") && query(&url)["scope"] == "user", "{url}");
        let outcome = world.come_back().await;
        assert_eq!(user(&outcome).name, name);
        assert_eq!(user(&outcome).profile.formatted.as_deref(), Some("Octo Cat"));
    }
}

#[tokio::test]
async fn github_refuses_a_code_with_status_200() {
    let world = github("false");
    world.web(|_| answer(200, &json!({ "error": "bad_verification_code" })));
    assert!(is_wrong(&world.come_back().await));
}

fn facebook(debug: Value) -> World {
    let settings = [("ClientId", "4711"), ("isTrustedTokenIssuer", "true")];
    let mut world = World::new("FacebookAuthenticator", "Facebook", &settings);
    world.seal("ClientSecret", "s3cret");
    world.connection.provisioning.just_in_time = true;
    world.web(move |request| {
        let query = query(&request.url);
        if request.url.contains("debug_token") {
            assert_eq!(header(request, "authorization"), Some("Bearer 4711|s3cret"));
            assert_eq!(query["input_token"], "at");
            return answer(200, &json!({ "data": debug }));
        }
        assert_eq!(header(request, "authorization"), Some("Bearer at"));
        assert_eq!(query["fields"], "id,name,email,first_name,last_name");
        answer(200, &json!({ "id": "99", "name": "Kim Doe", "first_name": "Kim", "last_name": "Doe", "email": "kim@example.com" }))
    });
    world
}

#[tokio::test]
async fn facebooks_tokens_count_only_for_the_app_they_were_made_for() {
    let right = json!({ "app_id": "4711", "type": "USER", "is_valid": true, "user_id": "99", "expires_at": NOW + 60 });
    let outcome = facebook(right.clone()).answer(&[("accessToken", "at")]).await;
    assert_eq!(user(&outcome).name, "Facebook.99");
    assert_eq!(user(&outcome).profile.given_name.as_deref(), Some("Kim"));
    for (name, value) in [
        ("app_id", json!("another")),
        ("type", json!("APP")),
        ("is_valid", json!(false)),
        ("user_id", json!("100")),
        ("expires_at", json!(NOW)),
    ] {
        let mut debug = right.clone();
        debug[name] = value;
        assert!(is_wrong(&facebook(debug).answer(&[("accessToken", "at")]).await), "{name}");
    }
}

#[tokio::test]
async fn apple_is_shown_a_secret_that_is_signed_anew() {
    let settings = [("ClientId", "com.example.web"), ("TeamId", "TEAM"), ("KeyId", "KEY")];
    let mut world = World::new("AppleOIDCAuthenticator", "Apple", &settings);
    world.connection.provisioning.just_in_time = true;
    let (own, der) = {
        let key = SigningKey::generate(Family::P256).unwrap();
        let der = key.to_pkcs8().unwrap().to_vec();
        (key.named("KEY"), der)
    };
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", STANDARD.encode(der));
    world.seal("PrivateKey", &pem);
    let prompt = world.prompt().await;
    let asked = query(&prompt.additional["redirectUrl"]);
    assert_eq!((asked["response_mode"].as_str(), asked["scope"].as_str()), ("form_post", "openid name email"));
    let token = sign(
        &KEY,
        &json!({
            "iss": "https://appleid.apple.com", "sub": "001.abc", "aud": "com.example.web", "exp": NOW + 60,
            "iat": NOW, "nonce": asked["nonce"], "email": "kim@privaterelay.appleid.com", "email_verified": "true",
        }),
    );
    world.web(move |request| match request.url.as_str() {
        "https://appleid.apple.com/auth/token" => answer(200, &json!({ "access_token": "at", "id_token": token })),
        "https://appleid.apple.com/auth/keys" => answer(200, &keys(&[&KEY])),
        other => panic!("{other}"),
    });
    let names = r#"{"name":{"firstName":"Kim","lastName":"Doe"},"email":"evil@example.com"}"#;
    let outcome = world.answer(&[("code", "c"), ("state", &prompt.additional["state"]), ("user", names)]).await;
    let user = user(&outcome);
    assert_eq!(user.name, "kim@privaterelay.appleid.com");
    assert_eq!(user.profile.given_name.as_deref(), Some("Kim"));
    assert_eq!(user.profile.email().map(|email| email.value.as_str()), Some("kim@privaterelay.appleid.com"));
    let secret = form(&world.asked()[0])["client_secret"].clone();
    let keys = JwkSet { keys: vec![own.jwk().clone()] };
    let secret = verify(&secret, &keys, &[Algorithm::ES256], Some("JWT")).unwrap();
    assert_eq!(secret.header.kid.as_deref(), Some("KEY"));
    assert_eq!(
        secret.claims::<Value>().unwrap(),
        json!({ "iss": "TEAM", "iat": NOW, "exp": NOW + 300, "aud": "https://appleid.apple.com", "sub": "com.example.web" })
    );
}

#[tokio::test]
async fn google_is_one_issuer_under_both_of_its_names() {
    let mut subjects = Vec::new();
    for issuer in ["https://accounts.google.com", "accounts.google.com"] {
        let settings = [("ClientId", "client")];
        let mut world = World::new("GoogleOIDCAuthenticator", "Google", &settings);
        world.connection.provisioning.just_in_time = true;
        let nonce = query(&world.prompt().await.additional["redirectUrl"])["nonce"].clone();
        let claims = json!({ "iss": issuer, "sub": "1", "aud": "client", "exp": NOW + 60, "iat": NOW, "nonce": nonce });
        let token = sign(&KEY, &claims);
        world.web(move |request| match request.url.ends_with("certs") {
            true => answer(200, &keys(&[&KEY])),
            false => answer(200, &json!({ "id_token": token })),
        });
        let Outcome::Proved { effects, .. } = world.come_back().await else { panic!() };
        subjects.extend(effects.edits.into_iter().filter_map(|edit| match edit {
            vestibule_core::ports::store::Edit::Enrol(credential) => Some(credential.handle),
            _ => None,
        }));
    }
    assert_eq!(subjects.len(), 2);
    assert_eq!(subjects[0], subjects[1]);
}
