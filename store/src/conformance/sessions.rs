//! Sessions: shown whatever their age, ended with all that was granted in them.

use vestibule_core::grant::Phase;
use vestibule_core::ports::SessionId;
use vestibule_core::ports::store::Store;
use vestibule_core::session::Session;

use super::samples::{acme, at, give, globex, grant, phase, session, user};

pub async fn a_session_is_shown_until_it_is_swept(store: &dyn Store) {
    let session = session(1, 1);
    assert_eq!(store.session(&session.id).await.unwrap(), None);
    give(store, &session, &grant(1, &session)).await;
    assert!(!session.is_alive(at(1_000_000)));
    assert_eq!(store.session(&session.id).await.unwrap(), Some(session));
}

pub async fn the_sessions_of_a_user_are_shown_oldest_first(store: &dyn Store) {
    let (late, early, others) = (Session { created: at(9), ..session(1, 1) }, session(2, 1), session(3, 2));
    let mute = Session { agent: None, ..session(4, 1) };
    for (number, session) in [(1, &late), (2, &early), (3, &others), (4, &mute)] {
        give(store, session, &grant(number, session)).await;
    }
    assert_eq!(store.sessions_of(&acme(), &user(1).id).await.unwrap(), [early, mute, late]);
    assert_eq!(store.sessions_of(&globex(), &user(1).id).await.unwrap(), []);
    store.end_session(&session(1, 1).id, at(10)).await.unwrap();
    assert_eq!(store.sessions_of(&acme(), &user(1).id).await.unwrap().len(), 2);
}

pub async fn an_ended_session_is_gone_and_its_grants_are_revoked(store: &dyn Store) {
    let (ended, other) = (session(1, 1), session(2, 1));
    let (code, live, others) = (grant(1, &ended), grant(2, &ended), grant(3, &other));
    for (session, grant) in [(&ended, &code), (&ended, &live), (&other, &others)] {
        give(store, session, grant).await;
    }
    store.redeem(&live.id, at(6), at(100), &[]).await.unwrap();
    assert!(store.end_session(&ended.id, at(7)).await.unwrap());
    assert!(!store.end_session(&ended.id, at(8)).await.unwrap());
    assert_eq!(store.session(&ended.id).await.unwrap(), None);
    assert_eq!(phase(store, &code).await, Some(Phase::Revoked));
    assert_eq!(phase(store, &live).await, Some(Phase::Revoked));
    assert_eq!(store.session(&other.id).await.unwrap(), Some(other));
    assert_eq!(phase(store, &others).await, Some(Phase::Code));
}

pub async fn grants_of_a_session_that_is_gone_are_revoked_all_the_same(store: &dyn Store) {
    let session = session(1, 1);
    let live = grant(1, &session);
    give(store, &session, &live).await;
    store.redeem(&live.id, at(6), at(80_000), &[]).await.unwrap();
    store.sweep(at(5_000), 100).await.unwrap();
    assert_eq!(store.session(&session.id).await.unwrap(), None);
    assert!(!store.end_session(&session.id, at(5_001)).await.unwrap());
    assert_eq!(phase(store, &live).await, Some(Phase::Revoked));
    assert!(!store.end_session(&SessionId::from_bytes([9; 16]), at(5_001)).await.unwrap());
}
