//! Connections: unique by name in their tenant, and changed by who saw the last change.

use std::collections::BTreeMap;

use vestibule_core::connection::Connection;
use vestibule_core::ports::store::{Added, Page, Saved, Store};

use super::samples::{acme, connection, globex};

const ALL: Page = Page { offset: 0, limit: 100 };

pub async fn a_connection_is_found_by_id_and_name(store: &dyn Store) {
    let plain = Connection { image: None, display: None, settings: BTreeMap::new(), mapping: vec![], ..connection(2) };
    assert_eq!(store.connection(&acme(), &plain.id).await.unwrap(), None);
    for kept in [connection(1), plain] {
        assert_eq!(store.add_connection(&kept).await.unwrap(), Added::Kept);
        assert_eq!(store.connection(&acme(), &kept.id).await.unwrap().as_ref(), Some(&kept));
        assert_eq!(store.connection_named(&acme(), &kept.name).await.unwrap(), Some(kept));
    }
    assert_eq!(store.connection_named(&acme(), "connection 1").await.unwrap(), None);
}

pub async fn a_connection_is_not_there_in_another_tenant(store: &dyn Store) {
    let one = connection(1);
    store.add_connection(&one).await.unwrap();
    assert_eq!(store.connection(&globex(), &one.id).await.unwrap(), None);
    assert_eq!(store.connection_named(&globex(), &one.name).await.unwrap(), None);
    assert_eq!(store.connections(&globex(), None, ALL).await.unwrap(), (vec![], 0));
    assert!(!store.remove_connection(&globex(), &one.id).await.unwrap());
    let moved = Connection { tenant: globex(), ..one.clone() };
    assert_eq!(store.save_connection(&moved, 1).await.unwrap(), Saved::Moved);
    assert_eq!(store.connection(&acme(), &one.id).await.unwrap(), Some(one));
}

pub async fn a_connections_name_is_taken_once_in_a_tenant(store: &dyn Store) {
    store.add_connection(&connection(1)).await.unwrap();
    let namesake = Connection { name: connection(1).name, ..connection(2) };
    assert_eq!(store.add_connection(&namesake).await.unwrap(), Added::Taken("name"));
    let elsewhere = Connection { tenant: globex(), ..namesake };
    assert_eq!(store.add_connection(&elsewhere).await.unwrap(), Added::Kept);
    assert_eq!(store.connections(&acme(), None, ALL).await.unwrap(), (vec![connection(1)], 1));
}

pub async fn a_connection_with_the_id_of_another_is_a_fault(store: &dyn Store) {
    store.add_connection(&connection(1)).await.unwrap();
    assert!(store.add_connection(&Connection { id: connection(1).id, ..connection(2) }).await.is_err());
    assert_eq!(store.connection(&acme(), &connection(1).id).await.unwrap(), Some(connection(1)));
}

pub async fn connections_are_listed_in_the_order_of_their_making(store: &dyn Store) {
    for number in [3, 1, 2] {
        store.add_connection(&connection(number)).await.unwrap();
    }
    let list = |name, page| async move { store.connections(&acme(), name, page).await.unwrap() };
    assert_eq!(list(None, ALL).await, (vec![connection(1), connection(2), connection(3)], 3));
    assert_eq!(list(None, Page { offset: 1, limit: 1 }).await, (vec![connection(2)], 3));
    assert_eq!(list(Some("Connection 2"), ALL).await, (vec![connection(2)], 1));
    assert_eq!(list(Some("Connection 2"), Page { offset: 1, limit: 1 }).await, (vec![], 1));
    assert_eq!(list(Some("Connection"), ALL).await, (vec![], 0));
}

pub async fn a_change_of_a_connection_names_the_revision_that_it_saw(store: &dyn Store) {
    store.add_connection(&connection(1)).await.unwrap();
    let second = Connection { revision: 2, enabled: false, name: "Second".to_owned(), ..connection(1) };
    let late = Connection { revision: 2, description: "Late".to_owned(), ..connection(1) };
    assert_eq!(store.save_connection(&second, 1).await.unwrap(), Saved::Kept);
    assert_eq!(store.save_connection(&late, 1).await.unwrap(), Saved::Moved);
    assert_eq!(store.save_connection(&late, u64::MAX).await.unwrap(), Saved::Moved);
    assert_eq!(store.save_connection(&connection(2), 1).await.unwrap(), Saved::Moved);
    assert_eq!(store.connection_named(&acme(), &connection(1).name).await.unwrap(), None);
    assert_eq!(store.connection(&acme(), &second.id).await.unwrap(), Some(second));
}

pub async fn a_connection_cannot_take_the_name_of_another(store: &dyn Store) {
    store.add_connection(&connection(1)).await.unwrap();
    store.add_connection(&connection(2)).await.unwrap();
    let renamed = Connection { name: connection(1).name, revision: 2, ..connection(2) };
    assert_eq!(store.save_connection(&renamed, 1).await.unwrap(), Saved::Taken("name"));
    assert_eq!(store.save_connection(&renamed, 7).await.unwrap(), Saved::Moved);
    assert_eq!(store.connection(&acme(), &renamed.id).await.unwrap(), Some(connection(2)));
}

pub async fn a_removed_connection_is_gone(store: &dyn Store) {
    store.add_connection(&connection(1)).await.unwrap();
    assert!(store.remove_connection(&acme(), &connection(1).id).await.unwrap());
    assert!(!store.remove_connection(&acme(), &connection(1).id).await.unwrap());
    assert_eq!(store.connection(&acme(), &connection(1).id).await.unwrap(), None);
    assert_eq!(store.add_connection(&connection(1)).await.unwrap(), Added::Kept);
}
