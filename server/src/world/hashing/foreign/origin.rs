//! Records of other servers, spelled as the schemes here are: a password credential of Keycloak's user export, and the
//! columns of WSO2 Identity Server's user store. What WSO2 calls a salt is a text, and its bytes are what was hashed.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::bytes;

/// A credential of Keycloak: its two inner documents are JSON in a text, or documents where somebody unpacked them.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keycloak {
    #[serde(rename = "type")]
    kind: Option<String>,
    secret_data: Inner,
    credential_data: Inner,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Inner {
    Text(String),
    Document(serde_json::Value),
}

#[derive(Deserialize)]
struct KeycloakSecret {
    value: String,
    #[serde(default)]
    salt: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeycloakData {
    #[serde(default)]
    hash_iterations: u64,
    algorithm: String,
    #[serde(default)]
    additional_parameters: BTreeMap<String, Vec<String>>,
}

/// The columns of WSO2's user store, with the user store's settings.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wso2 {
    algorithm: String,
    hash: String,
    #[serde(default)]
    salt: String,
    /// `pbkdf2.iteration.count`.
    iterations: Option<u64>,
    /// `pbkdf2.dkLength`, in bits.
    dk_length: Option<u64>,
}

/// The spelling of a record.
///
/// # Errors
/// Why there is none.
pub(super) fn spelling(text: &str) -> Result<String, String> {
    let record: serde_json::Value = serde_json::from_str(text).map_err(|_| "it is not JSON".to_owned())?;
    if record.get("credentialData").is_some() { keycloak(parsed(record)?) } else { wso2(&parsed(record)?) }
}

fn parsed<T: DeserializeOwned>(document: serde_json::Value) -> Result<T, String> {
    // The error of a document may quote a value: a hash is nobody's business.
    serde_json::from_value(document)
        .map_err(|_| "it is neither a password credential of Keycloak nor the columns of WSO2".to_owned())
}

fn keycloak(record: Keycloak) -> Result<String, String> {
    if record.kind.is_some_and(|kind| kind != "password") {
        return Err("the credential is not a password".to_owned());
    }
    let inner = |inner| match inner {
        Inner::Text(text) => serde_json::from_str(&text).map_err(|_| "its inner JSON cannot be read".to_owned()),
        Inner::Document(document) => Ok(document),
    };
    let secret: KeycloakSecret = parsed(inner(record.secret_data)?)?;
    let data: KeycloakData = parsed(inner(record.credential_data)?)?;
    let (salt, hash) = (again("salt", &secret.salt)?, again("hash", &secret.value)?);
    let iterations = data.hash_iterations;
    match data.algorithm.as_str() {
        "pbkdf2" | "pbkdf2-sha256" | "pbkdf2-sha512" => Ok(format!("${}$i={iterations}${salt}${hash}", data.algorithm)),
        "argon2" => {
            let param = |name: &str| data.additional_parameters.get(name).and_then(|values| values.first());
            let param = |name| param(name).ok_or_else(|| format!("its additionalParameters have no {name}"));
            let version = match param("version")?.as_str() {
                "1.3" => 19,
                "1.0" => 16,
                _ => return Err("its version of Argon2 is neither 1.0 nor 1.3".to_owned()),
            };
            let (kind, memory, lanes) = (param("type")?, param("memory")?, param("parallelism")?);
            Ok(format!("$argon2{kind}$v={version}$m={memory},t={iterations},p={lanes}${salt}${hash}"))
        }
        _ => Err("its algorithm is none of pbkdf2, pbkdf2-sha256, pbkdf2-sha512 and argon2".to_owned()),
    }
}

fn wso2(record: &Wso2) -> Result<String, String> {
    let hash = bytes("hash", &record.hash)?;
    let salted = |scheme: &str| {
        let both = [&hash, record.salt.as_bytes()].concat();
        format!("{{{scheme}}}{}", STANDARD_NO_PAD.encode(both))
    };
    let derived = |scheme: &str| {
        if record.dk_length.is_some_and(|bits| bits != hash.len() as u64 * 8) {
            return Err("its hash is not as long as dkLength says".to_owned());
        }
        let iterations = record.iterations.ok_or("its iterations are missing")?;
        let (salt, hash) = (STANDARD_NO_PAD.encode(record.salt.as_bytes()), STANDARD_NO_PAD.encode(&hash));
        Ok(format!("${scheme}$i={iterations}${salt}${hash}"))
    };
    match record.algorithm.as_str() {
        "SHA-256" if hash.len() == 32 => Ok(salted("SSHA256")),
        "SHA-512" if hash.len() == 64 => Ok(salted("SSHA512")),
        "SHA-256" | "SHA-512" => Err("its hash is not as long as its algorithm makes them".to_owned()),
        "PBKDF2WithHmacSHA1" => derived("pbkdf2-sha1"),
        "PBKDF2WithHmacSHA256" | "PBKDF2" => derived("pbkdf2-sha256"),
        "PBKDF2WithHmacSHA512" => derived("pbkdf2-sha512"),
        _ => Err("its algorithm is none of SHA-256, SHA-512 and PBKDF2WithHmacSHA1, …SHA256 and …SHA512".to_owned()),
    }
}

/// Base64 without padding.
fn again(what: &str, text: &str) -> Result<String, String> {
    bytes(what, text).map(|bytes| STANDARD_NO_PAD.encode(bytes))
}
