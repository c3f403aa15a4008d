//! Attested keys: kept once, counted upwards, and gone with their application.

use vestibule_core::attestation::AttestedKey;
use vestibule_core::ports::store::Store;

use super::race::at_once;
use super::samples::{acme, app, at, globex};

fn key(id: &str) -> AttestedKey {
    AttestedKey {
        tenant: acme(),
        app: app(1).id,
        id: id.to_owned(),
        public: serde_json::from_value(serde_json::json!({ "kty": "EC", "x": "AQ" })).unwrap(),
        development: true,
        counter: 7,
        revoked: false,
        attested: at(1),
        expires: at(1_000),
    }
}

pub async fn an_attested_key_is_kept_once(store: &dyn Store) {
    let first = key("a");
    assert!(!store.keep_attested_key(&first).await.unwrap(), "of an application that is not there");
    store.add_app(&app(1)).await.unwrap();
    assert!(!store.keep_attested_key(&AttestedKey { tenant: globex(), ..first.clone() }).await.unwrap());
    assert!(store.keep_attested_key(&first).await.unwrap());
    assert!(!store.keep_attested_key(&AttestedKey { counter: 0, ..first.clone() }).await.unwrap());
    assert_eq!(store.attested_key(&acme(), &first.app, "a").await.unwrap(), Some(first.clone()));
    assert_eq!(store.attested_key(&acme(), &first.app, "A").await.unwrap(), None);
    assert_eq!(store.attested_key(&globex(), &first.app, "a").await.unwrap(), None);
    assert_eq!(store.attested_key(&acme(), &app(2).id, "a").await.unwrap(), None);
}

pub async fn the_counter_of_an_attested_key_only_rises(store: &dyn Store) {
    store.add_app(&app(1)).await.unwrap();
    let first = key("a");
    store.keep_attested_key(&first).await.unwrap();
    let raise =
        async |tenant, counter| store.raise_counter(&tenant, &first.app, "a", (counter, at(2_000))).await.unwrap();
    assert!(!raise(acme(), 6).await && !raise(acme(), 7).await && !raise(globex(), 8).await);
    assert!(raise(acme(), u32::MAX).await && !raise(acme(), u32::MAX).await);
    let kept = store.attested_key(&acme(), &first.app, "a").await.unwrap().unwrap();
    assert_eq!((kept.counter, kept.expires), (u32::MAX, at(2_000)));
    assert!(!store.raise_counter(&acme(), &first.app, "b", (8, at(2_000))).await.unwrap());
}

pub async fn a_revoked_key_counts_no_more_and_is_not_kept_anew(store: &dyn Store) {
    store.add_app(&app(1)).await.unwrap();
    let first = key("a");
    store.keep_attested_key(&first).await.unwrap();
    assert!(!store.revoke_attested_key(&globex(), &first.app, "a").await.unwrap());
    assert!(!store.revoke_attested_key(&acme(), &first.app, "b").await.unwrap());
    assert!(store.revoke_attested_key(&acme(), &first.app, "a").await.unwrap());
    assert!(!store.raise_counter(&acme(), &first.app, "a", (8, at(2_000))).await.unwrap());
    assert!(!store.keep_attested_key(&first).await.unwrap());
    assert!(store.attested_key(&acme(), &first.app, "a").await.unwrap().unwrap().revoked);
}

pub async fn attested_keys_go_with_their_application_or_when_they_are_not_used(store: &dyn Store) {
    store.add_app(&app(1)).await.unwrap();
    store.keep_attested_key(&key("a")).await.unwrap();
    store.keep_attested_key(&AttestedKey { expires: at(2_000), ..key("b") }).await.unwrap();
    assert_eq!(store.sweep(at(999), 10).await.unwrap(), 0);
    assert_eq!(store.sweep(at(1_000), 10).await.unwrap(), 1);
    assert_eq!(store.attested_key(&acme(), &app(1).id, "a").await.unwrap(), None);
    store.remove_app(&acme(), &app(1).id).await.unwrap();
    assert_eq!(store.attested_key(&acme(), &app(1).id, "b").await.unwrap(), None);
}

pub async fn of_many_assertions_with_one_counter_one_goes_through(store: &dyn Store) {
    store.add_app(&app(1)).await.unwrap();
    let first = key("a");
    store.keep_attested_key(&first).await.unwrap();
    let raised = at_once(|_| async { store.raise_counter(&acme(), &app(1).id, "a", (8, at(2_000))).await.unwrap() });
    assert_eq!(raised.iter().filter(|raised| **raised).count(), 1);
}
