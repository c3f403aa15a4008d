//! The mailbox of development: messages reach it, and only those who may see it do.

use std::collections::BTreeMap;

use vestibule::config::{Config, DeliveryKind};
use vestibule_core::delivery::{AskedBy, Channel, Dispatch};
use vestibule_core::ports::TenantId;

use crate::caller::{Answer, Caller};
use crate::world::{BASE, World, minutes, seconds};

const JSON: &str = "/dev/mailbox/messages";

/// Puts a code into the outbox, as a way of signing in does.
async fn post(world: &World, channel: Channel, to: &str, code: &str) {
    let values = [("code", code), ("minutes", "5"), ("app", "Shop")].map(|(key, value)| (key.into(), value.into()));
    let dispatch = Dispatch {
        channel,
        to: to.to_owned(),
        template: "otp".to_owned(),
        locale: None,
        values: BTreeMap::from(values),
    };
    let (ports, secrets, tenant) = (&world.house.ports, &*world.house.secrets, TenantId::root());
    let rules = Config::default().rules(BASE).sending;
    let letter = rules.letter((ports, secrets), (&tenant, None, AskedBy::Proven), &dispatch, minutes(5)).unwrap();
    assert!(world.store().post(&letter, ports.clock.now()).await.unwrap());
    // Letters of one moment have no order.
    world.wait(seconds(1));
}

fn here(world: &World) -> Caller {
    world.anonymous().from("127.0.0.1")
}

fn codes(answer: &Answer) -> Vec<String> {
    let messages = answer.is(200).member("/messages");
    messages.as_array().unwrap().iter().map(|message| message["code"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_letter_that_is_due_lands_in_the_mailbox() {
    let world = World::new().await;
    post(&world, Channel::Email, "kim@example.com", "482913").await;
    post(&world, Channel::Sms, "+49 151 1234-5678", "771100").await;
    let mail = world.mail().await;
    let seen: Vec<_> = mail.iter().map(|entry| (entry.to.as_str(), entry.code.as_deref())).collect();
    assert_eq!(seen, [("kim@example.com", Some("482913")), ("+4915112345678", Some("771100"))]);
    assert!(mail[0].html.as_ref().unwrap().contains("482913"));
    assert_eq!(world.mail().await.len(), 2, "a letter is carried once");
}

#[tokio::test]
async fn messages_after_one_are_read_as_json() {
    let world = World::new().await;
    post(&world, Channel::Email, "kim@example.com", "111111").await;
    post(&world, Channel::Email, "kim@example.com", "222222").await;
    world.mail().await;
    let all = here(&world).get(JSON).await;
    assert_eq!(codes(&all), ["111111", "222222"]);
    let first = all.at("/messages/0/id");
    assert_eq!(codes(&here(&world).get(&format!("{JSON}?since={first}")).await), ["222222"]);
    assert_eq!(codes(&here(&world).get(&format!("{JSON}?since=unknown")).await).len(), 2);
    assert_eq!(all.at("/messages/0/subject"), "111111 is your code for Shop");
    assert_eq!(all.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn the_page_brings_everything_with_it() {
    let world = World::new().await;
    let page = here(&world).get("/dev/mailbox").await;
    let policy = page.is(200).header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'nonce-"), "{policy}");
    let nonce = policy.split('\'').find_map(|part| part.strip_prefix("nonce-")).unwrap();
    let text = page.text();
    assert_eq!(text.matches("<script").count(), text.matches(&format!("<script nonce=\"{nonce}\">")).count());
    assert!(text.contains("setAttribute('sandbox', '')"));
    for outside in ["src=\"", "http://", "https://", "@import", "url("] {
        assert!(!text.contains(outside), "{outside}");
    }
    let again = here(&world).get("/dev/mailbox").await;
    assert_ne!(again.header("content-security-policy"), Some(policy));
}

#[tokio::test]
async fn from_afar_there_is_no_mailbox() {
    let world = World::new().await;
    for path in ["/dev/mailbox", JSON] {
        let at = |address: &str| world.anonymous().from(address);
        let behind = at("127.0.0.1").header("x-forwarded-for", "127.0.0.1");
        let rebound = at("127.0.0.1").header("host", "evil.example:9443");
        let veiled = at("127.0.0.1").header("forwarded", "for=127.0.0.1");
        for caller in [at("203.0.113.9"), world.anonymous(), behind, veiled, rebound] {
            caller.get(path).await.is(404);
        }
        for host in ["localhost:9443", "127.0.0.1", "[::1]:9443"] {
            at("::1").header("host", host).get(path).await.is(200);
        }
    }
}

#[tokio::test]
async fn a_mailbox_that_is_shown_to_all_is_seen_from_afar() {
    let world = World::set(|setting| setting.config.delivery.mailbox_public = true).await;
    world.anonymous().from("203.0.113.9").header("host", "dev.example").get(JSON).await.is(200);
}

#[tokio::test]
async fn without_the_mailbox_nothing_is_there() {
    let world = World::set(|setting| {
        setting.config.delivery.kind = DeliveryKind::None;
        setting.config.delivery.mailbox_public = true;
    })
    .await;
    post(&world, Channel::Email, "kim@example.com", "482913").await;
    assert_eq!(world.mail().await, []);
    here(&world).get("/dev/mailbox").await.is(404);
    here(&world).get(JSON).await.is(404);
}

#[tokio::test]
async fn a_page_of_another_origin_does_not_read_the_mailbox() {
    let world = World::new().await;
    world.app_with("shop", |app| app.oauth.origins = ["https://shop.example".to_owned()].into()).await;
    let caller = here(&world).header("origin", "https://shop.example");
    assert!(caller.get("/health/live").await.header("access-control-allow-origin").is_some());
    assert_eq!(caller.get(JSON).await.is(200).header("access-control-allow-origin"), None);
    assert_eq!(here(&world).header("host", BASE.trim_start_matches("http://")).get(JSON).await.status, 200);
}
