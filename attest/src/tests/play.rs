//! Play Integrity.

use std::time::Duration;

use serde_json::{Value, json};
use vestibule_core::ports::attest::{Bound, Flaw, Integrity, PlayAsked, PlayKeys, PlayVerdict};
use vestibule_core::ports::{Attestors as _, Secret, Timestamp};
use vestibule_jose::base64url;

use super::{NOW, PACKAGE, SIGNER};
use crate::forge::{Forge, Play};
use crate::{Attestor, Roots};

const NONCE: &str = "bm9uY2Ugb2YgdGhlIHNlcnZlcg";
const MINUTE: Duration = Duration::from_secs(60);

fn asked(bound: Bound<'_>) -> PlayAsked<'_> {
    PlayAsked {
        package: PACKAGE,
        signers: &[[0; 32], SIGNER],
        bound,
        max_age: MINUTE * 5,
        device: Integrity::Device,
        now: NOW,
    }
}

fn attestor() -> Attestor {
    Attestor::new(Roots::production()).unwrap()
}

fn play() -> Play {
    Forge::new(NOW).play(PACKAGE, SIGNER)
}

/// What comes of a classic token, and of the same payload opened by Google, after `change`.
fn outcome(change: impl FnOnce(&mut Play)) -> Result<PlayVerdict, Flaw> {
    let mut play = play();
    change(&mut play);
    let bound = Bound::Nonce(NONCE);
    let opened_here = attestor().play_integrity(&play.token(NONCE), &play.keys(), &asked(bound));
    let opened_there = attestor().play_payload(&play.payload(bound), &asked(bound));
    assert_eq!(opened_here, opened_there);
    opened_here
}

fn refusal(change: impl FnOnce(&mut Play)) -> Flaw {
    outcome(change).unwrap_err()
}

#[test]
fn a_token_says_what_play_thinks_of_app_and_device() {
    let verdict = PlayVerdict { device: [Integrity::Device].into(), licensed: true, version: Some(42), asked_at: NOW };
    assert_eq!(outcome(|_| ()), Ok(verdict));
    assert!(!outcome(|play| play.licensing = "UNLICENSED".to_owned()).unwrap().licensed);
}

#[test]
fn a_device_is_trusted_as_far_as_asked_or_further() {
    let device = |names: &[&str]| outcome(|play| play.device = names.iter().map(|name| (*name).to_owned()).collect());
    assert_eq!(device(&["MEETS_STRONG_INTEGRITY"]).unwrap().device, [Integrity::Strong].into());
    assert_eq!(
        device(&["MEETS_BASIC_INTEGRITY", "MEETS_DEVICE_INTEGRITY", "MEETS_STRONG_INTEGRITY"]).unwrap().device,
        [Integrity::Basic, Integrity::Device, Integrity::Strong].into()
    );
    for weak in [&[][..], &["MEETS_BASIC_INTEGRITY"], &["MEETS_VIRTUAL_INTEGRITY"], &["meets_device_integrity"]] {
        assert_eq!(device(weak), Err(Flaw::DeviceUntrusted), "{weak:?}");
    }
}

// Checklist 67.
#[test]
fn a_verdict_with_one_fault_is_refused_for_it() {
    assert_eq!(refusal(|play| play.package = "com.example.other".to_owned()), Flaw::WrongApp);
    assert_eq!(refusal(|play| play.found_package = "com.example.other".to_owned()), Flaw::WrongApp);
    assert_eq!(refusal(|play| play.signers = vec![[9; 32]]), Flaw::WrongSigner(base64url(&[9; 32])));
    assert_eq!(refusal(|play| play.signers.clear()), Flaw::WrongSigner(String::new()));
    for verdict in ["UNRECOGNIZED_VERSION", "UNEVALUATED", ""] {
        assert_eq!(refusal(|play| play.recognition = verdict.to_owned()), Flaw::Unrecognised(verdict.to_owned()));
    }
    assert_eq!(refusal(|play| play.is_testing = true), Flaw::DebugEnvironment);
}

#[test]
fn a_verdict_has_its_time() {
    let at = |asked_at: Timestamp| outcome(|play| play.asked_at = asked_at).map(|verdict| verdict.asked_at);
    let second = Duration::from_secs(1);
    for good in [NOW - MINUTE * 5, NOW, NOW + MINUTE] {
        assert_eq!(at(good), Ok(good));
    }
    assert_eq!(at(NOW - MINUTE * 5 - second), Err(Flaw::Stale));
    assert_eq!(at(NOW + MINUTE + second), Err(Flaw::Stale));
}

// Checklist 67.
#[test]
fn a_verdict_answers_one_question() {
    let check = |told: Bound<'_>, wanted: Bound<'_>| {
        attestor().play_payload(&play().payload(told), &asked(wanted)).map(|verdict| verdict.licensed)
    };
    let hash = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    assert_eq!(check(Bound::Nonce(NONCE), Bound::Nonce(NONCE)), Ok(true));
    assert_eq!(check(Bound::Nonce("bm9uY2Ugb2YgdGhlIHNlcnZlcg=="), Bound::Nonce(NONCE)), Ok(true));
    assert_eq!(check(Bound::RequestHash(hash), Bound::RequestHash(hash)), Ok(true));
    for (told, wanted) in [
        (Bound::Nonce("another"), Bound::Nonce(NONCE)),
        (Bound::Nonce(hash), Bound::RequestHash(hash)),
        (Bound::RequestHash(NONCE), Bound::Nonce(NONCE)),
        (Bound::RequestHash("another"), Bound::RequestHash(hash)),
    ] {
        assert_eq!(check(told, wanted), Err(Flaw::WrongChallenge));
    }
}

#[test]
fn the_whole_answer_of_google_is_read_too() {
    let bound = Bound::RequestHash("hash");
    let answer = json!({ "tokenPayloadExternal": play().payload(bound) });
    assert!(attestor().play_payload(&answer, &asked(bound)).is_ok());
}

#[test]
fn numbers_are_numbers_or_text() {
    let bound = Bound::Nonce(NONCE);
    let check = |pointer: &str, value: Value| {
        let mut payload = play().payload(bound);
        *payload.pointer_mut(pointer).unwrap() = value;
        attestor().play_payload(&payload, &asked(bound)).map(|verdict| verdict.version)
    };
    assert_eq!(check("/requestDetails/timestampMillis", json!(NOW.micros() / 1000)), Ok(Some(42)));
    assert_eq!(check("/appIntegrity/versionCode", json!(43)), Ok(Some(43)));
    for strange in [json!(-1), json!("soon"), json!(null), json!(1.5), json!(u64::MAX)] {
        assert_eq!(check("/requestDetails/timestampMillis", strange), Err(Flaw::NotAnAttestation));
    }
}

#[test]
fn only_the_apps_own_keys_open_and_check_a_token() {
    let mut play = play();
    let check = |token: &str, keys: &PlayKeys| attestor().play_integrity(token, keys, &asked(Bound::Nonce(NONCE)));
    let (token, keys, other) = (play.token(NONCE), play.keys(), self::play().keys());
    assert!(check(&token, &keys).is_ok());
    assert_eq!(check(&token, &other), Err(Flaw::Undecipherable));
    let mixed = PlayKeys { decryption: keys.decryption.clone(), verification: other.verification };
    assert_eq!(check(&token, &mixed), Err(Flaw::Signature));
    play.is_resigned = true;
    assert_eq!(check(&play.token(NONCE), &keys), Err(Flaw::Signature));
}

#[test]
fn a_token_does_not_choose_how_it_is_checked() {
    let mut play = play();
    let keys = play.keys();
    let check = |token: &str| attestor().play_integrity(token, &keys, &asked(Bound::Nonce(NONCE)));
    let payload = base64url(play.payload(Bound::Nonce(NONCE)).to_string().as_bytes());
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256"}"#] {
        let unsigned = format!("{}.{payload}.", base64url(header.as_bytes()));
        assert_eq!(check(&play.seal(&unsigned)), Err(Flaw::Signature), "{header}");
    }
    for header in [
        json!({ "alg": "dir", "enc": "A256GCM" }),
        json!({ "alg": "A256KW", "enc": "A128GCM" }),
        json!({ "alg": "A256KW", "enc": "A256GCM", "zip": "DEF" }),
        json!({ "alg": "A256KW", "enc": "A256GCM", "crit": ["exp"] }),
        json!([]),
    ] {
        play.header = header.clone();
        assert_eq!(check(&play.token(NONCE)), Err(Flaw::NotAnAttestation), "{header}");
    }
    play.header = json!({ "alg": "A256KW", "enc": "A256GCM", "kid": "1" });
    assert!(check(&play.token(NONCE)).is_ok());
}

