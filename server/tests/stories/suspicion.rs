//! What strangers may have sent, and what users are told of them.

use serde_json::json;

use crate::holdings::*;
use crate::world::*;

/// The warnings that went out so far.
async fn warnings(world: &World) -> usize {
    world.mail().await.iter().filter(|letter| letter.template == "wrong-answers").count()
}

async fn miss(world: &World, name: &str, times: usize) {
    for _ in 0..times {
        let flow = world.open().await;
        world.anonymous().password(&flow, name, "wrong").await.is_step("FAIL_INCOMPLETE");
    }
}

// Checklist 28.
#[tokio::test]
async fn a_user_is_told_once_a_day_of_wrong_answers_that_lock() {
    let world = World::bank(&[&[PASS]]).await;
    miss(&world, "kim", 4).await;
    assert_eq!(warnings(&world).await, 0);
    miss(&world, "kim", 1).await;
    assert_eq!(warnings(&world).await, 1);
    let mail = world.mail().await;
    let letter = mail.last().unwrap();
    assert_eq!((letter.to.as_str(), letter.code.as_ref()), ("kimberly@example.com", None));
    for _ in 0..5 {
        world.wait(minutes(15));
        miss(&world, "kim", 5).await;
    }
    miss(&world, "nobody", 6).await;
    assert_eq!(warnings(&world).await, 1);
    world.wait(days(1));
    miss(&world, "kim", 5).await;
    assert_eq!(warnings(&world).await, 2);
}

// Checklist 28.
#[tokio::test]
async fn a_user_is_told_when_somebody_has_the_password_and_not_the_code() {
    let world = World::bank(&[&[PASS], &[TOTP]]).await;
    let device = world.enrol_device(&world.who("kim").await).await;
    let flow = world.past_password("kim").await;
    for expected in [0, 0, 1] {
        world.give(&flow, TOTP, json!({"token": "000000"})).await.is_step("FAIL_INCOMPLETE");
        assert_eq!(warnings(&world).await, expected);
    }
    world.give(&flow, TOTP, json!({"token": device.code(&world, 0)})).await.is(200).code();
}

// Checklist 42.
#[tokio::test]
async fn strangers_cannot_use_up_what_the_user_needs() {
    for way in [EMAIL, SMS] {
        let world = World::bank(&[&[way]]).await;
        world.app_with("two", |app| app.sequence = steps(&[&[PASS], &[way]])).await;
        for _ in 0..20 {
            let flow = world.open().await;
            world.give(&flow, way, json!({"username": "kim"})).await.is_step("INCOMPLETE");
        }
        assert_eq!(world.sent().await, 6, "{way}");
        let asked = world.anonymous().sign_in("two", "kim", &[]).await;
        assert_eq!(world.sent().await, 7, "{way}");
        let param = if way == EMAIL { "OTPCode" } else { "OTPcode" };
        let flow = asked.is_step("INCOMPLETE").flow_id();
        world.give(&flow, way, json!({param: world.newest_code().await})).await.is(200).code();
    }
}

// Checklist 38, 42.
#[tokio::test]
async fn a_resend_beyond_the_budget_leaves_the_last_code_good() {
    for (way, param) in [SENT[0], SENT[1]] {
        let world = World::set(|setting| setting.config.sending.per_user = 2).await;
        world.settle_in(&[&[PASS], &[way]]).await;
        let flow = world.past_password("kim").await;
        let mut told = Vec::new();
        for _ in 0..3 {
            told.push(world.give(&flow, way, json!({"resendCode": "true"})).await.is_step("INCOMPLETE").shape());
        }
        assert!(told.iter().all(|body| *body == told[0]), "nobody can tell");
        assert_eq!(world.sent().await, 2, "{way}");
        world.give(&flow, way, json!({param: world.newest_code().await})).await.is(200).code();
    }
}
