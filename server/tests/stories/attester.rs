//! The attester: an app exchanges what its platform says for a client attestation, shows it with a proof that its key is held,
//! and renews it by assertions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use vestibule_core::attestation::{AttestationPolicy, Attester, Evidence, Field};
use vestibule_core::ports::attest::Integrity;
use vestibule_jose::{Algorithm, base64url, sha256, verify};

use crate::phones::*;
use crate::world::*;

// Checklist 67.
#[tokio::test]
async fn an_app_exchanges_what_its_platform_says_for_a_client_attestation() {
    let phones = Phones::new().await;
    let (instance, challenge) = (Instance::new(), phones.challenge().await);
    let object = STANDARD.encode(phones.apple.attestation(&bound_hash(&challenge, &instance)));
    let issued = phones.exchange(&instance, &object, &challenge).await;
    assert_eq!(issued.is(200).member("/expires_in"), 3600);
    assert_eq!(issued.header("cache-control"), Some("no-store"));
    let token = issued.at("/client_attestation");
    let keys = serde_json::from_value(phones.world.anonymous().get("/oauth2/jwks").await.json()).unwrap();
    verify(&token, &keys, &[Algorithm::ES256], Some(ATTESTATION)).unwrap();
    let jwk = instance.jwk();
    assert_eq!(
        claims(&token),
        json!({
            "iss": ISSUER, "sub": "shop", "iat": START.seconds(), "exp": START.seconds() + 3600,
            "cnf": {"jwk": {"kty": "EC", "crv": "P-256", "x": jwk["x"], "y": jwk["y"]}},
            "attestation": {
                "platform": "ios", "app": claims(&token)["attestation"]["app"], "trust": "strong",
                "key": base64url(&phones.apple.id),
            },
        })
    );
}

#[tokio::test]
async fn a_client_attestation_says_how_far_an_android_device_is_trusted() {
    let phones = Phones::new().await;
    let (instance, challenge) = (Instance::new(), phones.challenge().await);
    let token = phones.play.token(&base64url(&bound_hash(&challenge, &instance)));
    let issued = phones.exchange(&instance, &token, &challenge).await;
    let said = claims(&issued.is(200).at("/client_attestation"));
    assert_eq!(
        (&said["attestation"]["platform"], &said["attestation"]["trust"]),
        (&json!("android"), &json!("device"))
    );

    // The application asks for more since then.
    let headers = phones.shows(&instance, &issued.at("/client_attestation")).await;
    let app = phones.app().await;
    phones.world.change_app(&app, |app| app.attestation.android.integrity = Integrity::Strong).await;
    let answer = phones.world.showing(&headers).authorize("shop", &[]).await;
    answer.is_refused(401, "401", "unauthorized");
}

// Checklist 67.
#[tokio::test]
async fn a_client_attestation_is_over_when_the_application_names_another_app() {
    let changes: [fn(&mut AttestationPolicy); 4] = [
        |policy| policy.android.signers = vec![[8; 32]],
        |policy| policy.android.package = Some("com.example.other".to_owned()),
        |policy| policy.android.key = None,
        |policy| policy.apple.app = None,
    ];
    for change in changes {
        let phones = Phones::new().await;
        let instance = Instance::new();
        let attestation = phones.attested(&instance).await;
        let headers = phones.shows(&instance, &attestation).await;
        phones.world.change_app(&phones.app().await, |app| change(&mut app.attestation)).await;
        let answer = phones.world.showing(&headers).authorize("shop", &[]).await;
        assert_eq!(answer.is_refused(401, "401", "unauthorized").at("/oauth_error"), "use_fresh_attestation");
    }
}

