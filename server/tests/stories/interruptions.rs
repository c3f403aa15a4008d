//! Something ends in the middle of a request that leans on it: whatever the moment, what has ended does not come back.

use std::sync::Arc;

use serde_json::json;
use vestibule_core::ports::SessionId;
use vestibule_core::user::User;

use crate::authenticators::{RIGHT, WAITING, Waiting};
use crate::world::*;

/// More throws of the dice than any request makes.
const MOMENTS: usize = 12;

async fn world() -> World {
    let world = World::new().await;
    for app in ["shop", "forum"] {
        world.app(app).await;
    }
    world.user("kim").await;
    world
}

fn session_of(tokens: &Answer) -> SessionId {
    claims(&tokens.at("/id_token"))["sid"].as_str().unwrap().parse().unwrap()
}

impl World {
    /// What the given change of a user does through the API: it ends sessions and tokens.
    async fn expel(&self, user: &User, change: impl FnOnce(&mut User)) {
        let mut now = self.store().user(&user.tenant, &user.id).await.unwrap().unwrap();
        let seen = now.revision;
        now.revision += 1;
        change(&mut now);
        self.store().save_user(&now, seen, true, START).await.unwrap();
    }

    fn end_at(&self, moment: usize, session: SessionId) {
        let store = Arc::clone(&self.house.ports.store);
        self.entropy.interrupt(moment, async move {
            store.end_session(&session, START).await.unwrap();
        });
    }
}

#[tokio::test]
async fn a_logout_at_any_moment_of_a_single_sign_on_ends_the_session_for_good() {
    for moment in 1..=MOMENTS {
        let world = world().await;
        let done = world.anonymous().sign_in("shop", "kim", &[]).await;
        let tokens = world.anonymous().exchange("shop", &done.code()).await;
        let caller = world.anonymous().cookie(&done);
        world.end_at(moment, session_of(&tokens));
        let came = caller.authorize("forum", &[]).await;
        if !world.entropy.has_happened() {
            assert!(moment > 2, "the dice were not thrown");
            return;
        }
        let after = caller.authorize("forum", &[]).await;
        assert!(after.member("/authData").is_null(), "moment {moment}: the session is there again after the logout");
        if let Some(code) = came.member("/authData/code").as_str() {
            let tokens = world.anonymous().exchange("forum", code).await;
            tokens.is_oauth_refusal(400, "invalid_grant");
        }
    }
}

// Checklist 107.
#[tokio::test]
async fn a_logout_at_any_moment_of_an_exchange_or_a_refresh_leaves_no_token_alive() {
    for moment in 1..=MOMENTS {
        let world = world().await;
        let done = world.anonymous().sign_in("shop", "kim", &[]).await;
        let first = world.anonymous().exchange("shop", &done.code()).await;
        let code = world.anonymous().cookie(&done).authorize("forum", &[]).await.code();
        world.end_at(moment, session_of(&first));
        let exchanged = world.anonymous().exchange("forum", &code).await;
        let refreshed = world.anonymous().refresh("shop", &first.at("/refresh_token")).await;
        assert!(world.entropy.has_happened() || moment > 4);
        for (client, tokens) in [("forum", exchanged), ("shop", refreshed)] {
            if tokens.status == 200 && world.entropy.has_happened() {
                world.anonymous().userinfo(&tokens.at("/access_token")).await.is_unauthorized_token();
                let again = world.anonymous().refresh(client, &tokens.at("/refresh_token")).await;
                again.is_oauth_refusal(400, "invalid_grant");
            }
        }
    }
}

#[tokio::test]
async fn a_password_that_is_changed_while_it_is_compared_opens_nothing() {
    let setting = Setting::default();
    let watched = setting.watched.clone();
    let world = World::with(setting).await;
    world.app("shop").await;
    let kim = world.user("kim").await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    watched.hold();
    let (caller, old) = (world.anonymous(), flow.clone());
    let login = tokio::spawn(async move { caller.password(&old, "kim", PASSWORD).await });
    watched.holds().await;
    let other = world.house.ports.passwords.hash(&"another password".to_owned().into()).await.unwrap();
    world.expel(&kim, |user| user.password = other).await;
    watched.let_go();
    let done = login.await.unwrap();
    if let Some(code) = done.member("/authData/code").as_str() {
        let tokens = world.anonymous().exchange("shop", code).await;
        assert_ne!(tokens.status, 200, "the old password gave tokens after it was changed");
        world.anonymous().cookie(&done).authorize("shop", &[]).await.is_step("INCOMPLETE");
    }
}

// Checklist 63.
#[tokio::test]
async fn a_user_who_is_locked_while_the_password_is_compared_is_not_let_in_later_either() {
    let setting = Setting::default();
    let watched = setting.watched.clone();
    let world = World::with(setting).await;
    world.app("shop").await;
    let kim = world.user("kim").await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    watched.hold();
    let (caller, old) = (world.anonymous(), flow.clone());
    let login = tokio::spawn(async move { caller.password(&old, "kim", PASSWORD).await });
    watched.holds().await;
    world.expel(&kim, |user| user.locked = true).await;
    watched.let_go();
    let done = login.await.unwrap();
    world.change_user(&kim, |user| user.locked = false).await;
    if let Some(code) = done.member("/authData/code").as_str() {
        world.anonymous().exchange("shop", code).await.is_oauth_refusal(400, "invalid_grant");
        world.anonymous().cookie(&done).authorize("shop", &[]).await.is_step("INCOMPLETE");
    }
}

#[tokio::test]
async fn a_logout_while_the_second_factor_is_judged_ends_the_login_too() {
    let waiting = Waiting::leaked();
    let world = World::set(|setting| setting.authenticators.push(waiting)).await;
    world.app("shop").await;
    world.app_with("slow", |app| app.sequence = steps(&[&["BasicAuthenticator"], &[WAITING]])).await;
    world.user("kim").await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    let caller = world.anonymous().cookie(&done);
    let flow = caller.authorize("slow", &[]).await.flow_id();
    let judged = {
        let (caller, flow) = (caller.clone(), flow.clone());
        tokio::spawn(async move { caller.answer(&flow, &id_of(WAITING), json!({"OTPCode": RIGHT})).await })
    };
    waiting.has_begun().await;
    caller.form("/oidc/logout", &[("response_mode", "direct"), ("client_id", "shop")]).await.is(200);
    waiting.let_go();
    let late = judged.await.unwrap();
    assert!(late.member("/authData").is_null(), "signed in by the password of a session that was ended");
}

#[tokio::test]
async fn a_flow_that_times_out_while_it_is_judged_keeps_its_answer_but_no_more() {
    let waiting = Waiting::leaked();
    let world = World::set(|setting| setting.authenticators.push(waiting)).await;
    world.app_with("slow", |app| app.sequence = steps(&[&["IdentifierExecutor"], &[WAITING]])).await;
    world.user("kim").await;
    let flow = world.authorize("slow", &[]).await.flow_id();
    world.anonymous().answer(&flow, IDENTIFIER, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    let judged = {
        let (caller, flow) = (world.anonymous(), flow.clone());
        tokio::spawn(async move { caller.answer(&flow, &id_of(WAITING), json!({"OTPCode": "0"})).await })
    };
    waiting.has_begun().await;
    world.wait(minutes(10));
    waiting.let_go();
    let late = judged.await.unwrap();
    assert!(late.member("/authData").is_null());
    world.anonymous().select(&flow, &id_of(WAITING)).await.is_refused(400, "60008", "flow_timeout");
}
