//! Keys of apps on devices that a platform attested once and that speak for the app from then on. Law: the counter of a key
//! only rises, and a revoked key stays known so that it cannot be attested anew.

use vestibule_jose::{Jwk, from_base64url};

use crate::ports::attest::AppleKey;
use crate::ports::{AppId, TenantId, Timestamp};

/// A key that a platform attested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestedKey {
    /// The realm.
    pub tenant: TenantId,
    /// The application whose app holds it.
    pub app: AppId,
    /// Its name as the platform gives it, in base64url: of App Attest SHA-256 of the public key.
    pub id: String,
    /// The public half.
    pub public: Jwk,
    /// It was attested in the platform's environment for development.
    pub development: bool,
    /// The counter of its last assertion.
    pub counter: u32,
    /// An operator took it back.
    pub revoked: bool,
    /// When it was attested.
    pub attested: Timestamp,
    /// When it is forgotten, if it is not used before.
    pub expires: Timestamp,
}

impl AttestedKey {
    /// The key as the platform's verifier knows it.
    pub(super) fn apple(&self) -> Option<AppleKey> {
        let id = from_base64url(&self.id)?.try_into().ok()?;
        let Self { public, counter, development, .. } = self;
        Some(AppleKey { id, public_key: public.clone(), counter: *counter, development: *development })
    }
}
