//! Which passwords are refused, wherever they are set.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use vestibule_core::ports::Secret;
use vestibule_core::user::Contact;

use crate::authenticators::{CODE, Code, RIGHT};
use crate::me::*;
use crate::operators::*;
use crate::world::*;

const PASS: &str = "BasicAuthenticator";
const RENEWAL: &str = "password-reset-enforcer";
const LISTED: &str = "This is on our list 7";

fn change(new: &str) -> serde_json::Value {
    json!({"currentPassword": PASSWORD, "newPassword": new})
}

/// A world whose operator refuses [`LISTED`], given as a SHA-1, and another one.
async fn world() -> World {
    let list = tempfile::NamedTempFile::new().unwrap();
    let digest: String = vestibule_jose::sha1(LISTED.as_bytes()).iter().map(|byte| format!("{byte:02X}")).collect();
    std::fs::write(list.path(), format!("{digest}:42\nour old default\n")).unwrap();
    let code = Code::leaked();
    World::set(|setting| {
        setting.authenticators.push(code);
        setting.public_url = "https://login.meadowland.example";
        setting.config.passwords.blocklist_file = Some(list.path().to_owned());
    })
    .await
}

// Checklist 5, 6.
#[tokio::test]
async fn common_breached_and_listed_passwords_are_refused_wherever_they_are_set() {
    let world = world().await;
    world.household("kim").await;
    let kim = world.signed_in("kim").await;
    let admin = world.admin().await;
    let common = "The password is among those that are guessed first. Choose another one.";
    let listed = "The password is on this server's list of refused passwords. Choose another one.";
    for (password, sentence) in [
        ("1q2w3e4r5t6y", common),
        ("Football123", common),
        ("QAZWSXEDCRFV", common),
        (LISTED, listed),
        ("Our Old Default", listed),
    ] {
        let body = json!({"userName": "lee", "password": password});
        admin.post(USERS, body).await.is_refusal(400, sentence);
        kim.post(CHANGE, change(password)).await.is_refusal(400, sentence);
    }
    kim.post(CHANGE, change("this is on our list 7")).await.is(204);
}

// Checklist 5.
#[tokio::test]
async fn the_first_administrators_password_is_judged_too() {
    let world = world().await;
    for bad in ["short", "1q2w3e4r5t6y", "our old default", "admin#2024#", "Meadowland24"] {
        let refused = world.house.admin.first_start(Some(Secret::new(bad.to_owned()))).await.unwrap_err();
        assert!(refused.description().starts_with("The password is "), "{bad}: {}", refused.description());
    }
    assert!(world.house.admin.first_start(Some(Secret::new(PASSWORD.to_owned()))).await.is_ok());
}

// Checklist 5, 6.
#[tokio::test]
async fn words_of_the_place_are_no_password() {
    let world = world().await;
    let (_, user) = world.household("kim").await;
    let email = Contact { value: "berry@orchard.example".to_owned(), kind: None, primary: false, verified: false };
    world.change_user(&user, |user| user.profile.emails.push(email)).await;
    world.app_with("walled", |app| app.name = "Walled Patch".to_owned()).await;
    let token = world.login_with("walled", "kim", &[("scope", "openid internal_login")]).await.at("/access_token");
    let kim = world.anonymous().bearer(&token);
    for (password, what) in [
        ("Orchard#2024", "an email address"),
        ("walled-patch-1", "the name of the application"),
        ("Meadowland#77", "the server's address"),
    ] {
        let sentence = format!("The password is built on {what}. Choose another one.");
        kim.post(CHANGE, change(password)).await.is_refusal(400, &sentence);
    }
    kim.post(CHANGE, change("a patch of gardens")).await.is(204);
    let acme = world.tenant_with("acme", |tenant| tenant.name = "Orange Corporation".to_owned()).await;
    let boss = world.admin_of(&acme, "boss").await;
    let lee = |password: &str| json!({"userName": "lee", "password": password});
    let sentence = "The password is built on the name of the tenant. Choose another one.";
    for password in ["corporation#77", "acme-acme-7"] {
        boss.post(USERS, lee(password)).await.is_refusal(400, sentence);
    }
    boss.post(USERS, lee("a corporation of gardeners")).await.is(201);
}

// Checklist 1, 6.
#[tokio::test]
async fn a_password_that_is_the_only_factor_is_renewed_at_fifteen_characters() {
    let world = world().await;
    world.app("shop").await;
    world.app_with("bank", |app| app.sequence = steps(&[&[PASS], &[CODE]])).await;
    world.user_with("kim", |user| user.renew_password = true).await;
    let renew =
        |new: &'static str| json!({"currentPassword": PASSWORD, "newPassword": new, "newPasswordConfirmation": new});
    let flow = world.anonymous().sign_in("shop", "kim", &[]).await.is_step("INCOMPLETE").flow_id();
    let again = world.anonymous().answer(&flow, &id_of(RENEWAL), renew("14 characters!")).await;
    let told = again.is_step("FAIL_INCOMPLETE").at("/nextStep/messages/0/message");
    assert_eq!(told, "The password is shorter than 15 characters.");

    let flow = world.anonymous().sign_in("bank", "kim", &[]).await.is_step("INCOMPLETE").flow_id();
    world.anonymous().answer(&flow, &id_of(CODE), json!({"OTPCode": RIGHT})).await.is_step("INCOMPLETE");
    let again = world.anonymous().answer(&flow, &id_of(RENEWAL), renew("short")).await;
    let told = again.is_step("FAIL_INCOMPLETE").at("/nextStep/messages/0/message");
    assert_eq!(told, "The password is shorter than 8 characters.");
    world.anonymous().answer(&flow, &id_of(RENEWAL), renew("14 characters!")).await.is(200).code();
}

// Checklist 1.
#[tokio::test]
async fn a_login_by_a_short_password_alone_is_noted_and_goes_on() {
    let world = world().await;
    world.app("shop").await;
    world.app_with("bank", |app| app.sequence = steps(&[&[PASS], &[CODE]])).await;
    let user = world.user("kim").await;
    let short = world.house.ports.passwords.hash(&"kZ7 vq.p".to_owned().into()).await.unwrap();
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(log.clone()));
    world.login("shop", "kim").await.is(200);
    assert_eq!(log.notes(), Vec::<String>::new());
    world.change_user(&user, |user| user.password = short).await;
    for app in ["bank", "shop"] {
        let flow = world.authorize(app, &[]).await.flow_id();
        let answer = world.anonymous().password(&flow, "kim", "kZ7 vq.p").await;
        if app == "shop" {
            answer.is(200).code();
        } else {
            answer.is_step("INCOMPLETE");
        }
    }
    let notes = log.notes();
    assert_eq!(notes.len(), 1, "{notes:?}");
    assert!(notes[0].contains(&user.id.to_string()) && notes[0].contains("least=15"), "{notes:?}");
    assert!(!notes[0].contains("kZ7"), "{notes:?}");
}

/// What the log says of short passwords.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn notes(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        if line.0.contains("the only factor and short") {
            self.0.lock().unwrap().push(line.0);
        }
    }
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}
