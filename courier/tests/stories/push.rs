use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vestibule_core::ports::store::Delivery;
use vestibule_courier::{Fcm, PushCarrier, Settings, Webhook};
use vestibule_jose::{Algorithm, Family, JwkSet, MacKey, SigningKey, verify};

use crate::world::World;

fn fcm(key: &SigningKey) -> Settings {
    let pem = STANDARD.encode(key.to_pkcs8().unwrap());
    let account = json!({
        "type": "service_account",
        "project_id": "shop",
        "client_email": "vestibule@shop.example",
        "private_key_id": "k1",
        "private_key": format!("-----BEGIN PRIVATE KEY-----\n{pem}\n-----END PRIVATE KEY-----\n"),
        "token_uri": "https://oauth2.example/token",
    });
    let push = PushCarrier::Fcm(Fcm {
        service_account: account.to_string().into(),
        base: "https://fcm.googleapis.com".to_owned(),
    });
    Settings { push, ..Settings::default() }
}

fn webhook(secret: &str) -> Settings {
    let push =
        PushCarrier::Webhook(Webhook { url: "https://push.example/in".to_owned(), secret: secret.to_owned().into() });
    Settings { push, ..Settings::default() }
}

#[tokio::test]
async fn fcm_gets_data_under_a_token_that_is_fetched_once() {
    let (world, key) = (World::new(), SigningKey::generate(Family::Rsa).unwrap());
    let courier = world.courier(&fcm(&key));
    world.web.answer(200, r#"{"access_token":"at1","expires_in":3600}"#);
    for _ in 0..2 {
        let id = world.post_push();
        world.web.answer(200, r#"{"name":"projects/shop/messages/1"}"#);
        courier.deliver_due().await.unwrap();
        assert_eq!(world.outbox.end(&id), Some(Delivery::Arrived));
    }
    let form = world.web.form(0);
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let keys = JwkSet { keys: vec![key.named("k1").jwk().clone()] };
    let verified = verify(&form["assertion"], &keys, &[Algorithm::RS256], Some("JWT")).unwrap();
    let claims: Value = serde_json::from_slice(&verified.payload).unwrap();
    assert_eq!(claims["aud"], "https://oauth2.example/token");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);
    for call in [1, 2] {
        let (url, headers, body) = world.web.call(call);
        assert_eq!(url, "https://fcm.googleapis.com/v1/projects/shop/messages:send");
        assert_eq!(headers["authorization"], "Bearer at1");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["message"]["token"], "device-token");
        assert_eq!(body["message"]["data"]["pushAuthId"], "p1");
        assert_eq!(body["message"]["data"]["title"], "Are you signing in?");
        assert_eq!(body["message"]["android"]["ttl"], "300s");
    }
}

#[tokio::test]
async fn fcm_s_token_is_fetched_again_near_its_end_and_when_it_is_refused() {
    let world = World::new();
    let courier = world.courier(&fcm(&SigningKey::generate(Family::Rsa).unwrap()));
    let deliver = async |token: Option<&str>, status| {
        if let Some(token) = token {
            world.web.answer(200, &format!(r#"{{"access_token":"{token}","expires_in":3600}}"#));
        }
        world.web.answer(status, "{}");
        world.post_push();
        courier.deliver_due().await.unwrap();
        let last = world.web.asked.lock().unwrap().len() - 1;
        world.web.call(last).1["authorization"].clone()
    };
    assert_eq!(deliver(Some("at1"), 200).await, "Bearer at1");
    world.clock.wait(3539);
    assert_eq!(deliver(None, 200).await, "Bearer at1");
    world.clock.wait(1);
    assert_eq!(deliver(Some("at2"), 401).await, "Bearer at2");
    assert_eq!(deliver(Some("at3"), 200).await, "Bearer at3");
}

#[tokio::test]
async fn a_device_that_is_gone_stays_gone_and_a_busy_provider_is_asked_again() {
    let key = SigningKey::generate(Family::Rsa).unwrap();
    let unregistered = r#"{"error":{"code":404,"details":[{"errorCode":"UNREGISTERED"}]}}"#;
    let mismatch = r#"{"error":{"code":403,"details":[{"errorCode":"SENDER_ID_MISMATCH"}]}}"#;
    let dead = Some(Delivery::Undeliverable);
    let cases = [(404, unregistered, dead), (403, mismatch, dead), (404, "", dead), (429, "", None), (503, "", None)];
    for (status, body, expected) in cases {
        let world = World::new();
        let id = world.post_push();
        world.web.answer(200, r#"{"access_token":"at","expires_in":3600}"#);
        world.web.answer(status, body);
        world.courier(&fcm(&key)).deliver_due().await.unwrap();
        assert_eq!(world.outbox.end(&id), expected, "{status} {body}");
    }
}

#[tokio::test]
async fn a_webhook_is_signed_and_keeps_its_id_over_retries() {
    let world = World::new();
    let secret = STANDARD.encode([9; 24]);
    let courier = world.courier(&webhook(&format!("whsec_{secret}")));
    let id = world.post_push();
    world.web.answer(503, "");
    courier.deliver_due().await.unwrap();
    world.clock.wait(1);
    world.web.answer(200, "");
    courier.deliver_due().await.unwrap();
    assert_eq!(world.outbox.end(&id), Some(Delivery::Arrived));
    for (call, time) in [(0, "1800000000"), (1, "1800000001")] {
        let (url, headers, body) = world.web.call(call);
        assert_eq!(url, "https://push.example/in");
        assert_eq!((&*headers["webhook-id"], &*headers["webhook-timestamp"]), (&*id.to_string(), time));
        let tag = MacKey::new(&[9; 24]).sign(format!("{id}.{time}.{body}").as_bytes());
        assert_eq!(headers["webhook-signature"], format!("v1,{}", STANDARD.encode(tag)));
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["data"]["values"]["challenge"], "c1");
        assert_eq!(body["data"]["to"], "device-token");
    }
}

#[tokio::test]
async fn a_short_secret_stops_the_start() {
    for secret in ["whsec_", "whsec_YWJj", "no base64"] {
        assert!(World::new().try_courier(&webhook(secret)).is_err(), "{secret}");
    }
}