// Checklist 67.
#[tokio::test]
async fn nothing_is_exchanged_for_what_does_not_hold() {
    let phones = Phones::new().await;
    let (instance, other) = (Instance::new(), Instance::new());
    let caller = phones.world.anonymous();
    let refused = |answer: Answer, error: &str, why: &str| {
        answer.is_oauth_refusal(401, error);
        assert!(answer.at("/error_description").contains(why), "{}", answer.text());
    };
    let invalid = "invalid_client_attestation";

    let challenge = phones.challenge().await;
    let object = STANDARD.encode(phones.apple.attestation(&bound_hash(&challenge, &instance)));
    refused(phones.exchange(&other, &object, &challenge).await, invalid, "another challenge");
    refused(phones.ask_for_attestation(&caller, &instance, &object, &challenge).await, invalid, "key is held");
    let with = |proof: &str| caller.clone().header("oauth-client-attestation-pop", proof);
    let proof = other.proof(&phones.world, &challenge);
    refused(phones.ask_for_attestation(&with(&proof), &instance, &object, &challenge).await, invalid, "does not hold");
    let proof = instance.proof(&phones.world, &phones.challenge().await);
    let answer = phones.ask_for_attestation(&with(&proof), &instance, &object, &challenge).await;
    refused(answer, "use_attestation_challenge", "another challenge");
    refused(phones.exchange(&instance, "garbage", &challenge).await, invalid, "not in valid format");

    let unbound = STANDARD.encode(phones.apple.attestation(&hash(&challenge)));
    refused(phones.exchange(&instance, &unbound, &challenge).await, invalid, "another challenge");
    let chain = spelled_chain(&phones.android.chain(challenge.as_bytes()));
    refused(phones.exchange(&instance, &chain, &challenge).await, invalid, "another one than the key");

    phones.exchange(&instance, &object, &challenge).await.is(200);
    refused(phones.exchange(&instance, &object, &challenge).await, "use_attestation_challenge", "used before");
    let challenge = phones.challenge().await;
    let again = STANDARD.encode(phones.apple.attestation(&bound_hash(&challenge, &instance)));
    refused(phones.exchange(&instance, &again, &challenge).await, invalid, "attested before");
}

#[tokio::test]
async fn a_request_for_a_client_attestation_names_what_is_missing() {
    let phones = Phones::new().await;
    let caller = phones.world.anonymous();
    let jwk = Instance::new().jwk().to_string();
    let whole = [("client_id", "shop"), ("attestation", "x"), ("attestation_challenge", "x"), ("jwk", jwk.as_str())];
    for missing in 0..whole.len() {
        let form: Vec<_> =
            whole.iter().copied().enumerate().filter(|(n, _)| *n != missing).map(|(_, pair)| pair).collect();
        let answer = caller.form("/oauth2/attestation", &form).await;
        answer.is_oauth_refusal(400, "invalid_request");
        assert!(answer.at("/error_description").contains(whole[missing].0), "{}", answer.text());
    }
    for bad in ["", "x", "{}", r#"{"kty":"oct","k":"AQAB"}"#, r#"{"kty":"EC","crv":"P-256","x":"AQ","y":"AQ"}"#] {
        let form = [("client_id", "shop"), ("attestation", "x"), ("attestation_challenge", "x"), ("jwk", bad)];
        caller.form("/oauth2/attestation", &form).await.is_oauth_refusal(400, "invalid_request");
    }
    let form = [("client_id", "nobody"), ("attestation", "x"), ("attestation_challenge", "x"), ("jwk", jwk.as_str())];
    caller.form("/oauth2/attestation", &form).await.is_oauth_refusal(401, "invalid_client");
}

// Checklist 67.
#[tokio::test]
async fn a_client_attestation_is_renewed_by_an_assertion() {
    let mut phones = Phones::new().await;
    let instance = Instance::new();
    phones.attested(&instance).await;
    phones.world.wait(hours(2));
    let challenge = phones.challenge().await;
    let object = phones.bound_assertion(&challenge, &instance);
    let renewed = phones.exchange(&instance, &object, &challenge).await.is(200).at("/client_attestation");
    let headers = phones.shows(&instance, &renewed).await;
    phones.world.showing(&headers).authorize("shop", &[]).await.is_step("INCOMPLETE");
}

