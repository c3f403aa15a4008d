//! Keys and secrets: nodes that race for the first one agree.

use vestibule_core::keyring::FAMILIES;
use vestibule_core::ports::store::{Store, StoredKey, StoredSecret};
use vestibule_core::ports::{Secret, TenantId};

use super::race::at_once;
use super::samples::{acme, at, globex};

fn key(tenant: TenantId, family: usize, number: u8) -> StoredKey {
    let (kid, pkcs8) = (format!("key-{number}"), Secret::new(vec![number; 48]));
    StoredKey { tenant, kid, family: FAMILIES[family], pkcs8, created: at(i64::from(number)) }
}

fn secret(number: u8) -> StoredSecret {
    StoredSecret { id: [number; 4], secret: Secret::new([number; 32]), created: at(i64::from(number)) }
}

pub async fn the_first_key_of_a_family_stays(store: &dyn Store) {
    assert_eq!(store.first_key(&key(acme(), 0, 2)).await.unwrap().kid, "key-2");
    let kept = store.first_key(&key(acme(), 0, 1)).await.unwrap();
    assert_eq!((kept.kid.as_str(), kept.pkcs8.expose().as_slice(), kept.created), ("key-2", [2; 48].as_slice(), at(2)));
    assert_eq!((kept.tenant, kept.family), (acme(), FAMILIES[0]));
    assert_eq!(store.first_key(&key(globex(), 0, 3)).await.unwrap().kid, "key-3");
    assert_eq!(store.keys(&acme()).await.unwrap().len(), 1);
}

pub async fn keys_are_shown_oldest_first(store: &dyn Store) {
    assert!(store.keys(&acme()).await.unwrap().is_empty());
    for (family, number) in [(0, 3), (1, 1), (2, 2)] {
        store.first_key(&key(acme(), family, number)).await.unwrap();
    }
    let keys = store.keys(&acme()).await.unwrap();
    assert_eq!(keys.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>(), ["key-1", "key-2", "key-3"]);
    assert_eq!(keys.iter().map(|key| key.family).collect::<Vec<_>>(), [FAMILIES[1], FAMILIES[2], FAMILIES[0]]);
}

pub async fn the_first_secret_stays(store: &dyn Store) {
    assert!(store.secrets().await.unwrap().is_empty());
    assert_eq!(store.first_secret(&secret(2)).await.unwrap().id, [2; 4]);
    let kept = store.first_secret(&secret(1)).await.unwrap();
    assert_eq!((kept.id, *kept.secret.expose(), kept.created), ([2; 4], [2; 32], at(2)));
    assert_eq!(store.secrets().await.unwrap().len(), 1);
}

pub async fn nodes_that_race_for_the_first_key_agree(store: &dyn Store) {
    let kept =
        at_once(
            |number| async move { store.first_key(&key(acme(), 0, u8::try_from(number).unwrap())).await.unwrap().kid },
        );
    let shown = store.keys(&acme()).await.unwrap();
    assert_eq!(shown.len(), 1);
    assert!(kept.iter().all(|kid| *kid == shown[0].kid));
}

pub async fn nodes_that_race_for_the_first_secret_agree(store: &dyn Store) {
    let kept =
        at_once(|number| async move { store.first_secret(&secret(u8::try_from(number).unwrap())).await.unwrap().id });
    let shown = store.secrets().await.unwrap();
    assert_eq!(shown.len(), 1);
    assert!(kept.iter().all(|id| *id == shown[0].id));
}
