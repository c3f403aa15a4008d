//! Phones and Play in software, under roots of their own, for tests: of this crate and of those above it. What they make is
//! right as it comes, and wrong in whatever way a test sets their fields. It belongs in no server: the feature `forge` is
//! for dev-dependencies.
//!
//! ```
//! # use vestibule_attest::forge::Forge;
//! # use vestibule_core::ports::{Attestors as _, Timestamp};
//! # use vestibule_core::ports::attest::AppleAsked;
//! # let (now, client_data_hash) = (Timestamp::from_seconds(1_772_366_400), [7; 32]);
//! let forge = Forge::new(now);
//! let attestor = forge.attestor();
//! let mut phone = forge.apple("A1B2C3D4E5.com.example.bank");
//! let asked = AppleAsked { app_id: &phone.app_id.clone(), key_id: None, client_data_hash, development: false, now };
//! let key = attestor.apple_attestation(&phone.attestation(&client_data_hash), &asked).unwrap();
//! assert_eq!(attestor.apple_assertion(&phone.assertion(&client_data_hash), &key, &asked), Ok(1));
//! phone.paper.is_foreign = true;
//! assert!(attestor.apple_attestation(&phone.attestation(&client_data_hash), &asked).is_err());
//! ```
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod android;
mod apple;
mod der;
mod maker;
mod play;

use std::sync::Arc;

use vestibule_core::ports::Timestamp;

use crate::{Attestor, Revoked, Roots};
use maker::Maker;

pub use android::AndroidPhone;
pub use apple::{ApplePhone, DEVELOPMENT, PRODUCTION};
pub use maker::Paper;
pub use play::Play;

/// An Apple and a Google of one's own.
pub struct Forge {
    now: Timestamp,
    apple: Arc<Maker>,
    google: Arc<Maker>,
}

impl Forge {
    /// Makers whose certificates are valid around `now`.
    pub fn new(now: Timestamp) -> Self {
        let maker = |name| Arc::new(Maker::new(name, now));
        Self { now, apple: maker("Forged App Attestation"), google: maker("Forged Key Attestation") }
    }

    /// Their roots; nothing is revoked.
    pub fn roots(&self) -> Roots {
        Roots { apple: vec![self.apple.root()], google: vec![self.google.root()], revoked: Revoked::default() }
    }

    /// Takes the word of these makers, and of nobody else.
    pub fn attestor(&self) -> Attestor {
        Attestor::new(self.roots()).unwrap()
    }

    /// An Apple device with a new key of an app: `TEAMID.com.example.app`.
    pub fn apple(&self, app_id: &str) -> ApplePhone {
        ApplePhone::new(&self.apple, app_id, Paper::new(self.now))
    }

    /// An Android device with a new key of an app that was signed with the certificate of this SHA-256.
    pub fn android(&self, package: &str, signer: [u8; 32]) -> AndroidPhone {
        AndroidPhone::new(&self.google, package, signer, Paper::new(self.now))
    }

    /// Play, as it speaks of an app that was signed with the certificate of this SHA-256.
    pub fn play(&self, package: &str, signer: [u8; 32]) -> Play {
        Play::new(package, signer, self.now)
    }
}
