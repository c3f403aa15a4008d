//! Signing keys: rotated with overlap, by command and by the calendar, agreed on by all nodes, and taken back when stolen.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use vestibule::housekeeping::tend_all_keys;
use vestibule_core::keyring::RETENTION;
use vestibule_core::ports::TenantId;
use vestibule_core::secrets::Secrets;
use vestibule_jose::JwkSet;
use vestibule_store::Memory;

use crate::world::*;

const KEYS: &str = "/api/server/v1/keys";
const ROTATE: &str = "/api/server/v1/keys/rotate";
const ROTATE_SECRET: &str = "/api/server/v1/keys/rotate-secret";
const JWKS: &str = "/oauth2/jwks";

/// A node over a store and a foundry that it shares with others.
async fn node(store: &Arc<Memory>, foundry: &Arc<SharedKeys>) -> World {
    let world = World::set(|setting| {
        setting.store = store.clone();
        setting.foundry = foundry.clone();
    });
    world.await
}

/// Two nodes with the application `shop` and the user `kim`, an administrator at the first, and keys that both know.
async fn nodes() -> (World, World, Caller) {
    let (store, foundry) = (Arc::new(Memory::default()), Arc::default());
    let (one, two) = (node(&store, &foundry).await, node(&store, &foundry).await);
    two.entropy.skip(1 << 32);
    one.app("shop").await;
    one.user("kim").await;
    let admin = one.admin().await;
    assert_eq!(one.kids().await, two.kids().await);
    (one, two, admin)
}

async fn world() -> (World, Caller) {
    let world = World::shop().await;
    let admin = world.admin().await;
    world.kids().await;
    (world, admin)
}

impl World {
    /// The names of the published keys.
    async fn kids(&self) -> Vec<String> {
        let set: JwkSet = serde_json::from_slice(&self.anonymous().get(JWKS).await.is(200).body).unwrap();
        set.keys.into_iter().filter_map(|key| key.kid).collect()
    }

    /// An access token of a new login.
    async fn shop_token(&self) -> String {
        self.login("shop", "kim").await.at("/access_token")
    }

    async fn userinfo_status(&self, token: &str) -> StatusCode {
        self.anonymous().userinfo(token).await.status
    }

    async fn tend(&self) {
        assert!(tend_all_keys(&self.house).await.unwrap());
    }
}

fn kid(token: &str) -> String {
    token_header(token)["kid"].as_str().unwrap().to_owned()
}

