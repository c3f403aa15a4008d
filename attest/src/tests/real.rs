//! Statements of real devices under the pinned roots, at a moment when they held: the example that Apple publishes in its
//! "Attestation Object Validation Guide", and the key attestation of a phone.

use std::time::Duration;

use vestibule_core::ports::attest::{AndroidAsked, AppleAsked, Flaw, Level};
use vestibule_core::ports::{Attestors, Timestamp};
use vestibule_jose::cbor::Value;
use vestibule_jose::{from_base64url, from_base64url_lenient};

use crate::{Attestor, Revoked, Roots};

fn bytes(base64: &str) -> Vec<u8> {
    from_base64url_lenient(&base64.replace('+', "-").replace('/', "_")).unwrap()
}

fn certificate(pem: &str) -> Vec<u8> {
    crate::roots::certificates(pem).remove(0)
}

fn android_chain() -> Vec<Vec<u8>> {
    [
        include_str!("real/android_leaf.pem"),
        include_str!("real/android_tee.pem"),
        include_str!("real/android_tee_ca.pem"),
    ]
    .map(certificate)
    .to_vec()
}

fn android<'a>(challenge: &'a [u8], signers: &'a [[u8; 32]]) -> AndroidAsked<'a> {
    AndroidAsked {
        challenge,
        package: "com.acurast.attested.executor.testnet",
        signers,
        level: Level::TrustedEnvironment,
        now: Timestamp::from_seconds(1_690_000_000),
    }
}

#[test]
fn the_example_that_apple_publishes_holds() {
    let chain = [include_str!("real/apple_leaf.pem"), include_str!("real/apple_ca.pem")].map(certificate);
    let statement = Value::Map(vec![("x5c".into(), Value::Array(chain.map(Value::Bytes).to_vec()))]);
    let object = Value::Map(vec![
        ("fmt".into(), "apple-appattest".into()),
        ("attStmt".into(), statement),
        ("authData".into(), Value::Bytes(from_base64url(AUTH_DATA).unwrap())),
    ]);
    let mut cbor = Vec::new();
    ciborium::into_writer(&object, &mut cbor).unwrap();
    let key_id = bytes("bSrEhF8TIzIvWSPwvZ0i2+UOBre4ASH84rK15m6emNY=");
    let mut asked = AppleAsked {
        app_id: "0352187391.com.apple.example_app_attest",
        key_id: Some(&key_id),
        client_data_hash: [0; 32],
        development: false,
        now: Timestamp::from_seconds(1_713_456_000),
    };
    let roots = Attestor::new(Roots::production()).unwrap().apple;
    let check = |challenge: &[u8], asked: &AppleAsked<'_>| crate::apple::attestation(&roots, &cbor, challenge, asked);
    let key = check(b"test_server_challenge", &asked).unwrap();
    assert_eq!((key.id.as_slice(), key.counter, key.development), (key_id.as_slice(), 0, false));
    assert_eq!(check(b"another_challenge", &asked), Err(Flaw::WrongChallenge));
    asked.now = asked.now + Duration::from_secs(3 * 86_400);
    assert_eq!(check(b"test_server_challenge", &asked), Err(Flaw::Expired));
}

#[test]
fn the_attestation_of_a_phone_holds() {
    let (challenge, signer) = (bytes(CHALLENGE), bytes(SIGNER).try_into().unwrap());
    let signers = [signer];
    let asked = android(&challenge, &signers);
    let attestor = Attestor::new(Roots::production()).unwrap();
    let key = attestor.android_key(&android_chain(), &asked).unwrap();
    assert_eq!((key.level, key.public_key.crv.as_deref()), (Level::TrustedEnvironment, Some("P-256")));

    let with_root = [android_chain(), vec![Roots::production().google[0].clone()]].concat();
    assert_eq!(attestor.android_key(&with_root, &asked), Ok(key));
    let other_root = [android_chain(), vec![Roots::production().google[1].clone()]].concat();
    assert_eq!(attestor.android_key(&other_root, &asked), Err(Flaw::Chain));
    let strict = AndroidAsked { level: Level::StrongBox, ..asked };
    assert_eq!(attestor.android_key(&android_chain(), &strict), Err(Flaw::SecurityLevel));
}

#[test]
fn a_phone_whose_maker_lost_a_key_is_refused() {
    let (challenge, signer) = (bytes(CHALLENGE), bytes(SIGNER).try_into().unwrap());
    // The second certificate's; in Google's list, its serial number is written so.
    let list = br#"{"entries":{"f4b08c31f62edf289053973ed247da2c":{"status":"REVOKED","reason":"KEY_COMPROMISE"}}}"#;
    let roots = Roots { revoked: Revoked::read(list).unwrap(), ..Roots::production() };
    let attestor = Attestor::new(roots).unwrap();
    let signers = [signer];
    assert_eq!(attestor.android_key(&android_chain(), &android(&challenge, &signers)), Err(Flaw::Revoked));
}

const AUTH_DATA: &str = "FVhAM8lQuf6dUUziohGjJtcaprEBSrTG-i-9qdmqGKZAAAAAAGFwcGF0dGVzdAAAAAAAAAAAIG0qxIRfEyMyL1kj8L2dItvlDga3uAEh_OKyteZunpjWpQECAyYgASFYIIwuDKtvkiOXDn9atukv16TW1iGmDlSGRL8Zdk7x74U2IlggEfbCtrtTsrui00aBl-S-qyw2ysDk4k9B81EyyUdeXCQ";
const CHALLENGE: &str = "WDsKu0Q_X8YqOs9ht4RhNB9pbFDY8Ei1HKwa_RM_9qw";
const SIGNER: &str = "7HDCpOByoPWGVSpoNXsjaXydRfHhJXqMTSmiWsSYJDM";
