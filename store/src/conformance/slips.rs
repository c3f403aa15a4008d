//! Slips: left once, changed by who saw the last change, and taken by one.

use vestibule_core::ports::store::{Slip, Store};

use super::race::at_once;
use super::samples::{globex, slip};

pub async fn a_slip_is_left_and_taken_once(store: &dyn Store) {
    assert_eq!(store.slip("a").await.unwrap(), None);
    assert_eq!(store.take("a").await.unwrap(), None);
    assert!(store.leave(&slip("a", 1), 0).await.unwrap());
    assert_eq!(store.slip("a").await.unwrap(), Some(slip("a", 1)));
    assert_eq!(store.slip("A").await.unwrap(), None);
    assert_eq!(store.take("a").await.unwrap(), Some(slip("a", 1)));
    assert_eq!(store.take("a").await.unwrap(), None);
    assert_eq!(store.slip("a").await.unwrap(), None);
    assert!(store.leave(&slip("a", 1), 0).await.unwrap());
}

pub async fn a_slip_is_replaced_by_who_saw_it(store: &dyn Store) {
    let second = Slip { body: b"second".to_vec(), ..slip("a", 2) };
    let late = Slip { body: b"late".to_vec(), ..slip("a", 2) };
    assert!(!store.leave(&second, 1).await.unwrap(), "there is none to replace");
    store.leave(&slip("a", 1), 0).await.unwrap();
    assert!(!store.leave(&late, 0).await.unwrap());
    assert!(store.leave(&second, 1).await.unwrap());
    assert!(!store.leave(&late, 1).await.unwrap());
    assert!(!store.leave(&late, u64::MAX).await.unwrap());
    assert_eq!(store.slip("a").await.unwrap(), Some(second));
}

pub async fn a_slip_of_another_tenant_is_in_the_way(store: &dyn Store) {
    let others = Slip { tenant: globex(), ..slip("a", 1) };
    store.leave(&others, 0).await.unwrap();
    assert!(!store.leave(&slip("a", 1), 0).await.unwrap());
    assert!(!store.leave(&slip("a", 2), 1).await.unwrap());
    assert_eq!(store.slip("a").await.unwrap(), Some(others));
}

pub async fn a_slip_that_is_over_is_shown_until_it_is_swept(store: &dyn Store) {
    let over = Slip { expires: vestibule_core::ports::Timestamp::default(), ..slip("a", 1) };
    store.leave(&over, 0).await.unwrap();
    assert!(!store.leave(&slip("a", 1), 0).await.unwrap());
    assert_eq!(store.slip("a").await.unwrap().as_ref(), Some(&over));
    assert_eq!(store.take("a").await.unwrap(), Some(over));
}

pub async fn of_many_slips_of_a_key_one_is_kept(store: &dyn Store) {
    let first = at_once(|number| async move {
        let body = number.to_string().into_bytes();
        store.leave(&Slip { body, ..slip("a", 1) }, 0).await.unwrap()
    });
    assert_eq!(first.iter().filter(|left| **left).count(), 1);
    let winner = first.iter().position(|left| *left).unwrap();
    assert_eq!(store.slip("a").await.unwrap().unwrap().body, winner.to_string().into_bytes());
    let next = at_once(|_| async { store.leave(&slip("a", 2), 1).await.unwrap() });
    assert_eq!(next.iter().filter(|left| **left).count(), 1);
}

pub async fn of_many_who_take_a_slip_one_gets_it(store: &dyn Store) {
    store.leave(&slip("a", 1), 0).await.unwrap();
    let taken = at_once(|_| async { store.take("a").await.unwrap() });
    assert_eq!(taken.into_iter().flatten().collect::<Vec<_>>(), [slip("a", 1)]);
}
