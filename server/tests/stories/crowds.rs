//! Crowds before one account: many hands, many flows, every spelling of the name, headers that lie, and a process that ends in
//! between. No more is compared than may be, and the user is not in the crowd's way.

use std::sync::Arc;

use tokio::task::JoinSet;
use vestibule_core::ports::Store;
use vestibule_store::{Memory, Sqlite};

use crate::world::*;

const HOME: &str = "198.51.100.7";
const SPELLINGS: [&str; 5] = ["kim", "KIM", " kim ", "ｋｉｍ", "Kim\u{2003}"];

/// A server over a store that may have been another one's before, and the count of the passwords that it compares.
async fn over(store: Arc<dyn Store>) -> (World, Arc<Watched>) {
    let mut setting = Setting { store, ..Setting::default() };
    let limits = &mut setting.config.limits;
    (limits.source_misses, limits.network_misses, limits.source_requests) = (1_000_000, 0, 0);
    (limits.app_misses, limits.tenant_misses) = (0, 0);
    let watched = setting.watched.clone();
    (World::with(setting).await, watched)
}

/// Wrong passwords at once, each from another address that its header claims.
async fn crowd(world: &World, flows: usize, each: usize) {
    let mut hands = JoinSet::new();
    for number in 0..flows {
        let start = world.anonymous().from("203.0.113.9").authorize("shop", &[]).await;
        for hand in 0..each {
            let forged = format!("198.51.100.7, 10.{}.{}.{hand}", number / 250, number % 250);
            let caller = world.anonymous().from("203.0.113.9").header("x-forwarded-for", &forged);
            let (flow, name) = (start.flow_id(), SPELLINGS[(number + hand) % SPELLINGS.len()]);
            hands.spawn(async move { caller.password(&flow, name, &format!("guess {number} {hand}")).await });
        }
    }
    for answer in hands.join_all().await {
        assert!(answer.member("/authData").is_null());
        assert!([200, 400, 503].contains(&answer.status.as_u16()), "{}", answer.text());
        assert!(answer.status != 503 || answer.header("retry-after").is_some());
    }
}

/// The cap of a crowd over restarts; `open` gives the store of the next process.
async fn is_held_off(open: impl Fn() -> Arc<dyn Store>, (flows, each): (usize, usize)) {
    let (world, watched) = over(open()).await;
    world.app("shop").await;
    world.user("kim").await;
    world.anonymous().from(HOME).sign_in("shop", "kim", &[]).await.is(200).code();
    crowd(&world, flows, each).await;
    assert_eq!(watched.compared(), 1 + 5);
    drop(world);

    let mut compared = 5;
    for restart in 1..=17_u64 {
        let (world, watched) = over(open()).await;
        world.entropy.skip(restart << 32);
        world.wait(minutes(16 * restart));
        crowd(&world, 6, 2).await;
        compared += watched.compared();
        assert!(compared <= 80, "{compared} guesses were compared");
        world.anonymous().from(HOME).sign_in("shop", "kim", &[]).await.is(200).code();
    }
    assert_eq!(compared, 80);
}

// Checklist 15, 16, 17, 18, 27.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_with_lying_headers_and_every_spelling_has_no_more_than_the_cap_compared() {
    let store: Arc<dyn Store> = Arc::new(Memory::default());
    is_held_off(|| store.clone(), (1_000, 10)).await;
}

// Checklist 15, 16, 17, 18.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_before_and_after_restarts_from_the_disk_has_no_more_than_the_cap_compared() {
    let folder = tempfile::tempdir().unwrap();
    is_held_off(|| Arc::new(Sqlite::open(&folder.path().join("vestibule.db")).unwrap()), (40, 4)).await;
}

// Checklist 21.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_right_logins_at_once_all_succeed_while_a_crowd_guesses() {
    let (world, _) = over(Arc::new(Memory::default())).await;
    world.app("shop").await;
    world.user("kim").await;
    let home = world.anonymous().from(HOME);
    home.sign_in("shop", "kim", &[]).await.is(200).code();
    crowd(&world, 20, 2).await;
    let mut logins = JoinSet::new();
    for number in 0..60 {
        let caller = if number % 3 == 0 { home.clone() } else { world.anonymous().from("203.0.113.9") };
        let flow = caller.authorize("shop", &[]).await.flow_id();
        logins.spawn(async move {
            let password = if number % 3 == 0 { PASSWORD } else { "wrong" };
            (number, caller.password(&flow, "kim", password).await)
        });
    }
    let answers = logins.join_all().await;
    let right: Vec<_> = answers.iter().filter(|(number, _)| number % 3 == 0).collect();
    assert_eq!(right.len(), 20);
    right.iter().for_each(|(_, answer)| drop(answer.is(200).code()));
}

#[tokio::test]
async fn who_used_up_what_is_left_to_acquaintances_is_a_stranger_like_any_other() {
    let (world, watched) = over(Arc::new(Memory::default())).await;
    world.app("shop").await;
    world.user("kim").await;
    let home = world.anonymous().from(HOME);
    home.sign_in("shop", "kim", &[]).await.is(200).code();
    let wrong = || async {
        let flow = home.authorize("shop", &[]).await.flow_id();
        home.password(&flow, "kim", "wrong").await.is_step("FAIL_INCOMPLETE");
    };
    for _ in 0..4 {
        for _ in 0..5 {
            wrong().await;
        }
        world.wait(minutes(15));
    }
    assert_eq!(watched.compared(), 21);
    home.sign_in("shop", "kim", &[]).await.is(200).code();
    assert_eq!(watched.compared(), 22);
    // After a quiet day the user is known again.
    world.wait(days(1));
    home.sign_in("shop", "kim", &[]).await.is(200).code();
    for _ in 0..5 {
        let flow = world.authorize("shop", &[]).await.flow_id();
        world.anonymous().password(&flow, "kim", "wrong").await.is_step("FAIL_INCOMPLETE");
    }
    home.sign_in("shop", "kim", &[]).await.is(200).code();
}
