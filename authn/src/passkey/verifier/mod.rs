//! The relying party's checks of WebAuthn Level 3: §7.1 for a new passkey, §7.2 for a proof by one. It keeps nothing and
//! asks nobody: challenge, party and passkey come from the caller, who also settles whose passkey it is, for `userHandle` is
//! not signed. Law: a signature counts only over the very bytes that were checked.
//!
//! No library does this, because the one that could, webauthn-rs-core 0.6.2, checks no Ed25519 signature at all, reads the
//! clock by itself, and brings 107 crates where this brings six: a second crypto library (a pre-release of `rsa` among it)
//! and nine duplicate versions, argon2 included. It is the oracle of the tests instead.
//!
//! No attestation is asked for, so statements about the maker of an authenticator are passed over; a statement that the
//! passkey itself signed has to hold.

mod answer;
mod attestation;
mod authenticator_data;
mod client_data;
mod public_key;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use vestibule_core::credential::PasskeyKey;
use vestibule_core::ports::Passkeys;
use vestibule_core::ports::passkeys::{Asked, Flaw, Party};
use vestibule_jose::{base64url, from_base64url, sha256};

use answer::{Answer, Creation, Proof};
use attestation::Attestation;
use authenticator_data::AuthenticatorData;
use client_data::Act;
use public_key::PublicKey;

/// Checks passkeys; holds nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verifier;

impl Passkeys for Verifier {
    fn created(&self, party: &Party, ask: &Asked<'_>, answer: &Value) -> Result<PasskeyKey, Flaw> {
        let Answer { id, response, discoverable } = Answer::<Creation>::read(answer)?;
        client_data::check(&response.client_data, Act::Create, party, ask)?;
        let attestation = Attestation::read(&response.attestation).ok_or(Flaw::Malformed)?;
        let data = AuthenticatorData::read(&attestation.data).ok_or(Flaw::Malformed)?;
        data.check(party, ask)?;
        let made = data.attested.as_ref().ok_or(Flaw::Malformed)?;
        if made.id != id {
            return Err(Flaw::Credential);
        }
        let key = PublicKey::read(made.key)?;
        attestation.check(&key, &signed(&attestation.data, &response.client_data))?;
        let record =
            Record { key: base64url(made.key), counter: data.counter, backup_eligible: data.may_be_backed_up() };
        Ok(PasskeyKey {
            id: base64url(made.id),
            rp_id: party.id.clone(),
            record: record.write()?,
            aaguid: made.model(),
            transports: response.transports(),
            discoverable,
            backed_up: data.is_backed_up(),
        })
    }

    fn proved(&self, party: &Party, ask: &Asked<'_>, key: &PasskeyKey, answer: &Value) -> Result<PasskeyKey, Flaw> {
        let Answer { id, response, .. } = Answer::<Proof>::read(answer)?;
        if base64url(&id) != key.id {
            return Err(Flaw::Credential);
        }
        let record = Record::read(key)?;
        client_data::check(&response.client_data, Act::Get, party, ask)?;
        let data = AuthenticatorData::read(&response.authenticator_data).ok_or(Flaw::Malformed)?;
        data.check(party, ask)?;
        if key.rp_id != party.id {
            return Err(Flaw::RelyingParty);
        }
        // What a passkey was made with decides for good whether it may leave its device (§6.1.3).
        if data.may_be_backed_up() != record.backup_eligible {
            return Err(Flaw::Backup);
        }
        let signed = signed(&response.authenticator_data, &response.client_data);
        record.key()?.verify(&signed, &response.signature)?;
        // Two that count from one number are copies of one key; an authenticator that does not count says 0 (§6.1.1).
        if (data.counter, record.counter) != (0, 0) && data.counter <= record.counter {
            return Err(Flaw::Counter);
        }
        let record = Record { counter: data.counter, ..record };
        Ok(PasskeyKey { record: record.write()?, backed_up: data.is_backed_up(), ..key.clone() })
    }
}

/// The verifier's own account of a passkey.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// The public key as the authenticator wrote it, in base64url.
    key: String,
    /// The last count of signatures.
    counter: u32,
    /// It may be synchronised between devices.
    backup_eligible: bool,
}

impl Record {
    /// The account in `key`; one that cannot be read proves nothing.
    fn read(key: &PasskeyKey) -> Result<Self, Flaw> {
        Self::deserialize(&key.record).map_err(|_| Flaw::Malformed)
    }

    fn key(&self) -> Result<PublicKey, Flaw> {
        PublicKey::read(&from_base64url(&self.key).ok_or(Flaw::Malformed)?)
    }

    fn write(&self) -> Result<Value, Flaw> {
        serde_json::to_value(self).map_err(|_| Flaw::Malformed)
    }
}

/// What an authenticator signs: its data and the hash of the client's (§6.3.3, §8.2).
fn signed(authenticator_data: &[u8], client_data: &[u8]) -> Vec<u8> {
    [authenticator_data, sha256(client_data).as_slice()].concat()
}
