//! A login that is bound to a key from its first request on (DPoP, RFC 9449): every call proves the key, and whatever
//! is stolen is of no use to anybody else.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use vestibule_jose::{Family, base64url, from_base64url};

use crate::caller::{Answer, Caller};
use crate::dpop_refusals::{MISSING, OTHER_KEY, is_proof_refusal, sentence};
use crate::prover::Prover;
use crate::world::*;

const USED: &str = "The DPoP proof was used before: make a new one for each request.";
const CODES: &str = crate::me::CODES;

/// A world with the application `shop`, its user and somebody with a key.
pub async fn shop() -> (World, Arc<Prover>) {
    let world = World::shop().await;
    let prover = world.prover();
    (world, prover)
}

impl World {
    /// Somebody who proves a key with each call.
    pub fn proving(&self, prover: &Arc<Prover>) -> Caller {
        self.anonymous().proving(prover)
    }

    /// A whole login that is bound to a key: the tokens.
    pub async fn bound_login(&self, prover: &Arc<Prover>) -> Answer {
        let kim = self.proving(prover);
        let done = kim.sign_in("shop", "kim", &[("scope", "openid internal_login")]).await;
        kim.exchange("shop", &done.code()).await
    }
}

// Checklist 54, 55, 79, 82, 88.
#[tokio::test]
async fn a_proof_on_the_first_request_binds_flow_code_and_tokens() {
    let (world, prover) = shop().await;
    let kim = world.proving(&prover);
    let start = kim.authorize("shop", &[("scope", "openid internal_login")]).await;
    let done = kim.password(&start.flow_id(), "kim", PASSWORD).await;
    let tokens = kim.exchange("shop", &done.is(200).code()).await;
    assert_eq!(tokens.is(200).at("/token_type"), "DPoP");
    assert_eq!(claims(&tokens.at("/access_token"))["cnf"], json!({"jkt": prover.jkt()}));
    let next = kim.refresh("shop", &tokens.at("/refresh_token")).await;
    assert_eq!(next.is(200).at("/token_type"), "DPoP");
    assert_eq!(claims(&next.at("/access_token"))["cnf"], json!({"jkt": prover.jkt()}));
    let shown = kim.dpop(&next.at("/access_token"));
    for path in ["/oauth2/userinfo", "/scim2/Me", CODES, "/t/carbon.super/oauth2/userinfo"] {
        assert!(shown.get(path).await.is(200).header("dpop-nonce").is_some(), "{path}");
    }
    shown.form("/oauth2/userinfo", &[]).await.is(200);
}

// Checklist 54.
#[tokio::test]
async fn a_login_on_the_tenants_own_path_is_proved_for_that_path() {
    let (world, prover) = shop().await;
    let kim = world.proving(&prover).at("/t/carbon.super");
    let done = kim.sign_in("shop", "kim", &[]).await;
    kim.exchange("shop", &done.code()).await.is(200);
}

#[tokio::test]
async fn keys_of_every_family_will_do() {
    let (world, _) = shop().await;
    for family in Family::ALL {
        let prover = world.prover_of(family);
        assert_eq!(world.bound_login(&prover).await.is(200).at("/token_type"), "DPoP", "{family}");
    }
}

// Checklist 54, 55.
#[tokio::test]
async fn a_stolen_flow_id_is_useless() {
    let (world, prover) = shop().await;
    let kim = world.proving(&prover);
    let flow = kim.authorize("shop", &[]).await.flow_id();
    for _ in 0..10 {
        let thief = world.anonymous().password(&flow, "kim", PASSWORD).await;
        is_proof_refusal(&thief, 401, "invalid_dpop_proof", MISSING);
        let thief = world.proving(&world.prover()).password(&flow, "kim", "a guess").await;
        is_proof_refusal(&thief, 401, "invalid_dpop_proof", OTHER_KEY);
        is_proof_refusal(&world.anonymous().select(&flow, BASIC).await, 401, "invalid_dpop_proof", MISSING);
    }
    kim.password(&flow, "kim", PASSWORD).await.is_step("SUCCESS_COMPLETED");
    is_proof_refusal(&world.anonymous().select(&flow, BASIC).await, 401, "invalid_dpop_proof", MISSING);
}

