//! App Attest.

use vestibule_core::ports::Attestors as _;
use vestibule_core::ports::attest::{AppleAsked, AppleKey, Flaw};
use vestibule_jose::{Algorithm, from_base64url, sha256};

use super::{APP_ID, HASH, NOW};
use crate::forge::{ApplePhone, DEVELOPMENT, Forge};
use crate::{Attestor, Roots};

struct Scene {
    attestor: Attestor,
    phone: ApplePhone,
    key_id: Option<Vec<u8>>,
    app_id: &'static str,
    hash: [u8; 32],
    development: bool,
}

impl Scene {
    fn new() -> Self {
        let forge = Forge::new(NOW);
        let phone = forge.apple(APP_ID);
        let key_id = Some(phone.id.to_vec());
        Self { attestor: forge.attestor(), phone, key_id, app_id: APP_ID, hash: HASH, development: false }
    }

    fn asked(&self) -> AppleAsked<'_> {
        AppleAsked {
            app_id: self.app_id,
            key_id: self.key_id.as_deref(),
            client_data_hash: self.hash,
            development: self.development,
            now: NOW,
        }
    }

    fn attest(&self) -> Result<AppleKey, Flaw> {
        self.attestor.apple_attestation(&self.phone.attestation(&HASH), &self.asked())
    }

    fn assert(&mut self, key: &AppleKey) -> Result<u32, Flaw> {
        let assertion = self.phone.assertion(&HASH);
        self.attestor.apple_assertion(&assertion, key, &self.asked())
    }
}

/// What an attestation is refused for, after `change`.
fn refusal(change: impl FnOnce(&mut Scene)) -> Flaw {
    let mut scene = Scene::new();
    change(&mut scene);
    scene.attest().unwrap_err()
}

#[test]
fn an_attestation_brings_a_key_of_the_app() {
    let scene = Scene::new();
    let key = scene.attest().unwrap();
    assert_eq!((key.id, key.counter, key.development), (scene.phone.id, 0, false));
    assert!(key.public_key.serves(Algorithm::ES256));
}

#[test]
fn a_key_id_that_is_not_named_is_not_compared() {
    let mut scene = Scene::new();
    scene.key_id = None;
    assert_eq!(scene.attest().unwrap().id, scene.phone.id);
}

#[test]
fn a_key_keeps_its_environment() {
    let mut scene = Scene::new();
    scene.phone.environment = DEVELOPMENT;
    assert_eq!(scene.attest(), Err(Flaw::DebugEnvironment));
    scene.development = true;
    let key = scene.attest().unwrap();
    assert!(key.development);
    assert_eq!(scene.assert(&key), Ok(1));
    scene.development = false;
    assert_eq!(scene.assert(&key), Err(Flaw::DebugEnvironment));
}

// Checklist 67.
#[test]
fn an_attestation_with_one_fault_is_refused_for_it() {
    assert_eq!(refusal(|scene| scene.hash = [0; 32]), Flaw::WrongChallenge);
    assert_eq!(refusal(|scene| scene.app_id = "A1B2C3D4E5.com.example.other"), Flaw::WrongApp);
    assert_eq!(refusal(|scene| scene.phone.app_id = "A1B2C3D4E5.com.example.other".to_owned()), Flaw::WrongApp);
    assert_eq!(refusal(|scene| scene.key_id = Some(vec![0; 32])), Flaw::WrongKeyId);
    assert_eq!(refusal(|scene| scene.key_id = Some(scene.phone.id[..31].to_vec())), Flaw::WrongKeyId);
    assert_eq!(refusal(|scene| scene.phone.id = [0; 32]), Flaw::WrongKeyId);
    assert_eq!(refusal(|scene| scene.phone.first_counter = 1), Flaw::Counter);
    assert_eq!(refusal(|scene| scene.phone.format = "packed".to_owned()), Flaw::NotAnAttestation);
    assert_eq!(refusal(|scene| scene.phone.has_nonce = false), Flaw::NotAnAttestation);
    assert_eq!(refusal(|scene| scene.phone.environment = [0; 16]), Flaw::NotAnAttestation);
}

// Checklist 67.
#[test]
fn an_attestation_under_other_roots_is_refused() {
    assert_eq!(refusal(|scene| scene.phone.paper.is_foreign = true), Flaw::Chain);
    assert_eq!(refusal(|scene| scene.attestor = Forge::new(NOW).attestor()), Flaw::Chain);
    assert_eq!(refusal(|scene| scene.attestor = Attestor::new(Roots::production()).unwrap()), Flaw::Chain);
}

