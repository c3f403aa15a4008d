//! The audit log: records are added without gaps, each after the one before it, and go with the answer that they tell of.

use std::collections::BTreeSet;
use std::time::Duration;

use vestibule_core::audit::{Event, ORIGIN, Origin, Record, What, link};
use vestibule_core::grant::{Redeemed, Rotated, Rotation};
use vestibule_core::ports::store::{Edit, Settled, Settlement, Store, StoredCheckpoint, StoredHook, Walk};
use vestibule_core::ports::{HookId, TenantId, UserId};

use super::race::at_once;
use super::samples::{acme, advance, at, claim, credential, give, globex, grant, session, settlement};

fn event(tenant: &TenantId, seconds: i64) -> Event {
    Event::new(What::LoginFailed, tenant, at(seconds), Origin::default())
}

fn of_user(number: u8, tenant: &TenantId, seconds: i64) -> Event {
    event(tenant, seconds).user(UserId::from_bytes([number; 16]))
}

async fn all(store: &dyn Store) -> Vec<Record> {
    store.records(&Walk { limit: 100, ..Walk::default() }).await.unwrap()
}

fn numbers(records: &[Record]) -> Vec<u64> {
    records.iter().map(|record| record.seq).collect()
}

pub async fn records_are_chained_in_the_order_of_their_adding(store: &dyn Store) {
    assert_eq!(store.tail().await.unwrap(), None);
    let events = [of_user(1, &acme(), 3), event(&globex(), 1), event(&acme(), 2)];
    store.append(&events[..2]).await.unwrap();
    store.append(&[]).await.unwrap();
    store.mention(&events[2..]).await.unwrap();
    let records = all(store).await;
    let mut hash = ORIGIN;
    for (record, (event, seq)) in records.iter().zip(events.iter().zip(1..)) {
        hash = link(&hash, seq, &event.body().unwrap());
        assert_eq!(
            *record,
            Record {
                seq,
                body: event.body().unwrap(),
                hash,
                tenant: event.tenant().clone(),
                user: event.whom(),
                at: event.at(),
            }
        );
    }
    assert_eq!(records.len(), 3);
    assert_eq!(store.tail().await.unwrap(), Some((3, hash)));
}

pub async fn records_are_read_by_tenant_and_user_after_a_number(store: &dyn Store) {
    let events = [of_user(1, &acme(), 0), of_user(2, &acme(), 1), of_user(3, &globex(), 2), of_user(1, &acme(), 3)];
    store.append(&events).await.unwrap();
    let read = async |tenant: Option<TenantId>, user: Option<u8>, after, limit| {
        let user = user.map(|number| UserId::from_bytes([number; 16]));
        numbers(&store.records(&Walk { tenant, user, after, limit }).await.unwrap())
    };
    assert_eq!(read(None, None, 0, 10).await, [1, 2, 3, 4]);
    assert_eq!(read(None, None, 1, 2).await, [2, 3]);
    assert_eq!(read(Some(acme()), None, 0, 10).await, [1, 2, 4]);
    assert_eq!(read(Some(acme()), None, 1, 1).await, [2]);
    assert_eq!(read(Some(acme()), Some(1), 0, 10).await, [1, 4]);
    assert_eq!(read(Some(acme()), Some(1), 1, 10).await, [4]);
    assert_eq!(read(None, Some(3), 0, 10).await, [3]);
    assert_eq!(read(Some(acme()), Some(3), 0, 10).await, [0; 0], "a user of another tenant");
}

pub async fn a_moment_is_found_in_the_log(store: &dyn Store) {
    assert_eq!(store.first_since(at(0)).await.unwrap(), None);
    let events = [event(&acme(), 0), event(&acme(), 1_000), event(&acme(), 5_000)];
    store.append(&events).await.unwrap();
    assert_eq!(store.first_since(at(-9)).await.unwrap(), Some(1));
    assert_eq!(store.first_since(at(1_000)).await.unwrap(), Some(2));
    assert_eq!(store.first_since(at(601)).await.unwrap(), Some(2));
    assert_eq!(store.first_since(at(5_600)).await.unwrap(), Some(3));
    assert_eq!(store.first_since(at(5_601)).await.unwrap(), None);
}

pub async fn an_answer_is_told_with_its_effect_or_not_at_all(store: &dyn Store) {
    let tenant = acme();
    let events = [event(&tenant, 1), event(&tenant, 2)];
    claim(store, (1, 0), at(0), &[]).await;
    let kept = Settlement { events: &events, ..settlement(&tenant, Some((1, 1, advance(b"a"))), at(5)) };
    assert_eq!(store.settle(kept).await.unwrap(), Settled::Kept);
    let lost = Settlement { events: &events, ..settlement(&tenant, Some((1, 9, advance(b"b"))), at(5)) };
    assert_eq!(store.settle(lost).await.unwrap(), Settled::Lost);
    let edits = [Edit::Use { credential: Box::new(credential(1, 1)), seen: 1 }];
    let overtaken = Settlement { events: &events, edits: &edits, ..settlement(&tenant, None, at(5)) };
    assert_eq!(store.settle(overtaken).await.unwrap(), Settled::Overtaken);
    assert_eq!(numbers(&all(store).await), [1, 2]);
}

