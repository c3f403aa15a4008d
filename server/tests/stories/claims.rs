//! What tokens and userinfo say: who, for whom, when and how, and of the person what the scopes show.

use serde_json::{Value, json};
use vestibule_core::user::{Contact, Profile, User};

use crate::world::*;

/// A world in which all is known of Kim.
async fn world() -> (World, User) {
    let world = World::new().await;
    world.app("shop").await;
    let contact = |value: &str, kind: &str, verified| Contact {
        value: value.to_owned(),
        kind: Some(kind.to_owned()),
        primary: true,
        verified,
    };
    let some = |text: &str| Some(text.to_owned());
    let kim = world
        .user_with("kim", |user| {
            user.profile = Profile {
                given_name: some("Kim"),
                family_name: some("Doe"),
                nick_name: some("Kimmy"),
                locale: some("de-CH"),
                zone: some("Europe/Zurich"),
                emails: vec![contact("kim@example.com", "work", true)],
                phones: vec![contact("+41791234567", "mobile", false)],
                ..Profile::default()
            };
        })
        .await;
    (world, kim)
}

// Checklist 62.
#[tokio::test]
async fn an_id_token_says_who_for_whom_when_and_how() {
    let (world, kim) = world().await;
    world.wait(minutes(1));
    let tokens = world.login_with("shop", "kim", &[("nonce", "n-0S6_WzA2Mj"), ("scope", "openid")]).await;
    let now = START.seconds() + 60;
    let mut id = claims(&tokens.at("/id_token"));
    for (name, length) in [("jti", 22), ("sid", 36), ("isk", 43), ("at_hash", 22)] {
        let value = id.as_object_mut().unwrap().remove(name).unwrap();
        assert_eq!(value.as_str().unwrap().len(), length, "{name}");
    }
    assert_eq!(
        id,
        json!({
            "iss": "http://localhost:9443/oauth2/token", "sub": kim.id, "aud": "shop", "azp": "shop",
            "iat": now, "exp": now + 3600, "auth_time": now, "nonce": "n-0S6_WzA2Mj", "acr": "aal1", "amr": ["pwd"],
        })
    );
}

// Checklist 87.
#[tokio::test]
async fn an_access_token_says_what_rfc_9068_wants_and_nothing_of_the_person() {
    let (world, kim) = world().await;
    let tokens = world.login_with("shop", "kim", &[("scope", "openid profile email phone")]).await;
    let access = claims(&tokens.at("/access_token"));
    assert_eq!(token_header(&tokens.at("/access_token"))["typ"], "at+jwt");
    let now = START.seconds();
    for (name, value) in [
        ("iss", json!("http://localhost:9443/oauth2/token")),
        ("sub", json!(kim.id)),
        ("client_id", json!("shop")),
        ("iat", json!(now)),
        ("exp", json!(now + 3600)),
        ("auth_time", json!(now)),
        ("scope", json!("email openid phone profile")),
        ("acr", json!("aal1")),
        ("amr", json!(["pwd"])),
    ] {
        assert_eq!(access[name], value, "{name}");
    }
    assert!(access["aud"].is_string() && access["jti"].is_string());
    for name in ["email", "given_name", "username", "phone_number", "isk", "nonce"] {
        assert!(access[name].is_null(), "{name}");
    }
}

#[tokio::test]
async fn each_scope_shows_its_claims_in_the_id_token_and_at_userinfo() {
    let (world, kim) = world().await;
    let profile = json!({
        "name": "Kim Doe", "given_name": "Kim", "family_name": "Doe", "nickname": "Kimmy", "username": "kim",
        "preferred_username": "kim", "locale": "de-CH", "zoneinfo": "Europe/Zurich", "updated_at": START.seconds(),
    });
    let email = json!({"email": "kim@example.com", "email_verified": true});
    let phone = json!({"phone_number": "+41791234567", "phone_number_verified": false});
    for (scope, shown) in [("openid profile", profile), ("openid email", email), ("openid phone", phone)] {
        let tokens = world.login_with("shop", "kim", &[("scope", scope)]).await;
        let id = claims(&tokens.at("/id_token"));
        let mut userinfo = world.anonymous().userinfo(&tokens.at("/access_token")).await.is(200).json();
        for (name, value) in shown.as_object().unwrap() {
            assert_eq!(&id[name], value, "{name}");
        }
        assert_eq!(userinfo.as_object_mut().unwrap().remove("sub").unwrap(), json!(kim.id));
        assert_eq!(userinfo, shown);
    }
}

