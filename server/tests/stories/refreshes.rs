//! Refreshing: each refresh token is good once, an old one ends the family, and nothing refreshes what has ended.

use serde_json::{Value, json};
use vestibule_core::application::Application;

use crate::world::*;

async fn world() -> World {
    let world = World::new().await;
    world.app("shop").await;
    world.confidential_app("vault").await;
    world.user("kim").await;
    world
}

/// Somebody who has the secret of the confidential application.
fn vault(world: &World) -> Caller {
    world.anonymous().basic("vault", SECRET)
}

async fn login_to_vault(world: &World) -> Answer {
    let code = vault(world).sign_in("vault", "kim", &[]).await.code();
    vault(world).exchange("vault", &code).await
}

async fn refresh(world: &World, token: &str, more: &[(&str, &str)]) -> Answer {
    let form = [&[("grant_type", "refresh_token"), ("client_id", "shop"), ("refresh_token", token)], more].concat();
    world.anonymous().form("/oauth2/token", &form).await
}

fn is_dead(answer: &Answer) {
    answer.is_oauth_refusal(400, "invalid_grant");
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_of_the_same_login() {
    let world = world().await;
    let first = world.login_with("shop", "kim", &[("scope", "openid profile"), ("nonce", "n1")]).await;
    world.wait(minutes(10));
    let second = refresh(&world, &first.at("/refresh_token"), &[]).await;
    assert_eq!(second.is(200).at("/scope"), "openid profile");
    assert_ne!(first.at("/refresh_token"), second.at("/refresh_token"));
    let (old, new) = (claims(&first.at("/id_token")), claims(&second.at("/id_token")));
    for same in ["iss", "sub", "aud", "auth_time", "sid", "amr", "acr", "azp"] {
        assert_eq!(old[same], new[same], "{same}");
    }
    assert!(new["nonce"].is_null() || new["nonce"] == old["nonce"]);
    assert_eq!(new["iat"], START.seconds() + 600);
    world.anonymous().userinfo(&second.at("/access_token")).await.is(200);
}

// Checklist 82.
#[tokio::test]
async fn a_replayed_refresh_token_ends_the_family() {
    let world = world().await;
    let first = world.login("shop", "kim").await;
    let second = refresh(&world, &first.at("/refresh_token"), &[]).await;
    let third = refresh(&world, &second.at("/refresh_token"), &[]).await;
    third.is(200);
    is_dead(&refresh(&world, &first.at("/refresh_token"), &[]).await);
    is_dead(&refresh(&world, &third.at("/refresh_token"), &[]).await);
    for tokens in [&first, &second, &third] {
        world.anonymous().userinfo(&tokens.at("/access_token")).await.is_unauthorized_token();
    }
}

#[tokio::test]
async fn a_public_application_repeats_nothing_unless_it_says_so() {
    let world = world().await;
    let first = world.login("shop", "kim").await.at("/refresh_token");
    refresh(&world, &first, &[]).await.is(200);
    is_dead(&refresh(&world, &first, &[]).await);

    let app: Application =
        world.store().app_by_client(&vestibule_core::ports::TenantId::root(), "shop").await.unwrap().unwrap();
    world.change_app(&app, |app| app.oauth.repeat_window = Some(seconds(10))).await;
    let first = world.login("shop", "kim").await.at("/refresh_token");
    let second = refresh(&world, &first, &[]).await.at("/refresh_token");
    world.wait(seconds(9));
    assert_eq!(refresh(&world, &first, &[]).await.at("/refresh_token"), second);
    world.wait(seconds(1));
    is_dead(&refresh(&world, &first, &[]).await);
}

// Checklist 83.
#[tokio::test]
async fn a_confidential_application_that_lost_the_answer_gets_the_same_successor_for_thirty_seconds() {
    let world = world().await;
    let first = login_to_vault(&world).await.at("/refresh_token");
    let second = vault(&world).refresh("vault", &first).await.at("/refresh_token");
    for _ in 0..2 {
        world.wait(seconds(14));
        assert_eq!(vault(&world).refresh("vault", &first).await.is(200).at("/refresh_token"), second);
    }
    world.wait(seconds(2));
    is_dead(&vault(&world).refresh("vault", &first).await);
    is_dead(&vault(&world).refresh("vault", &second).await);
}

#[tokio::test]
async fn the_successor_is_repeated_only_while_it_is_unused() {
    let world = world().await;
    let first = login_to_vault(&world).await.at("/refresh_token");
    let second = vault(&world).refresh("vault", &first).await.at("/refresh_token");
    let third = vault(&world).refresh("vault", &second).await.at("/refresh_token");
    is_dead(&vault(&world).refresh("vault", &first).await);
    is_dead(&vault(&world).refresh("vault", &third).await);
}

// Checklist 83.
#[tokio::test]
async fn an_application_may_keep_its_refresh_token() {
    let world = world().await;
    world.app_with("steady", |app| app.oauth.rotate_refresh = false).await;
    let token = world.login("steady", "kim").await.at("/refresh_token");
    for _ in 0..3 {
        world.wait(hours(20));
        assert_eq!(world.anonymous().refresh("steady", &token).await.is(200).at("/refresh_token"), token);
    }
}

#[tokio::test]
async fn a_refresh_token_lives_for_a_day_after_its_making() {
    let world = world().await;
    let (early, late) = (world.login("shop", "kim").await, world.login("shop", "kim").await);
    world.wait(seconds(86_399));
    refresh(&world, &early.at("/refresh_token"), &[]).await.is(200);
    world.wait(seconds(1));
    is_dead(&refresh(&world, &late.at("/refresh_token"), &[]).await);
}

// Checklist 84.
#[tokio::test]
async fn a_family_ends_after_thirty_days_however_often_it_is_refreshed() {
    let world = world().await;
    let mut token = world.login("shop", "kim").await.at("/refresh_token");
    for _ in 0..36 {
        world.wait(hours(20));
        if world.clock.0.lock().unwrap().since(START) >= days(30) {
            break;
        }
        token = refresh(&world, &token, &[]).await.is(200).at("/refresh_token");
    }
    assert_eq!(world.clock.0.lock().unwrap().since(START), days(30));
    is_dead(&refresh(&world, &token, &[]).await);
}

// Checklist 85.
#[tokio::test]
async fn a_refresh_may_ask_for_less_but_not_for_more() {
    let world = world().await;
    let first = world.login_with("shop", "kim", &[("scope", "openid profile email")]).await;
    for wider in ["openid phone", "openid profile email phone", "internal_user_mgt_list"] {
        let refused = refresh(&world, &first.at("/refresh_token"), &[("scope", wider)]).await;
        refused.is_oauth_refusal(400, "invalid_scope");
    }
    let less = refresh(&world, &first.at("/refresh_token"), &[("scope", "email")]).await;
    assert_eq!(less.is(200).at("/scope"), "email");
    assert!(less.member("/id_token").is_null());
    world.anonymous().userinfo(&less.at("/access_token")).await.is_oauth_refusal(403, "insufficient_scope");
    let again = refresh(&world, &less.at("/refresh_token"), &[]).await;
    assert_eq!(again.is(200).at("/scope"), "email openid profile");
}

// Checklist 85.
#[tokio::test]
async fn a_refresh_token_is_for_its_application_and_another_cannot_spend_it() {
    let world = world().await;
    world.app("forum").await;
    let token = world.login("shop", "kim").await.at("/refresh_token");
    is_dead(&world.anonymous().refresh("forum", &token).await);
    is_dead(&vault(&world).refresh("vault", &token).await);
    refresh(&world, &token, &[]).await.is(200);
    let kept = login_to_vault(&world).await.at("/refresh_token");
    world.anonymous().refresh("vault", &kept).await.is_oauth_refusal(401, "invalid_client");
    vault(&world).refresh("vault", &kept).await.is(200);
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let world = world().await;
    let tokens = world.login("shop", "kim").await;
    let token = tokens.at("/refresh_token");
    let code = world.anonymous().sign_in("shop", "kim", &[]).await.code();
    let middle = token.len() / 2;
    let other = if &token[middle..=middle] == "A" { "B" } else { "A" };
    let forged = format!("{}{other}{}", &token[..middle], &token[middle + 1..]);
    for wrong in [&forged, &token[1..], &format!("{token}AAAA"), &code, &tokens.at("/access_token"), "x", "é", "\0"] {
        is_dead(&refresh(&world, wrong, &[]).await);
    }
    refresh(&world, "", &[]).await.is_oauth_refusal(400, "invalid_request");
    refresh(&world, &token, &[]).await.is(200);
}

// Checklist 86.
#[tokio::test]
async fn who_may_not_sign_in_any_more_gets_no_new_tokens_and_the_old_ones_do_not_hold() {
    let world = world().await;
    for change in [true, false] {
        let user = world.user(if change { "ann" } else { "bob" }).await;
        let tokens = world.login("shop", &user.name).await;
        world.change_user(&user, |user| if change { user.locked = true } else { user.active = false }).await;
        is_dead(&refresh(&world, &tokens.at("/refresh_token"), &[]).await);
        world.anonymous().userinfo(&tokens.at("/access_token")).await.is_unauthorized_token();
    }
    let user = world.user("eve").await;
    let tokens = world.login("shop", "eve").await;
    world.store().remove_user(&user.tenant, &user.id).await.unwrap();
    is_dead(&refresh(&world, &tokens.at("/refresh_token"), &[]).await);
    world.anonymous().userinfo(&tokens.at("/access_token")).await.is_unauthorized_token();
}

// Checklist 86.
#[tokio::test]
async fn a_logout_ends_the_families_of_its_session_and_no_others() {
    let world = world().await;
    world.app("forum").await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    let shop = world.anonymous().exchange("shop", &done.code()).await;
    let code = world.anonymous().cookie(&done).authorize("forum", &[]).await.code();
    let unspent = world.anonymous().cookie(&done).authorize("forum", &[]).await.code();
    let forum = world.anonymous().exchange("forum", &code).await;
    let elsewhere = world.login("shop", "kim").await;
    let form = [("response_mode", "direct"), ("id_token_hint", &*shop.at("/id_token"))];
    world.anonymous().form("/oidc/logout", &form).await.is(200);
    is_dead(&refresh(&world, &shop.at("/refresh_token"), &[]).await);
    is_dead(&world.anonymous().refresh("forum", &forum.at("/refresh_token")).await);
    is_dead(&world.anonymous().exchange("forum", &unspent).await);
    world.anonymous().userinfo(&forum.at("/access_token")).await.is_unauthorized_token();
    refresh(&world, &elsewhere.at("/refresh_token"), &[]).await.is(200);
}

#[tokio::test]
async fn an_application_has_tokens_of_its_own_with_the_scopes_that_were_allowed_to_it() {
    let world = world().await;
    let app = world.confidential_app("robot").await;
    world.change_app(&app, |app| app.management_scopes = ["internal_user_mgt_list".to_owned()].into()).await;
    let ask = |client: &'static str, scope: &'static str| {
        let caller = world.anonymous().basic(client, SECRET);
        async move { caller.form("/oauth2/token", &[("grant_type", "client_credentials"), ("scope", scope)]).await }
    };
    let tokens = ask("robot", "internal_user_mgt_list internal_user_mgt_create openid profile").await;
    assert_eq!(tokens.is(200).at("/scope"), "internal_user_mgt_list");
    assert!(tokens.member("/refresh_token").is_null() && tokens.member("/id_token").is_null());
    let own = claims(&tokens.at("/access_token"));
    assert_eq!((&own["sub"], &own["client_id"], &own["sid"]), (&json!("robot"), &json!("robot"), &Value::Null));
    assert_eq!(ask("vault", "internal_user_mgt_list").await.is(200).at("/scope"), "");
    let user = world.anonymous().userinfo(&tokens.at("/access_token")).await;
    assert!([401, 403].contains(&user.status.as_u16()));
    let public = [("grant_type", "client_credentials"), ("client_id", "shop")];
    world.anonymous().form("/oauth2/token", &public).await.is_oauth_refusal(400, "unauthorized_client");
}
