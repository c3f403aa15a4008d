//! What phones say about the app that runs on them: Apple's App Attest, Google's Play Integrity and Android's key
//! attestation, checked by a library behind this trait. Challenges, policy and keeping are the rules'; the verifier only
//! says whether a statement holds. Law: it has no clock and asks nobody, so the same bytes get the same answer.

mod flaw;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vestibule_jose::{Algorithm, Jwk};

use super::{Secret, Timestamp};

pub use flaw::Flaw;

/// Checks what platforms say about apps and their keys.
pub trait Attestors: Send + Sync {
    /// The key that an App Attest attestation object speaks for (`DCAppAttestService.attestKey`).
    ///
    /// # Errors
    /// What is wrong with it.
    fn apple_attestation(&self, object: &[u8], asked: &AppleAsked<'_>) -> Result<AppleKey, Flaw>;

    /// The counter after an App Attest assertion by `key` (`DCAppAttestService.generateAssertion`), always higher than the
    /// key's; it has to be kept, or the assertion could be sent again.
    ///
    /// # Errors
    /// What is wrong with it.
    fn apple_assertion(&self, object: &[u8], key: &AppleKey, asked: &AppleAsked<'_>) -> Result<u32, Flaw>;

    /// What a classic Play Integrity token says, decrypted and checked with the app's own keys from the Play console.
    ///
    /// # Errors
    /// What is wrong with it, or with what it says.
    fn play_integrity(&self, token: &str, keys: &PlayKeys, asked: &PlayAsked<'_>) -> Result<PlayVerdict, Flaw>;

    /// The same judgement of a payload that Google's `decodeIntegrityToken` decoded, the only way for standard tokens.
    /// `payload` is `tokenPayloadExternal` of its answer, or the answer with that member.
    ///
    /// # Errors
    /// What is wrong with what it says.
    fn play_payload(&self, payload: &Value, asked: &PlayAsked<'_>) -> Result<PlayVerdict, Flaw>;

    /// The key that an Android key attestation speaks for: a chain of DER certificates, the key's own first.
    ///
    /// # Errors
    /// What is wrong with it.
    fn android_key(&self, chain: &[Vec<u8>], asked: &AndroidAsked<'_>) -> Result<AndroidKey, Flaw>;
}

/// What an app on an Apple device was asked.
#[derive(Clone, Copy, Debug)]
pub struct AppleAsked<'a> {
    /// Team id and bundle id: `TEAMID.com.example.app`.
    pub app_id: &'a str,
    /// The key id that the app gave beside the attestation, decoded; the attestation has to be that key's. Not read for
    /// assertions, whose key is known.
    pub key_id: Option<&'a [u8]>,
    /// SHA-256 of the client data, in which the challenge is.
    pub client_data_hash: [u8; 32],
    /// Keys of the development environment are taken too.
    pub development: bool,
    /// The present moment.
    pub now: Timestamp,
}

/// A key of an app in the Secure Enclave of an Apple device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppleKey {
    /// Its id: SHA-256 of the public key's point.
    pub id: [u8; 32],
    /// Its public half, on P-256.
    pub public_key: Jwk,
    /// The last count of assertions; zero after the attestation.
    pub counter: u32,
    /// It was made in the development environment.
    pub development: bool,
}

/// The keys of one app's classic Play Integrity tokens ("Response encryption" in the Play console).
#[derive(Clone, Debug)]
pub struct PlayKeys {
    /// Unwraps the key of the token's contents (AES-256).
    pub decryption: Secret<[u8; 32]>,
    /// Checks the signature inside (ES256).
    pub verification: Jwk,
}

/// What an app on an Android device was asked, and what it has to be.
#[derive(Clone, Copy, Debug)]
pub struct PlayAsked<'a> {
    /// Package name: `com.example.app`.
    pub package: &'a str,
    /// SHA-256 of the certificates that may have signed the app; one has to be among the token's.
    pub signers: &'a [[u8; 32]],
    /// What the token has to be bound to.
    pub bound: Bound<'a>,
    /// The oldest token that is taken.
    pub max_age: Duration,
    /// The least trust in the device.
    pub device: Integrity,
    /// The present moment.
    pub now: Timestamp,
}

/// What ties a Play Integrity token to one question. Compared exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound<'a> {
    /// `nonce` of a classic token, as the app gave it: base64url.
    Nonce(&'a str),
    /// `requestHash` of a standard token.
    RequestHash(&'a str),
}

/// How far a device is trusted (`deviceRecognitionVerdict`), least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integrity {
    /// `MEETS_BASIC_INTEGRITY`: it may run an unapproved system.
    Basic,
    /// `MEETS_DEVICE_INTEGRITY`: a certified Android device.
    Device,
    /// `MEETS_STRONG_INTEGRITY`: certified, with a proof of its boot by hardware and recent security updates.
    Strong,
}

/// What a Play Integrity token says, once it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlayVerdict {
    /// The trust in the device; verdicts of other names are left out.
    pub device: BTreeSet<Integrity>,
    /// The user got the app from Play (`LICENSED`); not asked for, since it says nothing about the app.
    pub licensed: bool,
    /// The app's version, if it was told.
    pub version: Option<u64>,
    /// When the token was asked for.
    pub asked_at: Timestamp,
}

/// What an Android device was asked for with a key, and what the key has to be.
#[derive(Clone, Copy, Debug)]
pub struct AndroidAsked<'a> {
    /// The challenge given to `setAttestationChallenge`.
    pub challenge: &'a [u8],
    /// Package name: `com.example.app`.
    pub package: &'a str,
    /// SHA-256 of the certificates that may have signed the app; one has to be among the attested.
    pub signers: &'a [[u8; 32]],
    /// Where the key has to live at least.
    pub level: Level,
    /// The present moment.
    pub now: Timestamp,
}

/// A key in the hardware of an Android device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AndroidKey {
    /// Its public half.
    pub public_key: Jwk,
    /// Where it lives.
    pub level: Level,
}

/// Where a key lives, least safe first. Software is absent: it proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// The trusted execution environment of the main processor.
    TrustedEnvironment,
    /// A secure element of its own.
    StrongBox,
}

impl PlayKeys {
    /// The keys as the Play console shows them, both in base64: the AES key, and the verification key as
    /// `SubjectPublicKeyInfo`. None if either is another kind of key.
    pub fn read(decryption: &Secret<String>, verification: &str) -> Option<Self> {
        let decryption = Secret::new(base64(decryption.expose())?);
        let key = <[u8; 32]>::try_from(decryption.expose().as_slice()).ok()?;
        let verification = Jwk::from_spki(&base64(verification)?).ok()?;
        verification.serves(Algorithm::ES256).then(|| Self { decryption: Secret::new(key), verification })
    }
}

impl Integrity {
    /// The verdict's name in tokens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "MEETS_BASIC_INTEGRITY",
            Self::Device => "MEETS_DEVICE_INTEGRITY",
            Self::Strong => "MEETS_STRONG_INTEGRITY",
        }
    }
}

fn base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text.trim()).ok()
}
