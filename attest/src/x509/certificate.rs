//! One certificate taken apart (RFC 5280 section 4.1), and the check of one signature over it.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};
use vestibule_core::ports::Timestamp;
use vestibule_jose::der::{BIT_STRING, BOOLEAN, Der, INTEGER, OCTET_STRING, OID, SEQUENCE, explicit, number};
use vestibule_jose::{Family, Jwk};

/// A certificate.
#[derive(Debug)]
pub struct Certificate<'a> {
    /// What was signed.
    signed: &'a [u8],
    /// The content of its serial number.
    pub serial: &'a [u8],
    /// Who signed it, as a DER `Name`.
    pub issuer: &'a [u8],
    /// Whose it is, as a DER `Name`.
    pub subject: &'a [u8],
    /// First and last second of its validity, as `YYYYMMDDHHMMSS`.
    validity: [String; 2],
    /// Its key as `SubjectPublicKeyInfo`.
    pub key: &'a [u8],
    extensions: Vec<Extension<'a>>,
    algorithm: &'a [u8],
    signature: &'a [u8],
}

#[derive(Debug)]
struct Extension<'a> {
    oid: &'a [u8],
    is_critical: bool,
    value: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Takes a certificate apart; it has to be one, of version 3, and nothing else.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut der = Der::new(bytes);
        let mut certificate = der.inside(SEQUENCE)?;
        let signed = certificate.element().filter(|element| element.tag == SEQUENCE)?;
        let algorithm = certificate.take(SEQUENCE)?;
        let signature = certificate.take(BIT_STRING)?.strip_prefix(&[0])?;
        if !der.is_empty() || !certificate.is_empty() {
            return None;
        }
        let mut body = Der::new(signed.content);
        let version = body.inside(explicit(0))?.number(INTEGER)?;
        let serial = body.take(INTEGER)?;
        // What was signed has to say how it was signed (section 4.1.1.2).
        if version != 2 || body.take(SEQUENCE)? != algorithm {
            return None;
        }
        let issuer = whole(&mut body, SEQUENCE)?;
        let mut validity = body.inside(SEQUENCE)?;
        let validity = [time(&mut validity)?, time(&mut validity)?];
        let subject = whole(&mut body, SEQUENCE)?;
        let key = whole(&mut body, SEQUENCE)?;
        let _ = (body.optional(ISSUER_UNIQUE_ID), body.optional(SUBJECT_UNIQUE_ID));
        let extensions = body.optional(explicit(3)).map_or(Some(Vec::new()), extensions)?;
        let certificate =
            Self { signed: signed.whole, serial, issuer, subject, validity, key, extensions, algorithm, signature };
        body.is_empty().then_some(certificate)
    }

    /// It is valid at this moment, both ends included (section 4.1.2.5).
    pub fn is_valid(&self, now: Timestamp) -> bool {
        let now: String = now.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
        let [from, to] = &self.validity;
        *from <= now && now <= *to
    }

    /// The value of an extension, by the content of its OID. None of them is there twice.
    pub fn extension(&self, oid: &[u8]) -> Option<&'a [u8]> {
        self.extensions.iter().find(|extension| extension.oid == oid).map(|extension| extension.value)
    }

    /// Nothing in it insists on being understood that is not (section 4.2).
    pub fn is_understood(&self) -> bool {
        let known = [BASIC_CONSTRAINTS, KEY_USAGE];
        self.extensions.iter().all(|extension| !extension.is_critical || known.contains(&extension.oid))
    }

    /// It may sign a certificate with `below` others between that one and the end of the chain (sections 4.2.1.3, 4.2.1.9).
    pub fn may_sign(&self, below: usize) -> bool {
        self.authority().is_some_and(|longest| longest.is_none_or(|longest| below <= longest))
            && self.extension(KEY_USAGE).is_none_or(signs_certificates)
    }

    /// If it is an authority's: how many authorities may be below it.
    fn authority(&self) -> Option<Option<usize>> {
        let mut value = Der::new(self.extension(BASIC_CONSTRAINTS)?);
        let mut constraints = value.inside(SEQUENCE)?;
        let is_authority = constraints.boolean()?;
        let longest = constraints.optional(INTEGER).map(|content| number(content).and_then(|n| n.try_into().ok()));
        let longest = longest.map_or(Some(None), |longest| longest.map(Some))?;
        (is_authority && constraints.is_empty() && value.is_empty()).then_some(longest)
    }

    /// Whether the holder of `key`, a `SubjectPublicKeyInfo`, signed it.
    pub fn is_signed_by(&self, key: &[u8]) -> bool {
        let verified = || {
            let scheme = scheme(Jwk::from_spki(key).ok()?.family()?, self.algorithm)?;
            UnparsedPublicKey::new(scheme, point(key)?).verify(self.signed, self.signature).ok()
        };
        verified().is_some()
    }
}

