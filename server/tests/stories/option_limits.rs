//! Limits of an option: how many codes may be wrong and how often one may be sent again, by the application or else built
//! in. They end a flow; the user's own count, which no new flow resets, is what stops guessing.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use vestibule_core::application::Limits;
use vestibule_core::attempt::TallyKey;
use vestibule_core::flow::Who;
use vestibule_core::flow::authenticator::Factor;
use vestibule_core::ports::{Store, TenantId};
use vestibule_store::{Memory, Sqlite};

use crate::holdings::*;
use crate::world::*;

/// A world whose login is a password and then these options, all with the same limits.
async fn limited(options: &[&str], limits: Limits) -> World {
    let world = World::new().await;
    world.settle_in(&[&[PASS], options]).await;
    let app = world.store().app_by_client(&TenantId::root(), "bank").await.unwrap().unwrap();
    world
        .change_app(&app, |app| app.sequence.steps[1].options.iter_mut().for_each(|option| option.limits = limits))
        .await;
    world
}

fn failures(most: u32) -> Limits {
    Limits { maximum_allowed_failure_attempts: Some(most), ..Limits::default() }
}

fn resends(most: u32, terminate: bool) -> Limits {
    Limits {
        maximum_allowed_resend_attempts: Some(most),
        terminate_on_resend_limit_exceeded: terminate,
        ..Limits::default()
    }
}

/// The five ways that take codes or links, each with its parameter.
const ALL: [(&str, &str); 5] = [SENT[0], SENT[1], (TOTP, "token"), (BACKUP, "BackupCode"), (LINK, "mlt")];

fn is_over_for_misses(answer: &Answer) {
    answer.is(400);
    let expected = json!({
        "code": "60013", "error": "max_attempts_exceeded", "message": "Maximum retry attempts exceeded.", "traceId": "…",
        "description": "The maximum number of OTP verification failure attempts configured for the application has been exceeded.",
    });
    assert_eq!(answer.shape(), expected);
}

fn is_over_for_resends(answer: &Answer) {
    answer.is(400);
    let expected = json!({
        "code": "60014", "error": "max_resends_exceeded", "message": "Maximum resend attempts exceeded.", "traceId": "…",
        "description": "The maximum number of OTP resend attempts configured for the application has been exceeded.",
    });
    assert_eq!(answer.shape(), expected);
}

impl World {
    async fn resend(&self, flow: &str, way: &str) -> Answer {
        self.give(flow, way, json!({"resendCode": "true"})).await
    }

    /// The flow is dead, whatever is sent.
    async fn is_dead(&self, flow: &str, way: &str, param: &str) {
        for params in [json!({}), json!({param: "x"})] {
            self.give(flow, way, params).await.is_refused(400, "60009", "invalid_flow_id");
        }
    }

    /// How many answers of kim's were compared and wrong.
    async fn compared(&self) -> u32 {
        let who = Who::Known(self.who("kim").await.id);
        let tally =
            async |factor| self.store().tally(&TallyKey::of_user(&TenantId::root(), &who, factor)).await.unwrap();
        tally(Factor::Otp).await.total + tally(Factor::Email).await.total
    }
}

// Checklist 24, 39.
#[tokio::test]
async fn the_nth_wrong_code_ends_the_flow_where_the_application_says_so() {
    for (way, param) in ALL {
        for most in 1..=4 {
            // A wrong link among others leads back to them, and has to be sent again.
            let world = limited(&[way, PASS], failures(most)).await;
            let flow = world.past_password("kim").await;
            for _ in 1..most {
                world.pick(&flow, way).await.is_step("INCOMPLETE");
                world.give(&flow, way, json!({param: "x"})).await.is_step("FAIL_INCOMPLETE");
            }
            world.pick(&flow, way).await.is_step("INCOMPLETE");
            is_over_for_misses(&world.give(&flow, way, json!({param: ""})).await);
            world.is_dead(&flow, way, param).await;
        }
    }
}

