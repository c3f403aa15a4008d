//! A password that may not be kept: after it is proved the login asks for another one.

use serde_json::json;
use vestibule_core::tenant::MessageStyle;
use vestibule_core::user::Contact;

use crate::authenticators::{CODE, Code, RIGHT};
use crate::phone::sent;
use crate::world::*;

const PASS: &str = "BasicAuthenticator";
const RENEWAL: &str = "password-reset-enforcer";
const NEW: &str = "quite another phrase 7";

/// Applications for a password, and for a code after it; kim must renew the password, lee need not.
async fn world() -> World {
    let code = Code::leaked();
    let world = World::set(|setting| {
        setting.authenticators.push(code);
        setting.config.native.messages = MessageStyle::Wso2;
        setting.config.passwords.max_age_days = 90;
    })
    .await;
    world.app("shop").await;
    world.app_with("bank", |app| app.sequence = steps(&[&[PASS], &[CODE]])).await;
    let email = Contact { value: "kim@example.com".to_owned(), kind: None, primary: true, verified: true };
    world
        .user_with("kim", |user| {
            user.renew_password = true;
            user.profile.emails.push(email);
        })
        .await;
    world.user("lee").await;
    world
}

async fn renew(world: &World, flow: &str, current: &str, new: [&str; 2]) -> Answer {
    let params = json!({"currentPassword": current, "newPassword": new[0], "newPasswordConfirmation": new[1]});
    world.anonymous().answer(flow, &id_of(RENEWAL), params).await
}

/// A flow of kim's that asks for another password.
async fn asked(world: &World, app: &str) -> String {
    let answer = world.anonymous().sign_in(app, "kim", &[]).await;
    assert_eq!(answer.is_step("INCOMPLETE").options(), [id_of(RENEWAL)]);
    answer.flow_id()
}

#[tokio::test]
async fn another_password_finishes_the_login_and_the_old_one_is_over() {
    let world = world().await;
    let flow = asked(&world, "shop").await;
    let done = renew(&world, &flow, PASSWORD, [NEW, NEW]).await;
    let tokens = world.anonymous().exchange("shop", &done.is(200).code()).await;
    world.anonymous().userinfo(&tokens.is(200).at("/access_token")).await.is(200);
    let mails = sent(&world).await;
    assert_eq!((mails.len(), mails[0].template.as_str(), &*mails[0].to), (1, "password-changed", "kim@example.com"));
    let flow = world.authorize("shop", &[]).await.flow_id();
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
    world.anonymous().password(&flow, "kim", NEW).await.is(200).code();
}

#[tokio::test]
async fn the_form_is_shown_in_order() {
    let world = world().await;
    let answer = world.anonymous().sign_in("shop", "kim", &[]).await;
    let offer = answer.member("/nextStep/authenticators/0");
    assert_eq!(
        (&offer["authenticator"], &offer["metadata"]["promptType"]),
        (&json!("Password Reset"), &json!("USER_PROMPT"))
    );
    assert_eq!(offer["requiredParams"], json!(["currentPassword", "newPassword", "newPasswordConfirmation"]));
    let params = offer["metadata"]["params"].as_array().unwrap();
    assert!(params.iter().enumerate().all(|(place, param)| param["order"] == place && param["confidential"] == true));
}

