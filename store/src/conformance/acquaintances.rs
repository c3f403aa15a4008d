//! Where users signed in from: remembered with the login, few per user, and gone with whatever ends the user's trust.

use vestibule_core::acquaintance::{Acquaintance, MEMORY, MOST};
use vestibule_core::ports::Timestamp;
use vestibule_core::ports::store::{Added, Conclusion, Premise, Saved, Settled, Settlement, Store};

use super::samples::{acme, at, grant, session, settlement, user};

fn seen(mark: &str, when: Timestamp) -> Acquaintance {
    Acquaintance { user: user(1).id, mark: mark.to_owned(), seen: when }
}

/// Ends logins of user 1 from there.
async fn sign_in(store: &dyn Store, number: u8, acquaintances: &[Acquaintance]) -> Settled {
    let session = session(number, 1);
    let premise = Premise { user_revision: Some(user(1).revision), session_is_there: false };
    let conclusion = Conclusion { grant: grant(number, &session), session, premise };
    let conclusion = Some(&conclusion);
    store.settle(Settlement { conclusion, acquaintances, ..settlement(&acme(), None, at(5)) }).await.unwrap()
}

async fn kept(store: &dyn Store) -> Vec<Acquaintance> {
    store.acquaintances(&user(1).id).await.unwrap()
}

pub async fn a_finished_login_leaves_where_it_came_from(store: &dyn Store) {
    assert_eq!(store.add_user(&user(1)).await.unwrap(), Added::Kept);
    assert_eq!(kept(store).await, []);
    assert_eq!(sign_in(store, 1, &[seen("home", at(5)), seen("phone", at(6))]).await, Settled::Kept);
    assert_eq!(kept(store).await, [seen("phone", at(6)), seen("home", at(5))]);
    assert_eq!(sign_in(store, 2, &[seen("home", at(9))]).await, Settled::Kept);
    assert_eq!(kept(store).await, [seen("home", at(9)), seen("phone", at(6))]);
    assert_eq!(store.acquaintances(&user(2).id).await.unwrap(), []);
}

pub async fn a_lost_login_leaves_no_acquaintance(store: &dyn Store) {
    // The user is not there.
    assert_eq!(sign_in(store, 1, &[seen("home", at(5))]).await, Settled::Lost);
    let acquaintances = &[seen("home", at(5))];
    let acme = acme();
    let alone = Settlement { acquaintances, ..settlement(&acme, None, at(5)) };
    assert_eq!(store.settle(alone).await.unwrap(), Settled::Kept);
    assert_eq!(kept(store).await, []);
}

pub async fn of_many_acquaintances_those_seen_last_are_kept(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    let many: Vec<_> = (0..MOST + 6).map(|number| seen(&format!("{number:03}"), at(number as i64))).collect();
    sign_in(store, 1, &many[..MOST]).await;
    sign_in(store, 2, &many[MOST..]).await;
    let newest: Vec<_> = many.iter().rev().take(MOST).cloned().collect();
    assert_eq!(kept(store).await, newest);
}

pub async fn who_is_expelled_is_a_stranger_everywhere(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    sign_in(store, 1, &[seen("home", at(5))]).await;
    let mut other = user(1);
    let first = other.revision;
    other.revision += 1;
    assert_eq!(store.save_user(&other, first, false, at(6)).await.unwrap(), Saved::Kept);
    assert_eq!(kept(store).await, [seen("home", at(5))]);
    let second = other.revision;
    other.revision += 1;
    assert_eq!(store.save_user(&other, second, true, at(6)).await.unwrap(), Saved::Kept);
    assert_eq!(kept(store).await, []);
}

pub async fn a_removed_user_takes_acquaintances_along(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    sign_in(store, 1, &[seen("home", at(5))]).await;
    assert!(store.remove_user(&acme(), &user(1).id).await.unwrap());
    assert_eq!(kept(store).await, []);
}

pub async fn an_old_acquaintance_is_swept(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    sign_in(store, 1, &[seen("old", at(5)), seen("new", at(6))]).await;
    store.sweep(at(5) + MEMORY, 100).await.unwrap();
    assert_eq!(kept(store).await, [seen("new", at(6))]);
}
