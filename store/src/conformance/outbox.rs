//! Letters: put in as far as the budgets allow, carried by one at a time, and settled by who carries them.

use vestibule_core::attempt::Mark;
use vestibule_core::budget::{BudgetKey, BudgetRule};
use vestibule_core::delivery::{Channel, Letter};
use vestibule_core::ports::Timestamp;
use vestibule_core::ports::store::{Carried, Delivery, Edit, Settled, Settlement, Store};

use super::race::{CROWD, at_once};
use super::samples::{BUDGET, acme, advance, at, claim, credential, letter, mark, settlement};

async fn post(store: &dyn Store, letter: &Letter) -> bool {
    store.post(letter, letter.created).await.unwrap()
}

async fn carry(store: &dyn Store, now: Timestamp) -> Vec<Carried> {
    store.carry(now, at(100), 10).await.unwrap()
}

async fn settle(store: &dyn Store, carried: &Carried, how: Delivery) -> bool {
    store.carried(&carried.letter.id, carried.lease, how).await.unwrap()
}

fn numbers(carried: &[Carried]) -> Vec<u8> {
    carried.iter().map(|carried| carried.letter.id.as_bytes()[0]).collect()
}

/// Numbers of all letters that are in the outbox.
async fn kept(store: &dyn Store) -> Vec<u8> {
    numbers(&store.carry(at(200), at(201), 100).await.unwrap())
}

pub async fn a_letter_is_carried_and_gone_when_it_arrives(store: &dyn Store) {
    let (sent, mail) = (letter(1, &["kim"]), Letter { channel: Channel::Email, ..letter(2, &[]) });
    assert_eq!(carry(store, at(1)).await, []);
    assert!(post(store, &sent).await && post(store, &mail).await);
    let carried = carry(store, at(2)).await;
    let expected = Letter { budgets: vec![], ..sent };
    assert_eq!((&carried[0].letter, carried[0].tries), (&expected, 0));
    assert_eq!(carried[1].letter, mail);
    assert!(settle(store, &carried[0], Delivery::Arrived).await);
    assert!(!settle(store, &carried[0], Delivery::Arrived).await);
    assert!(settle(store, &carried[1], Delivery::Arrived).await);
    assert_eq!(kept(store).await, [0; 0]);
    assert_eq!(store.waiting().await.unwrap(), (0, None));
}

pub async fn an_undeliverable_letter_is_gone(store: &dyn Store) {
    post(store, &letter(1, &[])).await;
    let carried = carry(store, at(1)).await;
    assert!(settle(store, &carried[0], Delivery::Undeliverable).await);
    assert_eq!(kept(store).await, [0; 0]);
}

pub async fn a_letter_may_be_tried_again_later(store: &dyn Store) {
    post(store, &letter(1, &[])).await;
    let carried = carry(store, at(1)).await;
    assert!(settle(store, &carried[0], Delivery::Again(at(150))).await);
    assert!(!settle(store, &carried[0], Delivery::Arrived).await, "nobody carries it");
    assert_eq!(carry(store, at(149)).await, []);
    let again = carry(store, at(150)).await;
    assert_eq!((again[0].tries, &again[0].letter), (1, &carried[0].letter));
    assert!(settle(store, &again[0], Delivery::Again(at(10))).await);
    assert_eq!(carry(store, at(151)).await[0].tries, 2);
}

pub async fn letters_that_wait_longest_are_carried_first(store: &dyn Store) {
    for number in [3, 1, 4, 2] {
        post(store, &letter(number, &[])).await;
    }
    assert_eq!(carry(store, at(0)).await, []);
    assert_eq!(numbers(&store.carry(at(50), at(100), 2).await.unwrap()), [1, 2]);
    assert_eq!(store.carry(at(50), at(100), 0).await.unwrap(), []);
    assert_eq!(numbers(&store.carry(at(50), at(90), 10).await.unwrap()), [3, 4]);
    assert_eq!(numbers(&store.carry(at(100), at(101), 3).await.unwrap()), [3, 4, 1], "these wait for a carrier again");
}

