//! Sweeping: a thing goes when it is over and its misuse need not be recognised any more, and not a moment earlier.

use std::time::Duration;

use vestibule_core::attempt::{MEMORY, Tally, TallyRule};
use vestibule_core::grant::{Grant, Redeemed};
use vestibule_core::ports::Timestamp;
use vestibule_core::ports::store::{Delivery, Store};

use super::samples::{
    RULE, acme, app, at, claim, connection, credential, flow, give, grant, key, letter, phase, session, slip, tenant,
    user,
};

async fn sweep(store: &dyn Store, now: Timestamp) -> usize {
    store.sweep(now, 1_000).await.unwrap()
}

/// A grant in a session that is over long after it.
async fn given(store: &dyn Store, number: u8) -> Grant {
    let mut session = session(number, 1);
    (session.idle, session.ends) = (Duration::from_secs(1_000_000), at(1_000_000));
    let grant = grant(number, &session);
    give(store, &session, &grant).await;
    grant
}

pub async fn a_store_that_works_says_so(store: &dyn Store) {
    store.check(at(0)).await.unwrap();
    store.check(at(0)).await.unwrap();
    assert_eq!(sweep(store, at(1_000_000)).await, 0);
}

pub async fn a_scrubbed_store_keeps_what_it_kept(store: &dyn Store) {
    store.add_tenant(&tenant("acme")).await.unwrap();
    store.scrub().await.unwrap();
    assert_eq!(store.tenant(&acme()).await.unwrap(), Some(tenant("acme")));
    store.check(at(0)).await.unwrap();
}

pub async fn a_flow_is_swept_when_it_is_too_old(store: &dyn Store) {
    claim(store, (1, 0), at(0), &[]).await;
    assert_eq!(sweep(store, at(599)).await, 0);
    assert_eq!(sweep(store, at(600)).await, 1);
    assert_eq!(store.flow(&flow(1)).await.unwrap(), None);
}

pub async fn a_session_is_swept_when_it_is_over(store: &dyn Store) {
    let idle = session(1, 1);
    let old = vestibule_core::session::Session { idle: Duration::from_secs(10_000), ..session(2, 1) };
    give(store, &idle, &grant(1, &idle)).await;
    give(store, &old, &grant(2, &old)).await;
    store.redeem(&grant(1, &idle).id, at(6), at(80_000), &[]).await.unwrap();
    store.redeem(&grant(2, &old).id, at(6), at(80_000), &[]).await.unwrap();
    assert_eq!(sweep(store, at(903)).await, 0);
    assert_eq!(sweep(store, at(904)).await, 1);
    assert_eq!(store.session(&idle.id).await.unwrap(), None);
    assert_eq!(sweep(store, at(3_599)).await, 0);
    assert_eq!(sweep(store, at(3_600)).await, 1);
    assert_eq!(store.session(&old.id).await.unwrap(), None);
}

pub async fn an_unused_code_is_swept_ten_minutes_after_it_is_too_old(store: &dyn Store) {
    let grant = given(store, 1).await;
    assert_eq!(sweep(store, at(659)).await, 0);
    assert_eq!(sweep(store, at(660)).await, 1);
    assert_eq!(phase(store, &grant).await, None);
}

pub async fn a_live_grant_is_swept_a_day_after_it_is_too_old_or_at_its_end(store: &dyn Store) {
    const DAY: i64 = 86_400;
    let (idle, ended) = (given(store, 1).await, given(store, 2).await);
    store.redeem(&idle.id, at(6), at(-600), &[]).await.unwrap();
    store.redeem(&ended.id, at(6), at(5_000), &[]).await.unwrap();
    assert_eq!(sweep(store, at(DAY - 601)).await, 0);
    assert_eq!(sweep(store, at(DAY - 600)).await, 1);
    assert_eq!(phase(store, &idle).await, None);
    assert_eq!(sweep(store, at(DAY - 1)).await, 0);
    assert_eq!(sweep(store, at(DAY)).await, 1);
    assert_eq!(phase(store, &ended).await, None);
}

pub async fn a_spent_code_is_recognised_until_its_family_ends(store: &dyn Store) {
    let (replayed, revoked, logged_out) = (given(store, 1).await, given(store, 2).await, given(store, 3).await);
    store.redeem(&replayed.id, at(6), at(100), &[]).await.unwrap();
    assert_eq!(store.redeem(&replayed.id, at(7), at(100), &[]).await.unwrap(), Redeemed::Replayed);
    store.revoke_grant(&revoked.id).await.unwrap();
    store.end_session(&logged_out.session, at(8)).await.unwrap();
    assert_eq!(sweep(store, at(86_399)).await, 0);
    assert_eq!(store.redeem(&revoked.id, at(86_399), at(100), &[]).await.unwrap(), Redeemed::Replayed);
    assert_eq!(sweep(store, at(86_400)).await, 3);
    assert_eq!(store.redeem(&revoked.id, at(86_400), at(100), &[]).await.unwrap(), Redeemed::Absent);
}

