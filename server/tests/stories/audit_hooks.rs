//! Webhooks of the audit log, against a real receiver: signed, in order, tried again, and never to where they may not go.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vestibule::world::{Egress, Outbound};
use vestibule_core::ports::store::StoredHook;
use vestibule_core::ports::{HookId, TenantId};
use vestibule_jose::MacKey;

use crate::audit::AUDIT;
use crate::world::*;

/// What a receiver got, and what it answers.
#[derive(Clone, Default)]
struct Receiver {
    got: Arc<Mutex<Vec<(HeaderMap, String)>>>,
    ill: Arc<Mutex<bool>>,
}

impl Receiver {
    /// Listens on a free port: the address to deliver to.
    async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/audit", listener.local_addr().unwrap());
        let router = Router::new().route("/audit", post(take)).with_state(self.clone());
        tokio::spawn(async move { axum_serve(listener, router).await });
        url
    }

    fn deliveries(&self) -> Vec<(HeaderMap, Value)> {
        let got = self.got.lock().unwrap();
        got.iter().map(|(headers, body)| (headers.clone(), serde_json::from_str(body).unwrap())).collect()
    }

    /// The numbers of all records that were delivered, in the order of their coming.
    fn seqs(&self) -> Vec<u64> {
        let all = self.deliveries();
        let data = all.iter().flat_map(|(_, body)| body["data"].as_array().unwrap());
        data.map(|record| record["seq"].as_u64().unwrap()).collect()
    }
}

async fn axum_serve(listener: tokio::net::TcpListener, router: Router) {
    let limits = vestibule::serve::HttpLimits { header_timeout: seconds(10), shutdown_grace: seconds(1) };
    vestibule::serve::serve(listener, router, None, limits, std::future::pending()).await;
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    receiver.got.lock().unwrap().push((headers, String::from_utf8(body.to_vec()).unwrap()));
    if *receiver.ill.lock().unwrap() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::NO_CONTENT }
}

/// Calls of the real world, to public addresses and these networks.
fn outbound(allowed: &[&str]) -> Arc<Outbound> {
    // The one crypto library; a second call would only say that it is set.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let allowed = allowed.iter().map(|network| network.parse().unwrap()).collect();
    Arc::new(Outbound::new(Egress { allowed }))
}

/// A world that may call this machine.
async fn world() -> World {
    let web = outbound(&["127.0.0.0/8"]);
    let world = World::set(|setting| setting.web = web).await;
    world.app("shop").await;
    world.user("kim").await;
    world
}

async fn serve(world: &World) {
    while world.house.serve_hooks().await.unwrap() {}
}

// Checklist 114, 117.
#[tokio::test]
async fn records_are_delivered_signed_and_in_order() {
    let (world, receiver) = (world().await, Receiver::default());
    let (admin, url) = (world.admin().await, receiver.listen().await);
    world.anonymous().sign_in("shop", "kim", &[]).await;
    let made = admin.post(&format!("{AUDIT}/webhooks"), json!({"url": url, "events": ["login.*"]})).await;
    let secret = made.is(201).at("/secret");
    for _ in 0..3 {
        world.anonymous().sign_in("shop", "kim", &[]).await;
    }
    serve(&world).await;
    let deliveries = receiver.deliveries();
    assert_eq!(deliveries.len(), 1);
    let (headers, body) = &deliveries[0];
    let whats: Vec<_> = body["data"].as_array().unwrap().iter().map(|record| &record["event"]["what"]).collect();
    assert_eq!(
        whats, ["login.succeeded"; 3],
        "what was before the webhook is not delivered, nor what it does not want"
    );
    assert!(receiver.seqs().is_sorted());
    assert_eq!((&body["type"], &body["tenant"]), (&json!("audit.records"), &json!("carbon.super")));

    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let (id, moment) = (header("webhook-id"), header("webhook-timestamp"));
    assert_eq!(moment, START.seconds().to_string());
    let key = MacKey::new(&STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap());
    let text = receiver.got.lock().unwrap()[0].1.clone();
    let signature = STANDARD.encode(key.sign(format!("{id}.{moment}.{text}").as_bytes()));
    assert_eq!(header("webhook-signature"), format!("v1,{signature}"));

    let shown = admin.get(&format!("{AUDIT}/webhooks")).await.is(200).json();
    assert_eq!((shown[0].get("secret"), &shown[0]["tries"]), (None, &json!(0)));
}