#[test]
fn no_part_of_a_token_is_of_no_account() {
    let play = play();
    let (token, keys) = (play.token(NONCE), play.keys());
    let check = |token: &str| attestor().play_integrity(token, &keys, &asked(Bound::Nonce(NONCE))).unwrap_err();
    for part in 0..5 {
        let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        let turned = if parts[part].starts_with('A') { "B" } else { "A" };
        parts[part].replace_range(..1, turned);
        let expected = if part == 0 { Flaw::NotAnAttestation } else { Flaw::Undecipherable };
        assert_eq!(check(&parts.join(".")), expected, "part {part}");
        parts.remove(part);
        assert_eq!(check(&parts.join(".")), Flaw::NotAnAttestation);
    }
    // A header that says the same in other bytes is not the one that was sealed.
    let (_, rest) = token.split_once('.').unwrap();
    let header = base64url(br#"{"enc":"A256GCM","alg":"A256KW"}"#);
    assert_eq!(check(&format!("{header}.{rest}")), Flaw::Undecipherable);
    assert_eq!(check(&format!("{token}.")), Flaw::NotAnAttestation);
    assert_eq!(check(&format!("{token}=")), Flaw::NotAnAttestation);
    assert_eq!(check(&play.seal("not a signed token")), Flaw::NotAnAttestation);
    assert_eq!(check(&play.seal(&play.sign(&json!([])))), Flaw::NotAnAttestation);
    assert_eq!(check(&"A".repeat(20_000)), Flaw::NotAnAttestation);
}

#[test]
fn the_keys_of_the_console_are_an_aes_key_and_a_point() {
    let (decryption, verification) = play().console_keys();
    let read = |decryption: &str, verification: &str| {
        PlayKeys::read(&Secret::new(decryption.to_owned()), verification).is_some()
    };
    assert!(read(&decryption, &verification));
    assert!(read(&format!("{decryption}\n"), &format!(" {verification}")));
    assert!(!read("AQAB", &verification));
    assert!(!read(&decryption, &decryption));
    assert!(!read(&verification, &decryption));
    assert!(!read("", ""));
}