#[tokio::test]
async fn what_is_not_known_is_left_out() {
    let (world, _) = world().await;
    world.user("bare").await;
    let tokens = world.login_with("shop", "bare", &[("scope", "openid profile email phone")]).await;
    let userinfo = world.anonymous().userinfo(&tokens.at("/access_token")).await.json();
    let mut names: Vec<&String> = userinfo.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["preferred_username", "sub", "updated_at", "username"]);
}

#[tokio::test]
async fn scopes_that_there_are_not_are_left_out_and_openid_alone_shows_nothing() {
    let (world, kim) = world().await;
    let tokens =
        world.login_with("shop", "kim", &[("scope", "openid internal_login internal_user_mgt_list nonsense")]).await;
    assert_eq!(tokens.at("/scope"), "internal_login openid");
    let userinfo = world.anonymous().userinfo(&tokens.at("/access_token")).await;
    assert_eq!(userinfo.is(200).json(), json!({"sub": kim.id}));
}

#[tokio::test]
async fn claims_may_be_asked_for_one_by_one() {
    let (world, kim) = world().await;
    let asked = json!({"userinfo": {"given_name": null, "picture": null}, "id_token": {"email": {"essential": true}}});
    let tokens = world.login_with("shop", "kim", &[("claims", &asked.to_string())]).await;
    let id = claims(&tokens.at("/id_token"));
    assert_eq!((&id["email"], &id["given_name"]), (&json!("kim@example.com"), &Value::Null));
    let userinfo = world.anonymous().userinfo(&tokens.at("/access_token")).await;
    assert_eq!(userinfo.json(), json!({"sub": kim.id, "given_name": "Kim"}));
}

#[tokio::test]
async fn claims_asked_for_cannot_replace_those_of_the_token() {
    let (world, kim) = world().await;
    let asked = json!({"id_token": {"iss": {"value": "evil"}, "aud": null, "exp": null, "isk": null, "sub": null}});
    let tokens = world.login_with("shop", "kim", &[("claims", &asked.to_string())]).await;
    let id = claims(&tokens.at("/id_token"));
    assert_eq!((&id["iss"], &id["sub"]), (&json!("http://localhost:9443/oauth2/token"), &json!(kim.id)));
    let text =
        String::from_utf8(vestibule_jose::from_base64url(tokens.at("/id_token").split('.').nth(1).unwrap()).unwrap());
    for name in ["\"iss\"", "\"aud\"", "\"exp\"", "\"sub\""] {
        assert_eq!(text.as_ref().unwrap().matches(name).count(), 1, "{name} is there twice");
    }
}

#[tokio::test]
async fn a_request_may_insist_on_a_subject_or_a_context() {
    let (world, kim) = world().await;
    world.user("lee").await;
    let only = json!({"id_token": {"sub": {"value": kim.id}}}).to_string();
    world.anonymous().sign_in("shop", "kim", &[("claims", &only)]).await.is(200).code();
    let other = world.anonymous().sign_in("shop", "lee", &[("claims", &only)]).await;
    other.is_refused(400, "60002", "authentication_failed");
    assert_eq!(other.at("/oauth_error"), "login_required");

    let acr = |values: Value| json!({"id_token": {"acr": {"essential": true, "values": values}}}).to_string();
    world.anonymous().sign_in("shop", "kim", &[("claims", &acr(json!(["aal2", "aal1"])))]).await.is(200).code();
    let weak = world.anonymous().sign_in("shop", "kim", &[("claims", &acr(json!(["aal2"])))]).await;
    assert_eq!(weak.is(400).at("/oauth_error"), "unmet_authentication_requirements");
    world.anonymous().sign_in("shop", "kim", &[("acr_values", "aal2")]).await.is(200).code();
}