#[tokio::test]
async fn whose_password_is_good_is_asked_nothing_until_it_is_too_old() {
    let world = world().await;
    world.anonymous().sign_in("shop", "lee", &[]).await.is(200).code();
    world.wait(days(89));
    world.anonymous().sign_in("shop", "lee", &[]).await.is(200).code();
    world.wait(days(1));
    let flow = world.anonymous().sign_in("shop", "lee", &[]).await.is_step("INCOMPLETE").flow_id();
    renew(&world, &flow, PASSWORD, [NEW, NEW]).await.is(200).code();
    world.wait(days(89));
    let flow = world.authorize("shop", &[]).await.flow_id();
    world.anonymous().password(&flow, "lee", NEW).await.is(200).code();
    assert!(sent(&world).await.is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_the_new_password_is_told_and_not_counted() {
    let world = world().await;
    let flow = asked(&world, "shop").await;
    for _ in 0..3 {
        for (new, key) in [
            ([NEW, PASSWORD], "new.password.mismatch"),
            (["short", "short"], "password.policy.violation"),
            (["Password1!", "Password1!"], "password.policy.violation"),
            ([PASSWORD, PASSWORD], "new.password.same.as.old"),
        ] {
            let again = renew(&world, &flow, PASSWORD, new).await;
            assert_eq!(again.is_step("FAIL_INCOMPLETE").member("/nextStep/messages/0/message"), key);
        }
    }
    renew(&world, &flow, PASSWORD, [NEW, NEW]).await.is(200).code();
}

#[tokio::test]
async fn a_wrong_current_password_counts_with_those_of_logins() {
    let world = world().await;
    let flow = asked(&world, "shop").await;
    for _ in 0..5 {
        let wrong = renew(&world, &flow, "wrong", [NEW, NEW]).await;
        assert_eq!(wrong.is_step("FAIL_INCOMPLETE").member("/nextStep/messages/0/message"), "login.fail.message");
    }
    renew(&world, &flow, PASSWORD, [NEW, NEW]).await.is_step("FAIL_INCOMPLETE");
    world.anonymous().sign_in("shop", "kim", &[]).await.is_step("FAIL_INCOMPLETE");
    world.wait(seconds(30));
    renew(&world, &flow, PASSWORD, [NEW, NEW]).await.is(200).code();
}

#[tokio::test]
async fn a_password_that_an_administrator_changed_meanwhile_ends_the_flow() {
    let world = world().await;
    let flow = asked(&world, "shop").await;
    let kim = world.who("kim").await;
    let hash = world.house.ports.passwords.hash(&"of an administrator".to_owned().into()).await.unwrap();
    world.change_user(&kim, |user| user.password = hash).await;
    renew(&world, &flow, PASSWORD, [NEW, NEW]).await.is_step("FAIL_INCOMPLETE");
    renew(&world, &flow, "of an administrator", [NEW, NEW]).await.is_refused(400, "60002", "authentication_failed");
}

#[tokio::test]
async fn a_new_password_ends_other_sessions_and_grants() {
    let world = world().await;
    let lee = world.who("lee").await;
    let first = world.anonymous().sign_in("shop", "lee", &[]).await;
    let tokens = world.anonymous().exchange("shop", &first.is(200).code()).await;
    world.change_user(&lee, |user| user.renew_password = true).await;
    let flow = world.anonymous().sign_in("shop", "lee", &[]).await.is_step("INCOMPLETE").flow_id();
    let done = renew(&world, &flow, PASSWORD, [NEW, NEW]).await;
    done.is(200).code();
    world.anonymous().userinfo(&tokens.at("/access_token")).await.is_unauthorized_token();
    world.anonymous().refresh("shop", &tokens.at("/refresh_token")).await.is_oauth_refusal(400, "invalid_grant");
    world.anonymous().cookie(&first).authorize("shop", &[]).await.is_step("INCOMPLETE");
    world.anonymous().cookie(&done).authorize("shop", &[]).await.is(200).code();
}

#[tokio::test]
async fn it_comes_after_every_other_step_so_that_a_stolen_password_alone_sets_no_other() {
    let world = world().await;
    let next = world.anonymous().sign_in("bank", "kim", &[]).await;
    assert_eq!(next.is_step("INCOMPLETE").options(), [id_of(CODE)]);
    let flow = next.flow_id();
    renew(&world, &flow, PASSWORD, [NEW; 2]).await.is_refused(400, "60012", "invalid_authenticator");
    let last = world.anonymous().answer(&flow, &id_of(CODE), json!({"OTPCode": RIGHT})).await;
    assert_eq!(last.is_step("INCOMPLETE").options(), [id_of(RENEWAL)]);
    let done = renew(&world, &flow, PASSWORD, [NEW, NEW]).await;
    let tokens = world.anonymous().exchange("bank", &done.is(200).code()).await;
    assert_eq!(claims(&tokens.at("/id_token"))["amr"], json!(["pwd", "otp", "mfa"]));
}

#[tokio::test]
async fn it_is_passed_by_no_answer_that_lacks_something() {
    let world = world().await;
    let flow = asked(&world, "shop").await;
    for params in [
        json!({"currentPassword": PASSWORD}),
        json!({"newPassword": NEW, "newPasswordConfirmation": NEW}),
        json!({"currentPassword": PASSWORD, "newPassword": NEW}),
    ] {
        world.anonymous().answer(&flow, &id_of(RENEWAL), params).await.is_refused(400, "60001", "invalid_request");
    }
    world.anonymous().select(&flow, &id_of(RENEWAL)).await.is_step("INCOMPLETE");
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_refused(400, "60012", "invalid_authenticator");
}

#[tokio::test]
async fn alone_in_a_step_it_renews_nobodys_password() {
    let world = world().await;
    world.app_with("odd", |app| app.sequence = steps(&[&[RENEWAL]])).await;
    let flow = world.authorize("odd", &[]).await.flow_id();
    renew(&world, &flow, PASSWORD, [NEW, NEW]).await.is_refused(400, "60001", "invalid_request");
}
