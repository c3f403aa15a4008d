//! How a bound login begins: with an answer, by a pushed request, or on the strength of a session. Whichever way it is, the
//! key is proved or nothing that the login gives is of use.

use serde_json::json;

use crate::dpop::shop;
use crate::dpop_refusals::{MISSING, OTHER_KEY, is_proof_refusal};
use crate::world::*;

const CHALLENGES: &str = "/oauth2/authorize-challenge";
const UNBOUND: &str =
    "The login was started without a DPoP proof, so none protects it: start it anew with one, or go on without.";

/// A login at the authorization challenge endpoint that begins with its answer.
async fn in_one(caller: &Caller, more: &[(&str, &str)]) -> Answer {
    let kim = json!({"username": "kim", "password": PASSWORD}).to_string();
    let mut form = vec![("client_id", "shop"), ("scope", "openid"), ("authenticator_id", BASIC), ("params", &*kim)];
    form.extend([("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    form.extend(more);
    caller.form(CHALLENGES, &form).await
}

// Checklist 54, 55.
#[tokio::test]
async fn one_proof_is_enough_for_a_login_in_one_request() {
    let (world, prover) = shop().await;
    let kim = world.proving(&prover);
    let code = in_one(&kim, &[]).await.is(200).at("/authorization_code");
    let exchange = [("grant_type", "authorization_code"), ("client_id", "shop"), ("code", &*code)];
    let exchange = [&exchange[..], &[("code_verifier", VERIFIER)]].concat();
    let thief = world.anonymous().form("/oauth2/token", &exchange).await;
    is_proof_refusal(&thief, 400, "invalid_dpop_proof", MISSING);
    assert_eq!(kim.form("/oauth2/token", &exchange).await.is(200).at("/token_type"), "DPoP");
}

// Checklist 54, 55.
#[tokio::test]
async fn an_answer_in_the_beginning_needs_the_proof_of_a_key_that_is_only_named() {
    let (world, prover) = shop().await;
    let unproved = in_one(&world.anonymous(), &[("dpop_jkt", prover.jkt())]).await;
    unproved.is_oauth_refusal(401, "invalid_dpop_proof");
    in_one(&world.proving(&prover), &[("dpop_jkt", prover.jkt())]).await.is(200);
}

/// The name of a request that was pushed.
async fn pushed(caller: &Caller) -> String {
    let form = [
        ("client_id", "shop"),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    caller.form("/oauth2/par", &form).await.is(201).at("/request_uri")
}

async fn start(caller: &Caller, uri: &str) -> Answer {
    let form = [("client_id", "shop"), ("request_uri", uri), ("response_mode", "direct")];
    caller.form("/oauth2/authorize", &form).await
}

// Checklist 54, 55, 93.
#[tokio::test]
async fn a_proof_beside_a_pushed_request_is_looked_at_and_a_wrong_one_uses_nothing_up() {
    let (world, prover) = shop().await;
    let (plain, kim, other) = (world.anonymous(), world.proving(&prover), world.proving(&world.prover()));
    let bound = pushed(&kim).await;
    is_proof_refusal(&start(&other, &bound).await, 401, "invalid_dpop_proof", OTHER_KEY);
    let flow = start(&kim, &bound).await.is_step("INCOMPLETE").flow_id();
    is_proof_refusal(&plain.password(&flow, "kim", PASSWORD).await, 401, "invalid_dpop_proof", MISSING);
    // Who does not prove the key here proves it with the first answer.
    let flow = start(&plain, &pushed(&kim).await).await.is_step("INCOMPLETE").flow_id();
    is_proof_refusal(&plain.password(&flow, "kim", PASSWORD).await, 401, "invalid_dpop_proof", MISSING);
    kim.password(&flow, "kim", PASSWORD).await.is(200).code();
    let free = pushed(&plain).await;
    is_proof_refusal(&start(&kim, &free).await, 401, "invalid_dpop_proof", UNBOUND);
    start(&plain, &free).await.is_step("INCOMPLETE");
}

// Checklist 54, 93.
#[tokio::test]
async fn an_application_that_must_bind_its_logins_since_the_push_starts_no_free_one() {
    let (world, prover) = shop().await;
    let app = world.app("binding").await;
    let form = [("client_id", "binding"), ("response_type", "code"), ("redirect_uri", REDIRECT)];
    let form = [&form[..], &[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]].concat();
    let free = world.anonymous().form("/oauth2/par", &form).await.is(201).at("/request_uri");
    let bound = world.proving(&prover).form("/oauth2/par", &form).await.is(201).at("/request_uri");
    world.change_app(&app, |app| app.oauth.dpop_required = true).await;
    let start = async |uri: &str| {
        let form = [("client_id", "binding"), ("request_uri", uri), ("response_mode", "direct")];
        world.anonymous().form("/oauth2/authorize", &form).await
    };
    let required = "The application must prove the possession of a key: send a DPoP proof.";
    is_proof_refusal(&start(&free).await, 401, "invalid_dpop_proof", required);
    start(&bound).await.is_step("INCOMPLETE");
}

// Checklist 54, 88.
#[tokio::test]
async fn a_stolen_id_token_of_a_bound_login_signs_nobody_in() {
    let (world, prover) = shop().await;
    world.app("forum").await;
    let tokens = world.bound_login(&prover).await;
    let id_token = claims(&tokens.is(200).at("/id_token"));
    let isk = id_token["isk"].as_str().unwrap();
    let with = [("sessionId", isk), ("scope", "openid internal_login")];
    for thief in [world.anonymous(), world.proving(&world.prover())] {
        for app in ["shop", "forum"] {
            thief.authorize(app, &with).await.is_step("INCOMPLETE");
        }
        let asked = [("sessionId", isk), ("prompt", "none")];
        assert_eq!(thief.authorize("shop", &asked).await.is(400).at("/oauth_error"), "login_required");
    }
    // Naming the key without having it gives nothing that could be used.
    let named = [("sessionId", isk), ("dpop_jkt", prover.jkt())];
    let code = world.anonymous().authorize("shop", &named).await.is_step("SUCCESS_COMPLETED").code();
    is_proof_refusal(&world.anonymous().exchange("shop", &code).await, 400, "invalid_dpop_proof", MISSING);
    for app in ["shop", "forum"] {
        world.proving(&prover).authorize(app, &with).await.is_step("SUCCESS_COMPLETED");
    }
    let hint = tokens.at("/id_token");
    let form = [("client_id", "shop"), ("id_token_hint", &*hint), ("response_mode", "direct")];
    world.anonymous().form("/oidc/logout", &form).await.is(200);
    world.proving(&prover).authorize("forum", &with).await.is_step("INCOMPLETE");
}
