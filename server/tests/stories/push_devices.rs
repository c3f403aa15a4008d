//! Devices for push notifications: enrolled with a ticket of the signed-in user, shown, changed and removed by the user or
//! at the device's own signed word.

use axum::http::Method;
use serde_json::{Value, json};
use vestibule_core::delivery::Channel;
use vestibule_core::user::Contact;

use crate::phone::{DEVICES, DISCOVERY, Key, Phone, sent};
use crate::world::*;

async fn world() -> World {
    let world = World::new().await;
    world.app("shop").await;
    for name in ["kim", "lee"] {
        let email = Contact { value: format!("{name}@example.com"), kind: None, primary: true, verified: true };
        world.user_with(name, |user| user.profile.emails.push(email)).await;
    }
    world
}

async fn token(world: &World, name: &str) -> String {
    world.login_with("shop", name, &[("scope", "openid internal_login")]).await.is(200).at("/access_token")
}

async fn post(world: &World, body: &Value) -> Answer {
    world.anonymous().json(Method::POST, DEVICES, body).await
}

async fn itself(world: &World, phone: &Phone, what: &str, token: &str) -> Answer {
    world.anonymous().json(Method::POST, &format!("{DEVICES}/{}/{what}", phone.id), &json!({"token": token})).await
}

fn soon(world: &World) -> i64 {
    world.house.ports.clock.now().seconds() + 60
}

#[tokio::test]
async fn a_ticket_is_what_a_qr_code_of_shipped_apps_has() {
    let world = world().await;
    let kim = world.anonymous().bearer(&token(&world, "kim").await);
    let ticket = kim.get(DISCOVERY).await;
    let body = ticket.is(200).json();
    assert_eq!(body.as_object().unwrap().len(), 5);
    assert_eq!(
        (&body["username"], &body["host"], &body["tenantDomain"]),
        (&json!("kim"), &json!(BASE), &json!("carbon.super"))
    );
    let enrolment = Phone::enrolment(&ticket, "fcm-1", &Key::ec());
    let made = post(&world, &enrolment).await;
    let device = format!("{DEVICES}/{}", ticket.at("/deviceId"));
    assert_eq!(made.is(201).header("location"), Some(format!("{BASE}{device}").as_str()));
    assert_eq!(kim.get(&device).await.is(200).json(), made.json());
    assert_eq!(kim.get(DEVICES).await.is(200).json(), json!([made.json()]));
    let mails = sent(&world).await;
    assert_eq!(
        (mails[0].channel, mails[0].template.as_str(), &*mails[0].to),
        (Channel::Email, "factor-added", "kim@example.com")
    );
}

#[tokio::test]
async fn a_ticket_is_good_once_soon_and_for_its_own_signature() {
    let world = world().await;
    let kim = world.anonymous().bearer(&token(&world, "kim").await);
    let key = Key::ec();
    let ticket = kim.get(DISCOVERY).await;
    let right = Phone::enrolment(&ticket, "fcm-1", &key);
    post(&world, &right).await.is(201);
    post(&world, &right).await.is(400);
    let late = Phone::enrolment(&kim.get(DISCOVERY).await, "fcm-1", &key);
    world.wait(minutes(5));
    post(&world, &late).await.is(400);
    for (member, value) in
        [("deviceToken", json!("fcm-2")), ("signature", json!("AAAA")), ("publicKey", spki(&Key::ec()))]
    {
        let mut wrong = Phone::enrolment(&kim.get(DISCOVERY).await, "fcm-1", &key);
        let honest = wrong.clone();
        wrong[member] = value;
        post(&world, &wrong).await.is(400);
        // Whatever came of it, the ticket is used.
        post(&world, &honest).await.is(400);
    }
    world.tenant("acme").await;
    let elsewhere = Phone::enrolment(&kim.get(DISCOVERY).await, "fcm-1", &key);
    world.anonymous().at("/t/acme").json(Method::POST, DEVICES, &elsewhere).await.is(400);
    let invented = json!({"deviceId": "d", "name": "n", "model": "m", "deviceToken": "t", "publicKey": spki(&key), "signature": ""});
    post(&world, &invented).await.is(400);
    assert_eq!(kim.get(DEVICES).await.json().as_array().unwrap().len(), 1);
}

fn spki(key: &Key) -> Value {
    vestibule_jose::base64url(&key.spki()).into()
}