#[test]
fn the_certificate_of_a_key_has_its_time() {
    let second = std::time::Duration::from_secs(1);
    let check = |from, until| {
        let mut scene = Scene::new();
        (scene.phone.paper.from, scene.phone.paper.until) = (from, until);
        scene.attest().map(|key| key.counter)
    };
    assert_eq!(check(NOW, NOW), Ok(0));
    assert_eq!(check(NOW + second, NOW + second), Err(Flaw::Expired));
    assert_eq!(check(NOW - second, NOW - second), Err(Flaw::Expired));
}

#[test]
fn apple_does_not_vouch_for_android_nor_google_for_apple() {
    let forge = Forge::new(NOW);
    let mut roots = forge.roots();
    std::mem::swap(&mut roots.apple, &mut roots.google);
    assert_eq!(refusal(|scene| scene.attestor = Attestor::new(roots).unwrap()), Flaw::Chain);
}

#[test]
fn an_attestation_is_read_whole_or_not_at_all() {
    let scene = Scene::new();
    let object = scene.phone.attestation(&HASH);
    let check = |object: &[u8]| scene.attestor.apple_attestation(object, &scene.asked());
    assert_eq!(check(&[object.as_slice(), &[0]].concat()), Err(Flaw::NotAnAttestation));
    assert_eq!(check(&[object.as_slice(), &object].concat()), Err(Flaw::NotAnAttestation));
    for end in (0..object.len()).step_by(7) {
        assert_eq!(check(&object[..end]), Err(Flaw::NotAnAttestation));
    }
    assert_eq!(check(&vec![0xa0; 40_000]), Err(Flaw::NotAnAttestation));
}

#[test]
fn assertions_count_upwards() {
    let mut scene = Scene::new();
    let mut key = scene.attest().unwrap();
    for count in 1..4 {
        key.counter = scene.assert(&key).unwrap();
        assert_eq!(key.counter, count);
    }
    scene.phone.counter = 41;
    assert_eq!(scene.assert(&key), Ok(42));
}

// Checklist 67.
#[test]
fn an_assertion_is_taken_once() {
    let mut scene = Scene::new();
    let mut key = scene.attest().unwrap();
    let assertion = scene.phone.assertion(&HASH);
    key.counter = scene.attestor.apple_assertion(&assertion, &key, &scene.asked()).unwrap();
    assert_eq!(scene.attestor.apple_assertion(&assertion, &key, &scene.asked()), Err(Flaw::Counter));
    scene.phone.counter = 0;
    assert_eq!(scene.assert(&key), Err(Flaw::Counter));
}

#[test]
fn an_assertion_with_one_fault_is_refused_for_it() {
    let mut scene = Scene::new();
    let key = scene.attest().unwrap();
    scene.hash = [0; 32];
    assert_eq!(scene.assert(&key), Err(Flaw::Signature));
    scene.hash = HASH;
    scene.app_id = "A1B2C3D4E5.com.example.other";
    assert_eq!(scene.assert(&key), Err(Flaw::WrongApp));
    scene.app_id = APP_ID;
    let other = Scene::new().attest().unwrap();
    assert_eq!(scene.assert(&other), Err(Flaw::Signature));
    let mut broken = key.clone();
    broken.public_key.x = Some("AQAB".to_owned());
    assert_eq!(scene.assert(&broken), Err(Flaw::Algorithm));

    let attestation = scene.phone.attestation(&HASH);
    assert_eq!(scene.attestor.apple_assertion(&attestation, &key, &scene.asked()), Err(Flaw::NotAnAttestation));
    let assertion = scene.phone.assertion(&HASH);
    assert_eq!(scene.attestor.apple_attestation(&assertion, &scene.asked()), Err(Flaw::NotAnAttestation));
    for broken in [&assertion[..assertion.len() - 1], &[assertion.as_slice(), &[0]].concat()] {
        assert_eq!(scene.attestor.apple_assertion(broken, &key, &scene.asked()), Err(Flaw::NotAnAttestation));
    }
}

#[test]
fn a_key_survives_storage() {
    let key = Scene::new().attest().unwrap();
    let text = serde_json::to_string(&key).unwrap();
    assert_eq!(serde_json::from_str::<AppleKey>(&text).unwrap(), key);
}

#[test]
fn a_key_is_named_by_its_point() {
    let key = Scene::new().attest().unwrap();
    let [x, y] = [key.public_key.x, key.public_key.y].map(|member| from_base64url(&member.unwrap()).unwrap());
    assert_eq!(sha256(&[&[4], x.as_slice(), &y].concat()), key.id);
}
