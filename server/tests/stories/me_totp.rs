//! An authenticator app, enrolled by its user.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use vestibule_core::ports::Clock as _;

use crate::me::*;
use crate::world::*;

const SECRET_PATH: &str = "/api/users/v1/me/totp/secret";
const NOTHING_WAITS: &str = "There is no secret that waits to be confirmed. Ask for one with the action INIT.";

impl World {
    /// The code that an authenticator app shows now.
    pub fn code_of(&self, secret: &str) -> String {
        let step = u64::try_from(self.clock.now().seconds() / 30).unwrap();
        vestibule_jose::hotp(&from_base32(secret), step, 6)
    }
}

fn from_base32(text: &str) -> Vec<u8> {
    let mut bits = String::new();
    for letter in text.bytes() {
        let value = if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter - b'A' };
        bits.push_str(&format!("{value:05b}"));
    }
    let bytes = bits.as_bytes().chunks_exact(8);
    bytes.map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap()).collect()
}

fn act(action: &str) -> serde_json::Value {
    json!({"action": action})
}

fn validate(code: &str) -> serde_json::Value {
    json!({"action": "VALIDATE", "verificationCode": code})
}

/// A code that is wrong in every step near now.
fn wrong(world: &World, secret: &str) -> String {
    let near = [-30i64, 0, 30].map(|shift| {
        let step = u64::try_from((world.clock.now().seconds() + shift) / 30).unwrap();
        vestibule_jose::hotp(&from_base32(secret), step, 6)
    });
    ["000000", "111111", "222222", "333333"]
        .into_iter()
        .find(|code| !near.iter().any(|near| near == code))
        .unwrap()
        .into()
}

#[tokio::test]
async fn a_secret_is_shown_in_every_form_and_confirmed_by_a_first_code() {
    let world = World::new().await;
    let (_, user) = world.household("kim").await;
    let kim = world.signed_in("kim").await;
    let offer = kim.post(TOTP, act("INIT")).await;
    let (secret, uri) = (offer.is(200).at("/secret"), offer.at("/uri"));
    assert_eq!(from_base32(&secret).len(), 20);
    assert_eq!(
        uri,
        format!("otpauth://totp/Vestibule:kim?secret={secret}&issuer=Vestibule&algorithm=SHA1&digits=6&period=30")
    );
    assert_eq!(STANDARD.decode(offer.at("/qrCodeUrl")).unwrap(), uri.as_bytes());
    let picture = |at: &str, kind: &str| {
        let picture = offer.at(at);
        STANDARD.decode(picture.strip_prefix(&format!("data:{kind};base64,")).unwrap()).unwrap()
    };
    assert!(picture("/qrPng", "image/png").starts_with(b"\x89PNG\r\n\x1a\n"));
    assert!(String::from_utf8(picture("/qrSvg", "image/svg+xml")).unwrap().ends_with("</svg>"));
    assert_eq!(offer.header("cache-control"), Some("no-store"));

    assert_eq!(kim.post(TOTP, act("VIEW")).await.is(200).json(), offer.json());
    assert_eq!(kim.get(SECRET_PATH).await.is(200).json(), json!({"secret": secret}));
    assert!(world.store().credentials(&user.tenant, &user.id).await.unwrap().is_empty());

    let verdict = kim.post(TOTP, validate(&wrong(&world, &secret))).await;
    assert_eq!(verdict.is(200).json(), json!({"isValid": false}));
    let verdict = kim.post(TOTP, validate(&world.code_of(&secret))).await;
    assert_eq!(verdict.is(200).json(), json!({"isValid": true}));
    assert_eq!(world.notices("kim@example.com").await, [("factor-added".into(), "authenticator app".into())]);
    let held = world.store().credentials(&user.tenant, &user.id).await.unwrap();
    assert_eq!(held.len(), 1);
    assert!(!format!("{held:?}").contains(&secret));
}

