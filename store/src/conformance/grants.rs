//! Grants: a code is exchanged once, a refresh token rotated once, and whoever shows an old one ends the family.

use std::time::Duration;

use vestibule_core::grant::{Grant, Phase, Redeemed, Rotated, Rotation};
use vestibule_core::ports::store::Store;
use vestibule_core::ports::{GrantId, Timestamp};

use super::race::at_once;
use super::samples::{at, give, grant, phase, session};

async fn given(store: &dyn Store) -> Grant {
    let session = session(1, 1);
    let grant = grant(1, &session);
    give(store, &session, &grant).await;
    grant
}

fn rotation(grant: &Grant, shown: u32, now: Timestamp) -> Rotation {
    let window = Duration::from_secs(30);
    Rotation { grant: grant.id, shown, now, window, expires: now + Duration::from_secs(3_600), rotate: true }
}

async fn live(store: &dyn Store) -> Grant {
    let grant = given(store).await;
    assert_eq!(store.redeem(&grant.id, at(6), at(1_000), &[]).await.unwrap(), Redeemed::Granted);
    grant
}

pub async fn a_grant_is_kept_whole(store: &dyn Store) {
    let session = session(1, 1);
    let mut plain = grant(2, &session);
    (plain.terms.challenge, plain.terms.nonce) = (None, None);
    for grant in [grant(1, &session), plain] {
        assert_eq!(store.grant(&grant.id).await.unwrap(), None);
        give(store, &session, &grant).await;
        assert_eq!(store.grant(&grant.id).await.unwrap(), Some(grant));
    }
}

pub async fn a_code_is_redeemed_once(store: &dyn Store) {
    let grant = given(store).await;
    assert_eq!(store.redeem(&grant.id, at(6), at(1_000), &[]).await.unwrap(), Redeemed::Granted);
    let phase = Phase::Live { generation: 0, rotated: at(6) };
    let redeemed = Grant { phase, expires: at(1_000), ..grant.clone() };
    assert_eq!(store.grant(&grant.id).await.unwrap(), Some(redeemed.clone()));
    assert_eq!(store.redeem(&grant.id, at(7), at(1_000), &[]).await.unwrap(), Redeemed::Replayed);
    assert_eq!(store.grant(&grant.id).await.unwrap(), Some(Grant { phase: Phase::Revoked, ..redeemed }));
    assert_eq!(store.redeem(&grant.id, at(8), at(1_000), &[]).await.unwrap(), Redeemed::Replayed);
}

pub async fn a_code_that_is_too_old_or_unknown_is_absent(store: &dyn Store) {
    let grant = given(store).await;
    assert_eq!(store.redeem(&grant.id, at(60), at(1_000), &[]).await.unwrap(), Redeemed::Absent);
    assert_eq!(phase(store, &grant).await, Some(Phase::Code));
    assert_eq!(store.redeem(&GrantId::from_bytes([9; 16]), at(6), at(1_000), &[]).await.unwrap(), Redeemed::Absent);
}

pub async fn a_refresh_makes_the_next_generation(store: &dyn Store) {
    let grant = live(store).await;
    assert_eq!(store.rotate(&rotation(&grant, 0, at(100)), &[]).await.unwrap(), Rotated::Fresh(1));
    let kept = store.grant(&grant.id).await.unwrap().unwrap();
    assert_eq!((kept.phase, kept.expires), (Phase::Live { generation: 1, rotated: at(100) }, at(3_700)));
    assert_eq!(store.rotate(&rotation(&grant, 0, at(101)), &[]).await.unwrap(), Rotated::Repeated(1));
    assert_eq!(store.rotate(&rotation(&grant, 1, at(102)), &[]).await.unwrap(), Rotated::Fresh(2));
    let same = Rotation { rotate: false, ..rotation(&grant, 2, at(103)) };
    assert_eq!(store.rotate(&same, &[]).await.unwrap(), Rotated::Fresh(2));
    assert_eq!(store.rotate(&same, &[]).await.unwrap(), Rotated::Fresh(2));
}

