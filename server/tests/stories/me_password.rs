//! A password, changed by its user.

use serde_json::{Value, json};

use crate::me::*;
use crate::world::*;

const NEW: &str = "another horse battery";

fn change(current: &str, new: &str) -> Value {
    json!({"currentPassword": current, "newPassword": new})
}

// Checklist 86, 108.
#[tokio::test]
async fn another_password_ends_every_session_and_token() {
    let world = World::new().await;
    let (_, user) = world.household("kim").await;
    let elsewhere = world.login("shop", "kim").await;
    let cookie = world.anonymous().sign_in("shop", "kim", &[]).await;
    let kim = world.signed_in("kim").await;
    kim.post(CHANGE, change(PASSWORD, NEW)).await.is(204);
    assert_eq!(world.notices("kim@example.com").await, [("password-changed".into(), String::new())]);

    kim.get(CODES).await.is(401);
    world.anonymous().userinfo(&elsewhere.at("/access_token")).await.is_unauthorized_token();
    world.anonymous().refresh("shop", &elsewhere.at("/refresh_token")).await.is_oauth_refusal(400, "invalid_grant");
    world.anonymous().cookie(&cookie).authorize("shop", &[]).await.is_step("INCOMPLETE");

    let start = world.authorize("shop", &[]).await;
    world.anonymous().password(&start.flow_id(), "kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
    let done = world.anonymous().password(&start.flow_id(), "kim", NEW).await;
    world.anonymous().exchange("shop", &done.code()).await.is(200);
    let now = world.store().user(&user.tenant, &user.id).await.unwrap().unwrap();
    assert_eq!((now.renew_password, now.password_set), (false, Some(START)));
}

#[tokio::test]
async fn the_wish_for_another_password_is_fulfilled() {
    let world = World::new().await;
    let (_, user) = world.household("kim").await;
    let kim = world.signed_in("kim").await;
    world.change_user(&user, |user| user.renew_password = true).await;
    kim.post(CHANGE, change(PASSWORD, NEW)).await.is(204);
    assert!(!world.store().user(&user.tenant, &user.id).await.unwrap().unwrap().renew_password);
}

// Checklist 11.
#[tokio::test]
async fn the_current_password_cannot_be_guessed_here() {
    let world = World::new().await;
    world.household("kim").await;
    let kim = world.signed_in("kim").await;
    for _ in 0..5 {
        kim.post(CHANGE, change("wrong", NEW)).await.is_refusal(400, "The current password is wrong.");
    }
    let locked = kim.post(CHANGE, change(PASSWORD, NEW)).await;
    locked.is_refusal(429, "There were too many wrong answers. Try again later.");
    // Strangers guess in a tally of their own.
    world.anonymous().sign_in("shop", "kim", &[]).await.is(200).code();
    world.wait(seconds(31));
    kim.post(CHANGE, change(PASSWORD, NEW)).await.is(204);
}

// Checklist 5, 6, 11.
#[tokio::test]
async fn a_new_password_must_be_new_and_good_enough() {
    let world = World::new().await;
    world.household("kim").await;
    let kim = world.signed_in("kim").await;
    let refusals = [
        ("short", "The password is shorter than 8 characters."),
        ("Password1!", "The password is among those that are guessed first. Choose another one."),
        (PASSWORD, "The new password is the current one."),
    ];
    for (new, sentence) in refusals {
        kim.post(CHANGE, change(PASSWORD, new)).await.is_refusal(400, sentence);
    }
    kim.post(CHANGE, json!({"newPassword": NEW})).await.is_refusal(400, "currentPassword is missing.");
    assert!(world.letters().await.is_empty());
    kim.get(CODES).await.is(200);
}

#[tokio::test]
async fn of_two_changes_sent_at_once_one_is_made() {
    let world = World::new().await;
    world.household("kim").await;
    let kim = world.signed_in("kim").await;
    let (one, two) = tokio::join!(
        kim.post(CHANGE, change(PASSWORD, NEW)),
        kim.post(CHANGE, change(PASSWORD, "a third horse battery")),
    );
    let made = [&one, &two].iter().filter(|answer| answer.status == 204).count();
    assert_eq!(made, 1, "{} {}", one.text(), two.text());
    assert_eq!(world.letters().await.len(), 1);
}
