//! Tallies: a slot is claimed before a comparison and settled after it, so that parallel guesses cannot outrun the count.

use std::time::Duration;

use vestibule_core::attempt::{Mark, Slot, Tally, TallyRule};
use vestibule_core::budget::{Budget, BudgetKey, Cost};
use vestibule_core::ports::Timestamp;
use vestibule_core::ports::store::{Claimed, Move, Settled, Settlement, Store};

use super::race::at_once;
use super::samples::{BUDGET, RULE, acme, at, claim, flow, key, mark, settlement};

/// Lets so many answers be wrong, outside of any flow.
async fn miss(store: &dyn Store, name: &str, times: u32, now: Timestamp) {
    for _ in 0..times {
        assert_eq!(store.claim_tally(&key(name), &RULE, now).await.unwrap(), Slot::Free);
        judge(store, name, Mark::Wrong, now).await;
    }
}

async fn judge(store: &dyn Store, name: &str, as_what: Mark, now: Timestamp) {
    let tallies = [mark(name, as_what)];
    let acme = acme();
    let answer = Settlement { tallies: &tallies, ..settlement(&acme, None, now) };
    assert_eq!(store.settle(answer).await.unwrap(), Settled::Kept);
}

pub async fn an_untouched_tally_counts_nothing(store: &dyn Store) {
    assert_eq!(store.tally(&key("kim")).await.unwrap(), Tally::default());
    store.clear_tally(&key("kim")).await.unwrap();
    judge(store, "kim", Mark::Void, at(1)).await;
    assert_eq!(store.tally(&key("kim")).await.unwrap(), Tally::default());
}

pub async fn a_claim_takes_a_slot_of_each_tally(store: &dyn Store) {
    let Claimed::Ours { slots, .. } = claim(store, (1, 0), at(0), &["kim", "10.0.0.1"]).await else { panic!() };
    let once = Tally { pending: 1, pending_until: at(30), touched: at(0), ..Tally::default() };
    assert_eq!(slots, [(Slot::Free, once), (Slot::Free, once)]);
    assert_eq!(store.tally(&key("kim")).await.unwrap(), once);
    assert_eq!(store.tally(&key("10.0.0.1")).await.unwrap(), once);
    let Claimed::Ours { slots, .. } = claim(store, (2, 0), at(1), &["kim"]).await else { panic!() };
    assert_eq!(slots, [(Slot::Free, Tally { pending: 2, pending_until: at(31), touched: at(1), ..once })]);
}

pub async fn a_full_tally_lets_nothing_be_claimed(store: &dyn Store) {
    for number in 1..=3 {
        assert!(matches!(claim(store, (number, 0), at(0), &["kim"]).await, Claimed::Ours { .. }));
    }
    assert_eq!(claim(store, (4, 0), at(1), &["10.0.0.1", "kim"]).await, Claimed::Full);
    assert_eq!(store.flow(&flow(4)).await.unwrap(), None);
    assert_eq!(store.tally(&key("10.0.0.1")).await.unwrap(), Tally::default());
    judge(store, "kim", Mark::Void, at(2)).await;
    assert!(matches!(claim(store, (4, 0), at(3), &["10.0.0.1", "kim"]).await, Claimed::Ours { .. }));
}

pub async fn the_flow_is_asked_before_the_tallies(store: &dyn Store) {
    for number in 1..=3 {
        claim(store, (number, 0), at(0), &["kim"]).await;
    }
    assert_eq!(claim(store, (1, 0), at(1), &["kim"]).await, Claimed::Busy);
    assert_eq!(claim(store, (9, 4), at(1), &["kim"]).await, Claimed::Moved);
    assert_eq!(store.tally(&key("kim")).await.unwrap().pending, 3);
}

pub async fn a_locked_tally_is_told_and_does_not_count(store: &dyn Store) {
    miss(store, "kim", 3, at(0)).await;
    let locked = store.tally(&key("kim")).await.unwrap();
    let Claimed::Ours { slots, .. } = claim(store, (1, 0), at(59), &["kim", "10.0.0.1"]).await else { panic!() };
    assert_eq!(slots[0], (Slot::Locked(at(60)), locked));
    assert_eq!(slots[1].0, Slot::Free);
    assert_eq!(store.tally(&key("kim")).await.unwrap(), locked);
    let Claimed::Ours { slots, .. } = claim(store, (2, 0), at(60), &["kim"]).await else { panic!() };
    assert_eq!(slots[0].0, Slot::Free);
}

pub async fn a_mark_settles_a_slot(store: &dyn Store) {
    miss(store, "kim", 2, at(0)).await;
    let tally = store.tally(&key("kim")).await.unwrap();
    assert_eq!((tally.misses, tally.total, tally.pending, tally.touched), (2, 2, 0, at(0)));
    store.claim_tally(&key("kim"), &RULE, at(1)).await.unwrap();
    judge(store, "kim", Mark::Void, at(1)).await;
    assert_eq!(store.tally(&key("kim")).await.unwrap().misses, 2);
    store.claim_tally(&key("kim"), &RULE, at(2)).await.unwrap();
    judge(store, "kim", Mark::Right, at(3)).await;
    let tally = store.tally(&key("kim")).await.unwrap();
    assert_eq!((tally.misses, tally.total, tally.pending, tally.touched), (0, 0, 0, at(3)));
}

pub async fn comparisons_that_never_ended_count_as_wrong(store: &dyn Store) {
    for number in 1..=3 {
        claim(store, (number, 0), at(0), &["kim"]).await;
    }
    let Claimed::Ours { slots, .. } = claim(store, (4, 0), at(30), &["kim"]).await else { panic!() };
    assert_eq!(slots[0].0, Slot::Locked(at(90)));
    let kept = store.tally(&key("kim")).await.unwrap();
    assert_eq!((kept.pending, kept.total, kept.locked_until), (0, 3, at(90)), "the lock is kept, not only told");
}