// Checklist 67.
#[tokio::test]
async fn of_two_assertions_with_one_counter_one_goes_through() {
    for _ in 0..4 {
        let mut phones = Phones::new().await;
        let instance = Instance::new();
        phones.attested(&instance).await;
        let (one, other) = (phones.challenge().await, phones.challenge().await);
        let first = phones.bound_assertion(&one, &instance);
        phones.apple.counter -= 1;
        let second = phones.bound_assertion(&other, &instance);
        let answers =
            tokio::join!(phones.exchange(&instance, &first, &one), phones.exchange(&instance, &second, &other),);
        let went = [answers.0, answers.1].iter().filter(|answer| answer.status.as_u16() == 200).count();
        assert_eq!(went, 1);
    }
}

// Checklist 67.
#[tokio::test]
async fn a_challenge_is_good_in_its_tenant_and_for_its_client_alone() {
    let phones = Phones::new().await;
    let world = &phones.world;
    let acme = world.tenant("acme").await;
    let of_acme = world.anonymous().at("/t/acme").form("/oauth2/attestation/challenge", &[]).await;
    let of_any =
        world.anonymous().form("/oauth2/attestation/challenge", &[]).await.is(200).at("/attestation_challenge");
    let start = async |challenge: &str| {
        let token = phones.play.token(&base64url(&hash(challenge)));
        world.showing(&object(token, challenge)).authorize("shop", &[]).await
    };
    assert_eq!(acme.as_str(), "acme");
    start(&of_acme.is(200).at("/attestation_challenge")).await.is_refused(401, "401", "unauthorized");
    start(&world.challenge("other").await).await.is_refused(401, "401", "unauthorized");
    let mut forged = of_any.clone();
    forged.replace_range(..1, if of_any.starts_with('B') { "C" } else { "B" });
    start(&forged).await.is_refused(401, "401", "unauthorized");
    start(&of_any).await.is_step("INCOMPLETE");
    start(&world.challenge("shop").await).await.is_step("INCOMPLETE");
    world.anonymous().at("/t/nowhere").form("/oauth2/attestation/challenge", &[]).await.is(404);
}

// Checklist 67.
#[tokio::test]
async fn a_dpop_proof_by_the_attested_key_takes_the_place_of_the_proof_of_possession() {
    let phones = Phones::new().await;
    let (instance, app) = (Instance::new(), phones.app().await);
    let evidence = Evidence { jwt: Field::Once(phones.attested(&instance).await), ..Evidence::default() };
    let (own, other) = (instance.thumbprint(), Instance::new().thumbprint());
    let admit = async |evidence: &Evidence, dpop: Option<&str>| {
        phones.world.house.attestation.admit(&app, evidence, dpop).await.map(|standing| standing.attested.unwrap().key)
    };
    assert_eq!(admit(&evidence, Some(&own)).await.unwrap(), Some(own.clone()));
    assert!(admit(&evidence, Some(&other)).await.is_err() && admit(&evidence, None).await.is_err());
    // With a proof of its own the DPoP proof may be by any key.
    let pop = Field::Once(instance.proof(&phones.world, &phones.challenge().await));
    assert_eq!(admit(&Evidence { pop, ..evidence }, Some(&other)).await.unwrap(), Some(own));
}