// Checklist 24, 39.
#[tokio::test]
async fn the_fifth_wrong_code_ends_the_flow_where_nothing_is_said() {
    for (way, param) in &ALL[..4] {
        let world = limited(&[way], Limits::default()).await;
        let flow = world.past_password("kim").await;
        for _ in 0..4 {
            world.give(&flow, way, json!({*param: "x"})).await.is_step("FAIL_INCOMPLETE");
        }
        is_over_for_misses(&world.give(&flow, way, json!({*param: "x"})).await);
        world.is_dead(&flow, way, param).await;
    }
}

#[tokio::test]
async fn a_limit_beyond_the_built_in_one_lets_nobody_guess_more() {
    let world = limited(&[EMAIL], failures(9)).await;
    let flow = world.past_password("kim").await;
    let right = world.newest_code().await;
    for _ in 0..4 {
        world.give(&flow, EMAIL, json!({"OTPCode": other(&right)})).await.is_step("FAIL_INCOMPLETE");
    }
    is_over_for_misses(&world.give(&flow, EMAIL, json!({"OTPCode": other(&right)})).await);
    world.is_dead(&flow, EMAIL, "OTPCode").await;
    assert_eq!(world.compared().await, 5);
}

// Checklist 40.
#[tokio::test]
async fn neither_another_code_nor_another_option_resets_the_tries() {
    for (way, param) in SENT {
        let world = limited(&[EMAIL, SMS], failures(3)).await;
        let flow = world.past_password("kim").await;
        world.pick(&flow, way).await.is_step("INCOMPLETE");
        world.give(&flow, way, json!({param: "x"})).await.is_step("FAIL_INCOMPLETE");
        world.resend(&flow, way).await.is_step("INCOMPLETE");
        let (aside, code) = if way == EMAIL { SENT[1] } else { SENT[0] };
        world.pick(&flow, aside).await.is_step("INCOMPLETE");
        world.give(&flow, aside, json!({code: "x"})).await.is_step("FAIL_INCOMPLETE");
        world.give(&flow, way, json!({param: "x"})).await.is_step("FAIL_INCOMPLETE");
        world.resend(&flow, way).await.is_step("INCOMPLETE");
        is_over_for_misses(&world.give(&flow, way, json!({param: world.newest_code().await + "0"})).await);
    }
}

// Checklist 18.
#[tokio::test]
async fn a_flow_begins_with_a_clean_count_and_the_user_does_not() {
    let world = limited(&[EMAIL], failures(2)).await;
    for _ in 0..2 {
        let flow = world.past_password("kim").await;
        world.give(&flow, EMAIL, json!({"OTPCode": "x"})).await.is_step("FAIL_INCOMPLETE");
        is_over_for_misses(&world.give(&flow, EMAIL, json!({"OTPCode": "x"})).await);
    }
    let flow = world.past_password("kim").await;
    let right = world.newest_code().await;
    world.give(&flow, EMAIL, json!({"OTPCode": "x"})).await.is_step("FAIL_INCOMPLETE");
    // The fifth in all was the user's last for now, though it was this flow's first.
    is_over_for_misses(&world.give(&flow, EMAIL, json!({"OTPCode": right})).await);
    assert_eq!(world.compared().await, 5);
}

#[tokio::test]
async fn one_resend_too_many_is_told_and_the_last_code_still_counts() {
    for ((way, param), key) in SENT.into_iter().zip(["resend.count.exceeded", "resent.count.exceeded"]) {
        for (most, limits) in [(0, resends(0, false)), (1, resends(1, false)), (3, Limits::default())] {
            let world = limited(&[way], limits).await;
            let flow = world.past_password("kim").await;
            for _ in 0..most {
                world.resend(&flow, way).await.is_step("INCOMPLETE");
            }
            let asked = world.pick(&flow, way).await;
            for _ in 0..2 {
                let refused = world.resend(&flow, way).await;
                let mut expected = asked.shape();
                expected["flowStatus"] = "FAIL_INCOMPLETE".into();
                let told = failed("It was sent too often. The last one still counts.");
                expected["nextStep"]["messages"].as_array_mut().unwrap().push(told);
                assert_eq!(refused.is(200).shape(), expected, "{key}");
            }
            assert_eq!(world.sent().await, most + 1);
            assert_eq!(world.pick(&flow, way).await.shape(), asked.shape());
            world.give(&flow, way, json!({param: world.newest_code().await})).await.is(200).code();
        }
    }
}