// Checklist 79.
#[tokio::test]
async fn a_stolen_code_is_useless_and_stays_good_for_its_owner() {
    let (world, prover) = shop().await;
    let kim = world.proving(&prover);
    let code = kim.sign_in("shop", "kim", &[]).await.code();
    is_proof_refusal(&world.anonymous().exchange("shop", &code).await, 400, "invalid_dpop_proof", MISSING);
    let thief = world.proving(&world.prover());
    is_proof_refusal(&thief.exchange("shop", &code).await, 400, "invalid_dpop_proof", OTHER_KEY);
    kim.exchange("shop", &code).await.is(200);
}

// Checklist 82.
#[tokio::test]
async fn a_stolen_refresh_token_of_a_public_client_is_useless_and_stays_good_for_its_owner() {
    let (world, prover) = shop().await;
    let stolen = world.bound_login(&prover).await.at("/refresh_token");
    is_proof_refusal(&world.anonymous().refresh("shop", &stolen).await, 400, "invalid_dpop_proof", MISSING);
    let thief = world.proving(&world.prover());
    is_proof_refusal(&thief.refresh("shop", &stolen).await, 400, "invalid_dpop_proof", OTHER_KEY);
    let next = world.proving(&prover).refresh("shop", &stolen).await;
    let next = next.is(200).at("/refresh_token");
    is_proof_refusal(&thief.refresh("shop", &next).await, 400, "invalid_dpop_proof", OTHER_KEY);
    world.proving(&prover).refresh("shop", &next).await.is(200);
}

// Checklist 83.
#[tokio::test]
async fn a_lost_answer_to_a_bound_refresh_may_be_asked_for_again() {
    let (world, prover) = shop().await;
    let (kim, first) = (world.proving(&prover), world.bound_login(&prover).await.at("/refresh_token"));
    let lost = kim.refresh("shop", &first).await.is(200).at("/refresh_token");
    let again = kim.refresh("shop", &first).await.is(200).at("/refresh_token");
    assert_eq!(lost, again);
    kim.refresh("shop", &again).await.is(200);
}

// Checklist 82, 83.
#[tokio::test]
async fn a_client_that_authenticates_may_change_its_key_but_not_go_without_one() {
    let (world, prover) = shop().await;
    world.confidential_app("vault").await;
    let vault = world.anonymous().basic("vault", SECRET);
    let first = vault.clone().proving(&prover);
    let done = first.sign_in("vault", "kim", &[]).await;
    let tokens = first.exchange("vault", &done.code()).await;
    let refresh = tokens.is(200).at("/refresh_token");
    is_proof_refusal(&vault.refresh("vault", &refresh).await, 400, "invalid_dpop_proof", MISSING);
    let other = world.prover();
    let next = vault.clone().proving(&other).refresh("vault", &refresh).await;
    assert_eq!(claims(&next.is(200).at("/access_token"))["cnf"]["jkt"], other.jkt());
    is_proof_refusal(&vault.refresh("vault", &next.at("/refresh_token")).await, 400, "invalid_dpop_proof", MISSING);
}

