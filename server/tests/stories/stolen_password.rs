//! Whoever stole a password has one factor: no door beside the login gives them a second one, nor takes the owner's away.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use vestibule_core::application::{Limits, SequenceStep, StepOption};
use vestibule_core::credential::Kind;
use vestibule_jose::base64url;

use crate::devices::TOTP as DEVICE;
use crate::me::{CODES, KEYS, TOTP};
use crate::operators::CONNECTIONS;
use crate::providers::Provider;
use crate::world::*;

const OIDC: &str = "OpenIDConnectAuthenticator";
const TWO: &str = "The account has a second factor: sign in with it and repeat this with the new access token.";
const DISCOVERY: &str = "/api/users/v1/me/push/discovery-data";

#[tokio::test]
async fn a_strangers_account_elsewhere_does_not_stand_in_for_the_second_factor() {
    let provider: Arc<Provider> = Provider::new("stolen");
    let web = provider.clone();
    let world = World::set(|setting| setting.web = web).await;
    let admin = world.admin().await;
    admin.post(CONNECTIONS, provider.connection("Example", json!({"isEnabled": true}))).await.is(201);
    let elsewhere = StepOption { authenticator: OIDC.to_owned(), idp: "Example".to_owned(), limits: Limits::default() };
    for (name, options) in [
        ("bank", vec![StepOption::local("totp"), elsewhere.clone()]),
        ("post", vec![StepOption::local("email-otp-authenticator"), elsewhere.clone()]),
        ("shop", vec![elsewhere]),
    ] {
        world
            .app_with(name, |app| {
                app.sequence = steps(&[&["BasicAuthenticator"]]);
                app.sequence.steps.push(SequenceStep { options });
                app.enrolment = true;
            })
            .await;
    }
    let kim = world.reachable("kim").await;
    world.totp(&kim).await;
    let lee = world.reachable("lee").await;
    let example = base64url(format!("{OIDC}:Example").as_bytes());
    for (app, user) in [("bank", "kim"), ("post", "kim"), ("shop", "kim"), ("post", "lee"), ("shop", "lee")] {
        let flow = world.authorize(app, &[]).await.flow_id();
        world.anonymous().password(&flow, user, PASSWORD).await.is_step("INCOMPLETE");
        let page = world.anonymous().select(&flow, &example).await;
        let page = page.at("/nextStep/authenticators/0/metadata/additionalData/redirectUrl");
        let answer = world.anonymous().answer(&flow, &example, provider.agree(&page, json!({"sub": "stranger"}))).await;
        assert!(answer.member("/authData").is_null(), "{app} {user}: {}", answer.text());
    }
    assert_eq!(world.held(&kim).await, [Kind::Totp]);
    assert_eq!(world.held(&lee).await, []);
}

/// What a token may not be used for.
fn calls() -> Vec<(Method, &'static str, Option<Value>)> {
    vec![
        (Method::POST, TOTP, Some(json!({"action": "REFRESH"}))),
        (Method::DELETE, TOTP, None),
        (Method::POST, CODES, None),
        (Method::DELETE, CODES, None),
        (Method::GET, DISCOVERY, None),
    ]
}

#[tokio::test]
async fn a_token_by_password_alone_changes_no_factors_of_a_user_who_holds_a_second_one() {
    let world = World::new().await;
    let (_, kim) = world.household("kim").await;
    world.app_with("bank", |app| app.sequence = steps(&[&["BasicAuthenticator"], &[DEVICE]])).await;
    let device = world.totp(&kim).await;
    world.backup_codes(&kim).await;
    world.wait(seconds(1));
    let thief = world.signed_in("kim").await;
    let send = async |caller: &Caller, (method, path, body): (Method, &str, Option<Value>)| match body {
        Some(body) => caller.json(method, path, &body).await,
        None => caller.send(method, path, None, Vec::new()).await,
    };
    for call in calls() {
        let path = call.1;
        let refused = send(&thief, call).await;
        assert_eq!((refused.status.as_u16(), refused.at("/description").as_str()), (401, TWO), "{path}");
    }
    let start = thief.form(&format!("{KEYS}/start-registration"), &[("appId", BASE)]).await;
    assert_eq!(start.is(401).at("/description"), TWO);
    assert_eq!(world.held(&kim).await, [Kind::Totp, Kind::BackupCodes]);

    let flow = world.authorize("bank", &[("scope", "openid internal_login")]).await.flow_id();
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_step("INCOMPLETE");
    let token = json!({"token": device.code(world.now())});
    let done = world.anonymous().answer(&flow, &id_of(DEVICE), token).await;
    let tokens = world.anonymous().exchange("bank", &done.is(200).code()).await;
    let owner = world.anonymous().bearer(&tokens.is(200).at("/access_token"));
    for call in calls() {
        let (path, answer) = (call.1, send(&owner, call).await);
        assert!(answer.status.is_success(), "{path} {}", answer.text());
    }
}

#[tokio::test]
async fn who_enrols_a_first_factor_goes_on_with_the_same_token() {
    let world = World::new().await;
    let (_, kim) = world.household("kim").await;
    let caller = world.signed_in("kim").await;
    world.wait(seconds(5));
    world.totp(&kim).await;
    caller.send(Method::POST, CODES, None, Vec::new()).await.is(200);
}

#[tokio::test]
async fn the_first_code_of_a_new_device_forgives_no_wrong_codes() {
    let world = World::new().await;
    world.app_with("mail", |app| app.sequence = steps(&[&["email-otp-authenticator"]])).await;
    let enrols = |app: &mut vestibule_core::application::Application| {
        app.sequence = steps(&[&["BasicAuthenticator"], &[DEVICE]]);
        app.enrolment = true;
    };
    world.app_with("bank", enrols).await;
    world.reachable("kim").await;
    let (email, wrong) = (id_of("email-otp-authenticator"), json!({"OTPCode": "x"}));
    let flow = world.authorize("mail", &[]).await.flow_id();
    world.anonymous().answer(&flow, &email, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    for _ in 0..4 {
        world.anonymous().answer(&flow, &email, wrong.clone()).await.is_step("FAIL_INCOMPLETE");
    }
    let step = crate::enrolment::step(&world, "bank").await;
    crate::enrolment::confirm(&world, &step).await.1.is_step("INCOMPLETE");
    let flow = world.authorize("mail", &[]).await.flow_id();
    world.anonymous().answer(&flow, &email, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    let codes = world.mail().await;
    world.anonymous().answer(&flow, &email, wrong).await.is_step("FAIL_INCOMPLETE");
    // The fifth wrong one locked: none of the codes that were sent is right now.
    for code in codes.iter().filter_map(|entry| entry.code.clone()).take(3) {
        let late = world.anonymous().answer(&flow, &email, json!({"OTPCode": code})).await;
        late.is_step("FAIL_INCOMPLETE");
    }
}
