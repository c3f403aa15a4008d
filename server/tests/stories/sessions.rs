//! Single sign-on: what was proved once is not asked again, as long as the session lives, belongs to the right user and
//! is good enough for the request.

use serde_json::json;

use crate::authenticators::{CODE, Code, RIGHT};
use crate::world::*;

const PASS: &str = "BasicAuthenticator";

/// Two applications that a password opens, one that wants a code besides, and two users.
async fn world() -> (World, &'static Code) {
    let code = Code::leaked();
    let world = World::set(|setting| setting.authenticators.push(code)).await;
    for app in ["shop", "forum"] {
        world.app(app).await;
    }
    world.app_with("bank", |app| app.sequence = steps(&[&[PASS], &[CODE]])).await;
    for user in ["kim", "lee"] {
        world.user(user).await;
    }
    (world, code)
}

impl World {
    /// Tokens for the code that a finished login gave.
    async fn tokens(&self, app: &str, done: &Answer) -> Answer {
        let tokens = self.anonymous().exchange(app, &done.is(200).code()).await;
        tokens.is(200);
        tokens
    }

    async fn id_token(&self, app: &str, done: &Answer) -> serde_json::Value {
        claims(&self.tokens(app, done).await.at("/id_token"))
    }

    async fn remembered(&self, name: &str) -> Answer {
        let flow = self.authorize("shop", &[]).await.flow_id();
        let answers = json!({"username": name, "password": PASSWORD, "chkRemember": "on"});
        self.anonymous().answer(&flow, BASIC, answers).await
    }
}

#[tokio::test]
async fn a_cookie_signs_in_to_another_application() {
    let (world, _) = world().await;
    let first = world.anonymous().sign_in("shop", "kim", &[]).await;
    let second = world.anonymous().cookie(&first).authorize("forum", &[]).await;
    assert_eq!(second.is(200).at("/flowStatus"), "SUCCESS_COMPLETED");
    assert_eq!(second.json().as_object().unwrap().len(), 2);
    assert_eq!(second.at("/authData/state"), "s1");
    let (one, two) = (world.id_token("shop", &first).await, world.id_token("forum", &second).await);
    assert_eq!((&one["sub"], &one["sid"], &one["isk"]), (&two["sub"], &two["sid"], &two["isk"]));
}

#[tokio::test]
async fn an_app_without_cookies_names_the_session_by_the_isk_of_its_id_token() {
    let (world, _) = world().await;
    let first = world.anonymous().sign_in("shop", "kim", &[]).await;
    let isk = world.id_token("shop", &first).await["isk"].as_str().unwrap().to_owned();
    let second = world.authorize("forum", &[("sessionId", &isk)]).await;
    assert_eq!(second.is(200).at("/flowStatus"), "SUCCESS_COMPLETED");
}

#[tokio::test]
async fn the_cookie_goes_before_the_session_id() {
    let (world, _) = world().await;
    let kim = world.anonymous().sign_in("shop", "kim", &[]).await;
    let lee = world.anonymous().sign_in("shop", "lee", &[]).await;
    let (kims, lees) = (world.id_token("shop", &kim).await, world.id_token("shop", &lee).await);
    let isk = lees["isk"].as_str().unwrap();
    let done = world.anonymous().cookie(&kim).authorize("forum", &[("sessionId", isk)]).await;
    assert_eq!(world.id_token("forum", &done).await["sub"], kims["sub"]);
}

#[tokio::test]
async fn what_names_no_session_is_as_if_not_sent() {
    let (world, _) = world().await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    let tokens = world.id_token("shop", &done).await;
    let isk = tokens["isk"].as_str().unwrap();
    let (name, value) = done.header("set-cookie").unwrap().split(';').next().unwrap().split_once('=').unwrap();
    let forged = format!("{}A", &isk[..isk.len() - 1]);
    for session in ["", "junk", value, tokens["sid"].as_str().unwrap(), &forged, &isk[1..]] {
        world.authorize("forum", &[("sessionId", session)]).await.is_step("INCOMPLETE");
    }
    for cookie in [isk, "", "junk", &value[1..]] {
        let caller = world.anonymous().header("cookie", &format!("{name}={cookie}"));
        caller.authorize("forum", &[]).await.is_step("INCOMPLETE");
    }
}

