//! The answers of browsers and apps as JSON (WebAuthn Level 3 §5.1.8.3, §5.1.8.4), as far as they are read. Everything is
//! bounded before it is decoded; members that a client repeats for convenience (`publicKey`, `authenticatorData` of a
//! creation) are not read, since only the signed bytes count.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};
use serde_json::Value;
use vestibule_core::ports::passkeys::Flaw;
use vestibule_jose::from_base64url_lenient;

/// An answer of either kind.
pub struct Answer<R> {
    /// The credential's id, as the client says.
    pub id: Vec<u8>,
    /// What is special to the kind.
    pub response: R,
    /// The client told that the passkey can be used without naming the user (`credProps.rk`, §10.1.3).
    pub discoverable: bool,
}

/// The response of a creation (§5.2.1).
#[derive(Deserialize)]
pub struct Creation {
    #[serde(rename = "clientDataJSON", deserialize_with = "bytes")]
    pub client_data: Vec<u8>,
    #[serde(rename = "attestationObject", deserialize_with = "bytes")]
    pub attestation: Vec<u8>,
    transports: Option<Vec<String>>,
}

/// The response of a proof (§5.2.2).
#[derive(Deserialize)]
pub struct Proof {
    #[serde(rename = "clientDataJSON", deserialize_with = "bytes")]
    pub client_data: Vec<u8>,
    #[serde(rename = "authenticatorData", deserialize_with = "bytes")]
    pub authenticator_data: Vec<u8>,
    #[serde(deserialize_with = "bytes")]
    pub signature: Vec<u8>,
}

impl<R: DeserializeOwned> Answer<R> {
    /// Reads an answer whose two names of the credential agree.
    pub fn read(answer: &Value) -> Result<Self, Flaw> {
        let Wire { id, raw_id, kind, response, client_extension_results: extensions } =
            Wire::deserialize(answer).map_err(|_| Flaw::Malformed)?;
        if kind != "public-key" {
            return Err(Flaw::Malformed);
        }
        if raw_id.is_some_and(|raw| raw.0 != id) {
            return Err(Flaw::Credential);
        }
        let told = extensions.and_then(|extensions| extensions.cred_props?.rk);
        Ok(Self { id, response, discoverable: told.unwrap_or(false) })
    }
}

impl Creation {
    /// How the passkey can be reached: the registered values (§5.8.4) that the client named, since the list is kept and
    /// handed out again.
    pub fn transports(&self) -> Vec<String> {
        let told = self.transports.as_deref().unwrap_or_default();
        let known = TRANSPORTS.iter().filter(|known| told.iter().any(|told| told == *known));
        known.map(|known| (*known).to_owned()).collect()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<R> {
    #[serde(deserialize_with = "bytes")]
    id: Vec<u8>,
    raw_id: Option<Bytes>,
    #[serde(rename = "type")]
    kind: String,
    response: R,
    client_extension_results: Option<Extensions>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Extensions {
    cred_props: Option<CredProps>,
}

#[derive(Deserialize)]
struct CredProps {
    rk: Option<bool>,
}

#[derive(Deserialize)]
struct Bytes(#[serde(deserialize_with = "bytes")] Vec<u8>);

/// base64url of bounded length, with or without padding.
fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(deserializer)?;
    // Checked before decoding: no honest statement is this long, and parsing costs more than sending.
    let bytes = (text.len() <= LONGEST).then(|| from_base64url_lenient(&text)).flatten();
    bytes.ok_or_else(|| D::Error::custom("not base64url, or too long"))
}

const LONGEST: usize = 16 * 1024;
const TRANSPORTS: [&str; 6] = ["internal", "hybrid", "usb", "nfc", "ble", "smart-card"];
