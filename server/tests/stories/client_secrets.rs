//! Several client secrets at a time, so that servers can be moved from one to the next without a gap.

use serde_json::{Value, json};
use vestibule_core::application::Application;

use crate::operators::*;
use crate::world::*;

async fn setting() -> (World, Caller, Application, String) {
    let world = World::new().await;
    let admin = world.admin().await;
    let app = world.confidential_app("vault").await;
    let path = format!("{APPS}/{}/secrets", app.id);
    (world, admin, app, path)
}

async fn is_good(world: &World, secret: &str) -> bool {
    let form = [("grant_type", "client_credentials")];
    world.anonymous().basic("vault", secret).form("/oauth2/token", &form).await.status == 200
}

// Checklist 90.
#[tokio::test]
async fn a_secret_is_replaced_without_a_gap() {
    let (world, admin, _, path) = setting().await;
    let made = admin.post(&path, json!({})).await;
    let (id, secret) = (made.is(201).at("/id"), made.at("/clientSecret"));
    assert_eq!(made.header("location"), Some(format!("{BASE}{path}/{id}").as_str()));
    assert_eq!(secret.len(), 43);
    assert!(is_good(&world, SECRET).await && is_good(&world, &secret).await);
    let listed = admin.get(&path).await;
    let listed = listed.is(200).json();
    let ids: Vec<String> =
        listed.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), 2);
    assert!(
        listed.as_array().unwrap().iter().all(|one| one["clientSecret"] == Value::Null && one["created"].is_string())
    );
    assert!(!listed.to_string().contains(&secret));
    let old = ids.iter().find(|other| **other != id).unwrap();
    admin.delete(&format!("{path}/{old}")).await.is(204);
    assert!(!is_good(&world, SECRET).await && is_good(&world, &secret).await);
    admin.delete(&format!("{path}/{old}")).await.is(404);
    // The last one stays: an application without a secret could do nothing.
    admin.delete(&format!("{path}/{id}")).await.is(409);
    assert!(is_good(&world, &secret).await);
}

// Checklist 90.
#[tokio::test]
async fn a_secret_may_have_an_end() {
    let (world, admin, _, path) = setting().await;
    let made = admin.post(&path, json!({"expiresIn": 3600})).await;
    let secret = made.is(201).at("/clientSecret");
    assert_eq!(made.at("/expiresAt"), "2026-01-01T01:00:00.000Z");
    world.wait(seconds(3599));
    assert!(is_good(&world, &secret).await);
    world.wait(seconds(1));
    assert!(!is_good(&world, &secret).await && is_good(&world, SECRET).await);
    assert_eq!(admin.get(&path).await.json().as_array().unwrap().len(), 1);
    for wrong in
        [json!({"expiresIn": 0}), json!({"expiresIn": 315_360_001}), json!({"expiresIn": "1"}), json!({"value": "x"})]
    {
        admin.post(&path, wrong).await.is(400);
    }
}

#[tokio::test]
async fn an_application_has_five_secrets_at_most_and_a_new_one_may_replace_them_all() {
    let (world, admin, app, path) = setting().await;
    for _ in 0..4 {
        admin.post(&path, json!({"expiresIn": 60})).await.is(201);
    }
    admin.post(&path, json!({})).await.is(409);
    world.wait(seconds(60));
    let last = admin.post(&path, json!({})).await.is(201).at("/clientSecret");
    let renewed = admin.post(&format!("{APPS}/{}/inbound-protocols/oidc/regenerate-secret", app.id), json!({})).await;
    let renewed = renewed.is(200).at("/clientSecret");
    assert!(!is_good(&world, SECRET).await && !is_good(&world, &last).await && is_good(&world, &renewed).await);
    let public = world.app("shop").await;
    admin.post(&format!("{APPS}/{}/secrets", public.id), json!({})).await.is(400);
}