#[tokio::test]
async fn a_session_takes_away_only_the_steps_that_it_satisfies() {
    let (world, code) = world().await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    world.wait(minutes(5));
    let caller = world.anonymous().cookie(&done);
    let next = caller.authorize("bank", &[]).await;
    assert_eq!(next.is_step("INCOMPLETE").options(), [id_of(CODE)]);
    caller.password(&next.flow_id(), "lee", PASSWORD).await.is_refused(400, "60012", "invalid_authenticator");
    let done = caller.answer(&next.flow_id(), &id_of(CODE), json!({"OTPCode": RIGHT})).await;
    let id = world.id_token("bank", &done).await;
    assert_eq!((&id["amr"], &id["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("aal2")));
    assert_eq!(id["auth_time"], START.seconds() + 300);
    assert_eq!(caller.cookie(&done).authorize("bank", &[]).await.is(200).at("/flowStatus"), "SUCCESS_COMPLETED");
    assert_eq!(code.sent(), 1);
}

// Checklist 105.
#[tokio::test]
async fn every_authentication_gives_the_session_a_new_name() {
    let (world, _) = world().await;
    let first = world.anonymous().sign_in("shop", "kim", &[]).await;
    let again = world.anonymous().cookie(&first).sign_in("shop", "kim", &[("prompt", "login")]).await;
    world.wait(minutes(1));
    let flow = world.anonymous().cookie(&first).authorize("bank", &[]).await.flow_id();
    let further = world.anonymous().cookie(&first).answer(&flow, &id_of(CODE), json!({"OTPCode": RIGHT})).await;
    let cookies = [&first, &again, &further].map(|answer| answer.is(200).header("set-cookie").unwrap().to_owned());
    assert_ne!(cookies[0], cookies[1]);
    assert_ne!(cookies[0], cookies[2], "a further factor was proved and the session kept its name");
}

#[tokio::test]
async fn a_cookie_is_good_until_the_next_proof_and_an_id_token_for_longer() {
    let (world, _) = world().await;
    let first = world.anonymous().sign_in("shop", "kim", &[]).await;
    let id_token = world.tokens("shop", &first).await.at("/id_token");
    world.wait(minutes(1));
    let old = world.anonymous().cookie(&first);
    let flow = old.authorize("bank", &[]).await.flow_id();
    let further = old.answer(&flow, &id_of(CODE), json!({"OTPCode": RIGHT})).await;
    old.authorize("shop", &[]).await.is_step("INCOMPLETE");
    let new = world.anonymous().cookie(&further);
    new.authorize("bank", &[]).await.is(200).code();
    let isk = claims(&id_token)["isk"].as_str().unwrap().to_owned();
    world.authorize("shop", &[("sessionId", &isk)]).await.is(200).code();
    let leave = [("response_mode", "direct"), ("id_token_hint", &*id_token)];
    world.anonymous().form("/oidc/logout", &leave).await.is(200);
    new.authorize("shop", &[]).await.is_step("INCOMPLETE");
}

#[tokio::test]
async fn a_flow_that_leans_on_a_session_falls_with_it() {
    let (world, _) = world().await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    let caller = world.anonymous().cookie(&done);
    let flow = caller.authorize("bank", &[]).await.flow_id();
    caller.form("/oidc/logout", &[("response_mode", "direct"), ("client_id", "shop")]).await.is(200);
    let late = caller.answer(&flow, &id_of(CODE), json!({"OTPCode": RIGHT})).await;
    assert!(late.member("/authData").is_null(), "signed in by the password of a session that was ended");
}

#[tokio::test]
async fn without_asking_there_is_a_code_or_a_failure() {
    let (world, _) = world().await;
    let none = [("prompt", "none")];
    let refused = world.authorize("shop", &none).await;
    refused.is_refused(400, "60002", "authentication_failed");
    assert_eq!(refused.at("/oauth_error"), "login_required");
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    let caller = world.anonymous().cookie(&done);
    assert_eq!(caller.authorize("forum", &none).await.is(200).at("/flowStatus"), "SUCCESS_COMPLETED");
    assert_eq!(caller.authorize("bank", &none).await.is(400).at("/oauth_error"), "login_required");
}

#[tokio::test]
async fn a_request_may_want_the_user_to_sign_in_again() {
    let (world, _) = world().await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    let before = world.id_token("shop", &done).await;
    world.wait(minutes(5));
    let caller = world.anonymous().cookie(&done);
    let again = caller.sign_in("shop", "kim", &[("prompt", "login")]).await;
    let after = world.id_token("shop", &again).await;
    assert_ne!(before["sid"], after["sid"]);
    assert_eq!(after["auth_time"], START.seconds() + 300);
    for prompt in ["login select_account", "select_account login"] {
        caller.authorize("shop", &[("prompt", prompt)]).await.is_step("INCOMPLETE");
    }
    let chosen = caller.authorize("shop", &[("prompt", "select_account")]).await;
    assert_eq!(chosen.is(200).at("/flowStatus"), "SUCCESS_COMPLETED");
}

#[tokio::test]
async fn a_login_that_is_too_old_is_done_again() {
    let (world, _) = world().await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    let caller = world.anonymous().cookie(&done);
    world.wait(minutes(5));
    let good = caller.authorize("forum", &[("max_age", "301")]).await;
    assert_eq!(world.id_token("forum", &good).await["auth_time"], START.seconds());
    for age in ["299", "0"] {
        caller.authorize("forum", &[("max_age", age)]).await.is_step("INCOMPLETE");
    }
    let again = caller.sign_in("forum", "kim", &[("max_age", "60")]).await;
    assert_eq!(world.id_token("forum", &again).await["auth_time"], START.seconds() + 300);
}

#[tokio::test]
async fn a_session_of_another_user_than_hinted_does_not_count() {
    let (world, _) = world().await;
    let kim = world.anonymous().sign_in("shop", "kim", &[]).await;
    let hint = world.login("shop", "lee").await.at("/id_token");
    let caller = world.anonymous().cookie(&kim);
    let quiet = caller.authorize("shop", &[("id_token_hint", &hint), ("prompt", "none")]).await;
    assert_eq!(quiet.is(400).at("/oauth_error"), "login_required");
    let refused = caller.sign_in("shop", "kim", &[("id_token_hint", &hint)]).await;
    refused.is_refused(400, "60002", "authentication_failed");
    caller.sign_in("shop", "lee", &[("id_token_hint", &hint)]).await.is(200).code();

    let own = world.tokens("shop", &kim).await.at("/id_token");
    let done = caller.authorize("shop", &[("id_token_hint", &own), ("prompt", "none")]).await;
    assert_eq!(done.is(200).at("/flowStatus"), "SUCCESS_COMPLETED");
    world.authorize("forum", &[("id_token_hint", &own)]).await.is_refused(400, "60001", "invalid_request");
}

// Checklist 106.
#[tokio::test]
async fn a_session_ends_after_fifteen_minutes_without_use() {
    let (world, _) = world().await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    assert!(!done.header("set-cookie").unwrap().contains("Max-Age"));
    let caller = world.anonymous().cookie(&done);
    for _ in 0..3 {
        world.wait(seconds(899));
        caller.authorize("forum", &[]).await.is(200).code();
    }
    world.wait(minutes(15));
    caller.authorize("forum", &[]).await.is_step("INCOMPLETE");
}

// Checklist 106.
#[tokio::test]
async fn a_remembered_session_ends_after_fourteen_days_without_use_and_thirty_in_all() {
    let (world, _) = world().await;
    let done = world.remembered("kim").await;
    assert!(done.header("set-cookie").unwrap().ends_with("; Max-Age=1209600"));
    let caller = world.anonymous().cookie(&done);
    world.wait(days(14));
    caller.authorize("forum", &[]).await.is_step("INCOMPLETE");

    let done = world.remembered("kim").await;
    let caller = world.anonymous().cookie(&done);
    for _ in 0..2 {
        world.wait(days(13));
        caller.authorize("forum", &[]).await.is(200).code();
    }
    world.wait(days(4));
    caller.authorize("forum", &[]).await.is_step("INCOMPLETE");
}

#[tokio::test]
async fn who_asked_to_be_remembered_at_the_first_step_is_remembered_at_the_last() {
    let (world, _) = world().await;
    let flow = world.authorize("bank", &[]).await.flow_id();
    let answers = json!({"username": "kim", "password": PASSWORD, "chkRemember": "on"});
    world.anonymous().answer(&flow, BASIC, answers).await.is_step("INCOMPLETE");
    let done = world.anonymous().answer(&flow, &id_of(CODE), json!({"OTPCode": RIGHT})).await;
    assert!(done.is(200).header("set-cookie").unwrap().ends_with("; Max-Age=1209600"));
}

#[tokio::test]
async fn who_may_not_sign_in_any_more_is_asked_in_vain() {
    let (world, _) = world().await;
    for (name, change) in [("ann", true), ("bob", false)] {
        let user = world.user(name).await;
        let done = world.anonymous().sign_in("shop", name, &[]).await;
        world.change_user(&user, |user| if change { user.locked = true } else { user.active = false }).await;
        let caller = world.anonymous().cookie(&done);
        caller.sign_in("forum", name, &[]).await.is_step("FAIL_INCOMPLETE");
    }
    let user = world.user("eve").await;
    let done = world.anonymous().sign_in("shop", "eve", &[]).await;
    world.store().remove_user(&user.tenant, &user.id).await.unwrap();
    world.anonymous().cookie(&done).authorize("forum", &[]).await.is_step("INCOMPLETE");
}

#[tokio::test]
async fn a_stranger_who_locks_the_password_does_not_end_the_session() {
    let (world, _) = world().await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    for _ in 0..6 {
        let flow = world.authorize("shop", &[]).await.flow_id();
        world.anonymous().password(&flow, "kim", "wrong").await.is_step("FAIL_INCOMPLETE");
    }
    world.anonymous().cookie(&done).authorize("forum", &[]).await.is(200).code();
}

#[tokio::test]
async fn another_user_who_signs_in_gets_a_session_of_their_own() {
    let (world, _) = world().await;
    let kim = world.anonymous().sign_in("shop", "kim", &[]).await;
    let flow = world.anonymous().cookie(&kim).authorize("bank", &[("prompt", "login")]).await.flow_id();
    let caller = world.anonymous().cookie(&kim);
    caller.password(&flow, "lee", PASSWORD).await.is_step("INCOMPLETE");
    let lee = caller.answer(&flow, &id_of(CODE), json!({"OTPCode": RIGHT})).await;
    let (kims, lees) = (world.id_token("shop", &kim).await, world.id_token("bank", &lee).await);
    assert_ne!((&kims["sub"], &kims["sid"]), (&lees["sub"], &lees["sid"]));
    assert_ne!(kims["sid"], lees["sid"]);
    caller.authorize("bank", &[]).await.is_step("INCOMPLETE");
}

// Checklist 109.
#[tokio::test]
async fn the_cookie_is_for_this_host_and_no_script() {
    let (world, _) = world().await;
    let plain = world.anonymous().sign_in("shop", "kim", &[]).await;
    let plain = plain.header("set-cookie").unwrap().to_owned();
    assert!(plain.starts_with("vestibule-session-carbon.super="), "{plain}");
    for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Lax"] {
        assert!(plain.contains(attribute), "{plain}");
    }
    let world = World::set(|setting| setting.public_url = "https://login.example").await;
    world.app("shop").await;
    world.user("kim").await;
    let tls = world.anonymous().sign_in("shop", "kim", &[]).await;
    let cookie = tls.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-vestibule-session-carbon.super="), "{cookie}");
    assert!(cookie.contains("; Secure") && !cookie.contains("Domain"), "{cookie}");
    world.anonymous().cookie(&tls).authorize("shop", &[]).await.is(200).code();
}

#[tokio::test]
async fn a_failed_login_sets_no_cookie() {
    let (world, _) = world().await;
    let start = world.authorize("shop", &[]).await;
    let wrong = world.anonymous().password(&start.flow_id(), "kim", "wrong").await;
    assert_eq!((start.header("set-cookie"), wrong.header("set-cookie")), (None, None));
}