// Checklist 67, 89.
#[tokio::test]
async fn a_dpop_proof_in_place_of_the_proof_of_possession_is_good_once() {
    let phones = Phones::set(|_| (), |policy| policy.authenticates = true).await;
    let (world, prover) = (&phones.world, phones.world.prover());
    let challenge = phones.challenge().await;
    let bound = sha256(format!("{challenge}.{}", prover.jkt()).as_bytes());
    let (object, jwk) = (STANDARD.encode(phones.apple.attestation(&bound)), prover.jwk().to_string());
    let form =
        [("client_id", "shop"), ("attestation", object.as_str()), ("attestation_challenge", &challenge), ("jwk", &jwk)];
    let issued = world.proving(&prover).form("/oauth2/attestation", &form).await;
    let shown = world.anonymous().header("oauth-client-attestation", &issued.is(200).at("/client_attestation"));
    let caller = shown.clone().header("dpop", &prover.proof("POST", "/oauth2/revoke"));
    let form = [("client_id", "shop"), ("token", "x")];
    caller.form("/oauth2/revoke", &form).await.is(200);
    caller.form("/oauth2/revoke", &form).await.is_oauth_refusal(400, "invalid_dpop_proof");
    // One that does not hold is told as elsewhere at these endpoints.
    let elsewhere = shown.header("dpop", &prover.proof("POST", "/oauth2/token"));
    elsewhere.form("/oauth2/revoke", &form).await.is_oauth_refusal(400, "invalid_dpop_proof");
}

// Checklist 67.
#[tokio::test]
async fn a_platform_speaks_for_the_key_of_the_dpop_proof_where_there_is_one() {
    let phones = Phones::new().await;
    let (instance, app) = (Instance::new(), phones.app().await);
    let attest = async |bound: Option<&Instance>, dpop: Option<&str>| {
        let challenge = phones.challenge().await;
        let hash = bound.map_or_else(|| hash(&challenge), |instance| bound_hash(&challenge, instance));
        let (object, challenge) = (Field::Once(phones.play.token(&base64url(&hash))), Field::Once(challenge));
        let evidence = Evidence { object, challenge, ..Evidence::default() };
        phones.world.house.attestation.admit(&app, &evidence, dpop).await.is_ok()
    };
    let key = instance.thumbprint();
    assert!(attest(Some(&instance), Some(&key)).await && attest(None, None).await);
    assert!(!attest(None, Some(&key)).await && !attest(Some(&instance), None).await);
    assert!(!attest(Some(&Instance::new()), Some(&key)).await);
}

// Checklist 67, 85.
#[tokio::test]
async fn tokens_are_given_to_the_instance_of_the_app_that_began() {
    let phones = Phones::set(|_| (), |policy| policy.authenticates = true).await;
    let world = &phones.world;
    let (instance, other) = (Instance::new(), Instance::new());
    let attestation = phones.attested(&instance).await;
    let stranger = phones.attested_by(&phones.forge.apple(APPLE_APP), &other).await;

    let platform = phones.play_integrity().await;
    let answer = world.showing(&platform).authorize("shop", &[]).await;
    answer.is_refused(401, "401", "unauthorized");
    assert!(answer.at("/description").contains("attestation endpoint"), "{}", answer.text());

    let begin = async || {
        let headers = phones.shows(&instance, &attestation).await;
        let begun = world.showing(&headers).authorize("shop", &[]).await;
        world.anonymous().password(&begun.flow_id(), "kim", PASSWORD).await.code()
    };
    let code = begin().await;
    world.anonymous().exchange("shop", &code).await.is_oauth_refusal(401, "invalid_client");
    let headers = phones.shows(&other, &stranger).await;
    world.showing(&headers).exchange("shop", &code).await.is_oauth_refusal(400, "invalid_grant");
    let headers = phones.shows(&instance, &attestation).await;
    let tokens = world.showing(&headers).exchange("shop", &code).await;
    let refresh = tokens.is(200).at("/refresh_token");

    // The proof was used.
    let answer = world.showing(&headers).refresh("shop", &refresh).await;
    answer.is_oauth_refusal(400, "use_attestation_challenge");
    assert!(answer.header("oauth-client-attestation-challenge").is_some());
    world.anonymous().refresh("shop", &refresh).await.is_oauth_refusal(401, "invalid_client");
    let headers = phones.shows(&other, &stranger).await;
    world.showing(&headers).refresh("shop", &refresh).await.is_oauth_refusal(400, "invalid_grant");
    let headers = phones.shows(&instance, &attestation).await;
    world.showing(&headers).refresh("shop", &refresh).await.is(200);
}