#[tokio::test]
async fn a_delivery_that_fails_is_tried_again_and_nothing_overtakes_it() {
    let (world, receiver) = (world().await, Receiver::default());
    let (admin, url) = (world.admin().await, receiver.listen().await);
    admin.post(&format!("{AUDIT}/webhooks"), json!({"url": url, "events": ["login.*"]})).await.is(201);
    *receiver.ill.lock().unwrap() = true;
    world.anonymous().sign_in("shop", "kim", &[]).await;
    serve(&world).await;
    serve(&world).await;
    assert_eq!(receiver.deliveries().len(), 1, "it waits before it tries again");
    world.wait(seconds(1));
    serve(&world).await;
    assert_eq!(receiver.deliveries().len(), 2);
    let shown = admin.get(&format!("{AUDIT}/webhooks")).await.is(200).json();
    assert_eq!(shown[0]["tries"], 2);
    assert!(shown[0]["nextTry"].is_string());
    world.anonymous().sign_in("shop", "kim", &[]).await;
    *receiver.ill.lock().unwrap() = false;
    serve(&world).await;
    assert_eq!(receiver.deliveries().len(), 2);
    world.wait(seconds(5));
    serve(&world).await;
    let seqs = receiver.seqs();
    let (first, last) = (seqs[0], *seqs.last().unwrap());
    assert_eq!(seqs, [first, first, first, last], "the second record came with the first one's third try");
    assert!(last > first);
    world.wait(minutes(1));
    serve(&world).await;
    assert_eq!(receiver.deliveries().len(), 3, "what was taken does not come again");
}

#[tokio::test]
async fn a_webhook_whose_secret_cannot_be_opened_keeps_nobody_waiting() {
    let (world, receiver) = (world().await, Receiver::default());
    let (admin, url) = (world.admin().await, receiver.listen().await);
    let made =
        admin.post(&format!("{AUDIT}/webhooks"), json!({"url": url, "events": ["login.*"]})).await.is(201).at("/id");
    let good = world.store().hooks(&TenantId::root()).await.unwrap().remove(0);
    // As if it came from a copy of the database of another server, and older: it is served first.
    let id = HookId::from_bytes([0; 16]);
    world.store().add_hook(&StoredHook { id, secret: "sealed elsewhere".to_owned(), ..good }).await.unwrap();
    world.anonymous().sign_in("shop", "kim", &[]).await;
    serve(&world).await;
    assert_eq!(receiver.deliveries().len(), 1);
    let shown = admin.get(&format!("{AUDIT}/webhooks")).await.is(200).json();
    let mut hooks = shown.as_array().unwrap().iter();
    let other = hooks.find(|hook| hook["id"] != json!(made)).unwrap();
    assert_eq!(other["tries"], 1, "it will be tried again");
}

// Checklist 114.
#[tokio::test]
async fn a_webhook_does_not_reach_addresses_that_are_not_allowed() {
    let receiver = Receiver::default();
    let url = receiver.listen().await;
    let web = outbound(&[]);
    let world = World::set(|setting| setting.web = web).await;
    let admin = world.admin().await;
    admin.post(&format!("{AUDIT}/webhooks"), json!({"url": url})).await.is(201);
    serve(&world).await;
    assert_eq!(receiver.deliveries().len(), 0);
    let shown = admin.get(&format!("{AUDIT}/webhooks")).await.is(200).json();
    assert_eq!(shown[0]["tries"], 1);
}

// Checklist 111.
#[tokio::test]
async fn a_webhook_is_its_tenants_alone() {
    let (world, receiver) = (world().await, Receiver::default());
    let (acme, url) = (world.tenant("acme").await, receiver.listen().await);
    let (root, anna) = (world.admin().await, world.admin_of(&acme, "anna").await);
    let id = anna.post(&format!("{AUDIT}/webhooks"), json!({"url": url})).await.is(201).at("/id");
    serve(&world).await;
    let before = receiver.seqs().len();
    world.anonymous().sign_in("shop", "kim", &[]).await;
    world.wait(minutes(1));
    serve(&world).await;
    assert_eq!(receiver.seqs().len(), before, "a login of another tenant");
    let path = format!("{AUDIT}/webhooks/{id}");
    root.delete(&path).await.is(404);
    anna.delete(&path).await.is(204);
    anna.delete(&path).await.is(404);
}

#[tokio::test]
async fn a_webhook_that_makes_no_sense_is_refused() {
    let world = world().await;
    let admin = world.admin().await;
    for bad in [
        json!({"url": "siem.example"}),
        json!({"url": "http://siem.example"}),
        json!({"url": "ftp://siem.example"}),
        json!({"url": "https://user@siem.example"}),
        json!({"url": "https://siem.example/#x"}),
        json!({"url": "https://siem.example", "events": ["login"]}),
        json!({"url": "https://siem.example", "secret": "mine"}),
        json!({}),
    ] {
        admin.post(&format!("{AUDIT}/webhooks"), bad.clone()).await.is(400);
    }
    for _ in 0..10 {
        admin.post(&format!("{AUDIT}/webhooks"), json!({"url": "https://siem.example"})).await.is(201);
    }
    admin.post(&format!("{AUDIT}/webhooks"), json!({"url": "https://siem.example"})).await.is(409);
}
