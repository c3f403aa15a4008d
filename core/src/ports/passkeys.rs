//! The relying party's checks of WebAuthn (Level 3 §7), by a library behind this trait. Challenges, policy and keeping are
//! the rules'; the verifier only says whether an answer holds.

use serde_json::Value;

use crate::credential::PasskeyKey;

/// Who asks for a passkey, and where from it may be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Relying party id: a domain, as `example.com`.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Origins whose answers hold: `https://login.example.com`, `android:apk-key-hash:…`. Compared exactly.
    pub origins: Vec<String>,
}

/// The algorithms of passkeys, best first, by their COSE numbers (RFC 9053 §2, RFC 8812 §2): ES256, ES384, EdDSA with Ed25519
/// and RS256. RS1, which WSO2 asks for too, is absent: SHA-1 proves nothing.
pub const ALGORITHMS: [i64; 4] = [-7, -35, -8, -257];

/// Checks what authenticators say.
pub trait Passkeys: Send + Sync {
    /// The passkey that an answer to `navigator.credentials.create` made (§7.1): challenge, type, origin, relying party, user
    /// presence and, if `verified`, user verification; algorithms ES256, ES384, EdDSA and RS256. `answer` is the
    /// `RegistrationResponseJSON` of §5.1.8.3, of which `rawId` and `clientExtensionResults` may be absent.
    ///
    /// # Errors
    /// What is wrong with it.
    fn created(&self, party: &Party, ask: &Asked<'_>, answer: &Value) -> Result<PasskeyKey, Flaw>;

    /// The passkey after an answer to `navigator.credentials.get` (§7.2) that `key` signed: challenge, type, origin, relying
    /// party, flags, signature and counter. `answer` is the `AuthenticationResponseJSON` of §5.1.8.4.
    ///
    /// # Errors
    /// What is wrong with it.
    fn proved(&self, party: &Party, ask: &Asked<'_>, key: &PasskeyKey, answer: &Value) -> Result<PasskeyKey, Flaw>;
}

/// What an authenticator was asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The challenge.
    pub challenge: &'a [u8; 32],
    /// The user must have been verified, by a PIN or a finger.
    pub verified: bool,
}

/// What is wrong with an answer: for the log and for tests; clients are told that it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It cannot be read.
    Malformed,
    /// It answers another challenge.
    Challenge,
    /// It was made for another origin.
    Origin,
    /// It was made in a page embedded in one of another origin.
    CrossOrigin,
    /// It was made for another relying party.
    RelyingParty,
    /// It is of another type, as a creation where a proof was asked for.
    Type,
    /// The user was not there.
    Presence,
    /// The user was not verified.
    Verification,
    /// What it says of backups contradicts itself or what the passkey was made with.
    Backup,
    /// The algorithm is not one of those asked for.
    Algorithm,
    /// The signature does not hold.
    Signature,
    /// The counter went back: the authenticator may have been copied.
    Counter,
    /// It was signed by another credential than it names.
    Credential,
}
