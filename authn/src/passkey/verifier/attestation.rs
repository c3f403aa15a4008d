//! What comes with a new passkey (WebAuthn Level 3 §6.5.4): the authenticator's data and a statement about it. A statement
//! by a maker would need the makers' certificates; since none is asked for, only self-attestation is judged (§8.2).

use ciborium::Value;
use vestibule_core::ports::passkeys::Flaw;
use vestibule_jose::cbor;

use super::public_key::PublicKey;

/// An attestation object.
pub struct Attestation {
    format: String,
    statement: Vec<(Value, Value)>,
    /// Authenticator data.
    pub data: Vec<u8>,
}

impl Attestation {
    /// Reads all of `bytes`.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (object, rest) = cbor::item(bytes)?;
        let object = rest.is_empty().then(|| object.into_map().ok())??;
        Some(Self {
            format: cbor::member(&object, "fmt")?.as_text()?.to_owned(),
            statement: cbor::member(&object, "attStmt")?.as_map()?.clone(),
            data: cbor::member(&object, "authData")?.as_bytes()?.clone(),
        })
    }

    /// Checks the statement about the passkey `key` over the bytes that authenticators sign (§7.1 step 21).
    pub fn check(&self, key: &PublicKey, signed: &[u8]) -> Result<(), Flaw> {
        match self.format.as_str() {
            "none" if self.statement.is_empty() => Ok(()),
            "none" => Err(Flaw::Malformed),
            "packed" if !self.names("x5c") && !self.names("ecdaaKeyId") => self.check_own(key, signed),
            _ => Ok(()),
        }
    }

    /// Self-attestation: the passkey signs for itself, with the algorithm of its key (§8.2.1).
    fn check_own(&self, key: &PublicKey, signed: &[u8]) -> Result<(), Flaw> {
        let alg = cbor::member(&self.statement, "alg").and_then(cbor::integer).ok_or(Flaw::Malformed)?;
        let signature = cbor::member(&self.statement, "sig").and_then(Value::as_bytes).ok_or(Flaw::Malformed)?;
        if alg != key.algorithm() {
            return Err(Flaw::Algorithm);
        }
        key.verify(signed, signature)
    }

    fn names(&self, member: &str) -> bool {
        self.statement.iter().any(|(name, _)| name.as_text() == Some(member))
    }
}
