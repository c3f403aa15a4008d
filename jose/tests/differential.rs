//! Two implementations, one format: what we sign `jsonwebtoken` accepts, and the other way round, for
//! arbitrary claims; and a token with any character changed is accepted by neither.

#![expect(clippy::unwrap_used, reason = "test helpers outside of test functions")]

use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jsonwebtoken::{DecodingKey, EncodingKey, Header, Validation};
use proptest::prelude::*;
use serde_json::{Map, Value};
use vestibule_jose::{Algorithm, Family, JwkSet, SigningKey, verify};

static KEYS: LazyLock<[SigningKey; 4]> =
    LazyLock::new(|| Family::ALL.map(|family| SigningKey::generate(family).unwrap()));

static PUBLIC: LazyLock<JwkSet> = LazyLock::new(|| JwkSet { keys: KEYS.iter().map(|key| key.jwk().clone()).collect() });

fn ours(alg: Algorithm) -> &'static SigningKey {
    KEYS.iter().find(|key| key.family() == alg.family()).unwrap()
}

fn theirs(alg: Algorithm) -> jsonwebtoken::Algorithm {
    alg.as_str().parse().unwrap()
}

fn their_private(alg: Algorithm) -> EncodingKey {
    let body = BASE64_STANDARD.encode(&*ours(alg).to_pkcs8().unwrap());
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n");
    match alg.family() {
        Family::Rsa => EncodingKey::from_rsa_pem(pem.as_bytes()),
        Family::P256 | Family::P384 => EncodingKey::from_ec_pem(pem.as_bytes()),
        Family::Ed25519 => EncodingKey::from_ed_pem(pem.as_bytes()),
    }
    .unwrap()
}

fn their_public(alg: Algorithm) -> DecodingKey {
    let jwk = serde_json::to_value(ours(alg).jwk()).unwrap();
    DecodingKey::from_jwk(&serde_json::from_value(jwk).unwrap()).unwrap()
}

fn they_accept(alg: Algorithm, token: &str) -> Option<Map<String, Value>> {
    let mut validation = Validation::new(theirs(alg));
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    Some(jsonwebtoken::decode(token, &their_public(alg), &validation).ok()?.claims)
}

fn we_accept(alg: Algorithm, token: &str) -> Option<Map<String, Value>> {
    verify(token, &PUBLIC, &[alg], Some("JWT")).ok()?.claims().ok()
}

fn algorithms() -> impl Strategy<Value = Algorithm> {
    prop::sample::select(Algorithm::ALL.to_vec())
}

fn claims() -> impl Strategy<Value = Map<String, Value>> {
    let value = prop_oneof![
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        prop::collection::vec(any::<String>(), 0..4).prop_map(Value::from),
    ];
    prop::collection::btree_map("c_.{0,8}", value, 0..6).prop_map(|map| map.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn they_accept_what_we_sign(alg in algorithms(), claims in claims()) {
        let token = ours(alg).sign(alg, "JWT", &claims).unwrap();
        prop_assert_eq!(they_accept(alg, &token), Some(claims.clone()));
        prop_assert_eq!(we_accept(alg, &token), Some(claims));
    }

    #[test]
    fn we_accept_what_they_sign(alg in algorithms(), claims in claims()) {
        let mut header = Header::new(theirs(alg));
        header.kid = Some(ours(alg).kid().to_owned());
        let token = jsonwebtoken::encode(&header, &claims, &their_private(alg)).unwrap();
        prop_assert_eq!(we_accept(alg, &token), Some(claims));
    }

    #[test]
    fn a_changed_character_anywhere_is_refused(
        alg in algorithms(), claims in claims(), at: prop::sample::Index, other: char,
    ) {
        let token = ours(alg).sign(alg, "JWT", &claims).unwrap();
        let at = at.index(token.len());
        prop_assume!(!token[at..].starts_with(other));
        let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        prop_assert_eq!(we_accept(alg, &changed), None);
        prop_assert_eq!(verify(&changed, &PUBLIC, &Algorithm::ALL, None).ok(), None);
    }

    #[test]
    fn a_base64_neighbour_anywhere_is_refused(
        alg in algorithms(), at: prop::sample::Index, other in "[A-Za-z0-9_.-]",
    ) {
        let token = ours(alg).sign(alg, "JWT", &serde_json::json!({"sub": "u"})).unwrap();
        let at = at.index(token.len());
        prop_assume!(!token[at..].starts_with(&other));
        let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        prop_assert_eq!(verify(&changed, &PUBLIC, &Algorithm::ALL, None).ok(), None);
    }

    #[test]
    fn garbage_is_refused(text: String) {
        prop_assert!(verify(&text, &PUBLIC, &Algorithm::ALL, None).is_err());
    }
}

#[test]
fn we_agree_on_thumbprints() {
    for key in KEYS.iter() {
        let jwk: jsonwebtoken::jwk::Jwk = serde_json::from_value(serde_json::to_value(key.jwk()).unwrap()).unwrap();
        let theirs = jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap();
        assert_eq!(theirs, key.kid());
    }
}

#[test]
fn another_algorithm_is_refused_even_of_the_same_family() {
    for one in Algorithm::ALL {
        let token = ours(one).sign(one, "JWT", &Map::new()).unwrap();
        for other in Algorithm::ALL {
            assert_eq!(we_accept(other, &token).is_some(), one == other, "{one} as {other}");
        }
    }
}