#[tokio::test]
async fn the_keys_of_too_many_resends_are_those_that_clients_know() {
    for (way, key) in
        [(EMAIL, "resend.count.exceeded"), (SMS, "resent.count.exceeded"), (LINK, "resend.count.exceeded")]
    {
        let world =
            World::set(|setting| setting.config.native.messages = vestibule_core::tenant::MessageStyle::Wso2).await;
        world.settle_in(&[&[PASS], &[way]]).await;
        let flow = world.past_password("kim").await;
        for _ in 0..3 {
            world.resend(&flow, way).await.is_step("INCOMPLETE");
        }
        let refused = world.resend(&flow, way).await;
        let messages = refused.is_step("FAIL_INCOMPLETE").member("/nextStep/messages");
        assert_eq!(messages.as_array().unwrap().last(), Some(&failed(key)));
    }
}

// Checklist 39.
#[tokio::test]
async fn one_resend_too_many_ends_the_flow_where_the_application_says_so() {
    for (way, param) in [SENT[0], SENT[1], (LINK, "mlt")] {
        for most in [0, 1, 2] {
            let world = limited(&[way], resends(most, true)).await;
            let flow = world.past_password("kim").await;
            for _ in 0..most {
                world.resend(&flow, way).await.is_step("INCOMPLETE");
            }
            is_over_for_resends(&world.resend(&flow, way).await);
            world.is_dead(&flow, way, param).await;
            assert_eq!(world.sent().await, usize::try_from(most).unwrap() + 1);
        }
    }
}

#[tokio::test]
async fn a_link_that_has_to_be_sent_again_after_a_wrong_one_counts_as_sent_again() {
    let world =
        limited(&[LINK, TOTP], Limits { maximum_allowed_failure_attempts: Some(50), ..resends(2, false) }).await;
    let flow = world.past_password("kim").await;
    for _ in 0..5 {
        world.pick(&flow, LINK).await.is(200);
        world.give(&flow, LINK, json!({"mlt": "x"})).await.is(200);
    }
    assert_eq!(world.sent().await, 3);
    let world = limited(&[LINK, TOTP], resends(0, true)).await;
    let flow = world.past_password("kim").await;
    world.pick(&flow, LINK).await.is_step("INCOMPLETE");
    world.give(&flow, LINK, json!({"mlt": "x"})).await.is_step("FAIL_INCOMPLETE");
    is_over_for_resends(&world.pick(&flow, LINK).await);
    // What sends nothing knows no resends.
    let flow = world.past_password("kim").await;
    world.give(&flow, TOTP, json!({"token": "x"})).await.is_step("FAIL_INCOMPLETE");
    world.pick(&flow, TOTP).await.is_step("INCOMPLETE");
}

#[tokio::test]
async fn correcting_the_name_is_a_sending_too() {
    for way in [EMAIL, SMS, LINK] {
        let world = World::bank(&[&[way]]).await;
        let flow = world.open().await;
        for name in ["kim", "lee", "kim", "lee"] {
            world.give(&flow, way, json!({"username": name})).await.is_step("INCOMPLETE");
        }
        world.give(&flow, way, json!({"username": "kim"})).await.is_step("FAIL_INCOMPLETE");
        assert_eq!(world.sent().await, 4);
    }
}

// Checklist 29.
#[tokio::test]
async fn limits_tell_nobody_whether_there_is_such_a_user() {
    for (way, param) in SENT {
        for limits in [Limits { maximum_allowed_failure_attempts: Some(2), ..resends(1, false) }, resends(1, true)] {
            let world = World::bank(&[&[way]]).await;
            let app = world.store().app_by_client(&TenantId::root(), "bank").await.unwrap().unwrap();
            world.change_app(&app, |app| app.sequence.steps[0].options[0].limits = limits).await;
            let mut seen: Vec<Vec<Value>> = Vec::new();
            for name in ["kim", "nobody"] {
                let mut told = Vec::new();
                for _ in 0..4 {
                    let flow = world.open().await;
                    told.push(world.give(&flow, way, json!({"username": name})).await.shape());
                    for params in [json!({"resendCode": "true"}), json!({param: "x"})] {
                        for _ in 0..2 {
                            told.push(world.give(&flow, way, params.clone()).await.shape());
                        }
                    }
                }
                seen.push(told);
            }
            assert_eq!(seen[0], seen[1]);
        }
    }
}

