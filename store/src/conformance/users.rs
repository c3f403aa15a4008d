//! Users: unique by canonical name in their tenant; expelled or removed, nothing of theirs lives on.

use vestibule_core::grant::Phase;
use vestibule_core::ports::store::{Added, Page, Saved, Store, UserFilter};
use vestibule_core::user::{Profile, User};

use super::race::at_once;
use super::samples::{acme, at, give, globex, grant, phase, session, user};

const ALL: Page = Page { offset: 0, limit: 100 };

pub async fn a_user_is_found_by_id_and_canonical_name(store: &dyn Store) {
    let plain = User { password: None, administrator: false, locked: false, profile: Profile::default(), ..user(2) };
    for user in [user(1), plain] {
        assert_eq!(store.user(&acme(), &user.id).await.unwrap(), None);
        assert_eq!(store.add_user(&user).await.unwrap(), Added::Kept);
        assert_eq!(store.user(&acme(), &user.id).await.unwrap().as_ref(), Some(&user));
        assert_eq!(store.user_by_name(&acme(), &user.canonical).await.unwrap().as_ref(), Some(&user));
        assert_eq!(store.user_by_name(&acme(), &user.name).await.unwrap(), None);
    }
}

pub async fn a_user_is_not_there_in_another_tenant(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    assert_eq!(store.user(&globex(), &user(1).id).await.unwrap(), None);
    assert_eq!(store.user_by_name(&globex(), "user1").await.unwrap(), None);
    assert_eq!(store.users(&globex(), &UserFilter::All, ALL).await.unwrap(), (vec![], 0));
    assert!(!store.remove_user(&globex(), &user(1).id).await.unwrap());
    let moved = User { tenant: globex(), ..user(1) };
    assert_eq!(store.save_user(&moved, 1, false, at(9)).await.unwrap(), Saved::Moved);
    assert_eq!(store.user(&acme(), &user(1).id).await.unwrap(), Some(user(1)));
}

pub async fn a_user_name_is_taken_once_in_a_tenant(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    let namesake = User { canonical: "user1".to_owned(), ..user(2) };
    assert_eq!(store.add_user(&namesake).await.unwrap(), Added::Taken("userName"));
    assert_eq!(store.add_user(&User { tenant: globex(), ..namesake }).await.unwrap(), Added::Kept);
    assert_eq!(store.users(&acme(), &UserFilter::All, ALL).await.unwrap(), (vec![user(1)], 1));
}

pub async fn a_user_with_the_id_of_another_is_a_fault(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    assert!(store.add_user(&User { id: user(1).id, ..user(2) }).await.is_err());
    assert_eq!(store.user(&acme(), &user(1).id).await.unwrap(), Some(user(1)));
}

pub async fn users_are_listed_in_the_order_of_their_making(store: &dyn Store) {
    for number in [3, 1, 2] {
        store.add_user(&user(number)).await.unwrap();
    }
    let all = UserFilter::All;
    assert_eq!(store.users(&acme(), &all, ALL).await.unwrap(), (vec![user(1), user(2), user(3)], 3));
    assert_eq!(store.users(&acme(), &all, Page { offset: 1, limit: 1 }).await.unwrap(), (vec![user(2)], 3));
    assert_eq!(store.users(&acme(), &all, Page { offset: 3, limit: 1 }).await.unwrap(), (vec![], 3));
    let named = UserFilter::Named("user2".to_owned());
    assert_eq!(store.users(&acme(), &named, ALL).await.unwrap(), (vec![user(2)], 1));
    assert_eq!(store.users(&acme(), &named, Page { offset: 0, limit: 0 }).await.unwrap(), (vec![], 1));
    assert_eq!(store.users(&acme(), &UserFilter::Named("user".to_owned()), ALL).await.unwrap(), (vec![], 0));
}