pub async fn an_exchange_is_told_with_its_effect_or_not_at_all(store: &dyn Store) {
    let (tenant, session) = (acme(), session(1, 1));
    let grant = grant(1, &session);
    give(store, &session, &grant).await;
    let told = |number| [event(&tenant, number)];
    let rotation =
        |shown, now| Rotation { grant: grant.id, shown, now, window: Duration::ZERO, expires: at(1_000), rotate: true };
    assert_eq!(store.redeem(&grant.id, at(6), at(1_000), &told(1)).await.unwrap(), Redeemed::Granted);
    assert_eq!(store.rotate(&rotation(0, at(7)), &told(2)).await.unwrap(), Rotated::Fresh(1));
    assert_eq!(numbers(&all(store).await), [1, 2]);
    assert_eq!(store.rotate(&rotation(0, at(8)), &told(3)).await.unwrap(), Rotated::Replayed);
    assert_eq!(store.redeem(&grant.id, at(9), at(1_000), &told(3)).await.unwrap(), Redeemed::Replayed);
    assert_eq!(numbers(&all(store).await), [1, 2]);
}

fn checkpoint(seq: u64, anchor: bool) -> StoredCheckpoint {
    let hash = [u8::try_from(seq).unwrap(); 32];
    StoredCheckpoint { seq, hash, anchor, jws: format!("jws {seq}"), key: "{}".to_owned(), at: at(7) }
}

pub async fn checkpoints_are_kept_by_their_numbers(store: &dyn Store) {
    assert_eq!(store.checkpoint_before(u64::MAX).await.unwrap(), None);
    for seq in [2, 5, 9] {
        store.keep_checkpoint(&checkpoint(seq, false)).await.unwrap();
    }
    store.keep_checkpoint(&checkpoint(5, true)).await.unwrap();
    assert_eq!(store.checkpoints(2, 10).await.unwrap(), [checkpoint(5, true), checkpoint(9, false)]);
    assert_eq!(store.checkpoints(0, 1).await.unwrap(), [checkpoint(2, false)]);
    assert_eq!(store.checkpoint_before(u64::MAX).await.unwrap(), Some(checkpoint(9, false)));
    assert_eq!(store.checkpoint_before(8).await.unwrap(), Some(checkpoint(5, true)));
    assert_eq!(store.checkpoint_before(1).await.unwrap(), None);
}

pub async fn only_a_beginning_is_pruned_and_the_newest_record_stays(store: &dyn Store) {
    assert_eq!(store.prune(9, 9).await.unwrap(), 0);
    for seconds in 0..6 {
        store.append(&[event(&acme(), seconds)]).await.unwrap();
    }
    for seq in [1, 4] {
        store.keep_checkpoint(&checkpoint(seq, false)).await.unwrap();
    }
    assert_eq!(store.prune(4, 3).await.unwrap(), 3);
    assert_eq!(store.checkpoints(0, 9).await.unwrap(), [checkpoint(4, false)]);
    assert_eq!(store.prune(4, 3).await.unwrap(), 1);
    assert_eq!(numbers(&all(store).await), [5, 6]);
    assert_eq!(store.prune(u64::MAX, 9).await.unwrap(), 1);
    let left = all(store).await;
    assert_eq!(numbers(&left), [6]);
    store.append(&[event(&acme(), 9)]).await.unwrap();
    let after = all(store).await;
    assert_eq!(after[1].hash, link(&left[0].hash, 7, &after[1].body));
}

fn hook(number: u8, tenant: &TenantId) -> StoredHook {
    StoredHook {
        id: HookId::from_bytes([number; 16]),
        tenant: tenant.clone(),
        url: format!("https://siem.example/{number}"),
        events: vec!["login.*".to_owned()],
        secret: "sealed".to_owned(),
        cursor: 7,
        tries: 2,
        ready: at(10 - i64::from(number)),
        created: at(i64::from(number)),
    }
}

pub async fn webhooks_are_served_when_they_are_due(store: &dyn Store) {
    let (one, two, other) = (hook(1, &acme()), hook(2, &acme()), hook(3, &globex()));
    for hook in [&two, &one, &other] {
        store.add_hook(hook).await.unwrap();
    }
    assert!(store.add_hook(&one).await.is_err());
    assert_eq!(store.hooks(&acme()).await.unwrap(), [one.clone(), two.clone()]);
    assert_eq!(store.hooks_due(at(8), 8, 9).await.unwrap(), [other.clone(), two.clone()]);
    assert_eq!(store.hooks_due(at(9), 8, 1).await.unwrap(), std::slice::from_ref(&other));
    assert_eq!(store.hooks_due(at(9), 7, 9).await.unwrap(), [], "there is nothing new");
    let served = StoredHook { cursor: 8, tries: 0, ready: at(90), ..one.clone() };
    assert!(!store.serve_hook(&served, 6).await.unwrap(), "somebody else served it");
    assert!(store.serve_hook(&served, 7).await.unwrap());
    assert_eq!(store.hooks(&acme()).await.unwrap(), [served.clone(), two]);
    assert!(!store.remove_hook(&globex(), &one.id).await.unwrap());
    assert!(store.remove_hook(&acme(), &one.id).await.unwrap());
    assert!(!store.remove_hook(&acme(), &one.id).await.unwrap());
    assert!(!store.serve_hook(&served, 8).await.unwrap());
}

pub async fn of_many_who_add_none_makes_a_gap(store: &dyn Store) {
    let added = at_once(|number| async move {
        let one = event(&acme(), i64::try_from(number).unwrap_or_default());
        store.append(&[one.clone(), one]).await.is_ok()
    });
    let records = all(store).await;
    assert_eq!(records.len(), 2 * added.len());
    let mut before = ORIGIN;
    for (record, seq) in records.iter().zip(1..) {
        assert_eq!((record.seq, record.hash), (seq, link(&before, seq, &record.body)));
        before = record.hash;
    }
    let moments: BTreeSet<_> = records.iter().map(|record| record.at).collect();
    assert_eq!(moments.len(), added.len());
    assert!(records.iter().all(|record| record.at.since(at(0)) < Duration::from_secs(1_000)));
}
