//! Too much at once: a full hashing queue is 503, too many wrong answers from one address are 429. Both say when to come
//! back, and neither costs the user anything.

use serde_json::json;
use vestibule_core::error::Spelling;

use crate::authenticators::{WAITING, Waiting};
use crate::world::*;

/// A world in which addresses are counted, also loopback ones, behind a proxy at 10.0.0.1.
async fn counted(misses: u32) -> World {
    let world = World::set(|setting| {
        setting.config.limits.exempt_networks.clear();
        setting.config.limits.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        setting.config.limits.source_misses = misses;
    })
    .await;
    world.app("shop").await;
    for name in ["kim", "lee"] {
        world.user(name).await;
    }
    world
}

/// A wrong answer of a new flow, for a user of its own.
async fn miss(caller: &Caller, number: usize) -> Answer {
    let flow = caller.authorize("shop", &[]).await.flow_id();
    caller.password(&flow, &format!("user{number}"), "wrong").await
}

fn retry_after(answer: &Answer) -> u64 {
    answer.header("retry-after").expect("Retry-After").parse().unwrap()
}

#[tokio::test]
async fn a_full_hashing_queue_is_told_and_counts_nothing() {
    for (spelling, code) in [(Spelling::Documented, "65001"), (Spelling::Wso2, "ABA-65001")] {
        let mut setting = Setting::default();
        setting.config.native.error_codes = spelling;
        let watched = setting.watched.clone();
        let world = World::with(setting).await;
        world.app("shop").await;
        world.user("kim").await;
        let flow = world.authorize("shop", &[]).await.flow_id();
        watched.set_full(true);
        for name in ["kim", "kim", "kim", "kim", "kim", "kim", "nobody"] {
            let busy = world.anonymous().password(&flow, name, PASSWORD).await;
            busy.is_refused(503, code, "temporarily_unavailable");
            assert_eq!(busy.at("/message"), "Unable to proceed with authentication.");
            assert!(retry_after(&busy) >= 1);
        }
        watched.set_full(false);
        world.anonymous().password(&flow, "kim", PASSWORD).await.is(200).code();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_beyond_the_real_queue_are_sent_away_and_the_others_succeed() {
    let world = World::set(|setting| {
        setting.config.hash.memory_kib = 16_384;
        setting.config.hash.threads = 1;
        setting.config.hash.queue = 1;
    })
    .await;
    world.app("shop").await;
    // Everybody is there before the first login: making a user hashes too.
    let mut flows = Vec::new();
    for number in 0..12 {
        let name = format!("user{number}");
        world.user(&name).await;
        flows.push((name, world.authorize("shop", &[]).await.flow_id()));
    }
    let mut logins = tokio::task::JoinSet::new();
    for (name, flow) in flows {
        let caller = world.anonymous();
        logins.spawn(async move { caller.password(&flow, &name, PASSWORD).await });
    }
    let answers = logins.join_all().await;
    let busy = answers.iter().filter(|answer| answer.status == 503);
    let done = answers.iter().filter(|answer| answer.status == 200);
    assert_eq!(busy.clone().count() + done.clone().count(), 12);
    assert!(done.clone().count() >= 1);
    busy.for_each(|answer| assert!(retry_after(answer) >= 1));
    done.for_each(|answer| drop(answer.code()));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_too_long_is_given_up() {
    let waiting = Waiting::leaked();
    let world = World::set(|setting| setting.authenticators.push(waiting)).await;
    world.app_with("slow", |app| app.sequence = steps(&[&["IdentifierExecutor"], &[WAITING]])).await;
    world.user("kim").await;
    let flow = world.authorize("slow", &[]).await.flow_id();
    world.anonymous().answer(&flow, IDENTIFIER, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    let late = world.anonymous().answer(&flow, &id_of(WAITING), json!({"OTPCode": "1"})).await;
    late.is_refused(503, "65001", "temporarily_unavailable");
    assert!(retry_after(&late) >= 1);
}

// Checklist 23, 26.
#[tokio::test]
async fn too_many_wrong_answers_from_one_address_close_it_for_everybody_there() {
    let world = counted(3).await;
    let there = world.anonymous().from("203.0.113.7");
    for number in 0..3 {
        miss(&there, number).await.is_step("FAIL_INCOMPLETE");
    }
    let flow = there.authorize("shop", &[]).await.flow_id();
    let closed = there.password(&flow, "kim", PASSWORD).await;
    closed.is_refused(429, "60001", "too_many_requests");
    assert_eq!(retry_after(&closed), 30);
    assert_eq!(closed.at("/message"), "Invalid authentication request.");

    world.anonymous().from("203.0.113.8").sign_in("shop", "kim", &[]).await.is(200).code();
    world.wait(seconds(30));
    there.password(&flow, "kim", PASSWORD).await.is(200).code();
}

#[tokio::test]
async fn the_fiftieth_wrong_answer_is_the_last_by_default() {
    let world = World::new().await;
    world.app("shop").await;
    let there = world.anonymous().from("203.0.113.7");
    for number in 0..50 {
        miss(&there, number).await.is_step("FAIL_INCOMPLETE");
    }
    miss(&there, 50).await.is_refused(429, "60001", "too_many_requests");
}

#[tokio::test]
async fn a_right_password_does_not_reset_the_count_of_its_address() {
    let world = counted(3).await;
    let there = world.anonymous().from("203.0.113.7");
    for number in 0..3 {
        there.sign_in("shop", "kim", &[]).await.is(200).code();
        miss(&there, number).await.is_step("FAIL_INCOMPLETE");
    }
    let flow = there.authorize("shop", &[]).await.flow_id();
    there.password(&flow, "lee", PASSWORD).await.is_refused(429, "60001", "too_many_requests");
    // What strangers at that address used up does not stop whoever signed in from there before.
    there.sign_in("shop", "kim", &[]).await.is(200).code();
}

// Checklist 27.
#[tokio::test]
async fn an_address_is_believed_only_of_a_trusted_proxy() {
    let world = counted(2).await;
    let proxy = world.anonymous().from("10.0.0.1");
    let behind = |address: &str| proxy.clone().header("x-forwarded-for", address);
    for number in 0..2 {
        miss(&behind("198.51.100.1"), number).await.is_step("FAIL_INCOMPLETE");
    }
    miss(&behind("198.51.100.1"), 2).await.is(429);
    miss(&behind("6.6.6.6, 198.51.100.1"), 2).await.is(429);
    miss(&behind("198.51.100.2"), 3).await.is_step("FAIL_INCOMPLETE");

    let liar = world.anonymous().from("203.0.113.9");
    for (number, address) in ["1.1.1.1", "2.2.2.2"].into_iter().enumerate() {
        miss(&liar.clone().header("x-forwarded-for", address), 10 + number).await.is_step("FAIL_INCOMPLETE");
    }
    miss(&liar.clone().header("x-forwarded-for", "3.3.3.3"), 12).await.is(429);
}

// Checklist 23.
#[tokio::test]
async fn a_host_is_counted_once_whatever_addresses_of_its_network_it_uses() {
    let world = counted(2).await;
    for (number, address) in ["2001:db8::1", "2001:db8::ffff:1"].into_iter().enumerate() {
        miss(&world.anonymous().from(address), number).await.is_step("FAIL_INCOMPLETE");
    }
    miss(&world.anonymous().from("2001:db8:0:0:1::"), 2).await.is(429);
    miss(&world.anonymous().from("2001:db8:0:1::1"), 3).await.is_step("FAIL_INCOMPLETE");
    for (number, address) in ["203.0.113.7", "::ffff:203.0.113.7"].into_iter().enumerate() {
        miss(&world.anonymous().from(address), 10 + number).await.is_step("FAIL_INCOMPLETE");
    }
    miss(&world.anonymous().from("203.0.113.7"), 12).await.is(429);
}

#[tokio::test]
async fn the_machine_itself_is_exempt_unless_the_operator_says_otherwise() {
    let world = World::set(|setting| setting.config.limits.source_misses = 2).await;
    world.app("shop").await;
    for number in 0..5 {
        miss(&world.anonymous().from("127.0.0.1"), number).await.is_step("FAIL_INCOMPLETE");
    }
    let world = counted(2).await;
    for number in 0..2 {
        miss(&world.anonymous().from("127.0.0.1"), number).await.is_step("FAIL_INCOMPLETE");
    }
    miss(&world.anonymous().from("127.0.0.1"), 2).await.is(429);
}

// Checklist 111.
#[tokio::test]
async fn addresses_are_counted_in_each_tenant_apart() {
    let world = counted(2).await;
    let acme = world.tenant("acme").await;
    world.app_with("shop", |app| app.tenant = acme).await;
    let there = world.anonymous().from("203.0.113.7");
    for number in 0..2 {
        miss(&there, number).await.is_step("FAIL_INCOMPLETE");
    }
    miss(&there, 2).await.is(429);
    miss(&there.at("/t/acme"), 3).await.is_step("FAIL_INCOMPLETE");
}
