//! What a user holds besides a password: keys for one-time codes, backup codes, passkeys, devices and accounts at other
//! identity providers. What each is good for is decided by the way of signing in that reads it; here is how they are kept.

pub mod backup;
mod party;
pub mod passkey;
pub mod push;
pub mod totp;

pub use party::Relying;
use serde::{Deserialize, Serialize};

use crate::ports::{CredentialId, Ports, TenantId, Timestamp, UserId};
use crate::user::User;

/// Something that a user holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credential {
    /// Names it to its user and to operators.
    pub id: CredentialId,
    /// The realm.
    pub tenant: TenantId,
    /// Whose it is.
    pub user: UserId,
    /// Counts the changes, uses included; a change names the revision that it saw.
    pub revision: u64,
    /// What it is found by: unique in the tenant among those of its kind. The user's id where a user has only one.
    pub handle: String,
    /// A name that the user gave it.
    pub label: String,
    /// The thing itself.
    pub held: Held,
    /// When it was enrolled.
    pub created: Timestamp,
    /// When it was last used.
    pub used: Option<Timestamp>,
}

/// Kinds of things that a user holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A key for time-based codes (RFC 6238); one per user.
    Totp,
    /// A sheet of backup codes; one per user.
    BackupCodes,
    /// A passkey (WebAuthn Level 3).
    Passkey,
    /// A device that answers push notifications.
    PushDevice,
    /// An account at another identity provider.
    Federated,
}

/// The thing that a user holds. It is kept as a document; secrets in it are sealed or hashed before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// A key for time-based codes.
    Totp(TotpKey),
    /// Backup codes.
    BackupCodes(BackupCodes),
    /// A passkey.
    Passkey(PasskeyKey),
    /// A device.
    PushDevice(PushDevice),
    /// An account elsewhere.
    Federated(FederatedAccount),
}

/// A key for time-based codes: six digits, thirty seconds (RFC 6238).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotpKey {
    /// The shared secret, sealed by the server (`Secrets::seal("totp")`).
    pub sealed: String,
    /// The last time step of which a code was accepted: none is accepted twice.
    pub last_step: i64,
}

/// A sheet of backup codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupCodes {
    /// Keyed hashes of the codes that are not used yet.
    pub digests: Vec<String>,
}

/// A passkey. `record` is the verifier's own account of it: public key, counter, flags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyKey {
    /// The credential id in base64url; also the credential's handle.
    pub id: String,
    /// Relying party to which it belongs.
    pub rp_id: String,
    /// Written and read by the verifier only.
    pub record: serde_json::Value,
    /// Model of the authenticator (WebAuthn §6.5.1), as a UUID.
    pub aaguid: Option<String>,
    /// How it can be reached: `internal`, `hybrid`, `usb`, `nfc`, `ble`.
    #[serde(default)]
    pub transports: Vec<String>,
    /// It can be used without naming the user first.
    pub discoverable: bool,
    /// It is synchronised between devices (WebAuthn's backup state).
    pub backed_up: bool,
}

/// A device that answers push notifications.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushDevice {
    /// Its model, for people.
    pub model: String,
    /// Its token at the push service.
    pub token: String,
    /// The key with which it signs its answers, as a JWK.
    pub key: serde_json::Value,
}

/// An account at another identity provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FederatedAccount {
    /// Name of the connection.
    pub connection: String,
    /// The provider's issuer.
    pub issuer: String,
    /// The provider's name of the user.
    pub subject: String,
}

impl Kind {
    /// All kinds.
    pub const ALL: &[Self] = &[Self::Totp, Self::BackupCodes, Self::Passkey, Self::PushDevice, Self::Federated];

    /// Whether it is a factor beside the password. Backup codes are none of their own: they outlive the device that they stand
    /// in for; an account elsewhere is another's word.
    pub const fn is_second_factor(self) -> bool {
        matches!(self, Self::Totp | Self::Passkey | Self::PushDevice)
    }

    /// As stores and operators write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::BackupCodes => "backup-codes",
            Self::Passkey => "passkey",
            Self::PushDevice => "push-device",
            Self::Federated => "federated",
        }
    }
}

impl Held {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Totp(_) => Kind::Totp,
            Self::BackupCodes(_) => Kind::BackupCodes,
            Self::Passkey(_) => Kind::Passkey,
            Self::PushDevice(_) => Kind::PushDevice,
            Self::Federated(_) => Kind::Federated,
        }
    }
}

impl Credential {
    /// A new one of the user's, found by `handle`.
    pub fn new(user: &User, handle: String, label: &str, held: Held, ports: &Ports) -> Self {
        let now = ports.clock.now();
        Self {
            id: CredentialId::ordered(now, &*ports.entropy),
            tenant: user.tenant.clone(),
            user: user.id,
            revision: 1,
            handle,
            label: label.to_owned(),
            held,
            created: now,
            used: None,
        }
    }

    /// Its kind.
    pub const fn kind(&self) -> Kind {
        self.held.kind()
    }

    /// The credential after a use that leaves `held` behind.
    #[must_use]
    pub fn used(&self, held: Held, now: Timestamp) -> Self {
        Self { held, used: Some(now), revision: self.revision.saturating_add(1), ..self.clone() }
    }
}

impl FederatedAccount {
    /// What the account is found by: connection, issuer and subject, told apart whatever characters they have. Another
    /// connection that names the same issuer speaks for none of its accounts: it may trust other keys.
    pub fn handle(&self) -> String {
        let parts = [self.connection.as_bytes(), self.issuer.as_bytes(), self.subject.as_bytes()].join(&0);
        vestibule_jose::base64url(&vestibule_jose::sha256(&parts))
    }
}