/// Many wrong codes at once, spread over these flows.
async fn storm(world: &World, flows: &[String], each: usize) {
    let mut guesses = JoinSet::new();
    for number in 0..each {
        for flow in flows {
            let (caller, flow) = (world.anonymous(), flow.clone());
            let params = json!({"OTPCode": format!("guess{number}")});
            guesses.spawn(async move { caller.answer(&flow, &id_of(EMAIL), params).await });
        }
    }
    for answer in guesses.join_all().await {
        assert!(answer.member("/authData").is_null());
        match answer.status.as_u16() {
            200 => drop(answer.is_step("FAIL_INCOMPLETE").flow_id()),
            503 => drop(answer.is_refused(503, "65001", "temporarily_unavailable")),
            _ => {
                assert!(["60003", "60009", "60013"].contains(&answer.is(400).at("/code").as_str()), "{}", answer.text())
            }
        }
    }
}

/// A server over a store that may have been another one's before.
async fn over(store: &Arc<dyn Store>) -> World {
    let mut setting = Setting { store: store.clone(), ..Setting::default() };
    setting.config.limits.source_misses = 1_000_000;
    World::with(setting).await
}

/// Guessing from many hands, over a restart, until the cap of strangers, eighty of a hundred; `reopen` gives the store of the next process.
async fn besieged(reopen: impl Fn() -> Arc<dyn Store>, (count, each): (usize, usize)) {
    let mut world = over(&reopen()).await;
    world.settle_in(&[&[EMAIL]]).await;
    let mut flows = Vec::new();
    let mut told = Vec::new();
    for _ in 0..count {
        let flow = world.open().await;
        told.push(world.anonymous().answer(&flow, &id_of(EMAIL), json!({"username": "kim"})).await.shape());
        if flows.is_empty() {
            world.mail().await;
        }
        flows.push(flow);
    }
    assert!(told.iter().all(|body| *body == told[0]), "beyond the budget an answer differs");
    let codes = world.mail().await;
    assert_eq!(codes.len(), 6, "beyond what strangers may ask for something is sent");
    let (mine, right) = (flows.remove(0), codes[0].code.clone().unwrap());
    storm(&world, &flows, each).await;
    assert_eq!(world.compared().await, 5);
    let before = world.house.ports.clock.now();
    drop(world);

    world = over(&reopen()).await;
    world.entropy.skip(1 << 32);
    world.wait(before.since(START));
    storm(&world, &flows, each).await;
    assert_eq!(world.compared().await, 5, "a restart lets more be compared");
    world.give(&mine, EMAIL, json!({"OTPCode": right})).await.is_step("FAIL_INCOMPLETE");
    assert_eq!(world.compared().await, 5);

    for round in 2..=25 {
        world.wait(minutes(15));
        let flow = world.open().await;
        world.give(&flow, EMAIL, json!({"username": "kim"})).await.is_step("INCOMPLETE");
        for _ in 0..5 {
            world.give(&flow, EMAIL, json!({"OTPCode": "x"})).await;
        }
        assert_eq!(world.compared().await, 80.min(5 * round));
    }
    world.wait(days(2));
    let flow = world.open().await;
    world.give(&flow, EMAIL, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    let right = world.newest_code().await;
    let another = world.open().await;
    world.give(&another, EMAIL, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    storm(&world, &[another], each).await;
    world.give(&flow, EMAIL, json!({"OTPCode": right})).await.is_step("FAIL_INCOMPLETE");
    assert_eq!(world.compared().await, 80);
}

// Checklist 15, 17, 18, 40.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_guesses_over_a_thousand_flows_and_a_restart_are_no_more_than_five() {
    let store: Arc<dyn Store> = Arc::new(Memory::default());
    besieged(|| store.clone(), (1001, 5)).await;
}

// Checklist 15, 18.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_are_counted_over_a_restart_from_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    besieged(|| Arc::new(Sqlite::open(&folder.path().join("vestibule.db")).unwrap()), (41, 10)).await;
}