/// The key's own bytes in a `SubjectPublicKeyInfo`: of a key on a curve its point (RFC 5480 section 2.2).
pub fn point(key: &[u8]) -> Option<&[u8]> {
    let mut info = Der::new(key).inside(SEQUENCE)?;
    info.take(SEQUENCE)?;
    info.take(BIT_STRING)?.strip_prefix(&[0])
}

/// How a signature algorithm (RFC 5758 section 3.2, RFC 4055 section 5) is checked with a kind of key. SHA-1 is absent.
fn scheme(family: Family, algorithm: &[u8]) -> Option<&'static dyn VerificationAlgorithm> {
    match (family, algorithm) {
        (Family::P256, ECDSA_SHA256) => Some(&ECDSA_P256_SHA256_ASN1),
        (Family::P256, ECDSA_SHA384) => Some(&ECDSA_P256_SHA384_ASN1),
        (Family::P384, ECDSA_SHA256) => Some(&ECDSA_P384_SHA256_ASN1),
        (Family::P384, ECDSA_SHA384) => Some(&ECDSA_P384_SHA384_ASN1),
        (Family::Rsa, RSA_SHA256) => Some(&RSA_PKCS1_2048_8192_SHA256),
        (Family::Rsa, RSA_SHA384) => Some(&RSA_PKCS1_2048_8192_SHA384),
        (Family::Rsa, RSA_SHA512) => Some(&RSA_PKCS1_2048_8192_SHA512),
        _ => None,
    }
}

fn extensions(content: &[u8]) -> Option<Vec<Extension<'_>>> {
    let mut der = Der::new(content);
    let mut list = der.inside(SEQUENCE)?;
    let mut found: Vec<Extension<'_>> = Vec::new();
    while !list.is_empty() {
        let mut extension = list.inside(SEQUENCE)?;
        let oid = extension.take(OID)?;
        let is_critical = match extension.optional(BOOLEAN) {
            Some(content) => vestibule_jose::der::boolean(content)?,
            None => false,
        };
        let value = extension.take(OCTET_STRING)?;
        let is_new = found.len() < MOST_EXTENSIONS && found.iter().all(|other| other.oid != oid);
        if !is_new || !extension.is_empty() {
            return None;
        }
        found.push(Extension { oid, is_critical, value });
    }
    der.is_empty().then_some(found)
}

/// A moment as `YYYYMMDDHHMMSS` (section 4.1.2.5): text of one length, so moments compare as they are spelled.
fn time(der: &mut Der<'_>) -> Option<String> {
    let element = der.element()?;
    let digits = element.content.strip_suffix(b"Z").filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let digits = std::str::from_utf8(digits).ok()?;
    match (element.tag, digits.len()) {
        (UTC_TIME, 12) if digits >= "50" => Some(format!("19{digits}")),
        (UTC_TIME, 12) => Some(format!("20{digits}")),
        (GENERALIZED_TIME, 14) => Some(digits.to_owned()),
        _ => None,
    }
}

/// `keyCertSign`, the sixth bit from the left (section 4.2.1.3).
fn signs_certificates(usage: &[u8]) -> bool {
    let mut der = Der::new(usage);
    let bits = der.take(BIT_STRING);
    matches!(bits, Some([_, first, ..]) if first & 0x04 != 0) && der.is_empty()
}

fn whole<'a>(der: &mut Der<'a>, tag: u32) -> Option<&'a [u8]> {
    der.element().filter(|element| element.tag == tag).map(|element| element.whole)
}

const ISSUER_UNIQUE_ID: u32 = 0x81;
const SUBJECT_UNIQUE_ID: u32 = 0x82;
const UTC_TIME: u32 = 0x17;
const GENERALIZED_TIME: u32 = 0x18;
const MOST_EXTENSIONS: usize = 32;
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const ECDSA_SHA256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const ECDSA_SHA384: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03];
const RSA_SHA256: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00];
const RSA_SHA384: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c, 0x05, 0x00];
const RSA_SHA512: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d, 0x05, 0x00];