pub async fn nobody_else_gets_a_letter_before_its_carrier_is_late(store: &dyn Store) {
    post(store, &letter(1, &[])).await;
    assert_eq!(carry(store, at(1)).await.len(), 1);
    assert_eq!(carry(store, at(99)).await, []);
    let second = store.carry(at(100), at(150), 10).await.unwrap();
    assert_eq!((second.len(), second[0].tries), (1, 1));
    assert_eq!(carry(store, at(149)).await, []);
}

pub async fn a_carrying_is_settled_by_its_lease_alone(store: &dyn Store) {
    post(store, &letter(1, &[])).await;
    let first = carry(store, at(1)).await.remove(0);
    assert!(!store.carried(&letter(2, &[]).id, first.lease, Delivery::Arrived).await.unwrap());
    let second = store.carry(at(100), at(150), 10).await.unwrap().remove(0);
    assert_ne!(first.lease, second.lease);
    for how in [Delivery::Arrived, Delivery::Again(at(0)), Delivery::Undeliverable] {
        assert!(!settle(store, &first, how).await);
    }
    assert_eq!(carry(store, at(149)).await, []);
    assert!(settle(store, &second, Delivery::Again(at(149))).await);
    let third = carry(store, at(149)).await.remove(0);
    assert!(!settle(store, &second, Delivery::Arrived).await);
    assert!(settle(store, &third, Delivery::Arrived).await);
}

pub async fn a_letter_of_no_use_is_not_carried(store: &dyn Store) {
    post(store, &letter(1, &[])).await;
    assert_eq!(carry(store, at(300)).await, []);
    assert_eq!(store.waiting().await.unwrap().0, 1, "it is there until it is swept");
    assert_eq!(carry(store, at(299)).await.len(), 1);
}

pub async fn the_oldest_letter_tells_how_long_letters_wait(store: &dyn Store) {
    assert_eq!(store.waiting().await.unwrap(), (0, None));
    for number in [3, 1, 2] {
        post(store, &letter(number, &[])).await;
    }
    let carried = store.carry(at(3), at(100), 2).await.unwrap();
    assert_eq!(store.waiting().await.unwrap(), (3, Some(at(1))));
    settle(store, &carried[1], Delivery::Again(at(200))).await;
    settle(store, &carried[0], Delivery::Arrived).await;
    assert_eq!(store.waiting().await.unwrap(), (2, Some(at(2))));
}

pub async fn letters_are_put_in_up_to_the_limit(store: &dyn Store) {
    let mut posted = Vec::new();
    for number in 1..=4 {
        posted.push(store.post(&letter(number, &["kim"]), at(5)).await.unwrap());
    }
    assert_eq!(posted, [true, true, false, false]);
    assert!(store.post(&letter(5, &["robin"]), at(5)).await.unwrap());
    assert!(store.post(&letter(6, &[]), at(6)).await.unwrap());
    assert_eq!(kept(store).await, [1, 2, 5, 6]);
}

pub async fn a_letter_takes_a_share_of_all_its_budgets_or_of_none(store: &dyn Store) {
    let post = |number, budgets| async move { store.post(&letter(number, budgets), at(5)).await.unwrap() };
    assert!(post(1, &["kim"]).await && post(2, &["kim"]).await);
    assert!(!post(3, &["robin", "kim"]).await && !post(4, &["kim", "robin"]).await);
    assert!(post(5, &["robin", "sam"]).await && post(6, &["robin"]).await);
    assert!(!post(7, &["sam", "robin"]).await);
    assert!(post(8, &["sam"]).await && !post(9, &["sam"]).await);
    assert!(!post(10, &["max", "max", "max"]).await, "one that is named twice pays twice");
    assert!(post(11, &["max", "max"]).await && !post(12, &["max"]).await);
}

pub async fn a_budget_grows_back(store: &dyn Store) {
    let post = |number, now| async move { store.post(&letter(number, &["kim"]), at(now)).await.unwrap() };
    assert!(post(1, 0).await && post(2, 0).await);
    assert!(!post(3, 1_799).await);
    assert!(post(4, 1_800).await && !post(5, 1_800).await);
    assert!(post(6, 5_400).await && post(7, 5_400).await && !post(8, 5_400).await);
}