pub async fn a_change_of_a_user_names_the_revision_that_it_saw(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    let second = User { revision: 2, name: "Second".to_owned(), password: None, active: false, ..user(1) };
    let late = User { revision: 2, name: "Late".to_owned(), ..user(1) };
    assert_eq!(store.save_user(&second, 1, false, at(9)).await.unwrap(), Saved::Kept);
    assert_eq!(store.save_user(&late, 1, false, at(9)).await.unwrap(), Saved::Moved);
    assert_eq!(store.save_user(&user(2), 1, false, at(9)).await.unwrap(), Saved::Moved);
    assert_eq!(store.user(&acme(), &user(1).id).await.unwrap(), Some(second));
}

pub async fn a_rename_frees_the_old_name_and_cannot_take_another(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    store.add_user(&user(2)).await.unwrap();
    let renamed = User { canonical: "user2".to_owned(), revision: 2, ..user(1) };
    assert_eq!(store.save_user(&renamed, 1, false, at(9)).await.unwrap(), Saved::Taken("userName"));
    assert_eq!(store.save_user(&renamed, 7, false, at(9)).await.unwrap(), Saved::Moved);
    let renamed = User { canonical: "robin".to_owned(), ..renamed };
    assert_eq!(store.save_user(&renamed, 1, false, at(9)).await.unwrap(), Saved::Kept);
    assert_eq!(store.user_by_name(&acme(), "user1").await.unwrap(), None);
    assert_eq!(store.user_by_name(&acme(), "robin").await.unwrap(), Some(renamed));
}

pub async fn an_expelled_user_has_no_session_and_no_grant(store: &dyn Store) {
    let (own, others) = (session(1, 1), session(2, 2));
    let (code, live, foreign) = (grant(1, &own), grant(2, &own), grant(3, &others));
    for (session, grant) in [(&own, &code), (&own, &live), (&others, &foreign)] {
        give(store, session, grant).await;
    }
    store.redeem(&live.id, at(6), at(100), &[]).await.unwrap();
    store.add_user(&user(1)).await.unwrap();
    let change = User { revision: 2, ..user(1) };
    assert_eq!(store.save_user(&change, 1, false, at(9)).await.unwrap(), Saved::Kept);
    assert_eq!(phase(store, &code).await, Some(Phase::Code));
    assert_eq!(store.save_user(&change, 1, true, at(9)).await.unwrap(), Saved::Moved);
    assert_eq!(store.session(&own.id).await.unwrap().as_ref(), Some(&own), "a refused change expels nobody");
    assert_eq!(store.save_user(&User { revision: 3, ..user(1) }, 2, true, at(9)).await.unwrap(), Saved::Kept);
    assert_eq!(store.session(&own.id).await.unwrap(), None);
    assert_eq!(phase(store, &code).await, Some(Phase::Revoked));
    assert_eq!(phase(store, &live).await, Some(Phase::Revoked));
    assert_eq!(store.session(&others.id).await.unwrap(), Some(others));
    assert_eq!(phase(store, &foreign).await, Some(Phase::Code));
}

pub async fn a_removed_user_takes_sessions_and_grants_along(store: &dyn Store) {
    let (own, others) = (session(1, 1), session(2, 2));
    let (given, foreign) = (grant(1, &own), grant(2, &others));
    store.add_user(&user(1)).await.unwrap();
    give(store, &own, &given).await;
    give(store, &others, &foreign).await;
    assert!(store.remove_user(&acme(), &user(1).id).await.unwrap());
    assert!(!store.remove_user(&acme(), &user(1).id).await.unwrap());
    assert_eq!(store.user_by_name(&acme(), "user1").await.unwrap(), None);
    assert_eq!(store.session(&own.id).await.unwrap(), None);
    assert_eq!(phase(store, &given).await, None);
    assert_eq!(store.session(&others.id).await.unwrap(), Some(others));
    assert_eq!(phase(store, &foreign).await, Some(Phase::Code));
}

pub async fn of_many_users_of_a_name_one_is_kept(store: &dyn Store) {
    let added = at_once(|number| async move {
        let number = u8::try_from(number).unwrap();
        store.add_user(&User { canonical: "same".to_owned(), ..user(number) }).await.unwrap()
    });
    assert_eq!(added.iter().filter(|added| **added == Added::Kept).count(), 1);
    assert_eq!(store.users(&acme(), &UserFilter::All, ALL).await.unwrap().1, 1);
}
