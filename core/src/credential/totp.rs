//! Time-based one-time codes (RFC 6238): six digits, thirty seconds, SHA-1, which is what every authenticator app takes. The
//! key has 160 bits; a code is accepted once, and one step early or late.

use serde::{Deserialize, Serialize};
use vestibule_jose::{equal, hotp};

use super::TotpKey;
use crate::error::Fault;
use crate::ports::{Ports, Secret, Timestamp};
use crate::secrets::Secrets;

/// Seconds of a time step.
pub const PERIOD: i64 = 30;
/// Digits of a code.
pub const DIGITS: u32 = 6;
/// How many steps a device's clock may be ahead or behind.
const DRIFT: i64 = 1;
/// Characters of issuer and account that are shown: encoded, the address must still fit into a QR code.
const LONGEST_LABEL: usize = 48;
/// Purpose of the sealing.
const SEAL: &str = "totp";

/// The secret that server and device share.
#[derive(Clone, Debug)]
pub struct TotpSecret(Secret<Vec<u8>>);

/// A secret on its way between asking and confirming: sealed, so that what is kept tells nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedTotp(String);

impl TotpSecret {
    /// A new one: 160 bits, as RFC 4226 §4 recommends.
    pub fn random(ports: &Ports) -> Self {
        Self(Secret::new(ports.random::<20>().to_vec()))
    }

    /// Sealed by the server.
    ///
    /// # Errors
    /// The cipher failed.
    pub fn seal(&self, ports: &Ports, secrets: &Secrets) -> Result<SealedTotp, Fault> {
        Ok(SealedTotp(secrets.seal(SEAL, ports.random(), self.0.expose())?))
    }

    /// As people type it into a device: base32 without padding (RFC 4648 §6).
    pub fn base32(&self) -> Secret<String> {
        Secret::new(base32(self.0.expose()))
    }

    /// What a QR code holds: the address that authenticator apps read (Key Uri Format).
    pub fn uri(&self, issuer: &str, account: &str) -> Secret<String> {
        let secret = self.base32();
        let encoded = |text: &str| -> String {
            let label: String = text.chars().take(LONGEST_LABEL).collect();
            let form: String = url::form_urlencoded::byte_serialize(label.as_bytes()).collect();
            form.replace('+', "%20")
        };
        let (issuer, account) = (encoded(issuer), encoded(account));
        Secret::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={PERIOD}",
            secret.expose()
        ))
    }

    /// The step of which `code` is, if it is of one near `now` and later than `last_step`. Every step is compared, so that the
    /// time tells nothing.
    pub fn step_of(&self, code: &str, last_step: i64, now: Timestamp) -> Option<i64> {
        let present = now.seconds().div_euclid(PERIOD);
        let mut found = None;
        for step in present - DRIFT..=present + DRIFT {
            let counter = u64::try_from(step).unwrap_or_default();
            if equal(hotp(self.0.expose(), counter, DIGITS).as_bytes(), code.as_bytes()) && step > last_step {
                found = Some(step);
            }
        }
        found
    }
}

impl SealedTotp {
    /// The secret inside.
    ///
    /// # Errors
    /// Another server sealed it.
    pub fn open(&self, secrets: &Secrets) -> Result<TotpSecret, Fault> {
        let plain = secrets.open(SEAL, &self.0).ok_or(Fault::new("a key for one-time codes of another server"))?;
        Ok(TotpSecret(Secret::new(plain.as_ref().to_vec())))
    }

    /// The key as a user holds it, after a code of `step` confirmed it.
    pub fn confirmed(self, step: i64) -> TotpKey {
        TotpKey { sealed: self.0, last_step: step }
    }
}

impl TotpKey {
    /// The secret inside.
    ///
    /// # Errors
    /// Another server sealed it.
    pub fn open(&self, secrets: &Secrets) -> Result<TotpSecret, Fault> {
        SealedTotp(self.sealed.clone()).open(secrets)
    }
}

/// RFC 4648 §6 without padding.
pub(super) fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |place| byte >> place & 1));
    let bits: Vec<u8> = bits.collect();
    let letter = |group: &[u8]| {
        let value = group.iter().fold(0u8, |value, bit| value << 1 | bit) << (5 - group.len());
        ALPHABET.get(usize::from(value)).copied().map_or('A', char::from)
    };
    bits.chunks(5).map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> TotpSecret {
        TotpSecret(Secret::new(b"12345678901234567890".to_vec()))
    }

    #[test]
    fn a_code_is_of_its_step_and_of_the_ones_beside_it() {
        let now = Timestamp::from_seconds(59);
        assert_eq!(secret().step_of("287082", 0, now), Some(1));
        assert_eq!(secret().step_of("287082", 0, Timestamp::from_seconds(89)), Some(1));
        assert_eq!(secret().step_of("287082", 0, Timestamp::from_seconds(90)), None);
        assert_eq!(secret().step_of("287082", 1, now), None, "a step counts once");
        assert_eq!(secret().step_of("28708", 0, now), None);
    }

    #[test]
    fn the_address_is_what_authenticator_apps_read() {
        let uri = secret().uri("Acme & Co", "kim@example.com");
        let expected = "otpauth://totp/Acme%20%26%20Co:kim%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
            &issuer=Acme%20%26%20Co&algorithm=SHA1&digits=6&period=30";
        assert_eq!(uri.expose(), expected);
    }
}
