//! Bytes of any kind, and right ones with a few wrong: they are refused, and nothing falls over.

use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use vestibule_core::ports::Attestors as _;
use vestibule_core::ports::attest::{AndroidAsked, AppleAsked, AppleKey, Bound, Integrity, Level, PlayAsked};

use super::{APP_ID, CHALLENGE, HASH, NOW, PACKAGE, SIGNER};
use crate::android::Description;
use crate::forge::{Forge, Play};
use crate::x509::Certificate;
use crate::{Attestor, Revoked};

struct Right {
    attestor: Attestor,
    attestation: Vec<u8>,
    assertion: Vec<u8>,
    key: AppleKey,
    chain: Vec<Vec<u8>>,
    play: Play,
    token: String,
}

static RIGHT: LazyLock<Right> = LazyLock::new(|| {
    let forge = Forge::new(NOW);
    let attestor = forge.attestor();
    let mut phone = forge.apple(APP_ID);
    let attestation = phone.attestation(&HASH);
    let play = forge.play(PACKAGE, SIGNER);
    Right {
        key: attestor.apple_attestation(&attestation, &apple()).unwrap(),
        assertion: phone.assertion(&HASH),
        chain: forge.android(PACKAGE, SIGNER).chain(CHALLENGE),
        token: play.token("nonce"),
        attestor,
        attestation,
        play,
    }
});

const fn apple() -> AppleAsked<'static> {
    AppleAsked { app_id: APP_ID, key_id: None, client_data_hash: HASH, development: false, now: NOW }
}

const fn android() -> AndroidAsked<'static> {
    let signers = &[SIGNER];
    AndroidAsked { challenge: CHALLENGE, package: PACKAGE, signers, level: Level::TrustedEnvironment, now: NOW }
}

const fn asked() -> PlayAsked<'static> {
    PlayAsked {
        package: PACKAGE,
        signers: &[SIGNER],
        bound: Bound::Nonce("nonce"),
        max_age: Duration::from_secs(60),
        device: Integrity::Device,
        now: NOW,
    }
}

/// The bytes with one stretch replaced.
fn mutated(bytes: &[u8], at: Index, length: usize, by: &[u8]) -> Vec<u8> {
    let from = at.index(bytes.len());
    let to = bytes.len().min(from + length);
    [&bytes[..from], by, &bytes[to..]].concat()
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..600), text: String) {
        let Right { attestor, key, play, .. } = &*RIGHT;
        prop_assert!(attestor.apple_attestation(&bytes, &apple()).is_err());
        prop_assert!(attestor.apple_assertion(&bytes, key, &apple()).is_err());
        prop_assert!(attestor.android_key(std::slice::from_ref(&bytes), &android()).is_err());
        prop_assert!(attestor.play_integrity(&text, &play.keys(), &asked()).is_err());
        prop_assert!(attestor.play_integrity(&play.seal(&text), &play.keys(), &asked()).is_err());
        prop_assert!(Certificate::read(&bytes).is_none());
        prop_assert!(Description::read(&bytes).is_none());
        let _ = Revoked::read(&bytes);
    }

    #[test]
    fn right_bytes_with_some_wrong_bring_nothing_new(
        at: Index,
        length in 0_usize..6,
        by in prop::collection::vec(any::<u8>(), 0..6),
    ) {
        let Right { attestor, attestation, assertion, key, chain, play, token } = &*RIGHT;
        let wrong = |right: &[u8]| Some(mutated(right, at, length, &by)).filter(|wrong| wrong != right);
        // Nobody signs the receipt, nor how CBOR spells a length, so the same may also be said in other bytes.
        if let Some(object) = wrong(attestation) {
            let outcome = attestor.apple_attestation(&object, &apple());
            prop_assert!(outcome.is_err() || outcome.as_ref() == Ok(key));
        }
        if let Some(object) = wrong(assertion) {
            let outcome = attestor.apple_assertion(&object, key, &apple());
            prop_assert!(outcome.is_err() || outcome == Ok(1));
        }
        for which in 0..chain.len() {
            let mut chain = chain.clone();
            if let Some(certificate) = wrong(&chain[which]) {
                chain[which] = certificate;
                prop_assert!(attestor.android_key(&chain, &android()).is_err());
            }
        }
        if let Some(Ok(token)) = wrong(token.as_bytes()).map(String::from_utf8) {
            prop_assert!(attestor.play_integrity(&token, &play.keys(), &asked()).is_err());
        }
    }

    #[test]
    fn a_payload_of_any_shape_is_judged(
        member in "requestDetails|appIntegrity|deviceIntegrity|accountDetails|testingDetails",
        value in "null|0|\"\"|\\[\\]|\\{\\}|true|\\[null\\]",
    ) {
        let Right { attestor, play, .. } = &*RIGHT;
        let mut payload = play.payload(Bound::Nonce("nonce"));
        payload[&member] = serde_json::from_str(&value).unwrap();
        let holds = attestor.play_payload(&payload, &asked()).is_ok();
        let may_be_empty = member == "accountDetails" || member == "testingDetails";
        prop_assert!(!holds || (may_be_empty && (value == "{}" || value == "[]")), "{member}: {value}");
    }
}