// Checklist 88.
#[tokio::test]
async fn a_stolen_access_token_is_useless() {
    let (world, prover) = shop().await;
    let token = world.bound_login(&prover).await.at("/access_token");
    let thief = world.proving(&world.prover());
    for path in ["/oauth2/userinfo", "/scim2/Me", CODES] {
        let as_bearer = world.anonymous().bearer(&token).get(path).await;
        as_bearer.is(401);
        assert_eq!(
            sentence(&as_bearer),
            "The access token is bound to a key: send it as Authorization: DPoP, with a proof."
        );
        let challenges: Vec<_> = as_bearer.headers.get_all("www-authenticate").iter().collect();
        assert!(challenges[0].to_str().unwrap().starts_with("Bearer "), "{challenges:?}");
        assert!(challenges[1].to_str().unwrap().starts_with("DPoP "), "{challenges:?}");
        is_proof_refusal(&world.anonymous().dpop(&token).get(path).await, 401, "invalid_dpop_proof", MISSING);
        is_proof_refusal(&thief.clone().dpop(&token).get(path).await, 401, "invalid_dpop_proof", OTHER_KEY);
        thief.clone().bearer(&token).get(path).await.is(401);
        world.proving(&prover).dpop(&token).get(path).await.is(200);
    }
}

#[tokio::test]
async fn a_token_that_is_not_bound_is_no_bound_token() {
    let (world, prover) = shop().await;
    let token = world.token("kim").await;
    let shown = world.proving(&prover).dpop(&token).get("/oauth2/userinfo").await;
    shown.is_oauth_refusal(401, "invalid_token");
    assert_eq!(sentence(&shown), "The access token is not bound to a key: send it as Authorization: Bearer.");
    assert!(claims(&token).get("cnf").is_none());
}

/// Sends a request with a given proof.
async fn sent(caller: &Caller, proof: &str, method: Method, (path, kind, body): (&str, &str, &[u8])) -> Answer {
    caller.clone().header("dpop", proof).send(method, path, Some(kind), body.to_vec()).await
}