#[tokio::test]
async fn a_confirmed_secret_is_never_shown_again() {
    let world = World::new().await;
    world.household("kim").await;
    let kim = world.signed_in("kim").await;
    for path in [TOTP, SECRET_PATH] {
        let shown = if path == TOTP { kim.post(path, act("VIEW")).await } else { kim.get(path).await };
        shown.is_refusal(404, NOTHING_WAITS);
    }
    let secret = kim.post(TOTP, act("INIT")).await.at("/secret");
    kim.post(TOTP, validate(&world.code_of(&secret))).await.is(200);
    let shown = "The secret is confirmed and is not shown again. The action REFRESH replaces it.";
    kim.post(TOTP, act("VIEW")).await.is_refusal(409, shown);
    kim.get(SECRET_PATH).await.is_refusal(409, shown);
    let enrolled = "An authenticator app is enrolled already. The action REFRESH replaces its secret.";
    kim.post(TOTP, act("INIT")).await.is_refusal(409, enrolled);
    kim.post(TOTP, validate(&world.code_of(&secret))).await.is_refusal(404, NOTHING_WAITS);
}

#[tokio::test]
async fn another_secret_takes_the_place_of_the_old_one_once_it_is_confirmed() {
    let world = World::new().await;
    let (_, user) = world.household("kim").await;
    let kim = world.signed_in("kim").await;
    let first = kim.post(TOTP, act("INIT")).await.at("/secret");
    let second = kim.post(TOTP, act("REFRESH")).await.at("/secret");
    assert_ne!(first, second);
    let verdict = kim.post(TOTP, validate(&world.code_of(&first))).await;
    assert_eq!(verdict.json(), json!({"isValid": false}));
    kim.post(TOTP, validate(&world.code_of(&second))).await.is(200);
    let before = world.store().credentials(&user.tenant, &user.id).await.unwrap();

    let third = kim.post(TOTP, act("REFRESH")).await.at("/secret");
    assert_eq!(world.store().credentials(&user.tenant, &user.id).await.unwrap(), before);
    let verdict = kim.post(TOTP, validate(&world.code_of(&third))).await;
    assert_eq!(verdict.json(), json!({"isValid": true}));
    let after = world.store().credentials(&user.tenant, &user.id).await.unwrap();
    assert_eq!((after.len(), after[0].id), (1, before[0].id));
    assert_ne!(after[0].held, before[0].held);

    world.wait(minutes(16));
    kim.post(TOTP, act("REFRESH")).await.is_refusal(401, STALE);
}

#[tokio::test]
async fn a_secret_waits_ten_minutes() {
    let world = World::new().await;
    world.household("kim").await;
    let kim = world.signed_in("kim").await;
    let secret = kim.post(TOTP, act("INIT")).await.at("/secret");
    world.wait(minutes(10));
    kim.post(TOTP, validate(&world.code_of(&secret))).await.is_refusal(404, NOTHING_WAITS);
    kim.post(TOTP, act("INIT")).await.is(200);
}

#[tokio::test]
async fn a_first_code_cannot_be_guessed() {
    let world = World::new().await;
    world.household("kim").await;
    let kim = world.signed_in("kim").await;
    let secret = kim.post(TOTP, act("INIT")).await.at("/secret");
    let wrong = wrong(&world, &secret);
    for _ in 0..5 {
        assert_eq!(kim.post(TOTP, validate(&wrong)).await.is(200).json(), json!({"isValid": false}));
    }
    let locked = kim.post(TOTP, validate(&world.code_of(&secret))).await;
    locked.is_refusal(429, "There were too many wrong answers. Try again later.");
    assert_eq!(locked.header("retry-after"), Some("30"));
    kim.post(TOTP, act("REFRESH")).await.is(200);
    kim.post(TOTP, validate(&wrong)).await.is(429);
    world.wait(seconds(31));
    let secret = kim.post(TOTP, act("REFRESH")).await.at("/secret");
    assert_eq!(kim.post(TOTP, validate(&world.code_of(&secret))).await.json(), json!({"isValid": true}));
}

