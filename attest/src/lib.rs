//! What phones say about the apps that run on them, checked: Apple's App Attest, Google's Play Integrity and Android's key
//! attestation. It keeps nothing, asks nobody and reads no clock; whose word is taken is fixed when it is made. Law: a
//! statement counts only over the very bytes that were checked, and whatever cannot be read is refused.
//!
//! Certificates are read and checked here, not by rustls-webpki: that one asks leaves for names and uses that these have
//! not, and holds a pinned root to nothing but its key, which is also what is done here.

mod android;
mod apple;
#[cfg(any(test, feature = "forge"))]
pub mod forge;
mod play;
mod roots;
#[cfg(test)]
mod tests;
mod x509;

use serde_json::Value;
use vestibule_core::ports::Attestors;
use vestibule_core::ports::attest::{
    AndroidAsked, AndroidKey, AppleAsked, AppleKey, Flaw, PlayAsked, PlayKeys, PlayVerdict,
};

pub use roots::{BadRoots, Revoked, Roots};

use x509::Anchor;

/// Checks attestations against the roots that it was given.
#[derive(Clone, Debug)]
pub struct Attestor {
    apple: Vec<Anchor>,
    google: Vec<Anchor>,
    revoked: Revoked,
}

impl Attestor {
    /// Takes the word of whoever these roots vouch for.
    ///
    /// # Errors
    /// A root cannot be read.
    pub fn new(roots: Roots) -> Result<Self, BadRoots> {
        Ok(Self { apple: anchors(&roots.apple)?, google: anchors(&roots.google)?, revoked: roots.revoked })
    }
}

fn anchors(roots: &[Vec<u8>]) -> Result<Vec<Anchor>, BadRoots> {
    roots.iter().map(|der| Anchor::read(der).ok_or(BadRoots)).collect()
}

impl Attestors for Attestor {
    fn apple_attestation(&self, object: &[u8], asked: &AppleAsked<'_>) -> Result<AppleKey, Flaw> {
        apple::attestation(&self.apple, object, &asked.client_data_hash, asked)
    }

    fn apple_assertion(&self, object: &[u8], key: &AppleKey, asked: &AppleAsked<'_>) -> Result<u32, Flaw> {
        apple::assertion(object, key, asked)
    }

    fn play_integrity(&self, token: &str, keys: &PlayKeys, asked: &PlayAsked<'_>) -> Result<PlayVerdict, Flaw> {
        play::judge(&play::open(token, keys)?, asked)
    }

    fn play_payload(&self, payload: &Value, asked: &PlayAsked<'_>) -> Result<PlayVerdict, Flaw> {
        play::judge(payload.get("tokenPayloadExternal").unwrap_or(payload), asked)
    }

    fn android_key(&self, chain: &[Vec<u8>], asked: &AndroidAsked<'_>) -> Result<AndroidKey, Flaw> {
        android::key(&self.google, &self.revoked, chain, asked)
    }
}