// Checklist 55, 89.
#[tokio::test]
async fn a_captured_request_is_of_no_use_a_second_time() {
    const FORM: &str = "application/x-www-form-urlencoded";
    let (world, prover) = shop().await;
    let (kim, plain) = (world.proving(&prover), world.anonymous());
    let flow = kim.authorize("shop", &[]).await.flow_id();
    let selected = json!({"authenticatorId": BASIC, "params": {"username": "kim", "password": PASSWORD}});
    let answer = json!({"flowId": flow, "selectedAuthenticator": selected}).to_string();
    let code = kim.sign_in("shop", "kim", &[]).await.code();
    let exchange = spelled(&[
        ("grant_type", "authorization_code"),
        ("client_id", "shop"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ]);
    let tokens = world.bound_login(&prover).await;
    let token = tokens.at("/refresh_token");
    let refresh = spelled(&[("grant_type", "refresh_token"), ("client_id", "shop"), ("refresh_token", &token)]);
    for (path, kind, body, status) in [
        ("/oauth2/authn", "application/json", &answer, 401),
        ("/oauth2/token", FORM, &exchange, 400),
        ("/oauth2/token", FORM, &refresh, 400),
    ] {
        let proof = prover.proof("POST", path);
        let request = (path, kind, body.as_bytes());
        sent(&plain, &proof, Method::POST, request).await.is(200);
        let again = sent(&plain, &proof, Method::POST, request).await;
        is_proof_refusal(&again, status, "invalid_dpop_proof", USED);
    }
    let access = tokens.at("/access_token");
    let proof = prover.sign(&prover.header(), &prover.claims_for("GET", "/oauth2/userinfo", &access));
    let shown = plain.dpop(&access).header("dpop", &proof);
    shown.get("/oauth2/userinfo").await.is(200);
    is_proof_refusal(&shown.get("/oauth2/userinfo").await, 401, "invalid_dpop_proof", USED);
}

// Checklist 89, 92.
#[tokio::test]
async fn a_proof_is_remembered_for_as_long_as_it_is_young_enough() {
    let (world, prover) = shop().await;
    let mut claims = prover.claims("POST", "/oauth2/authorize");
    claims["iat"] = (START.seconds() + 10).into();
    let proof = prover.sign(&prover.header(), &claims);
    let caller = world.anonymous().header("dpop", &proof);
    caller.authorize("shop", &[]).await.is(200);
    for _ in 0..7 {
        is_proof_refusal(&caller.authorize("shop", &[]).await, 401, "invalid_dpop_proof", USED);
        world.house.ports.store.sweep(world.now(), 100).await.unwrap();
        world.wait(seconds(10));
    }
    is_proof_refusal(&caller.authorize("shop", &[]).await, 401, "invalid_dpop_proof", USED);
    world.wait(seconds(1));
    let old = "The iat of the DPoP proof is too long ago: make a new one for each request.";
    is_proof_refusal(&caller.authorize("shop", &[]).await, 401, "invalid_dpop_proof", old);
}

// Checklist 54.
#[tokio::test]
async fn dpop_jkt_binds_a_login_to_a_key_that_is_proved_later() {
    let (world, prover) = shop().await;
    let flow = world.authorize("shop", &[("dpop_jkt", prover.jkt())]).await.flow_id();
    let thief = world.anonymous().password(&flow, "kim", PASSWORD).await;
    is_proof_refusal(&thief, 401, "invalid_dpop_proof", MISSING);
    let kim = world.proving(&prover);
    let code = kim.password(&flow, "kim", PASSWORD).await.code();
    kim.exchange("shop", &code).await.is(200);

    kim.authorize("shop", &[("dpop_jkt", prover.jkt())]).await.is(200);
    let other = kim.authorize("shop", &[("dpop_jkt", world.prover().jkt())]).await;
    is_proof_refusal(&other, 401, "invalid_dpop_proof", OTHER_KEY);
    for bad in ["x", &prover.jkt()[1..], &format!("{}A", prover.jkt()), &"A".repeat(10_000)] {
        let refused = world.authorize("shop", &[("dpop_jkt", bad)]).await;
        assert_eq!(refused.is_refused(400, "60001", "invalid_request").at("/oauth_error"), "invalid_request");
    }
}

#[tokio::test]
async fn a_proof_in_the_middle_of_a_login_that_is_not_bound_is_refused() {
    let (world, prover) = shop().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    let late = world.proving(&prover).password(&flow, "kim", PASSWORD).await;
    let sentence =
        "The login was started without a DPoP proof, so none protects it: start it anew with one, or go on without.";
    is_proof_refusal(&late, 401, "invalid_dpop_proof", sentence);
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_step("SUCCESS_COMPLETED");
}

// Checklist 82, 88.
#[tokio::test]
async fn a_code_that_is_not_bound_may_be_exchanged_with_a_proof_and_gives_bound_tokens() {
    let (world, prover) = shop().await;
    let code = world.anonymous().sign_in("shop", "kim", &[]).await.code();
    let kim = world.proving(&prover);
    let tokens = kim.exchange("shop", &code).await;
    assert_eq!(tokens.is(200).at("/token_type"), "DPoP");
    let refresh = tokens.at("/refresh_token");
    is_proof_refusal(&world.anonymous().refresh("shop", &refresh).await, 400, "invalid_dpop_proof", MISSING);
    let thief = world.proving(&world.prover());
    is_proof_refusal(&thief.refresh("shop", &refresh).await, 400, "invalid_dpop_proof", OTHER_KEY);
    kim.refresh("shop", &refresh).await.is(200);
    kim.dpop(&tokens.at("/access_token")).get("/oauth2/userinfo").await.is(200);
}

#[tokio::test]
async fn a_bound_refresh_token_is_revoked_without_a_proof() {
    let (world, prover) = shop().await;
    let refresh = world.bound_login(&prover).await.at("/refresh_token");
    let form = [("client_id", "shop"), ("token", &*refresh)];
    world.anonymous().form("/oauth2/revoke", &form).await.is(200);
    world.proving(&prover).refresh("shop", &refresh).await.is_oauth_refusal(400, "invalid_grant");
}

// Checklist 54, 79.
#[tokio::test]
async fn a_login_that_a_session_finishes_at_once_is_bound_too() {
    let (world, prover) = shop().await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    let again = world.proving(&prover).cookie(&done).authorize("shop", &[]).await;
    let code = again.is_step("SUCCESS_COMPLETED").code();
    is_proof_refusal(&world.anonymous().exchange("shop", &code).await, 400, "invalid_dpop_proof", MISSING);
    world.proving(&prover).exchange("shop", &code).await.is(200);
}

// Checklist 88.
#[tokio::test]
async fn introspection_and_metadata_tell_of_keys() {
    let (world, prover) = shop().await;
    world.confidential_app("vault").await;
    let token = world.bound_login(&prover).await.at("/access_token");
    let told = world.anonymous().basic("vault", SECRET).form("/oauth2/introspect", &[("token", &*token)]).await;
    assert_eq!((told.member("/active"), told.at("/token_type")), (Value::Bool(true), "DPoP".to_owned()));
    assert_eq!(told.at("/cnf/jkt"), prover.jkt());
    let metadata = world.anonymous().get("/.well-known/openid-configuration").await;
    let algorithms = json!(["ES256", "ES384", "EdDSA", "PS256", "RS256"]);
    assert_eq!(metadata.member("/dpop_signing_alg_values_supported"), algorithms);
}

// Checklist 88.
#[tokio::test]
async fn an_application_proves_its_key_to_the_management_api() {
    let (world, prover) = shop().await;
    world.scoped_app("robot", &["internal_user_mgt_list"]).await;
    let form = [("grant_type", "client_credentials"), ("scope", "internal_user_mgt_list")];
    let tokens = world.proving(&prover).basic("robot", SECRET).form("/oauth2/token", &form).await;
    let token = tokens.is(200).at("/access_token");
    let robot = world.proving(&prover).dpop(&token);
    robot.get("/scim2/Users?count=1").await.is(200);
    is_proof_refusal(&world.anonymous().dpop(&token).get("/scim2/Users").await, 401, "invalid_dpop_proof", MISSING);
    world.anonymous().bearer(&token).get("/scim2/Users").await.is(401);
}

// Checklist 54, 55.
#[tokio::test]
async fn a_bound_login_of_several_steps_is_proved_at_each() {
    let (world, prover) = shop().await;
    world.app_with("two", |app| app.sequence = steps(&[&["IdentifierExecutor"], &["BasicAuthenticator"]])).await;
    let kim = world.proving(&prover);
    let flow = kim.authorize("two", &[]).await.flow_id();
    let name = json!({"username": "kim"});
    is_proof_refusal(
        &world.anonymous().answer(&flow, IDENTIFIER, name.clone()).await,
        401,
        "invalid_dpop_proof",
        MISSING,
    );
    kim.answer(&flow, IDENTIFIER, name).await.is_step("INCOMPLETE");
    let password = json!({"password": PASSWORD, "username": "kim"});
    is_proof_refusal(
        &world.anonymous().answer(&flow, BASIC, password.clone()).await,
        401,
        "invalid_dpop_proof",
        MISSING,
    );
    kim.answer(&flow, BASIC, password).await.is_step("SUCCESS_COMPLETED");
}

// Checklist 82.
#[tokio::test]
async fn the_key_in_a_refresh_token_cannot_be_changed_or_cut_out() {
    let (world, prover) = shop().await;
    let bytes = from_base64url(&world.bound_login(&prover).await.at("/refresh_token")).unwrap();
    let thief = world.prover();
    let key = from_base64url(thief.jkt()).unwrap();
    let (changed, cut) = ([&bytes[..20], &key, &bytes[52..]].concat(), [&bytes[..20], &bytes[52..]].concat());
    for forged in [changed, cut] {
        let refused = world.proving(&thief).refresh("shop", &base64url(&forged)).await;
        refused.is_oauth_refusal(400, "invalid_grant");
    }
}
