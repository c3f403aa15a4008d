//! What a device is asked that is to make a passkey: the one document for pages, apps and logins.

use std::time::Duration;

use serde_json::{Value, json};
use vestibule_jose::base64url;

use super::PasskeyKey;
use crate::ports::UserId;
use crate::ports::passkeys::{ALGORITHMS, Party};
use crate::user::User;

/// A wish for a passkey.
pub struct Creation<'a> {
    /// Who asks.
    pub party: &'a Party,
    /// The challenge.
    pub challenge: &'a [u8; 32],
    /// Whose it will be.
    pub user: &'a User,
    /// Passkeys that the user has already: their devices need not make another.
    pub held: Vec<&'a PasskeyKey>,
    /// It must be usable without naming the user first.
    pub usernameless: bool,
    /// How long the device may take.
    pub lifetime: Duration,
}

impl Creation<'_> {
    /// `PublicKeyCredentialCreationOptionsJSON` (WebAuthn Level 3 §5.1.9).
    pub fn options(&self) -> Value {
        let kind = "public-key";
        let held: Vec<Value> =
            self.held.iter().map(|key| json!({"type": kind, "id": key.id, "transports": key.transports})).collect();
        let algorithms: Vec<Value> = ALGORITHMS.iter().map(|alg| json!({"type": kind, "alg": alg})).collect();
        let resident = if self.usernameless { "required" } else { "preferred" };
        json!({
            "rp": {"id": self.party.id, "name": self.party.name},
            "user": {
                "id": user_handle(&self.user.id),
                "name": self.user.name,
                "displayName": self.user.profile.full_name().unwrap_or_else(|| self.user.name.clone()),
            },
            "challenge": base64url(self.challenge),
            "pubKeyCredParams": algorithms,
            "timeout": u64::try_from(self.lifetime.as_millis()).unwrap_or(u64::MAX),
            "excludeCredentials": held,
            "authenticatorSelection": {
                "residentKey": resident, "requireResidentKey": self.usernameless, "userVerification": "required",
            },
            "attestation": "none",
            "extensions": {"credProps": true},
        })
    }
}

/// The user as authenticators know it: it says nothing of the person (WebAuthn Level 3 §14.6.1).
pub fn user_handle(user: &UserId) -> String {
    base64url(user.as_bytes())
}