// Checklist 85.
#[tokio::test]
async fn a_refresh_token_of_an_attested_instance_is_of_no_use_without_its_key() {
    let phones = Phones::new().await;
    let world = &phones.world;
    let instance = Instance::new();
    let attestation = phones.attested(&instance).await;
    let headers = phones.shows(&instance, &attestation).await;
    let begun = world.showing(&headers).authorize("shop", &[]).await;
    let code = world.anonymous().password(&begun.flow_id(), "kim", PASSWORD).await.code();
    let refresh = world.anonymous().exchange("shop", &code).await.is(200).at("/refresh_token");
    world.anonymous().refresh("shop", &refresh).await.is_oauth_refusal(400, "invalid_grant");
    let headers = phones.shows(&instance, &attestation).await;
    world.showing(&headers).refresh("shop", &refresh).await.is(200);
}

// Checklist 67.
#[tokio::test]
async fn client_attestations_of_others_are_taken_where_the_application_names_them() {
    let attester = Instance::new();
    let keys = serde_json::from_value(json!({"keys": [attester.jwk()]})).unwrap();
    let trusted = Attester { issuer: "https://attester.example".to_owned(), keys };
    let phones = Phones::set(|_| (), |policy| policy.attesters = vec![trusted]).await;
    let instance = Instance::new();
    let good = json!({
        "iss": "https://attester.example", "sub": "shop", "iat": START.seconds(), "exp": START.seconds() + 86_400,
        "cnf": {"jwk": instance.jwk()}, "attestation": {"platform": "ios", "trust": "strong"},
    });
    let start = async |claims: &serde_json::Value, typ: &str, by: &Instance| {
        let headers = phones.shows(&instance, &by.sign(typ, claims)).await;
        phones.world.showing(&headers).authorize("shop", &[]).await
    };
    start(&good, ATTESTATION, &attester).await.is_step("INCOMPLETE");
    let with = |name: &str, value: serde_json::Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    for wrong in [
        with("iss", "https://elsewhere.example".into()),
        with("iss", ISSUER.into()),
        with("iss", serde_json::Value::Null),
        with("sub", "other".into()),
        with("exp", START.seconds().into()),
        with("exp", (START.seconds() + 86_401).into()),
        with("iat", (START.seconds() + 11).into()),
        with("nbf", (START.seconds() + 11).into()),
        with("nbf", "soon".into()),
        with("cnf", json!({})),
        with("cnf", json!({"jwk": {"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}})),
    ] {
        start(&wrong, ATTESTATION, &attester).await.is_refused(401, "401", "unauthorized");
    }
    start(&with("nbf", START.seconds().into()), ATTESTATION, &attester).await.is_step("INCOMPLETE");
    start(&good, "JWT", &attester).await.is_refused(401, "401", "unauthorized");
    start(&good, ATTESTATION, &instance).await.is_refused(401, "401", "unauthorized");
}

#[tokio::test]
async fn metadata_says_what_is_taken() {
    let world = World::new().await;
    let metadata = world.anonymous().get("/.well-known/oauth-authorization-server").await;
    assert_eq!(metadata.at("/challenge_endpoint"), format!("{BASE}/oauth2/attestation/challenge"));
    assert_eq!(metadata.at("/client_attestation_endpoint"), format!("{BASE}/oauth2/attestation"));
    let algorithms = json!(["ES256", "ES384", "EdDSA", "PS256"]);
    assert_eq!(metadata.member("/client_attestation_signing_alg_values_supported"), algorithms);
    assert_eq!(metadata.member("/client_attestation_pop_signing_alg_values_supported"), algorithms);
    for endpoint in ["token", "introspection", "revocation"] {
        let methods = metadata.member(&format!("/{endpoint}_endpoint_auth_methods_supported"));
        assert!(methods.as_array().unwrap().contains(&json!("attest_jwt_client_auth")), "{endpoint}");
    }
}
