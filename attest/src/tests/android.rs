//! Android's key attestation.

use vestibule_core::ports::Attestors as _;
use vestibule_core::ports::attest::{AndroidAsked, AndroidKey, Flaw, Level};
use vestibule_jose::base64url;

use super::{CHALLENGE, NOW, PACKAGE, SIGNER};
use crate::forge::{AndroidPhone, Forge};
use crate::{Attestor, Revoked};

struct Scene {
    forge: Forge,
    attestor: Attestor,
    phone: AndroidPhone,
    challenge: &'static [u8],
    package: &'static str,
    signers: Vec<[u8; 32]>,
    level: Level,
}

impl Scene {
    fn new() -> Self {
        let forge = Forge::new(NOW);
        Self {
            attestor: forge.attestor(),
            phone: forge.android(PACKAGE, SIGNER),
            forge,
            challenge: CHALLENGE,
            package: PACKAGE,
            signers: vec![[0; 32], SIGNER],
            level: Level::TrustedEnvironment,
        }
    }

    fn check(&self) -> Result<AndroidKey, Flaw> {
        let asked = AndroidAsked {
            challenge: self.challenge,
            package: self.package,
            signers: &self.signers,
            level: self.level,
            now: NOW,
        };
        self.attestor.android_key(&self.phone.chain(CHALLENGE), &asked)
    }

    fn revoke(&mut self, serials: &str) {
        let mut roots = self.forge.roots();
        roots.revoked = Revoked::read(serials.as_bytes()).unwrap();
        self.attestor = Attestor::new(roots).unwrap();
    }
}

/// What comes of a chain after `change`.
fn outcome(change: impl FnOnce(&mut Scene)) -> Result<Level, Flaw> {
    let mut scene = Scene::new();
    change(&mut scene);
    scene.check().map(|key| key.level)
}

fn refusal(change: impl FnOnce(&mut Scene)) -> Flaw {
    outcome(change).unwrap_err()
}

#[test]
fn a_chain_brings_a_key_of_the_app_in_hardware() {
    let scene = Scene::new();
    let key = AndroidKey { public_key: scene.phone.public_key(), level: Level::TrustedEnvironment };
    assert_eq!(scene.check(), Ok(key));
    assert_eq!(outcome(|scene| scene.phone.paper.has_root = true), Ok(Level::TrustedEnvironment));
}

#[test]
fn a_key_is_as_safe_as_the_weaker_of_its_place_and_its_witness() {
    let place =
        |attested_by, kept_by| outcome(|scene| (scene.phone.attested_by, scene.phone.kept_by) = (attested_by, kept_by));
    assert_eq!(place(2, 2), Ok(Level::StrongBox));
    assert_eq!(place(1, 2), Ok(Level::TrustedEnvironment));
    for (attested_by, kept_by) in [(0, 0), (0, 1), (1, 0), (3, 3)] {
        assert_eq!(place(attested_by, kept_by), Err(Flaw::SecurityLevel));
    }
    assert_eq!(refusal(|scene| scene.level = Level::StrongBox), Flaw::SecurityLevel);
}

// Checklist 67.
#[test]
fn a_chain_with_one_fault_is_refused_for_it() {
    assert_eq!(refusal(|scene| scene.challenge = b"another"), Flaw::WrongChallenge);
    assert_eq!(refusal(|scene| scene.challenge = &CHALLENGE[1..]), Flaw::WrongChallenge);
    assert_eq!(refusal(|scene| scene.package = "com.example.other"), Flaw::WrongApp);
    assert_eq!(refusal(|scene| scene.phone.package = "com.example.other".to_owned()), Flaw::WrongApp);
    assert_eq!(refusal(|scene| scene.phone.has_app = false), Flaw::WrongApp);
    assert_eq!(refusal(|scene| scene.phone.signers = vec![[9; 32]]), Flaw::WrongSigner(base64url(&[9; 32])));
    assert_eq!(refusal(|scene| scene.phone.signers.clear()), Flaw::WrongSigner(String::new()));
    assert_eq!(refusal(|scene| scene.signers.clear()), Flaw::WrongSigner(base64url(&SIGNER)));
    assert_eq!(refusal(|scene| scene.phone.origin = 2), Flaw::Imported);
    assert_eq!(refusal(|scene| scene.phone.is_locked = false), Flaw::BootState);
    for state in 1..=3 {
        assert_eq!(refusal(|scene| scene.phone.boot_state = state), Flaw::BootState);
    }
}

#[test]
fn what_the_system_says_of_its_own_start_does_not_count() {
    assert_eq!(refusal(|scene| scene.phone.hardware_saw_boot = false), Flaw::BootState);
}

#[test]
fn a_revoked_certificate_anywhere_in_the_chain_refuses_it() {
    let revoke = |serial: &str| format!(r#"{{"entries":{{"{serial}":{{"status":"REVOKED"}}}}}}"#);
    assert_eq!(outcome(|scene| scene.revoke(&revoke("abce"))), Ok(Level::TrustedEnvironment));
    for serial in ["abcd", "ABCD", "5e71a1"] {
        assert_eq!(refusal(|scene| scene.revoke(&revoke(serial))), Flaw::Revoked);
    }
    let both = r#"{"entries":{"1":{"status":"SUSPENDED"}}}"#;
    assert_eq!(
        refusal(|scene| {
            scene.revoke(both);
            scene.phone.paper.has_root = true;
        }),
        Flaw::Revoked
    );
}

#[test]
fn a_key_that_describes_another_is_not_believed() {
    assert_eq!(refusal(|scene| scene.phone.describes_above = true), Flaw::Chain);
}