pub async fn a_tally_is_claimed_outside_a_flow(store: &dyn Store) {
    for _ in 0..3 {
        assert_eq!(store.claim_tally(&key("admin"), &RULE, at(0)).await.unwrap(), Slot::Free);
    }
    assert_eq!(store.claim_tally(&key("admin"), &RULE, at(1)).await.unwrap(), Slot::Full);
    assert_eq!(store.claim_tally(&key("admin"), &RULE, at(30)).await.unwrap(), Slot::Locked(at(90)));
    assert_eq!(store.claim_tally(&key("other"), &RULE, at(30)).await.unwrap(), Slot::Free);
}

pub async fn an_administrator_clears_a_tally(store: &dyn Store) {
    miss(store, "kim", 3, at(0)).await;
    miss(store, "robin", 1, at(0)).await;
    store.clear_tally(&key("kim")).await.unwrap();
    assert_eq!(store.tally(&key("kim")).await.unwrap(), Tally::default());
    assert_eq!(store.tally(&key("robin")).await.unwrap().misses, 1);
    assert_eq!(store.claim_tally(&key("kim"), &RULE, at(1)).await.unwrap(), Slot::Free);
}

pub async fn a_wrong_answer_costs_shares_and_makes_no_debts(store: &dyn Store) {
    let (one, other) = (BudgetKey("net".to_owned()), BudgetKey("app".to_owned()));
    assert_eq!(store.budgets(&[&one, &other]).await.unwrap(), [Budget::default(); 2]);
    let charge = |shares| [Cost { key: one.clone(), rule: BUDGET, shares }];
    let acme = acme();
    let mut expected = Budget::default();
    for shares in [1, 2, 1_000] {
        let costs = charge(shares);
        let answer = Settlement { costs: &costs, ..settlement(&acme, None, at(5)) };
        assert_eq!(store.settle(answer).await.unwrap(), Settled::Kept);
        expected.charge(at(5), &BUDGET, shares);
        assert_eq!(store.budgets(&[&other, &one]).await.unwrap(), [Budget::default(), expected]);
    }
    // Also of an answer that came too late.
    let late = Some((7, 1, Move::Release));
    let costs = [Cost { key: other.clone(), rule: BUDGET, shares: 1 }];
    assert_eq!(
        store.settle(Settlement { costs: &costs, ..settlement(&acme, late, at(5)) }).await.unwrap(),
        Settled::Lost
    );
    assert_ne!(store.budgets(&[&other]).await.unwrap(), [Budget::default()]);
}

pub async fn a_proof_from_elsewhere_opens_a_quiet_tally(store: &dyn Store) {
    miss(store, "kim", 3, at(0)).await;
    judge(store, "kim", Mark::Elsewhere, at(1)).await;
    assert_eq!(store.tally(&key("kim")).await.unwrap().total, 3);
    judge(store, "kim", Mark::Elsewhere, at(86_400)).await;
    assert_eq!(store.tally(&key("kim")).await.unwrap(), Tally { touched: at(0), ..Tally::default() });
    judge(store, "robin", Mark::Elsewhere, at(86_400)).await;
    assert_eq!(store.tally(&key("robin")).await.unwrap(), Tally::default());
}

pub async fn a_seal_holds_until_it_is_cleared(store: &dyn Store) {
    let rule = TallyRule { cap: 1, ..RULE };
    store.claim_tally(&key("kim"), &rule, at(0)).await.unwrap();
    store.claim_tally(&key("kim"), &rule, at(40)).await.unwrap();
    let years = at(0) + Duration::from_secs(60 * 60 * 24 * 365 * 50);
    assert!(matches!(store.claim_tally(&key("kim"), &rule, years).await.unwrap(), Slot::Locked(_)));
    store.clear_tally(&key("kim")).await.unwrap();
    assert_eq!(store.claim_tally(&key("kim"), &rule, years).await.unwrap(), Slot::Free);
}

pub async fn no_more_answers_are_compared_at_once_than_may_be_wrong(store: &dyn Store) {
    let claims = at_once(|number| claim(store, (u8::try_from(number).unwrap(), 0), at(0), &["kim"]));
    let claimed = claims.iter().filter(|claimed| matches!(claimed, Claimed::Ours { .. })).count();
    assert_eq!(claimed, 3);
    assert!(claims.iter().all(|claimed| matches!(claimed, Claimed::Ours { .. } | Claimed::Full)));
    assert_eq!(store.tally(&key("kim")).await.unwrap().pending, 3);
}

pub async fn no_wrong_answer_is_lost_in_a_crowd(store: &dyn Store) {
    let generous = TallyRule { limit: 1_000, cap: 0, ..RULE };
    at_once(|number| async move {
        let number = u8::try_from(number).unwrap();
        let tallies = [vestibule_core::ports::store::TallyMark { rule: generous, ..mark("kim", Mark::Wrong) }];
        assert_eq!(store.claim_tally(&key("kim"), &generous, at(0)).await.unwrap(), Slot::Free);
        assert!(matches!(claim(store, (number, 0), at(0), &[]).await, Claimed::Ours { .. }));
        let flow = Some((number, 1, Move::Release));
        let acme = acme();
        let answer = Settlement { tallies: &tallies, ..settlement(&acme, flow, at(0)) };
        assert_eq!(store.settle(answer).await.unwrap(), Settled::Kept);
    });
    let tally = store.tally(&key("kim")).await.unwrap();
    assert_eq!((tally.misses, tally.total, tally.pending), (32, 32, 0));
}