#[tokio::test]
async fn a_public_key_is_also_taken_as_a_jwk() {
    let world = world().await;
    let kim = world.anonymous().bearer(&token(&world, "kim").await);
    let key = Key::ed();
    let mut body = Phone::enrolment(&kim.get(DISCOVERY).await, "fcm-1", &key);
    let mut jwk = serde_json::to_value(vestibule_jose::Jwk::from_spki(&key.spki()).unwrap()).unwrap();
    body["publicKey"] = jwk.clone();
    post(&world, &body).await.is(201);
    jwk["d"] = "AAAA".into();
    let mut private = Phone::enrolment(&kim.get(DISCOVERY).await, "fcm-1", &key);
    private["publicKey"] = jwk;
    post(&world, &private).await.is(400);
}

#[tokio::test]
async fn a_ticket_needs_a_user_whose_token_is_for_it() {
    let world = world().await;
    let plain = world.login("shop", "kim").await.at("/access_token");
    world.anonymous().bearer(&plain).get(DISCOVERY).await.is(403);
    world.anonymous().get(DISCOVERY).await.is(401);
    world.user_with("boss", |user| user.administrator = true).await;
    world.anonymous().basic("boss", PASSWORD).get(DISCOVERY).await.is(403);
}

#[tokio::test]
async fn users_have_ten_devices_at_most() {
    let world = world().await;
    let kim = token(&world, "kim").await;
    let mut last = None;
    for _ in 0..10 {
        last = Some(world.anonymous().bearer(&kim).get(DISCOVERY).await);
        Phone::of(&world, &kim, Key::ed()).await;
    }
    world.anonymous().bearer(&kim).get(DISCOVERY).await.is(409);
    post(&world, &Phone::enrolment(&last.unwrap(), "fcm-1", &Key::ed())).await.is(409);
}

#[tokio::test]
async fn users_change_and_remove_their_own_devices_only() {
    let world = world().await;
    let (kim, lee) = (token(&world, "kim").await, token(&world, "lee").await);
    let phone = Phone::of(&world, &kim, Key::ed()).await;
    sent(&world).await;
    let path = format!("{DEVICES}/{}", phone.id);
    let other = world.anonymous().bearer(&lee);
    other.get(&path).await.is(404);
    other.json(Method::PUT, &path, &json!({"name": "mine"})).await.is(404);
    other.send(Method::DELETE, &path, None, Vec::new()).await.is(404);
    assert_eq!(other.get(DEVICES).await.is(200).json(), json!([]));
    let own = world.anonymous().bearer(&kim);
    let renamed = own.json(Method::PUT, &path, &json!({"name": "Old phone", "deviceToken": "fcm-9"})).await;
    assert_eq!(renamed.is(200).at("/name"), "Old phone");
    for bad in [json!({"name": ""}), json!({"name": "a\nb"}), json!({"deviceToken": "a b"}), json!({"model": "x"})] {
        own.json(Method::PUT, &path, &bad).await.is(400);
    }
    own.send(Method::DELETE, &path, None, Vec::new()).await.is(204);
    own.get(&path).await.is(404);
    assert_eq!(sent(&world).await[0].template, "factor-removed");
}

#[tokio::test]
async fn a_device_changes_and_removes_itself_with_tokens_for_just_that() {
    let world = world().await;
    let kim = token(&world, "kim").await;
    let phone = Phone::of(&world, &kim, Key::ec()).await;
    let path = format!("{DEVICES}/{}", phone.id);
    let rename = phone.signed(&json!({"exp": soon(&world), "name": "Renamed"}));
    itself(&world, &phone, "update", &rename).await.is(204);
    assert_eq!(world.anonymous().bearer(&kim).get(&path).await.at("/name"), "Renamed");
    let answer = phone.signed(&json!({"exp": soon(&world), "pushAuthId": "p", "challenge": "c", "response": "DENIED"}));
    let other = Phone { id: phone.id.clone(), token: String::new(), key: Key::ec() };
    let farewell = json!({"exp": soon(&world)});
    for (what, wrong) in [
        ("remove", rename),
        ("remove", answer.clone()),
        ("update", answer),
        ("update", phone.signed(&farewell)),
        ("remove", other.signed(&farewell)),
        ("remove", phone.signed(&json!({"exp": soon(&world) - 60}))),
        ("remove", "x".to_owned()),
    ] {
        itself(&world, &phone, what, &wrong).await.is(400);
    }
    itself(&world, &phone, "remove", &phone.signed(&farewell)).await.is(204);
    itself(&world, &phone, "remove", &phone.signed(&farewell)).await.is(404);
}
