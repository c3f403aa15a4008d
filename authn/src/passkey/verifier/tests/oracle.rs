//! Another implementation's opinion of the same answers. It has no Ed25519, compares origins as URLs and looks neither at
//! `topOrigin`, nor at bytes that are left over, nor at `crossOrigin` of a proof, so those stay out.

use std::time::Duration;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use url::Url;
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::proto::{COSEAlgorithm, Credential, UserVerificationPolicy};

use super::*;

fn oracle() -> WebauthnCore {
    let origins = vec![Url::parse(ORIGIN).unwrap(), Url::parse(APP).unwrap()];
    WebauthnCore::new_unsafe_experts_only("Example", RP, origins, Duration::from_secs(60), Some(false), Some(false))
}

const fn policy(verified: bool) -> UserVerificationPolicy {
    if verified { UserVerificationPolicy::Required } else { UserVerificationPolicy::Discouraged_DO_NOT_USE }
}

/// The oracle's state with our challenge in it.
fn with_our_challenge<T: serde::Serialize + DeserializeOwned>(state: &T) -> T {
    let mut state = serde_json::to_value(state).unwrap();
    state["challenge"] = challenge().into();
    serde_json::from_value(state).unwrap()
}

fn oracle_created(verified: bool, answer: &Value) -> Option<Credential> {
    let oracle = oracle();
    let builder = oracle.new_challenge_register_builder(b"user", "user", "User").unwrap();
    let builder =
        builder.user_verification_policy(policy(verified)).credential_algorithms(COSEAlgorithm::secure_algs());
    let (_, state) = oracle.generate_challenge_register(builder).unwrap();
    let answer = serde_json::from_value(answer.clone()).ok()?;
    oracle.register_credential(&answer, &with_our_challenge(&state), None).ok()
}

/// The counter after the proof.
fn oracle_proved(verified: bool, key: &Credential, answer: &Value) -> Option<u32> {
    let oracle = oracle();
    let builder = oracle.new_challenge_authenticate_builder(vec![key.clone()], Some(policy(verified))).unwrap();
    let (_, state) = oracle.generate_challenge_authenticate(builder).unwrap();
    let answer = serde_json::from_value(answer.clone()).ok()?;
    oracle.authenticate_credential(&answer, &with_our_challenge(&state)).ok().map(|result| result.counter())
}

/// What a passkey says, right or wrong.
#[derive(Clone, Debug)]
struct Said {
    flags: u8,
    counter: u32,
    origin: &'static str,
    rp_id: &'static str,
    cross_origin: Option<bool>,
    kind: Option<&'static str>,
    challenge: [u8; 32],
}

impl Said {
    fn by(&self, key: &mut SoftKey) {
        key.flags = self.flags;
        key.counter = self.counter;
        key.origin = self.origin.to_owned();
        key.rp_id = self.rp_id.to_owned();
        key.cross_origin = self.cross_origin;
        key.kind = self.kind.map(str::to_owned);
    }
}

/// Mostly right, so that each check is reached.
fn said() -> impl Strategy<Value = Said> {
    let flags = prop_oneof![4 => Just(0x1d), 4 => Just(0x05), 2 => 0..0x40_u8];
    let origin = prop_oneof![
        8 => Just(ORIGIN),
        4 => Just(APP),
        1 => Just("https://login.example.com:444"),
        1 => Just("https://example.com"),
        1 => Just("http://login.example.com"),
    ];
    let rp_id = prop_oneof![9 => Just(RP), 1 => Just("example.org")];
    let cross_origin = prop_oneof![5 => Just(Some(false)), 4 => Just(None), 1 => Just(Some(true))];
    let kind = prop_oneof![8 => Just(None), 1 => Just(Some("webauthn.get")), 1 => Just(Some("webauthn.create"))];
    let challenge = prop_oneof![9 => Just(QUESTION), 1 => Just([8; 32])];
    (flags, 0..4_u32, origin, rp_id, cross_origin, kind, challenge).prop_map(
        |(flags, counter, origin, rp_id, cross_origin, kind, challenge)| Said {
            flags,
            counter,
            origin,
            rp_id,
            cross_origin,
            kind,
            challenge,
        },
    )
}

proptest! {
    #[test]
    fn both_agree_on_creations(
        said in said(),
        kind in prop::sample::select(&[Kind::Es256, Kind::Es384][..]),
        format in prop::sample::select(&["none", "packed"][..]),
        verified: bool,
    ) {
        let mut key = key(kind);
        said.by(&mut key);
        key.format = format.to_owned();
        let answer = key.create(&base64url(&said.challenge));
        let ours = Verifier.created(&party(), &asked(verified), &answer);
        let theirs = oracle_created(verified, &answer);
        prop_assert_eq!(ours.is_ok(), theirs.is_some(), "{:?}", ours);
        if let (Ok(ours), Some(theirs)) = (ours, theirs) {
            prop_assert_eq!(ours.id, base64url(theirs.cred_id.as_slice()));
            prop_assert_eq!(ours.backed_up, theirs.backup_state);
            prop_assert_eq!(&ours.record["counter"], theirs.counter);
            prop_assert_eq!(&ours.record["backup_eligible"], theirs.backup_eligible);
        }
    }

    #[test]
    fn both_agree_on_proofs(
        said in said(),
        kind in prop::sample::select(&[Kind::Es256, Kind::Es384][..]),
        stored in 0..4_u32,
        eligible: bool,
        verified: bool,
        flip in prop::option::weighted(0.2, (0..3_usize, any::<usize>(), 1..=u8::MAX)),
    ) {
        let mut key = key(kind);
        key.flags = if eligible { 0x1d } else { 0x05 };
        key.counter = stored;
        let creation = key.create(&challenge());
        let ours = Verifier.created(&party(), &asked(verified), &creation).unwrap();
        let theirs = oracle_created(verified, &creation).unwrap();
        Said { cross_origin: said.cross_origin.filter(|cross| !cross), ..said }.by(&mut key);
        let mut answer = key.get(&base64url(&said.challenge));
        if let Some((name, place, mask)) = flip {
            let name = ["clientDataJSON", "authenticatorData", "signature"][name];
            let mut bytes = part(&answer, name);
            let place = place % bytes.len();
            bytes[place] ^= mask;
            answer = with_part(&answer, name, &bytes);
        }
        let ours = Verifier.proved(&party(), &asked(verified), &ours, &answer);
        let theirs = oracle_proved(verified, &theirs, &answer);
        prop_assert_eq!(ours.is_ok(), theirs.is_some(), "{:?}", ours);
        if let (Ok(ours), Some(theirs)) = (ours, theirs) {
            prop_assert_eq!(&ours.record["counter"], theirs);
        }
    }
}

#[test]
fn both_agree_on_rsa() {
    let key = key(Kind::Rs256);
    let (creation, proof) = (key.create(&challenge()), key.get(&challenge()));
    let (ours, theirs) = (enrolled(&key), oracle_created(true, &creation).unwrap());
    assert!(proved(&ours, &proof).is_ok());
    assert_eq!(oracle_proved(true, &theirs, &proof), Some(0));
    let mut signature = part(&proof, "signature");
    signature[100] ^= 1;
    let forged = with_part(&proof, "signature", &signature);
    assert_eq!(proved(&ours, &forged), Err(Flaw::Signature));
    assert_eq!(oracle_proved(true, &theirs, &forged), None);
}