/// The kids of the elliptic keys in a state, of a list of keys.
fn elliptic(list: &Value, state: &str) -> Vec<String> {
    let keys = list.as_array().unwrap().iter().filter(|key| key["kty"] == "EC" && key["state"] == state);
    keys.map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_key_is_named_by_its_thumbprint() {
    let world = World::new().await;
    let set: JwkSet = serde_json::from_slice(&world.anonymous().get(JWKS).await.body).unwrap();
    assert_eq!(set.keys.len(), 3);
    for key in set.keys {
        assert_eq!(key.kid, Some(key.thumbprint().unwrap()));
    }
}

// Checklist 118.
#[tokio::test]
async fn a_new_key_is_published_before_it_signs_and_the_old_one_verifies_as_long_as_its_tokens_live() {
    let (world, admin) = world().await;
    let shop = world.store().app_by_client(&TenantId::root(), "shop").await.unwrap().unwrap();
    world.change_app(&shop, |app| app.oauth.lifetimes.access_token = days(30)).await;
    let old = kid(&world.shop_token().await);
    let list = admin.post(ROTATE, json!({})).await.is(200).json();
    let new = elliptic(&list, "published").remove(0);
    assert_eq!(elliptic(&list, "signing"), [old.as_str()]);
    assert_eq!(world.kids().await.len(), 6);
    assert!(world.kids().await.contains(&new));
    assert_eq!(admin.post(ROTATE, json!({})).await.is(200).json(), list, "one waits already");

    world.wait(minutes(120) - seconds(1));
    let last = world.shop_token().await;
    assert_eq!(kid(&last), old);
    world.wait(seconds(1));
    assert_eq!(kid(&world.shop_token().await), new);
    let list = admin.get(KEYS).await.is(200).json();
    assert_eq!((elliptic(&list, "signing"), elliptic(&list, "retired")), (vec![new], vec![old.clone()]));
    world.wait(days(30) - seconds(2));
    assert_eq!(world.userinfo_status(&last).await, 200);
    assert!(world.kids().await.contains(&old));

    world.wait(RETENTION - days(30) + seconds(12));
    assert_eq!(world.kids().await.len(), 3);
    assert!(!world.kids().await.contains(&old));
    assert!(elliptic(&admin.get(KEYS).await.json(), "retired").is_empty());
}

// Checklist 118.
#[tokio::test]
async fn a_node_that_did_not_rotate_learns_of_the_key_long_before_it_signs() {
    let (one, two, admin) = nodes().await;
    let before = two.kids().await;
    let list = admin.post(ROTATE, json!({"kty": "EC"})).await.is(200).json();
    let new = elliptic(&list, "published").remove(0);
    assert_eq!(two.kids().await, before);
    two.wait(seconds(10));
    assert!(two.kids().await.contains(&new));
    two.wait(minutes(120) - seconds(10));
    one.wait(minutes(120));
    let (of_one, of_two) = (one.shop_token().await, two.shop_token().await);
    assert_eq!([kid(&of_one), kid(&of_two)], [new.clone(), new]);
    assert_eq!([two.userinfo_status(&of_one).await, one.userinfo_status(&of_two).await], [200, 200]);
}

#[tokio::test]
async fn nodes_that_rotate_at_once_agree() {
    let (one, two, admin) = nodes().await;
    let other = two.anonymous().basic("admin", PASSWORD);
    let (first, second) = tokio::join!(admin.post(ROTATE, json!({})), other.post(ROTATE, json!({})));
    assert_eq!(first.is(200).json(), second.is(200).json());
    assert_eq!(one.kids().await.len(), 6);
    let now = json!({"atOnce": true});
    let (first, second) = tokio::join!(admin.post(ROTATE, now.clone()), other.post(ROTATE, now));
    first.is(200);
    second.is(200);
    // One that comes a moment later finds a key that signs already, and takes its place.
    let list = admin.get(KEYS).await.json();
    assert_eq!(list, other.get(KEYS).await.json());
    assert_eq!(elliptic(&list, "signing").len(), 1);
    assert!((9..=12).contains(&one.kids().await.len()));
}

// Checklist 118.
#[tokio::test]
async fn keys_are_rotated_by_the_calendar_whichever_node_comes_first() {
    let (one, two, _) = nodes().await;
    let old = one.kids().await;
    let wait = |span: Duration| [&one, &two].map(|world| world.wait(span));
    wait(days(90) - hours(2) - seconds(1));
    one.tend().await;
    assert_eq!(one.kids().await, old);
    wait(seconds(1));
    tokio::join!(one.tend(), two.tend());
    one.tend().await;
    wait(seconds(10));
    let both = one.kids().await;
    assert_eq!(both.len(), 6);
    assert_eq!(two.kids().await, both);
    assert!(old.contains(&kid(&one.shop_token().await)));
    wait(hours(2));
    assert!(!old.contains(&kid(&one.shop_token().await)));

    wait(RETENTION);
    assert_eq!(one.store().keys(&TenantId::root()).await.unwrap().len(), 6);
    tokio::join!(one.tend(), two.tend());
    assert_eq!(one.store().keys(&TenantId::root()).await.unwrap().len(), 3);
    wait(seconds(10));
    assert!(one.kids().await.iter().all(|kid| !old.contains(kid)));
}

#[tokio::test]
async fn a_calendar_that_is_switched_off_rotates_nothing() {
    let world = World::set(|setting| setting.config.keys.rotate_after_days = 0).await;
    let kids = world.kids().await;
    world.wait(days(3650));
    world.tend().await;
    assert_eq!(world.kids().await, kids);
}

// Checklist 118.
#[tokio::test]
async fn a_key_that_was_taken_back_verifies_nothing_any_more() {
    let (one, two, admin) = nodes().await;
    let token = one.shop_token().await;
    let stolen = kid(&token);
    assert_eq!(two.userinfo_status(&token).await, 200);
    admin.delete(&format!("{KEYS}/{stolen}")).await.is(204);
    assert_eq!(one.userinfo_status(&token).await, 401);
    assert!(!one.kids().await.contains(&stolen));
    let fresh = one.shop_token().await;
    assert_ne!(kid(&fresh), stolen);
    assert_eq!(one.userinfo_status(&fresh).await, 200);
    two.wait(seconds(10));
    assert_eq!(two.userinfo_status(&token).await, 401);
    assert_eq!(two.userinfo_status(&fresh).await, 200);
    admin.delete(&format!("{KEYS}/{stolen}")).await.is_refusal(404, "The tenant has no key of that kid.");
}

#[tokio::test]
async fn a_key_that_waits_can_be_taken_back_and_the_old_one_goes_on() {
    let (world, admin) = world().await;
    let old = kid(&world.shop_token().await);
    let list = admin.post(ROTATE, json!({})).await.json();
    admin.delete(&format!("{KEYS}/{}", elliptic(&list, "published")[0])).await.is(204);
    world.wait(hours(3));
    assert_eq!(kid(&world.shop_token().await), old);
    assert_eq!(world.kids().await.len(), 5);
}

#[tokio::test]
async fn in_an_emergency_the_new_key_signs_at_once_and_other_nodes_look_for_it() {
    let (one, two, admin) = nodes().await;
    let old = one.shop_token().await;
    admin.post(ROTATE, json!({"atOnce": true, "kty": "EC"})).await.is(200);
    let new = one.shop_token().await;
    assert_ne!(kid(&new), kid(&old));
    two.wait(seconds(1));
    assert_eq!([two.userinfo_status(&new).await, two.userinfo_status(&old).await], [200, 200]);
}

#[tokio::test]
async fn there_are_never_more_keys_than_fit_and_a_stolen_one_can_still_be_taken_back() {
    let (world, admin) = world().await;
    for _ in 0..7 {
        world.wait(seconds(1));
        admin.post(ROTATE, json!({"atOnce": true, "kty": "OKP"})).await.is(200);
    }
    let full = admin.post(ROTATE, json!({"atOnce": true, "kty": "OKP"})).await;
    full.is_refusal(409, "There are 8 keys of this kind. Revoke retired ones first.");
    let list = admin.get(KEYS).await.json();
    let keys = list.as_array().unwrap();
    let signing = keys.iter().find(|key| key["kty"] == "OKP" && key["state"] == "signing").unwrap();
    admin.delete(&format!("{KEYS}/{}", signing["kid"].as_str().unwrap())).await.is(204);
}

#[tokio::test]
async fn signing_goes_on_while_the_store_cannot_be_read_and_a_restart_keeps_the_keys() {
    let store = Arc::new(vestibule_store::Faulty::new(Arc::new(Memory::default())));
    let world = World::set(|setting| setting.store = store.clone()).await;
    world.app("shop").await;
    world.user("kim").await;
    let kids = world.kids().await;
    store.fail(vestibule_store::Verb::Keys);
    world.wait(minutes(5));
    assert!(kids.contains(&kid(&world.shop_token().await)));
    store.heal();
    let token = world.shop_token().await;
    let again = World::set(|setting| setting.store = store.clone()).await;
    again.wait(minutes(5));
    assert_eq!(again.kids().await, kids);
    assert_eq!(again.userinfo_status(&token).await, 200);
}

#[tokio::test]
async fn the_published_keys_may_be_kept_for_as_long_as_they_are_good() {
    let (world, admin) = world().await;
    let first = world.anonymous().get(JWKS).await;
    assert_eq!(first.is(200).header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(first.header("content-type"), Some("application/json"));
    let tag = first.header("etag").unwrap().to_owned();
    for shown in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
        let same = world.anonymous().header("if-none-match", &shown).get(JWKS).await;
        assert_eq!(same.is(304).header("etag"), Some(tag.as_str()));
        assert_eq!(same.header("cache-control"), Some("public, max-age=3600"));
        assert!(same.body.is_empty());
    }
    admin.post(ROTATE, json!({"kty": "RSA"})).await.is(200);
    let next = world.anonymous().header("if-none-match", &tag).get(JWKS).await;
    assert_ne!(next.is(200).header("etag"), Some(tag.as_str()));
}

#[tokio::test]
async fn operators_see_keys_without_their_private_halves_and_each_tenant_its_own() {
    let (world, admin) = world().await;
    let acme = world.tenant("acme").await;
    let anna = world.admin_of(&acme, "anna").await;
    let list = admin.get(KEYS).await.is(200).json();
    let rsa = list.as_array().unwrap().iter().find(|key| key["kty"] == "RSA").unwrap();
    let kid = rsa["kid"].clone();
    let shown = json!({
        "kid": kid, "kty": "RSA", "algorithms": ["RS256", "PS256"], "state": "signing",
        "created": "2026-01-01T00:00:00.000Z", "activeFrom": "2026-01-01T00:00:00.000Z",
    });
    assert_eq!(*rsa, shown);
    assert_eq!(anna.get(KEYS).await.is(200).json(), json!([]));
    anna.delete(&format!("{KEYS}/{}", kid.as_str().unwrap())).await.is(404);
    anna.post(ROTATE, json!({})).await.is(200);
    assert_eq!(admin.get(KEYS).await.json(), list);
    anna.post(ROTATE_SECRET, json!({})).await.is(403);
    anna.post("/api/server/v1/keys/rewrap", json!({})).await.is(403);

    world.scoped_app("viewer", &["internal_keystore_view"]).await;
    let viewer = world.as_app("viewer", "internal_keystore_view").await;
    viewer.get(KEYS).await.is(200);
    viewer.post(ROTATE, json!({})).await.is(403);
    viewer.delete(&format!("{KEYS}/{}", kid.as_str().unwrap())).await.is(403);
    world.anonymous().get(KEYS).await.is(401);
    admin.post(ROTATE, json!({"kty": "DSA"})).await.is_refusal(400, "kty must be one of EC, RSA, OKP.");
}

// Checklist 118.
#[tokio::test]
async fn a_new_server_secret_is_known_everywhere_before_anything_is_made_with_it() {
    let (one, two, admin) = nodes().await;
    let tokens = one.login("shop", "kim").await;
    let signed_in = one.anonymous().sign_in("shop", "kim", &[]).await;
    let begun = one.authorize("shop", &[]).await.flow_id();
    let turn = admin.post(ROTATE_SECRET, json!({})).await.is(200).json();
    assert_eq!(turn, json!({"activeFrom": "2026-01-01T00:00:30.000Z"}));
    assert_eq!(admin.post(ROTATE_SECRET, json!({})).await.is(200).json(), turn, "one waits already");
    for world in [&one, &two] {
        world.wait(seconds(20));
        world.house.secrets.reload(&world.house.ports).await.unwrap();
    }
    let late = one.authorize("shop", &[]).await.flow_id();
    assert_eq!(Secrets::sealer_of(&late), Secrets::sealer_of(&begun));
    one.wait(seconds(10));
    one.house.secrets.reload(&one.house.ports).await.unwrap();
    let fresh = one.authorize("shop", &[]).await.flow_id();
    assert_ne!(Secrets::sealer_of(&fresh), Secrets::sealer_of(&begun));

    // The second node has not come to its turn yet.
    two.wait(seconds(10));
    two.anonymous().password(&fresh, "kim", PASSWORD).await.is(200);
    one.anonymous().password(&begun, "kim", PASSWORD).await.is(200);
    two.anonymous().refresh("shop", &tokens.at("/refresh_token")).await.is(200);
    one.anonymous().cookie(&signed_in).authorize("shop", &[]).await.is(200).code();
    one.anonymous().exchange("shop", &signed_in.code()).await.is(200);
}

#[tokio::test]
async fn what_a_flow_was_asked_stays_the_same_over_a_new_server_secret() {
    let (world, admin) = world().await;
    world.app_with("keyed", |app| app.sequence = steps(&[&["FIDOAuthenticator", "BasicAuthenticator"]])).await;
    let flow = world.authorize("keyed", &[]).await.flow_id();
    let asked = world.anonymous().select(&flow, &id_of("FIDOAuthenticator")).await;
    admin.post(ROTATE_SECRET, json!({})).await.is(200);
    world.wait(seconds(30));
    world.house.secrets.reload(&world.house.ports).await.unwrap();
    let again = world.anonymous().select(&flow, &id_of("FIDOAuthenticator")).await;
    assert_eq!(again.is(200).json(), asked.is(200).json());
}

#[tokio::test]
async fn a_node_whose_clock_went_back_learns_what_became_of_a_key_all_the_same() {
    let (one, two, admin) = nodes().await;
    let stolen = kid(&one.shop_token().await);
    admin.delete(&format!("{KEYS}/{stolen}")).await.is(204);
    {
        let mut now = two.clock.0.lock().unwrap();
        *now = *now - hours(1);
    }
    assert!(!two.kids().await.contains(&stolen));
}
