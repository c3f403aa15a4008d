//! A part of the server fails: the caller learns which kind of thing failed and the trace, never what it was; nothing is
//! counted, and the flow goes on once the part works again.

use std::sync::Arc;

use serde_json::{Value, json};
use vestibule_core::ports::store::{ClaimRequest, Claimed, Move, Settled, Settlement};
use vestibule_core::ports::{FlowNumber, TenantId};
use vestibule_store::{Faulty, Verb};

use crate::authenticators::{BROKEN, Broken};
use crate::world::*;

/// A world whose store fails on command, with the application `shop` and the user `kim`.
pub struct Breakable;

impl Breakable {
    pub async fn open() -> (World, Arc<Faulty>) {
        Self::with(Setting::default()).await
    }

    pub async fn with(mut setting: Setting) -> (World, Arc<Faulty>) {
        let store = Arc::new(Faulty::new(setting.store));
        setting.store = store.clone();
        let world = World::with(setting).await;
        world.app("shop").await;
        world.user("kim").await;
        (world, store)
    }
}

/// What a flow is kept under.
pub fn number(world: &World, flow_id: &str) -> FlowNumber {
    let ticket = world.house.secrets.open_flow(flow_id).unwrap();
    let ticket: Value = serde_json::from_slice(ticket.as_ref()).unwrap();
    ticket["n"].as_str().unwrap().parse().unwrap()
}

/// Keeps a state of the flow in a format of the future, as a newer server would.
pub async fn newer_format(world: &World, flow_id: &str) {
    let flow = number(world, flow_id);
    let (tenant, now) = (TenantId::root(), world.clock.0.lock().unwrap().to_owned());
    let (until, expires) = (now + seconds(30), now + minutes(10));
    let request = ClaimRequest { flow, tenant: &tenant, seen: Default::default(), now, until, expires, tallies: &[] };
    let Claimed::Ours { version, .. } = world.store().claim(request).await.unwrap() else { panic!("not ours") };
    let newer = Move::Advance { format: 999, body: b"from the future".to_vec() };
    let flow = Some((flow, version, newer));
    let settlement = Settlement { flow, ..Settlement::of(&tenant, now) };
    assert_eq!(world.store().settle(settlement).await.unwrap(), Settled::Kept);
}

#[tokio::test]
async fn an_answer_that_the_store_could_not_judge_is_not_counted_and_may_be_sent_again() {
    for verb in [Verb::UserByName, Verb::Flow, Verb::Claim] {
        let (world, store) = Breakable::open().await;
        let flow = world.authorize("shop", &[]).await.flow_id();
        for _ in 0..6 {
            store.fail(verb);
            let failed = world.anonymous().password(&flow, "kim", PASSWORD).await;
            failed.is_refused(500, "65001", "unable_to_proceed");
            store.heal();
        }
        world.anonymous().password(&flow, "kim", PASSWORD).await.is(200).code();
    }
}

#[tokio::test]
async fn an_answer_whose_judgement_is_lost_counts_as_wrong_after_a_while() {
    let (world, store) = Breakable::open().await;
    store.fail(Verb::Settle);
    for _ in 0..5 {
        let flow = world.authorize("shop", &[]).await.flow_id();
        world.anonymous().password(&flow, "kim", "wrong").await.is_refused(500, "65001", "unable_to_proceed");
    }
    store.heal();
    world.wait(seconds(30));
    let flow = world.authorize("shop", &[]).await.flow_id();
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
    world.wait(seconds(30));
    world.anonymous().password(&flow, "kim", PASSWORD).await.is(200).code();
}

#[tokio::test]
async fn keys_and_metadata_are_served_while_the_store_is_down() {
    let (world, store) = Breakable::open().await;
    let paths = ["/oauth2/jwks", "/.well-known/openid-configuration", "/oauth2/token/.well-known/openid-configuration"];
    for path in paths {
        world.anonymous().get(path).await.is(200);
    }
    store.fail_all();
    for path in paths {
        world.anonymous().get(path).await.is(200);
    }
    world.anonymous().get("/health/live").await.is(200);
    world.anonymous().get("/health/ready").await.is(503);
    store.heal();
    world.anonymous().get("/health/ready").await.is(200);
}

