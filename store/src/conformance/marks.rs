//! Marks: made once.

use vestibule_core::ports::store::Store;

use super::race::at_once;
use super::samples::at;

pub async fn a_mark_is_made_once(store: &dyn Store) {
    assert!(store.mark("proof/a", at(60)).await.unwrap());
    assert!(!store.mark("proof/a", at(60)).await.unwrap());
    assert!(!store.mark("proof/a", at(120)).await.unwrap());
    assert!(store.mark("proof/A", at(60)).await.unwrap());
    assert!(store.mark("assertion/a", at(60)).await.unwrap());
}

pub async fn of_many_who_mark_one_is_the_first(store: &dyn Store) {
    let first = at_once(|_| async { store.mark("proof/a", at(60)).await.unwrap() });
    assert_eq!(first.iter().filter(|first| **first).count(), 1);
}
