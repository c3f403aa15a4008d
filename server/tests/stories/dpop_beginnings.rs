//! How a bound login begins: with an answer, by a pushed request, or on the strength of a session. Whichever way it is, the
//! key is proved or nothing that the login gives is of use.

use serde_json::json;

use crate::dpop::shop;
use crate::dpop_refusals::is_proof_refusal;
use crate::world::*;

const CHALLENGES: &str = "/oauth2/authorize-challenge";
const MISSING: &str = "A DPoP proof is missing: what the request is about is bound to a key.";

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
