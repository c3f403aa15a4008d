//! Users at work on their own account: who may, and what they are told by mail.

use axum::http::Method;
use serde_json::{Value, json};
use vestibule_core::application::Application;
use vestibule_core::delivery::{Channel, Dispatch};
use vestibule_core::ports::store::Delivery;
use vestibule_core::user::{Contact, User};

use crate::world::*;

pub const TOTP: &str = "/api/users/v1/me/totp";
pub const CODES: &str = "/api/users/v1/me/backup-codes";
pub const VERIFY: &str = "/api/users/v1/me/verifications";
pub const CHANGE: &str = "/api/users/v1/me/password";
pub const KEYS: &str = "/api/users/v2/me/webauthn";

pub const STALE: &str = "A more recent login is required: sign in again and repeat this with the new access token.";

impl World {
    /// The application `shop` and its user, who has an email address and a mobile number.
    pub async fn household(&self, user: &str) -> (Application, User) {
        let app = self.app("shop").await;
        (app, self.reachable(user).await)
    }

    /// A user with an email address and a mobile number.
    pub async fn reachable(&self, user: &str) -> User {
        let contact =
            |value: String, kind: &str| Contact { value, kind: Some(kind.to_owned()), primary: false, verified: false };
        let email = contact(format!("{user}@example.com"), "work");
        let phone = contact("+94771234567".to_owned(), "mobile");
        self.user_with(user, |user| (user.profile.emails, user.profile.phones) = (vec![email], vec![phone])).await
    }

    /// The user at `shop`, with a token that allows self-service.
    pub async fn signed_in(&self, user: &str) -> Caller {
        self.anonymous().bearer(&self.token(user).await)
    }

    /// An access token of the user at `shop` that allows self-service.
    pub async fn token(&self, user: &str) -> String {
        let tokens = self.login_with("shop", user, &[("scope", "openid internal_login")]).await;
        tokens.is(200).at("/access_token")
    }

    /// The messages that were written since the last look, oldest first.
    pub async fn letters(&self) -> Vec<Dispatch> {
        let now = self.clock.0.lock().unwrap().to_owned();
        let mut read = Vec::new();
        for carried in self.store().carry(now, now + minutes(1), 1000).await.unwrap() {
            read.push(carried.letter.open(&self.house.secrets).unwrap());
            assert!(self.store().carried(&carried.letter.id, carried.lease, Delivery::Arrived).await.unwrap());
        }
        read
    }

    /// Template and factor of the messages since the last look, all of which went to the address.
    pub async fn notices(&self, to: &str) -> Vec<(String, String)> {
        let letters = self.letters().await;
        assert!(letters.iter().all(|letter| letter.to == to && letter.channel == Channel::Email), "{letters:?}");
        let told = |letter: Dispatch| (letter.template, letter.values.get("factor").cloned().unwrap_or_default());
        letters.into_iter().map(told).collect()
    }
}

/// Every route with a body that would do.
fn calls() -> Vec<(Method, &'static str, Option<Value>)> {
    vec![
        (Method::POST, TOTP, Some(json!({"action": "INIT"}))),
        (Method::DELETE, TOTP, None),
        (Method::GET, "/api/users/v1/me/totp/secret", None),
        (Method::GET, CODES, None),
        (Method::POST, CODES, None),
        (Method::DELETE, CODES, None),
        (Method::POST, VERIFY, Some(json!({"channel": "email"}))),
        (Method::POST, "/api/users/v1/me/verifications/confirm", Some(json!({"channel": "email", "code": "123456"}))),
        (Method::POST, CHANGE, Some(json!({"currentPassword": PASSWORD, "newPassword": "another horse battery"}))),
        (Method::POST, "/api/users/v2/me/webauthn/start-registration", None),
        (Method::POST, "/api/users/v2/me/webauthn/start-usernameless-registration", None),
        (
            Method::POST,
            "/api/users/v2/me/webauthn/finish-registration",
            Some(json!({"requestId": "x", "credential": {}})),
        ),
        (Method::GET, KEYS, None),
        (Method::GET, "/api/users/v2/me/webauthn/", None),
        (Method::PATCH, "/api/users/v2/me/webauthn/x", Some(json!([]))),
        (Method::DELETE, "/api/users/v2/me/webauthn/x", None),
    ]
}