// Checklist 70.
#[tokio::test]
async fn nothing_of_what_failed_inside_is_told() {
    let (world, store) = Breakable::open().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    store.fail_all();
    for answer in [
        world.anonymous().password(&flow, "kim", PASSWORD).await,
        world.authorize("shop", &[]).await,
        world.anonymous().exchange("shop", "code").await,
        world.anonymous().form("/oauth2/introspect", &[("client_id", "shop"), ("token", "x")]).await,
        world.anonymous().form("/oidc/logout", &[("response_mode", "direct"), ("client_id", "shop")]).await,
    ] {
        answer.is(500);
        let body = answer.text();
        for word in ["failing on command", "app_by_client", "kim", "memory", "src/", "panicked"] {
            assert!(!body.contains(word), "{body}");
        }
        assert_eq!(answer.at("/traceId").len(), 32);
    }
}

#[tokio::test]
async fn a_judge_that_breaks_is_a_fault_of_the_server_and_not_a_wrong_answer() {
    let world = World::set(|setting| setting.authenticators.push(&Broken)).await;
    world.app_with("shop", |app| app.sequence = steps(&[&["BasicAuthenticator", BROKEN]])).await;
    world.user("kim").await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    let failed = world.anonymous().answer(&flow, &id_of(BROKEN), json!({"OTPCode": "1"})).await;
    failed.is_refused(500, "65001", "unable_to_proceed");
    assert!(!failed.text().contains("secret-internals"));
    world.anonymous().password(&flow, "kim", PASSWORD).await.is(200).code();
}

#[tokio::test]
async fn a_store_that_fails_while_the_application_is_read_is_told_apart() {
    let (world, store) = Breakable::open().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    store.fail(Verb::AppByClient);
    store.fail(Verb::App);
    world.authorize("shop", &[]).await.is_refused(500, "65004", "application_unavailable");
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_refused(500, "65004", "application_unavailable");
    store.heal();
    world.anonymous().password(&flow, "kim", PASSWORD).await.is(200);
}

#[tokio::test]
async fn a_logout_that_the_store_could_not_carry_out_may_be_sent_again() {
    let (world, store) = Breakable::open().await;
    let tokens = world.login("shop", "kim").await;
    let form = [("response_mode", "direct"), ("client_id", "shop"), ("id_token_hint", &*tokens.at("/id_token"))];
    for verb in [Verb::EndSession, Verb::AppByClient] {
        store.fail(verb);
        world.anonymous().form("/oidc/logout", &form).await.is_refused(500, "65005", "logout_failed");
        store.heal();
        world.anonymous().userinfo(&tokens.at("/access_token")).await.is(200);
    }
    world.anonymous().form("/oidc/logout", &form).await.is(200);
    world.anonymous().userinfo(&tokens.at("/access_token")).await.is(401);
}

#[tokio::test]
async fn a_flow_that_a_newer_server_wrote_is_not_guessed_at() {
    let (world, _) = Breakable::open().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    newer_format(&world, &flow).await;
    let answer = world.anonymous().password(&flow, "kim", PASSWORD).await;
    answer.is_refused(500, "65003", "unknown_flow_status");
    assert!(answer.at("/description").starts_with("Unknown authentication flow status: "));
    assert!(!answer.text().contains("future"));
}

#[tokio::test]
async fn a_step_that_names_an_unknown_way_of_signing_in_is_the_servers_fault() {
    let world = World::new().await;
    world.app_with("later", |app| app.sequence = steps(&[&["BasicAuthenticator"], &["palm-reader"]])).await;
    world.app_with("among", |app| app.sequence = steps(&[&["BasicAuthenticator", "palm-reader"]])).await;
    for app in ["later", "among"] {
        world.authorize(app, &[]).await.is_refused(500, "65002", "authenticator_not_found");
    }
}

#[tokio::test]
async fn an_oauth_endpoint_tells_a_fault_in_its_own_words() {
    let (world, store) = Breakable::open().await;
    let tokens = world.login("shop", "kim").await;
    store.fail(Verb::Grant);
    world.anonymous().userinfo(&tokens.at("/access_token")).await.is_oauth_refusal(500, "server_error");
    world.anonymous().refresh("shop", &tokens.at("/refresh_token")).await.is_oauth_refusal(500, "server_error");
    store.heal();
    world.anonymous().refresh("shop", &tokens.at("/refresh_token")).await.is(200);
}

// Checklist 100.
#[tokio::test]
async fn a_revocation_says_200_only_when_it_is_written_down() {
    let (world, store) = Breakable::open().await;
    let tokens = world.login("shop", "kim").await;
    let access = tokens.at("/access_token");
    store.fail(Verb::RevokeToken);
    store.fail(Verb::RevokeGrant);
    for token in [&access, &tokens.at("/refresh_token")] {
        let form = [("client_id", "shop"), ("token", token.as_str())];
        world.anonymous().form("/oauth2/revoke", &form).await.is_oauth_refusal(500, "server_error");
    }
    store.heal();
    world.anonymous().userinfo(&access).await.is(200);
}