pub async fn an_answer_sends_what_the_budgets_allow(store: &dyn Store) {
    claim(store, (1, 0), at(0), &["kim"]).await;
    let letters = [letter(1, &["kim"]), letter(2, &["kim"]), letter(3, &["kim"]), letter(4, &["robin"])];
    let (tenant, marks) = (acme(), [mark("kim", Mark::Right)]);
    let flow = Some((1, 1, advance(b"sent")));
    let answer = Settlement { tallies: &marks, letters: &letters, ..settlement(&tenant, flow, at(5)) };
    assert_eq!(store.settle(answer).await.unwrap(), Settled::Kept);
    assert_eq!(kept(store).await, [1, 2, 4]);
    assert!(!store.post(&letter(5, &["kim"]), at(5)).await.unwrap());
    assert!(store.post(&letter(6, &["robin"]), at(5)).await.unwrap());
}

pub async fn an_answer_that_is_lost_or_overtaken_sends_nothing(store: &dyn Store) {
    let (tenant, letters) = (acme(), [letter(1, &["kim"])]);
    let lost = Settlement { letters: &letters, ..settlement(&tenant, Some((1, 1, advance(b"late"))), at(5)) };
    assert_eq!(store.settle(lost).await.unwrap(), Settled::Lost);
    let edits = [Edit::Enrol(Box::new(credential(1, 1)))];
    let overtaken = Settlement { letters: &letters, edits: &edits, ..settlement(&tenant, None, at(5)) };
    assert_eq!(store.settle(overtaken).await.unwrap(), Settled::Overtaken);
    assert_eq!(store.waiting().await.unwrap(), (0, None));
    assert!(store.post(&letter(2, &["kim"]), at(5)).await.unwrap());
    assert!(store.post(&letter(3, &["kim"]), at(5)).await.unwrap());
}

pub async fn a_letter_with_the_id_of_another_is_a_fault(store: &dyn Store) {
    post(store, &letter(1, &["kim"])).await;
    assert!(store.post(&letter(1, &["robin"]), at(5)).await.is_err());
    let (tenant, letters) = (acme(), [letter(2, &["robin"]), letter(2, &["robin"])]);
    assert!(store.settle(Settlement { letters: &letters, ..settlement(&tenant, None, at(5)) }).await.is_err());
    assert!(store.post(&letter(3, &["robin"]), at(5)).await.unwrap());
    assert!(store.post(&letter(4, &["robin"]), at(5)).await.unwrap());
    assert_eq!(kept(store).await, [1, 3, 4]);
}

pub async fn of_many_letters_at_once_as_many_are_kept_as_the_budget_has(store: &dyn Store) {
    let rule = BudgetRule { limit: 5, ..BUDGET };
    let posted = at_once(|number| async move {
        let budgets = vec![(BudgetKey("kim".to_owned()), rule)];
        let letters = [Letter { budgets, ..letter(u8::try_from(number).unwrap(), &[]) }];
        if number % 2 == 0 {
            return store.post(&letters[0], at(5)).await.map(drop).unwrap();
        }
        let tenant = acme();
        let answer = Settlement { letters: &letters, ..settlement(&tenant, None, at(5)) };
        assert_eq!(store.settle(answer).await.unwrap(), Settled::Kept);
    });
    assert_eq!((posted.len(), store.waiting().await.unwrap().0), (CROWD, 5));
}

pub async fn of_many_carriers_one_gets_a_letter(store: &dyn Store) {
    for number in 1..=5 {
        post(store, &letter(number, &[])).await;
    }
    let taken = at_once(|_| async { store.carry(at(5), at(100), 2).await.unwrap() });
    let mut taken: Vec<u8> = taken.iter().flat_map(|taken| numbers(taken)).collect();
    taken.sort_unstable();
    assert_eq!(taken, [1, 2, 3, 4, 5]);
}