pub async fn a_revoked_token_is_forgotten_when_it_is_too_old(store: &dyn Store) {
    store.revoke_token("a", at(60)).await.unwrap();
    assert_eq!(sweep(store, at(59)).await, 0);
    assert_eq!(sweep(store, at(60)).await, 1);
    assert!(!store.is_token_revoked("a").await.unwrap());
}

pub async fn a_tally_is_forgotten_when_it_has_been_at_rest_for_long(store: &dyn Store) {
    store.claim_tally(&key("kim"), &RULE, at(0)).await.unwrap();
    assert_eq!(sweep(store, at(0) + MEMORY - Duration::from_micros(1)).await, 0);
    assert_eq!(sweep(store, at(0) + MEMORY).await, 1);
    assert_eq!(store.tally(&key("kim")).await.unwrap(), Tally::default());
}

pub async fn a_sealed_tally_is_never_forgotten(store: &dyn Store) {
    let rule = TallyRule { cap: 1, ..RULE };
    store.claim_tally(&key("kim"), &rule, at(0)).await.unwrap();
    store.claim_tally(&key("kim"), &rule, at(40)).await.unwrap();
    assert_eq!(sweep(store, at(40) + MEMORY + MEMORY).await, 0);
    assert_eq!(store.tally(&key("kim")).await.unwrap().total, 1);
}

pub async fn a_slip_is_swept_when_it_is_over(store: &dyn Store) {
    store.leave(&slip("a", 1), 0).await.unwrap();
    assert_eq!(sweep(store, at(59)).await, 0);
    assert_eq!(sweep(store, at(60)).await, 1);
    assert_eq!(store.slip("a").await.unwrap(), None);
    assert!(store.leave(&slip("a", 1), 0).await.unwrap());
}

pub async fn a_mark_is_swept_when_it_is_over(store: &dyn Store) {
    store.mark("proof/a", at(60)).await.unwrap();
    assert_eq!(sweep(store, at(59)).await, 0);
    assert!(!store.mark("proof/a", at(120)).await.unwrap());
    assert_eq!(sweep(store, at(60)).await, 1);
    assert!(store.mark("proof/a", at(120)).await.unwrap());
}

pub async fn a_letter_is_swept_when_it_is_of_no_use_also_from_its_carrier(store: &dyn Store) {
    store.post(&letter(1, &[]), at(1)).await.unwrap();
    store.post(&letter(2, &[]), at(2)).await.unwrap();
    let carried = store.carry(at(2), at(400), 1).await.unwrap();
    assert_eq!(sweep(store, at(299)).await, 0);
    assert_eq!(sweep(store, at(300)).await, 2);
    assert_eq!(store.waiting().await.unwrap(), (0, None));
    assert!(!store.carried(&carried[0].letter.id, carried[0].lease, Delivery::Arrived).await.unwrap());
}

pub async fn a_budget_is_forgotten_when_it_is_whole(store: &dyn Store) {
    store.post(&letter(1, &["kim"]), at(0)).await.unwrap();
    assert_eq!(sweep(store, at(300)).await, 1, "the letter");
    assert_eq!(sweep(store, at(1_799)).await, 0);
    assert_eq!(sweep(store, at(1_800)).await, 1);
}

pub async fn a_sweep_removes_at_most_as_many_as_it_is_told(store: &dyn Store) {
    for number in 1..=5 {
        claim(store, (number, 0), at(0), &[]).await;
        store.revoke_token(&number.to_string(), at(60)).await.unwrap();
    }
    let mut removed = Vec::new();
    for _ in 0..4 {
        removed.push(store.sweep(at(600), 4).await.unwrap());
    }
    assert_eq!(removed, [4, 4, 2, 0]);
    assert_eq!(store.sweep(at(600), 0).await.unwrap(), 0);
}

pub async fn a_sweep_is_not_bounded_by_its_batches(store: &dyn Store) {
    for number in 0..450 {
        store.revoke_token(&number.to_string(), at(60)).await.unwrap();
    }
    assert_eq!(sweep(store, at(60)).await, 450);
}

pub async fn a_sweep_spares_what_has_no_end(store: &dyn Store) {
    store.add_tenant(&tenant("acme")).await.unwrap();
    store.add_app(&app(1)).await.unwrap();
    store.add_user(&user(1)).await.unwrap();
    store.add_credential(&credential(1, 1)).await.unwrap();
    store.add_connection(&connection(1)).await.unwrap();
    assert_eq!(sweep(store, at(1_000_000_000)).await, 0);
    assert!(store.tenant(&acme()).await.unwrap().is_some());
    assert!(store.app(&acme(), &app(1).id).await.unwrap().is_some());
    assert!(store.user(&acme(), &user(1).id).await.unwrap().is_some());
    assert!(store.connection(&acme(), &connection(1).id).await.unwrap().is_some());
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap().len(), 1);
}
