//! The attacks a verifier meets, each with the answer it gets (RFC 8725 section 2).

#![expect(clippy::unwrap_used, reason = "test helpers outside of test functions")]

use std::sync::LazyLock;

use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};
use vestibule_jose::{
    Algorithm, Family, Jwk, JwkSet, MacKey, SigningKey, VerifyError, base64url, from_base64url, verify, verify_hs256,
};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Family::Ed25519).unwrap());

fn keys() -> JwkSet {
    JwkSet { keys: vec![KEY.jwk().clone()] }
}

fn token() -> String {
    KEY.sign(Algorithm::EdDSA, "at+jwt", &json!({"sub": "u"})).unwrap()
}

/// The answer to a token under the given raw header, with a signature that is right for EdDSA.
fn answer_to(header: &str) -> Result<(), VerifyError> {
    let der = KEY.to_pkcs8().unwrap();
    let signer = EncodingKey::from_ed_der(&der);
    let message = format!("{}.{}", base64url(header.as_bytes()), base64url(br#"{"sub":"u"}"#));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &signer, jsonwebtoken::Algorithm::EdDSA);
    let token = format!("{message}.{}", signature.unwrap());
    verify(&token, &keys(), &Algorithm::ALL, Some("at+jwt")).map(|_| ())
}

/// A good header, with members put in or replaced.
fn header(changes: Value) -> String {
    let mut header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": KEY.kid()});
    let members = header.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    header.to_string()
}

// Checklist 96.
#[test]
fn algorithms_we_do_not_allow_are_refused() {
    assert_eq!(answer_to(&header(json!({}))), Ok(()));
    for alg in ["none", "NONE", "HS256", "HS512", "eddsa", "Ed25519", "ES512", ""] {
        assert_eq!(answer_to(&header(json!({"alg": alg}))), Err(VerifyError::Algorithm), "{alg}");
    }
    assert_eq!(verify(&token(), &keys(), &[], None), Err(VerifyError::Algorithm));
    let all_but_ours = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::ES384];
    assert_eq!(verify(&token(), &keys(), &all_but_ours, None), Err(VerifyError::Algorithm));
}

// Checklist 96.
#[test]
fn an_unsigned_token_is_refused() {
    let header = base64url(br#"{"alg":"none"}"#);
    let payload = base64url(br#"{"sub":"u"}"#);
    for token in [format!("{header}.{payload}."), format!("{header}.{payload}")] {
        assert!(verify(&token, &keys(), &Algorithm::ALL, None).is_err());
    }
    let token = token();
    let stripped = &token[..=token.rfind('.').unwrap()];
    let answer = verify(stripped, &keys(), &Algorithm::ALL, None);
    assert_eq!(answer, Err(VerifyError::Signature));
}

// Checklist 96.
#[test]
fn a_public_key_used_as_a_shared_secret_is_refused() {
    let public = from_base64url(KEY.jwk().x.as_deref().unwrap()).unwrap();
    let mut forged = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    forged.kid = Some(KEY.kid().to_owned());
    let secret = EncodingKey::from_secret(&public);
    let token = jsonwebtoken::encode(&forged, &json!({"sub": "u"}), &secret).unwrap();
    let answer = verify(&token, &keys(), &Algorithm::ALL, None);
    assert_eq!(answer, Err(VerifyError::Algorithm));
}

#[test]
fn an_algorithm_of_another_family_is_refused() {
    for alg in Algorithm::ALL.into_iter().filter(|alg| *alg != Algorithm::EdDSA) {
        let answer = answer_to(&header(json!({"alg": alg})));
        assert_eq!(answer, Err(VerifyError::Algorithm), "{alg}");
    }
}

#[test]
fn a_key_kept_for_encryption_or_another_algorithm_is_refused() {
    let mut other = KEY.jwk().clone();
    other.use_ = Some("enc".to_owned());
    let mut third = KEY.jwk().clone();
    third.alg = Some("ES256".to_owned());
    for jwk in [other, third] {
        let answer = verify(&token(), &JwkSet { keys: vec![jwk] }, &Algorithm::ALL, None);
        assert_eq!(answer, Err(VerifyError::Algorithm));
    }
}

#[test]
fn only_the_key_of_that_name_is_asked() {
    let stranger = SigningKey::generate(Family::Ed25519).unwrap();
    let answer = |jwk: Jwk| verify(&token(), &JwkSet { keys: vec![jwk] }, &Algorithm::ALL, None);
    assert_eq!(answer(stranger.jwk().clone()), Err(VerifyError::UnknownKey));

    let mut nameless = KEY.jwk().clone();
    nameless.kid = None;
    assert_eq!(answer(nameless), Err(VerifyError::UnknownKey));
    assert_eq!(answer_to(r#"{"alg":"EdDSA","typ":"at+jwt"}"#), Err(VerifyError::UnknownKey));

    let mut impostor = stranger.jwk().clone();
    impostor.kid = Some(KEY.kid().to_owned());
    assert_eq!(answer(impostor.clone()), Err(VerifyError::Signature));
    let namesakes = JwkSet { keys: vec![impostor, KEY.jwk().clone()] };
    assert!(verify(&token(), &namesakes, &Algorithm::ALL, None).is_ok());
}

// Checklist 97.
#[test]
fn extensions_are_refused_and_foreign_keys_ignored() {
    for changes in [
        json!({"crit": ["exp"]}),
        json!({"crit": []}),
        json!({"crit": null}),
        json!({"b64": false}),
        json!({"crit": ["b64"], "b64": false}),
    ] {
        let answer = answer_to(&header(changes.clone()));
        assert_eq!(answer, Err(VerifyError::Malformed), "{changes}");
    }
    let foreign = SigningKey::generate(Family::Ed25519).unwrap();
    let changes = json!({"jku": "https://evil.example", "x5u": "https://evil.example",
        "x5c": ["AQAB"], "jwk": foreign.jwk()});
    assert_eq!(answer_to(&header(changes.clone())), Ok(()));
    let forged = foreign.sign(Algorithm::EdDSA, "at+jwt", &changes).unwrap();
    let answer = verify(&forged, &keys(), &Algorithm::ALL, None);
    assert_eq!(answer, Err(VerifyError::UnknownKey));
}

#[test]
fn a_token_of_another_type_is_refused() {
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/at+JWT"] {
        assert_eq!(answer_to(&header(json!({"typ": typ}))), Ok(()), "{typ}");
    }
    for typ in [json!("JWT"), json!("logout+jwt"), json!("text/at+jwt"), json!(""), json!(null)] {
        assert_eq!(answer_to(&header(json!({"typ": typ}))), Err(VerifyError::Type), "{typ}");
    }
    let untyped = json!({"alg": "EdDSA", "kid": KEY.kid()}).to_string();
    assert_eq!(answer_to(&untyped), Err(VerifyError::Type));
    assert!(verify(&token(), &keys(), &Algorithm::ALL, None).is_ok());
}

#[test]
fn headers_that_say_a_thing_twice_or_wrongly_are_malformed() {
    for text in [
        r#"{"alg":"EdDSA","alg":"none","typ":"at+jwt"}"#,
        r#"{"alg":"EdDSA","kid":"a","kid":"b"}"#,
        r#"{"typ":"at+jwt"}"#,
        r#"{"alg":["EdDSA"]}"#,
        r#"{"alg":"EdDSA","kid":7}"#,
        r#"{"alg":"EdDSA"}{}"#,
        r#""EdDSA""#,
        "",
    ] {
        assert_eq!(answer_to(text), Err(VerifyError::Malformed), "{text}");
    }
}

#[test]
fn texts_that_are_no_compact_jws_are_malformed() {
    let token = token();
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!() };
    for text in [
        String::new(),
        "..".to_owned(),
        format!("{header}.{payload}"),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}="),
        format!(" {token}"),
        format!("{token}\n"),
        format!("{header}={}", &token[header.len()..]),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}..{signature}.{signature}"),
        format!("{token}{}", ".".repeat(16 * 1024)),
    ] {
        let answer = verify(&text, &keys(), &Algorithm::ALL, None);
        assert_eq!(answer, Err(VerifyError::Malformed), "{text}");
    }
}

// Checklist 115.
#[test]
fn the_longest_token_has_sixteen_kibibytes() {
    let lengths = [8_000, 12_000, 12_100, 12_200, 13_000].map(|length| {
        let token = KEY.sign(Algorithm::EdDSA, "JWT", &"x".repeat(length)).unwrap();
        (token.len() <= 16 * 1024, verify(&token, &keys(), &Algorithm::ALL, None))
    });
    assert!(lengths.iter().any(|(fits, _)| *fits) && lengths.iter().any(|(fits, _)| !*fits));
    for (fits, answer) in lengths {
        assert_eq!(answer.is_ok(), fits);
        assert_eq!(answer.err(), (!fits).then_some(VerifyError::Malformed));
    }
}

const SECRET: &[u8] = b"a secret of thirty-two characters";

/// A token whose tag is made with `secret` under a header of one's own.
fn tagged(header: &Value, secret: &[u8]) -> String {
    let message = format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(br#"{"sub":"u"}"#));
    format!("{message}.{}", base64url(&MacKey::new(secret).sign(message.as_bytes())))
}

#[test]
fn a_tag_is_made_with_one_of_the_secrets_and_with_nothing_else() {
    let (hs256, other) = (json!({"alg": "HS256", "typ": "JWT"}), b"another secret of thirty-two chars".as_slice());
    let token = tagged(&hs256, SECRET);
    let read = verify_hs256(&token, &[other, SECRET]).unwrap();
    assert_eq!(read, (Some("JWT".to_owned()), br#"{"sub":"u"}"#.to_vec()));
    let oracle = jsonwebtoken::encode(
        &jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256),
        &json!({"sub": "u"}),
        &EncodingKey::from_secret(SECRET),
    );
    assert!(verify_hs256(&oracle.unwrap(), &[SECRET]).is_ok());
    assert_eq!(verify_hs256(&token, &[other]), Err(VerifyError::Signature));
    assert_eq!(verify_hs256(&token, &[]), Err(VerifyError::Signature));
    for alg in ["none", "hs256", "HS512", "EdDSA", ""] {
        assert_eq!(verify_hs256(&tagged(&json!({"alg": alg}), SECRET), &[SECRET]), Err(VerifyError::Algorithm));
    }
    let unsigned = &token[..=token.rfind('.').unwrap()];
    assert_eq!(verify_hs256(unsigned, &[SECRET]), Err(VerifyError::Signature));
    // A secret that can be guessed is no key: RFC 7518 section 3.2 wants 256 bits.
    assert_eq!(verify_hs256(&tagged(&hs256, b"short"), &[b"short"]), Err(VerifyError::Signature));
    assert_eq!(verify_hs256(&tagged(&hs256, b""), &[b""]), Err(VerifyError::Signature));
}
