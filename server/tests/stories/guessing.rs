//! Guessing passwords: five wrong answers close the account's password for a while, whatever the flow, the spelling of
//! the name or the number of hands; and nothing that comes back tells whether there is such a user.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::authenticators::{CODE, Code, RIGHT};
use crate::world::*;

async fn world() -> World {
    told(false).await
}

async fn told(reason: bool) -> World {
    let world = World::set(|setting| {
        setting.config.native.show_auth_failure_reason = reason;
        setting.config.limits.source_misses = 1_000_000;
    })
    .await;
    world.app("shop").await;
    world.user("kim").await;
    world
}

impl World {
    /// One password in a flow of its own.
    async fn guess(&self, name: &str, password: &str) -> Answer {
        let flow = self.authorize("shop", &[]).await.flow_id();
        self.anonymous().password(&flow, name, password).await
    }

    async fn misses(&self, name: &str, count: usize) {
        for _ in 0..count {
            self.guess(name, "wrong").await.is_step("FAIL_INCOMPLETE");
        }
    }
}

fn message(answer: &Answer) -> Value {
    answer.member("/nextStep/messages/0")
}

// Checklist 20.
#[tokio::test]
async fn five_misses_lock_for_thirty_seconds_and_each_further_five_for_twice_as_long() {
    let world = world().await;
    for lock in [30, 60, 120, 240, 480, 900, 900] {
        world.misses("kim", 5).await;
        world.guess("kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
        world.wait(seconds(lock - 1));
        world.guess("kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
        world.wait(seconds(1));
    }
    world.guess("kim", PASSWORD).await.is(200).code();
}

#[tokio::test]
async fn a_right_password_forgets_the_misses_before_it() {
    let world = world().await;
    for _ in 0..3 {
        world.misses("kim", 4).await;
        world.guess("kim", PASSWORD).await.is(200).code();
    }
    world.misses("kim", 5).await;
    world.guess("kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
    world.wait(seconds(30));
    world.guess("kim", PASSWORD).await.is(200).code();
}

// Checklist 16, 18.
#[tokio::test]
async fn misses_are_counted_over_flows_applications_and_spellings_of_the_name() {
    let world = world().await;
    world.app("other").await;
    for (app, name) in [("shop", "kim"), ("other", "KIM"), ("shop", " kim "), ("other", "ｋｉｍ"), ("shop", "Kim")] {
        let flow = world.authorize(app, &[]).await.flow_id();
        world.anonymous().password(&flow, name, "wrong").await.is_step("FAIL_INCOMPLETE");
    }
    world.guess("kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
}

// Checklist 7.
#[tokio::test]
async fn a_password_is_compared_to_the_letter() {
    let world = world().await;
    for near in [PASSWORD.to_uppercase(), format!(" {PASSWORD}"), format!("{PASSWORD} "), format!("{PASSWORD}\0")] {
        world.guess("kim", &near).await.is_step("FAIL_INCOMPLETE");
        world.wait(minutes(30));
    }
}

// Checklist 7.
#[tokio::test]
async fn a_password_is_one_however_its_accents_are_composed() {
    let world = world().await;
    let hash = world.house.ports.passwords.hash(&"caf\u{e9} cr\u{e8}me".to_owned().into()).await.unwrap();
    world.user_with("ann", |user| user.password = hash).await;
    world.guess("ann", "cafe\u{301} cre\u{300}me").await.is(200).code();
    world.guess("ann", "cafe creme").await.is_step("FAIL_INCOMPLETE");
}

// Checklist 29.
#[tokio::test]
async fn nobody_learns_which_users_there_are_and_how_they_stand() {
    let world = world().await;
    world.user_with("off", |user| user.active = false).await;
    world.user_with("shut", |user| user.locked = true).await;
    world.user_with("bare", |user| user.password = None).await;
    world.user("tired").await;
    world.misses("tired", 5).await;
    let wrong = world.guess("kim", "wrong").await;
    wrong.is_step("FAIL_INCOMPLETE");
    for (name, password) in [
        ("nobody", PASSWORD),
        ("nobody", ""),
        ("kim", ""),
        ("off", PASSWORD),
        ("off", "wrong"),
        ("shut", PASSWORD),
        ("shut", "wrong"),
        ("bare", PASSWORD),
        ("bare", ""),
        ("tired", PASSWORD),
        ("tired", "wrong"),
        ("no such user\u{0}", "x"),
    ] {
        let other = world.guess(name, password).await;
        assert_eq!(other.shape(), wrong.shape(), "{name}");
        assert_eq!(other.headers.keys().collect::<Vec<_>>(), wrong.headers.keys().collect::<Vec<_>>(), "{name}");
        assert_eq!(other.flow_id().len(), wrong.flow_id().len(), "{name}");
    }
}

#[tokio::test]
async fn a_name_that_is_nobodys_is_counted_like_any_other() {
    let world = world().await;
    let before: Vec<Value> =
        [world.guess("nobody", "x").await, world.guess("kim", "x").await].map(|a| a.shape()).into();
    for _ in 0..7 {
        assert_eq!(world.guess("nobody", "x").await.shape(), before[0]);
        assert_eq!(world.guess("kim", "x").await.shape(), before[1]);
    }
    assert_eq!(before[0], before[1]);
}

// Checklist 17.
#[tokio::test]
async fn a_locked_password_is_not_compared_at_all() {
    let mut setting = Setting::default();
    setting.config.limits.source_misses = 1_000_000;
    let watched = setting.watched.clone();
    let world = World::with(setting).await;
    world.app("shop").await;
    world.user("kim").await;
    world.misses("kim", 12).await;
    assert_eq!(watched.compared(), 5);
}

// Checklist 22.
#[tokio::test]
async fn a_stranger_who_locks_the_password_does_not_lock_the_code() {
    let code = Code::leaked();
    let world = World::set(|setting| setting.authenticators.push(code)).await;
    world.app("shop").await;
    world.app_with("bank", |app| app.sequence = steps(&[&["IdentifierExecutor"], &["BasicAuthenticator", CODE]])).await;
    world.user("kim").await;
    world.misses("kim", 5).await;
    let flow = world.authorize("bank", &[]).await.flow_id();
    world.anonymous().answer(&flow, IDENTIFIER, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    world.anonymous().answer(&flow, BASIC, json!({"password": PASSWORD})).await.is_step("FAIL_INCOMPLETE");
    world.anonymous().select(&flow, &id_of(CODE)).await.is_step("INCOMPLETE");
    world.anonymous().answer(&flow, &id_of(CODE), json!({"OTPCode": RIGHT})).await.is(200).code();
}

// Checklist 18, 39.
#[tokio::test]
async fn codes_are_counted_over_flows_like_passwords() {
    let code = Code::leaked();
    let world = World::set(|setting| setting.authenticators.push(code)).await;
    world.app_with("bank", |app| app.sequence = steps(&[&["BasicAuthenticator"], &[CODE]])).await;
    world.user("kim").await;
    let otp = |code: &str| json!({"OTPCode": code});
    for _ in 0..5 {
        let flow = world.anonymous().sign_in("bank", "kim", &[]).await.flow_id();
        world.anonymous().answer(&flow, &id_of(CODE), otp("000000")).await.is_step("FAIL_INCOMPLETE");
    }
    let flow = world.anonymous().sign_in("bank", "kim", &[]).await.flow_id();
    world.anonymous().answer(&flow, &id_of(CODE), otp(RIGHT)).await.is_step("FAIL_INCOMPLETE");
    world.wait(seconds(30));
    world.anonymous().answer(&flow, &id_of(CODE), otp(RIGHT)).await.is(200).code();
}

// Checklist 15, 21.
#[tokio::test]
async fn after_the_cap_of_misses_in_a_row_only_another_way_opens_the_account() {
    let code = Code::leaked();
    let mut setting = Setting::default();
    setting.authenticators.push(code);
    let watched = setting.watched.clone();
    let world = World::with(setting).await;
    world.app("shop").await;
    world.app_with("bank", |app| app.sequence = steps(&[&["IdentifierExecutor"], &["BasicAuthenticator", CODE]])).await;
    world.user("kim").await;
    for _ in 0..30 {
        world.misses("kim", 5).await;
        world.wait(minutes(15));
    }
    // The rest is left to those whom kim is acquainted with.
    assert_eq!(watched.compared(), 80);
    world.wait(days(2));
    world.guess("kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
    let flow = world.authorize("bank", &[]).await.flow_id();
    world.anonymous().answer(&flow, IDENTIFIER, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    world.anonymous().select(&flow, &id_of(CODE)).await.is_step("INCOMPLETE");
    world.anonymous().answer(&flow, &id_of(CODE), json!({"OTPCode": RIGHT})).await.is(200).code();
}

#[tokio::test]
async fn the_reason_is_told_only_where_the_operator_wants_it_told() {
    let world = told(true).await;
    for remaining in ["4", "3", "2", "1", "0"] {
        let expected = json!({
            "type": "ERROR", "messageId": "17002", "message": "Invalid credentials are provided.",
            "i18nKey": "message.17002", "context": [{"key": "remainingAttempts", "value": remaining}],
        });
        assert_eq!(message(&world.guess("kim", "wrong").await), expected);
        assert_eq!(message(&world.guess("nobody", "wrong").await), expected);
    }
    let locked = |why: &str| {
        json!({
            "type": "ERROR", "messageId": "17003", "i18nKey": "message.17003",
            "message": "The account is locked after multiple incorrect login attempts.",
            "context": [{"key": "lockedReason", "value": why}],
        })
    };
    assert_eq!(message(world.guess("kim", PASSWORD).await.is_step("FAIL_INCOMPLETE")), locked("MAX_ATTEMPTS_EXCEEDED"));
    world.user_with("shut", |user| user.locked = true).await;
    assert_eq!(message(world.guess("shut", PASSWORD).await.is_step("FAIL_INCOMPLETE")), locked("ADMIN_INITIATED"));
    world.user_with("off", |user| user.active = false).await;
    let disabled = message(world.guess("off", PASSWORD).await.is_step("FAIL_INCOMPLETE"));
    assert_eq!(disabled["messageId"], "17004");
    assert_eq!(disabled["message"], "The user account is disabled.");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn right_passwords_sent_at_once_in_different_flows_all_succeed() {
    let world = world().await;
    let mut logins = JoinSet::new();
    for _ in 0..20 {
        let flow = world.authorize("shop", &[]).await.flow_id();
        let caller = world.anonymous();
        logins.spawn(async move { caller.password(&flow, "kim", PASSWORD).await });
    }
    for answer in logins.join_all().await {
        answer.is(200).code();
    }
}

// Checklist 17, 26.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_guesses_at_once_are_no_more_than_five() {
    let mut setting = Setting::default();
    setting.config.limits.source_misses = 1_000_000;
    let watched = setting.watched.clone();
    let world = World::with(setting).await;
    world.app("shop").await;
    world.user("kim").await;
    let mut guesses = JoinSet::new();
    for _ in 0..30 {
        let flow = world.authorize("shop", &[]).await.flow_id();
        for number in 0..10 {
            let (caller, flow) = (world.anonymous(), flow.clone());
            guesses.spawn(async move { caller.password(&flow, "kim", &format!("guess{number}")).await });
        }
    }
    for answer in guesses.join_all().await {
        match answer.status.as_u16() {
            200 => answer.is_step("FAIL_INCOMPLETE"),
            400 => answer.is_refused(400, "60003", "authentication_failed_retry"),
            _ => answer.is_refused(503, "65001", "temporarily_unavailable"),
        };
    }
    assert!(watched.compared() <= 5, "{} guesses were compared", watched.compared());
    world.guess("kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_right_password_among_wrong_ones_sent_at_once_is_not_lost_for_the_limit() {
    let world = world().await;
    let mut guesses = JoinSet::new();
    for number in 0..5 {
        let flow = world.authorize("shop", &[]).await.flow_id();
        let caller = world.anonymous();
        let password = if number == 4 { PASSWORD } else { "wrong" };
        guesses.spawn(async move { caller.password(&flow, "kim", password).await });
    }
    let answers = guesses.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.text().contains("SUCCESS_COMPLETED")).count(), 1);
}