#[tokio::test]
async fn a_users_secret_is_not_another_users() {
    let world = World::new().await;
    world.household("kim").await;
    world.reachable("eve").await;
    let (kim, eve) = (world.signed_in("kim").await, world.signed_in("eve").await);
    let secret = kim.post(TOTP, act("INIT")).await.at("/secret");
    eve.post(TOTP, act("VIEW")).await.is(404);
    eve.post(TOTP, validate(&world.code_of(&secret))).await.is(404);
    eve.delete(TOTP).await.is_refusal(404, "No authenticator app is enrolled.");
    assert_eq!(kim.post(TOTP, validate(&world.code_of(&secret))).await.json(), json!({"isValid": true}));
}

#[tokio::test]
async fn an_authenticator_app_is_removed() {
    let world = World::new().await;
    world.household("kim").await;
    let kim = world.signed_in("kim").await;
    kim.post(TOTP, act("INIT")).await.is(200);
    kim.delete(TOTP).await.is(204);
    assert!(world.letters().await.is_empty(), "a secret that waited was no way of signing in");
    let secret = kim.post(TOTP, act("INIT")).await.at("/secret");
    kim.post(TOTP, validate(&world.code_of(&secret))).await.is(200);
    world.wait(seconds(1));
    kim.delete(TOTP).await.is(204);
    let told = ["factor-added", "factor-removed"].map(|template| (template.into(), "authenticator app".into()));
    assert_eq!(world.notices("kim@example.com").await, told);
    kim.delete(TOTP).await.is(404);
}

#[tokio::test]
async fn a_request_says_what_it_wants() {
    let world = World::new().await;
    world.household("kim").await;
    let kim = world.signed_in("kim").await;
    kim.post(TOTP, act("SHOW")).await.is_refusal(400, "action must be one of INIT, VIEW, REFRESH, VALIDATE, not SHOW.");
    kim.post(TOTP, json!({})).await.is_refusal(400, "action is missing.");
    kim.post(TOTP, act("INIT")).await.is(200);
    kim.post(TOTP, act("VALIDATE")).await.is_refusal(400, "verificationCode is missing.");
    kim.post(TOTP, json!({"action": "INIT", "secret": "x"})).await.is_refusal(400, "secret is unknown.");
    let number = json!({"action": "VALIDATE", "verificationCode": 123});
    assert_eq!(kim.post(TOTP, number).await.is(200).json(), json!({"isValid": false}));
}

#[tokio::test]
async fn a_tenants_authenticator_apps_carry_its_name() {
    let world = World::new().await;
    let acme = world.tenant_with("acme", |tenant| tenant.name = "Acme & Co".to_owned()).await;
    world.app_with("shop", |app| app.tenant = acme.clone()).await;
    world.user_with("kim", |user| user.tenant = acme.clone()).await;
    let there = world.anonymous().at("/t/acme");
    let done = there.sign_in("shop", "kim", &[("scope", "openid internal_login")]).await;
    let token = there.exchange("shop", &done.code()).await.at("/access_token");
    let offer = there.bearer(&token).post(TOTP, act("INIT")).await;
    assert!(offer.is(200).at("/uri").starts_with("otpauth://totp/Acme%20%26%20Co:kim?secret="), "{}", offer.text());
}

#[tokio::test]
async fn a_long_name_still_fits_into_the_picture() {
    let world = World::new().await;
    let name = "\u{1f600}".repeat(240);
    world.household(&name).await;
    let kim = world.signed_in(&name).await;
    let offer = kim.json(axum::http::Method::POST, crate::me::TOTP, &json!({"action": "INIT"})).await;
    assert!(offer.is(200).at("/qrPng").starts_with("data:image/png;base64,"));
}