async fn call(caller: &Caller, (method, path, body): (Method, &'static str, Option<Value>)) -> Answer {
    match body {
        Some(body) => caller.json(method, path, &body).await,
        None => caller.send(method, path, None, Vec::new()).await,
    }
}

#[tokio::test]
async fn an_account_is_open_to_a_token_of_its_user_with_the_scope_and_to_nobody_else() {
    let world = World::new().await;
    world.household("kim").await;
    let admin = world.admin().await;
    world.scoped_app("robot", &["internal_user_mgt_update"]).await;
    let old = world.signed_in("kim").await;
    world.wait(minutes(61));
    let app = world.as_app("robot", "internal_user_mgt_update").await;
    let kim = world.signed_in("kim").await;
    world.tenant("acme").await;
    let elsewhere = kim.clone().at("/t/acme");
    let nobody = world.anonymous();
    for made in calls() {
        let refused = call(&nobody, made.clone()).await;
        refused.is_refusal(401, "Authenticate with Authorization: Basic as an administrator, or with a Bearer token.");
        call(&old, made.clone()).await.is(401);
        call(&elsewhere, made.clone()).await.is(401);
        call(&admin, made.clone()).await.is(403);
        call(&app, made).await.is(403);
    }
    assert!(world.letters().await.is_empty());
}

#[tokio::test]
async fn a_token_without_the_scope_is_refused() {
    let world = World::new().await;
    world.household("kim").await;
    let narrow = world.login("shop", "kim").await.at("/access_token");
    let narrow = world.anonymous().bearer(&narrow);
    for (method, path, body) in calls() {
        let refused = call(&narrow, (method, path, body)).await;
        refused.is_refusal(403, "The caller does not have the permission for this operation.");
        for member in ["/code", "/message", "/traceId"] {
            assert!(!refused.at(member).is_empty());
        }
    }
}

// Checklist 108.
#[tokio::test]
async fn what_takes_trust_away_needs_a_login_of_the_last_quarter_of_an_hour() {
    let world = World::new().await;
    world.household("kim").await;
    let kim = world.signed_in("kim").await;
    world.wait(seconds(15 * 60 + 1));
    let sensitive = [
        (Method::DELETE, TOTP, None),
        (Method::POST, CODES, None),
        (Method::DELETE, CODES, None),
        (Method::POST, CHANGE, Some(json!({"currentPassword": PASSWORD, "newPassword": "another horse battery"}))),
        (Method::DELETE, "/api/users/v2/me/webauthn/x", None),
    ];
    for (method, path, body) in sensitive {
        let refused = call(&kim, (method, path, body)).await;
        refused.is_refusal(401, STALE);
        assert_eq!(
            refused.header("www-authenticate"),
            Some("Bearer realm=\"carbon.super\", error=\"insufficient_user_authentication\", max_age=\"900\"")
        );
    }
    kim.get(CODES).await.is(200);
    assert!(world.letters().await.is_empty());
}

#[tokio::test]
async fn pages_of_registered_origins_may_call_and_others_may_not() {
    let world = World::new().await;
    let (app, _) = world.household("kim").await;
    world.change_app(&app, |app| app.oauth.origins = ["https://shop.example".to_owned()].into()).await;
    let kim = world.signed_in("kim").await;
    let allowed = |answer: &Answer| answer.header("access-control-allow-origin").map(str::to_owned);
    let own = kim.clone().header("origin", "https://shop.example").get(CODES).await;
    assert_eq!(allowed(&own).as_deref(), Some("https://shop.example"));
    let strange = kim.clone().header("origin", "https://evil.example").get(CODES).await;
    assert_eq!(allowed(&strange), None);
}
