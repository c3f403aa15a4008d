//! Tokens that a device signs with its key.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use vestibule_jose::{Algorithm, Family, Jwk, JwkSet, from_base64url, verify};

use super::invalid;
use crate::credential::PushDevice;
use crate::error::{Error, Fault};
use crate::ports::Timestamp;

/// Algorithms by which devices sign.
const ALGORITHMS: &[Algorithm] = &[Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256];

/// Longest token in bytes.
const LONGEST: usize = 8 * 1024;

/// Longest life of a token, and how far a device's clock may be off, in seconds.
const LIFE: i64 = 15 * 60;
const SKEW: i64 = 60;

/// What a device's token says of itself, before anybody has vouched for it.
#[derive(Debug, Deserialize)]
pub(super) struct Heading {
    /// Handle of the device that claims to sign.
    #[serde(rename = "deviceId")]
    pub device: Option<String>,
    kid: Option<String>,
}

/// The header of a token; it decides nothing but whose key is tried.
pub(super) fn heading(token: &str) -> Result<Heading, Error> {
    let header = Some(token).filter(|token| token.len() <= LONGEST).and_then(|token| token.split('.').next());
    let header = header.and_then(from_base64url).and_then(|json| serde_json::from_slice(&json).ok());
    header.ok_or_else(|| invalid("The token is not a signed token (JWS) of a device."))
}

/// The claims of a token that the device signed.
pub(super) fn claims<T: DeserializeOwned>(token: &str, heading: &Heading, device: &PushDevice) -> Result<T, Error> {
    let mut key = key(device)?;
    // Devices may name their key as they like: there is only the one.
    key.kid.clone_from(&heading.kid);
    let verified = verify(token, &JwkSet { keys: vec![key] }, ALGORITHMS, None);
    let verified = verified.map_err(|_| invalid("The token was not signed by the device."))?;
    verified.claims().map_err(|_| invalid("The claims of the token are not those that are expected here."))
}

/// Refuses a token that is too old, made in the future or good for too long.
pub(super) fn in_time(iat: Option<i64>, exp: i64, now: Timestamp) -> Result<(), Error> {
    let now = now.seconds();
    let is_begun = iat.is_none_or(|iat| iat <= now.saturating_add(SKEW));
    if now < exp && exp <= now.saturating_add(LIFE) && is_begun {
        return Ok(());
    }
    Err(invalid("The token is not in time: its exp lies in the past or more than 15 minutes ahead."))
}

/// Whether the device's key signed these bytes.
pub(super) fn is_signed(key: &Jwk, message: &[u8], signature: &[u8]) -> bool {
    let alg = match key.family() {
        Some(Family::Rsa) => Algorithm::RS256,
        Some(Family::P256) => Algorithm::ES256,
        Some(Family::Ed25519) => Algorithm::EdDSA,
        Some(Family::P384) | None => return false,
    };
    key.verify(alg, message, signature).is_ok()
}

fn key(device: &PushDevice) -> Result<Jwk, Fault> {
    serde_json::from_value(device.key.clone()).map_err(|error| Fault::from("reading a device's key", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_a_quarter_of_an_hour_at_most() {
        let now = Timestamp::from_seconds(1_000_000);
        for (iat, exp, good) in [
            (None, 1_000_001, true),
            (Some(1_000_060), 1_000_900, true),
            (None, 1_000_000, false),
            (None, 1_000_901, false),
            (Some(1_000_061), 1_000_500, false),
            (Some(i64::MAX), i64::MAX, false),
        ] {
            assert_eq!(in_time(iat, exp, now).is_ok(), good, "{iat:?} {exp}");
        }
    }

    #[test]
    fn a_heading_is_read_of_signed_tokens_only() {
        let header = vestibule_jose::base64url(br#"{"alg":"ES256","deviceId":"d1","x":1}"#);
        assert_eq!(heading(&format!("{header}.e30.AA")).unwrap().device.as_deref(), Some("d1"));
        for junk in ["", ".", "e30", "!.e30.AA", &"A".repeat(LONGEST + 1)] {
            assert!(heading(junk).is_err() || heading(junk).unwrap().device.is_none(), "{junk}");
        }
    }
}