pub async fn an_old_refresh_token_revokes_the_family(store: &dyn Store) {
    let grant = live(store).await;
    store.rotate(&rotation(&grant, 0, at(100)), &[]).await.unwrap();
    assert_eq!(store.rotate(&rotation(&grant, 0, at(130)), &[]).await.unwrap(), Rotated::Replayed);
    assert_eq!(phase(store, &grant).await, Some(Phase::Revoked));
    assert_eq!(store.rotate(&rotation(&grant, 1, at(131)), &[]).await.unwrap(), Rotated::Absent);
}

pub async fn a_refresh_without_a_live_grant_is_absent(store: &dyn Store) {
    let grant = given(store).await;
    assert_eq!(store.rotate(&rotation(&grant, 0, at(6)), &[]).await.unwrap(), Rotated::Absent);
    store.redeem(&grant.id, at(6), at(1_000), &[]).await.unwrap();
    assert_eq!(store.rotate(&rotation(&grant, 0, at(1_000)), &[]).await.unwrap(), Rotated::Absent);
    assert_eq!(phase(store, &grant).await, Some(Phase::Live { generation: 0, rotated: at(6) }));
    let unknown = Rotation { grant: GrantId::from_bytes([9; 16]), ..rotation(&grant, 0, at(6)) };
    assert_eq!(store.rotate(&unknown, &[]).await.unwrap(), Rotated::Absent);
}

pub async fn a_grant_is_revoked(store: &dyn Store) {
    let grant = live(store).await;
    assert!(store.revoke_grant(&grant.id).await.unwrap());
    assert!(store.revoke_grant(&grant.id).await.unwrap());
    assert!(!store.revoke_grant(&GrantId::from_bytes([9; 16])).await.unwrap());
    assert_eq!(phase(store, &grant).await, Some(Phase::Revoked));
    assert_eq!(store.rotate(&rotation(&grant, 0, at(7)), &[]).await.unwrap(), Rotated::Absent);
}

pub async fn an_access_token_is_revoked_by_its_name(store: &dyn Store) {
    assert!(!store.is_token_revoked("a").await.unwrap());
    store.revoke_token("a", at(60)).await.unwrap();
    store.revoke_token("a", at(90)).await.unwrap();
    assert!(store.is_token_revoked("a").await.unwrap());
    assert!(!store.is_token_revoked("A").await.unwrap());
}

pub async fn of_many_exchanges_of_a_code_one_is_granted(store: &dyn Store) {
    let grant = given(store).await;
    let redeemed = at_once(|_| async { store.redeem(&grant.id, at(6), at(1_000), &[]).await.unwrap() });
    assert_eq!(redeemed.iter().filter(|redeemed| **redeemed == Redeemed::Granted).count(), 1);
    assert_eq!(redeemed.iter().filter(|redeemed| **redeemed == Redeemed::Replayed).count(), redeemed.len() - 1);
    assert_eq!(phase(store, &grant).await, Some(Phase::Revoked));
}

pub async fn of_many_refreshes_one_makes_the_next_generation(store: &dyn Store) {
    let grant = live(store).await;
    let rotated = at_once(|_| async { store.rotate(&rotation(&grant, 0, at(100)), &[]).await.unwrap() });
    assert_eq!(rotated.iter().filter(|rotated| **rotated == Rotated::Fresh(1)).count(), 1);
    assert_eq!(rotated.iter().filter(|rotated| **rotated == Rotated::Repeated(1)).count(), rotated.len() - 1);
    assert_eq!(phase(store, &grant).await, Some(Phase::Live { generation: 1, rotated: at(100) }));
}

pub async fn a_revocation_among_exchanges_and_refreshes_lasts(store: &dyn Store) {
    let grant = live(store).await;
    at_once(|number| {
        let grant = &grant;
        async move {
            match number % 4 {
                0 => drop(store.revoke_grant(&grant.id).await.unwrap()),
                1 => drop(store.end_session(&grant.session, at(9)).await.unwrap()),
                2 => drop(store.rotate(&rotation(grant, 0, at(9)), &[]).await.unwrap()),
                _ => drop(store.grant(&grant.id).await.unwrap()),
            }
        }
    });
    assert_eq!(phase(store, &grant).await, Some(Phase::Revoked));
    assert_eq!(store.rotate(&rotation(&grant, 0, at(10)), &[]).await.unwrap(), Rotated::Absent);
}
