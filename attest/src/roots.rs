//! Whose word is taken: root certificates, and the serial numbers that Google has revoked. Apple's root is the App
//! Attestation Root CA (<https://www.apple.com/certificateauthority/>), Google's are the hardware attestation roots
//! (<https://android.googleapis.com/attestation/root>). The files are pinned; a test holds them to their fingerprints.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;

/// Roots and revocations.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    /// Roots of App Attest, each a certificate in DER.
    pub apple: Vec<Vec<u8>>,
    /// Roots of Android key attestation, each a certificate in DER.
    pub google: Vec<Vec<u8>>,
    /// Certificates of Android key attestation that are no longer taken.
    pub revoked: Revoked,
}

/// Serial numbers of revoked certificates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked(BTreeSet<String>);

/// A root or a list of revocations cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadRoots;

impl Roots {
    /// Apple's and Google's roots; nothing is revoked.
    pub fn production() -> Self {
        Self {
            apple: certificates(APPLE),
            google: [GOOGLE_RSA, GOOGLE_EC].into_iter().flat_map(certificates).collect(),
            revoked: Revoked::default(),
        }
    }
}

impl Revoked {
    /// Google's status list (<https://android.googleapis.com/attestation/status>): every serial number in it counts as
    /// revoked, whether it says `REVOKED` or `SUSPENDED`. Most are in hexadecimal, as Google documents; the oldest, all of 64
    /// bits, are in decimal.
    ///
    /// # Errors
    /// It is no such list, or longer than 16 MiB.
    pub fn read(json: &[u8]) -> Result<Self, BadRoots> {
        let short = (json.len() <= LONGEST_LIST).then_some(json).ok_or(BadRoots)?;
        let list: List = serde_json::from_slice(short).map_err(|_| BadRoots)?;
        Ok(Self(list.entries.keys().map(|serial| canonical(serial)).collect()))
    }

    /// Whether the certificate with this serial number, the content of its INTEGER, is revoked.
    pub(crate) fn contains(&self, serial: &[u8]) -> bool {
        let hex = canonical(&vestibule_jose::hex(serial));
        let decimal = u128::from_str_radix(&hex, 16).map(|number| number.to_string());
        self.0.contains(&hex) || decimal.is_ok_and(|decimal| self.0.contains(&decimal))
    }
}

/// Small letters, no leading zeros.
fn canonical(serial: &str) -> String {
    serial.trim_start_matches('0').to_ascii_lowercase()
}

#[derive(Deserialize)]
struct List {
    entries: BTreeMap<String, serde::de::IgnoredAny>,
}

/// The certificates in a PEM file (RFC 7468); one that is not base64 is left out.
pub(crate) fn certificates(pem: &str) -> Vec<Vec<u8>> {
    pem.split("-----BEGIN CERTIFICATE-----")
        .filter_map(|part| part.split_once("-----END CERTIFICATE-----"))
        .filter_map(|(body, _)| {
            let url: String = body.split_ascii_whitespace().collect();
            vestibule_jose::from_base64url_lenient(&url.replace('+', "-").replace('/', "_"))
        })
        .collect()
}

impl fmt::Display for BadRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a root certificate or the list of revoked ones cannot be read")
    }
}

impl std::error::Error for BadRoots {}

const APPLE: &str = include_str!("../roots/apple_app_attestation_root_ca.pem");
const GOOGLE_RSA: &str = include_str!("../roots/google_hardware_attestation_root_rsa.pem");
const GOOGLE_EC: &str = include_str!("../roots/google_hardware_attestation_root_ec.pem");
const LONGEST_LIST: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::{Anchor, Certificate};

    fn fingerprint(der: &[u8]) -> String {
        vestibule_jose::sha256(der).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn the_pinned_roots_are_those_that_their_makers_publish() {
        let roots = Roots::production();
        let found: Vec<String> = roots.apple.iter().chain(&roots.google).map(|der| fingerprint(der)).collect();
        assert_eq!(
            found,
            [
                "1cb9823ba28ba6ad2d33a006941de2ae4f513ef1d4e831b9f7e0fa7b6242c932",
                "cedb1cb6dc896ae5ec797348bce9286753c2b38ee71ce0fbe34a9a1248800dfc",
                "6d9db4ce6c5c0b293166d08986e05774a8776ceb525d9e4329520de12ba4bcc0",
            ]
        );
    }

    #[test]
    fn the_pinned_roots_signed_themselves() {
        let roots = Roots::production();
        for der in roots.apple.iter().chain(&roots.google) {
            let anchor = Anchor::read(der).unwrap();
            assert!(anchor.signed(&Certificate::read(der).unwrap()));
        }
    }

    #[test]
    fn serial_numbers_are_compared_without_regard_to_zeros_and_case() {
        let list =
            br#"{"entries":{"C0ffee":{"status":"REVOKED","reason":"KEY_COMPROMISE"},"00a1":{"status":"SUSPENDED"}}}"#;
        let revoked = Revoked::read(list).unwrap();
        assert!(revoked.contains(&[0x00, 0xc0, 0xff, 0xee]));
        assert!(revoked.contains(&[0xa1]));
        assert!(!revoked.contains(&[0xc0, 0xff]));
        assert_eq!(Revoked::read(b"{}"), Err(BadRoots));
        assert_eq!(Revoked::read(b"[]"), Err(BadRoots));
    }

    // Checklist 67.
    #[test]
    fn serial_numbers_are_found_in_hexadecimal_and_in_decimal() {
        let revoked = Revoked::read(br#"{"entries":{"9408173275444922801":{"status":"REVOKED"}}}"#).unwrap();
        let number = 9_408_173_275_444_922_801_u64.to_be_bytes();
        assert!(revoked.contains(&number) && revoked.contains(&[&[0], number.as_slice()].concat()));
        assert!(revoked.contains(&[0x09, 0x40, 0x81, 0x73, 0x27, 0x54, 0x44, 0x92, 0x28, 0x01]));
        assert!(!revoked.contains(&number[1..]) && !revoked.contains(&[0xff; 40]));
    }
}
