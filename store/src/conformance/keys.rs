//! Keys and secrets: nodes that race for the first or the next one agree.

use vestibule_core::keyring::FAMILIES;
use vestibule_core::ports::store::{Store, StoredKey, StoredSecret};
use vestibule_core::ports::{TenantId, Wrapped};

use super::race::at_once;
use super::samples::{acme, at, globex, wrapped};

fn key(tenant: TenantId, family: usize, number: u8) -> StoredKey {
    let (kid, moment) = (format!("key-{number}"), i64::from(number));
    let private = wrapped("master", number);
    StoredKey { tenant, kid, family: FAMILIES[family], private, created: at(moment), active_from: at(moment + 60) }
}

fn secret(number: u8) -> StoredSecret {
    let moment = i64::from(number);
    StoredSecret {
        id: [number; 4],
        secret: wrapped("master", number),
        created: at(moment),
        active_from: at(moment + 60),
    }
}

async fn kids(store: &dyn Store) -> Vec<String> {
    store.keys(&acme()).await.unwrap().into_iter().map(|key| key.kid).collect()
}

pub async fn a_key_is_kept_whole(store: &dyn Store) {
    assert!(store.add_key(&key(acme(), 1, 2), None).await.unwrap());
    assert_eq!(store.keys(&acme()).await.unwrap(), [key(acme(), 1, 2)]);
    assert!(store.keys(&globex()).await.unwrap().is_empty());
}

pub async fn a_key_follows_the_newest_of_its_family(store: &dyn Store) {
    assert!(!store.add_key(&key(acme(), 0, 1), Some("key-0")).await.unwrap(), "there is none to follow");
    assert!(store.add_key(&key(acme(), 0, 1), None).await.unwrap());
    assert!(!store.add_key(&key(acme(), 0, 2), None).await.unwrap());
    assert!(store.add_key(&key(acme(), 0, 2), Some("key-1")).await.unwrap());
    assert!(!store.add_key(&key(acme(), 0, 3), Some("key-1")).await.unwrap(), "it is no longer the newest");
    assert!(store.add_key(&key(acme(), 1, 4), None).await.unwrap(), "families are apart");
    assert!(store.add_key(&key(globex(), 0, 1), None).await.unwrap(), "tenants are apart");
    assert!(store.add_key(&key(acme(), 0, 5), Some("key-2")).await.unwrap());
    assert_eq!(kids(store).await, ["key-1", "key-2", "key-4", "key-5"]);
}

pub async fn a_kid_is_taken_once_in_a_tenant(store: &dyn Store) {
    assert!(store.add_key(&key(acme(), 0, 1), None).await.unwrap());
    assert!(!store.add_key(&key(acme(), 1, 1), None).await.unwrap());
}

pub async fn keys_are_shown_oldest_first(store: &dyn Store) {
    assert!(store.keys(&acme()).await.unwrap().is_empty());
    for (family, number) in [(0, 3), (1, 1), (2, 2)] {
        assert!(store.add_key(&key(acme(), family, number), None).await.unwrap());
    }
    assert_eq!(kids(store).await, ["key-1", "key-2", "key-3"]);
}

pub async fn a_removed_key_is_gone_and_the_one_before_is_followed_again(store: &dyn Store) {
    store.add_key(&key(acme(), 0, 1), None).await.unwrap();
    store.add_key(&key(acme(), 0, 2), Some("key-1")).await.unwrap();
    assert!(!store.remove_key(&globex(), "key-2").await.unwrap());
    assert!(store.remove_key(&acme(), "key-2").await.unwrap());
    assert!(!store.remove_key(&acme(), "key-2").await.unwrap());
    assert_eq!(kids(store).await, ["key-1"]);
    assert!(store.add_key(&key(acme(), 0, 3), Some("key-1")).await.unwrap());
}

pub async fn a_secret_follows_the_newest(store: &dyn Store) {
    assert!(store.secrets().await.unwrap().is_empty());
    assert!(!store.add_secret(&secret(1), Some([9; 4])).await.unwrap());
    assert!(store.add_secret(&secret(1), None).await.unwrap());
    assert!(!store.add_secret(&secret(2), None).await.unwrap());
    assert!(store.add_secret(&secret(2), Some([1; 4])).await.unwrap());
    assert!(!store.add_secret(&secret(3), Some([1; 4])).await.unwrap());
    assert_eq!(store.secrets().await.unwrap(), [secret(1), secret(2)]);
}

pub async fn what_is_wrapped_under_which_master_key_is_told(store: &dyn Store) {
    assert!(store.wrapped_under().await.unwrap().is_empty());
    store.add_key(&key(acme(), 0, 1), None).await.unwrap();
    store.add_key(&key(globex(), 0, 2), None).await.unwrap();
    store.add_secret(&StoredSecret { secret: wrapped(Wrapped::PLAIN, 3), ..secret(3) }, None).await.unwrap();
    assert_eq!(store.wrapped_under().await.unwrap(), [Wrapped::PLAIN, "master"]);
    assert_eq!(store.keys_not_under("other", 1).await.unwrap(), [key(acme(), 0, 1)]);
    assert_eq!(store.keys_not_under("other", 9).await.unwrap(), [key(acme(), 0, 1), key(globex(), 0, 2)]);
    assert!(store.keys_not_under("master", 9).await.unwrap().is_empty());
}

pub async fn wrapping_anew_names_the_wrapping_that_it_saw(store: &dyn Store) {
    let (old_key, old_secret, fresh) = (key(acme(), 0, 1), secret(1), wrapped("other", 9));
    store.add_key(&old_key, None).await.unwrap();
    store.add_secret(&old_secret, None).await.unwrap();
    assert!(store.rewrap_key(&old_key, &fresh).await.unwrap());
    assert!(store.rewrap_secret(&old_secret, &fresh).await.unwrap());
    assert!(!store.rewrap_key(&old_key, &wrapped("third", 8)).await.unwrap());
    assert!(!store.rewrap_secret(&old_secret, &wrapped("third", 8)).await.unwrap());
    assert_eq!(store.keys(&acme()).await.unwrap(), [StoredKey { private: fresh.clone(), ..old_key }]);
    assert_eq!(store.secrets().await.unwrap(), [StoredSecret { secret: fresh, ..old_secret }]);
}

pub async fn of_many_nodes_that_make_the_first_key_one_does(store: &dyn Store) {
    let made =
        at_once(
            |number| async move { store.add_key(&key(acme(), 0, u8::try_from(number).unwrap()), None).await.unwrap() },
        );
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
    assert_eq!(kids(store).await.len(), 1);
}

pub async fn of_many_nodes_that_rotate_one_does(store: &dyn Store) {
    store.add_key(&key(acme(), 0, 0), None).await.unwrap();
    let made = at_once(|number| async move {
        store.add_key(&key(acme(), 0, u8::try_from(number + 1).unwrap()), Some("key-0")).await.unwrap()
    });
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
    assert_eq!(kids(store).await.len(), 2);
}

pub async fn of_many_nodes_that_add_a_secret_one_does(store: &dyn Store) {
    let made =
        at_once(|number| async move { store.add_secret(&secret(u8::try_from(number).unwrap()), None).await.unwrap() });
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
    assert_eq!(store.secrets().await.unwrap().len(), 1);
}
