//! From a compact JWS to bytes its signer vouches for. The caller names the keys, the algorithms and the
//! type; the token may only choose among them. Whether the claims are still good is for the caller,
//! who has a clock.

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error};

use crate::{Algorithm, Jwk, JwkSet, MacKey, VerifyError, equal, from_base64url};

/// A payload whose signature has been checked (RFC 7515 section 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The protected header.
    pub header: Header,
    /// The signed bytes.
    pub payload: Vec<u8>,
}

/// What we read of a protected header (RFC 7515 section 4.1).
///
/// `jku`, `jwk`, `x5u` and `x5c` are not read: a token that brings its own key proves nothing but that
/// somebody has that key, which is what [`crate::prove`] is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The algorithm (RFC 7515 section 4.1.1).
    pub alg: Algorithm,
    /// The type, as written (RFC 7515 section 4.1.9).
    pub typ: Option<String>,
    /// The name of the key (RFC 7515 section 4.1.4).
    pub kid: Option<String>,
}

/// Checks a compact JWS (RFC 7515 section 5.2, RFC 8725 section 3).
///
/// Keys are found by equality of `kid`; a token without one is checked only with keys without one.
pub fn verify(token: &str, keys: &JwkSet, allowed: &[Algorithm], typ: Option<&str>) -> Result<Verified, VerifyError> {
    // Names need not be unique (RFC 7517 section 4.5), so several keys may have to be tried; the limit
    // keeps a set of a thousand namesakes from costing a thousand checks.
    let named = |header: &Header| keys.keys.iter().filter(|key| key.kid == header.kid).take(NAMESAKES).collect();
    check(token, allowed, typ, named)
}

/// As [`verify`] with the one key that it must be, by whatever name the token calls it: for a proof that a certain key is held.
pub fn verify_by(token: &str, key: &Jwk, allowed: &[Algorithm], typ: Option<&str>) -> Result<Verified, VerifyError> {
    check(token, allowed, typ, |_| vec![key])
}

fn check<'k>(
    token: &str,
    allowed: &[Algorithm],
    typ: Option<&str>,
    candidates: impl FnOnce(&Header) -> Vec<&'k Jwk>,
) -> Result<Verified, VerifyError> {
    let parts = Parts::of(token).ok_or(VerifyError::Malformed)?;
    let header = parts.header(allowed)?;
    if typ.is_some_and(|wanted| !header.typ.as_deref().is_some_and(|typ| same_type(typ, wanted))) {
        return Err(VerifyError::Type);
    }
    let signature = from_base64url(parts.signature).ok_or(VerifyError::Malformed)?;
    let payload = from_base64url(parts.payload).ok_or(VerifyError::Malformed)?;
    let mut outcome = Err(VerifyError::UnknownKey);
    for key in candidates(&header) {
        outcome = key.verify(header.alg, parts.signed.as_bytes(), &signature);
        if outcome.is_ok() {
            break;
        }
    }
    outcome.map(|()| Verified { header, payload })
}

/// Checks a compact JWS whose tag is HMAC-SHA256 under one of these secrets (RFC 7518 section 3.2), and gives its type and
/// payload. The algorithm is the caller's choice: a token that names another one, or that brings a signature where the tag
/// belongs, proves nothing (RFC 8725 section 3.1). A secret shorter than the tag is no key (RFC 7518 section 3.2).
pub fn verify_hs256(token: &str, secrets: &[&[u8]]) -> Result<(Option<String>, Vec<u8>), VerifyError> {
    let parts = Parts::of(token).ok_or(VerifyError::Malformed)?;
    let Wire { alg, typ, .. } = parts.read_header()?;
    if alg != "HS256" {
        return Err(VerifyError::Algorithm);
    }
    let tag = from_base64url(parts.signature).ok_or(VerifyError::Malformed)?;
    let payload = from_base64url(parts.payload).ok_or(VerifyError::Malformed)?;
    let long_enough = secrets.iter().filter(|secret| secret.len() >= SHORTEST_SECRET);
    let known = long_enough
        .fold(false, |known, secret| known | equal(&MacKey::new(secret).sign(parts.signed.as_bytes()), &tag));
    if known { Ok((typ, payload)) } else { Err(VerifyError::Signature) }
}

impl Verified {
    /// The payload as claims (RFC 7519 section 7.2).
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, VerifyError> {
        serde_json::from_slice(&self.payload).map_err(|_| VerifyError::Claims)
    }
}

/// The three parts of a compact JWS, and the first two as they were signed.
pub(crate) struct Parts<'a> {
    pub signed: &'a str,
    header: &'a str,
    pub payload: &'a str,
    pub signature: &'a str,
}

impl<'a> Parts<'a> {
    pub fn of(token: &'a str) -> Option<Self> {
        // Before any work is done: nobody's token is this long, and parsing costs more than sending.
        let token = (token.len() <= LONGEST_TOKEN).then_some(token)?;
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, payload) = signed.split_once('.')?;
        (!payload.contains('.')).then_some(Self { signed, header, payload, signature })
    }

    fn header(&self, allowed: &[Algorithm]) -> Result<Header, VerifyError> {
        let Wire { alg, typ, kid, .. } = self.read_header()?;
        let alg = alg.parse().map_err(|_| VerifyError::Algorithm)?;
        if !allowed.contains(&alg) {
            return Err(VerifyError::Algorithm);
        }
        Ok(Header { alg, typ, kid })
    }

    /// The members of the header that `T` names.
    pub fn read_header<T: DeserializeOwned>(&self) -> Result<T, VerifyError> {
        let json = from_base64url(self.header).ok_or(VerifyError::Malformed)?;
        serde_json::from_slice(&json).map_err(|_| VerifyError::Malformed)
    }
}

/// The header members that matter; a member of ours given twice is malformed (RFC 7515 section 4).
#[derive(Deserialize)]
struct Wire {
    alg: String,
    typ: Option<String>,
    kid: Option<String>,
    #[serde(rename = "crit", alias = "b64", default, deserialize_with = "refuse_extension")]
    _extension: (),
}

/// We know no extensions, so whoever marks one critical wants to be refused (RFC 7515 section 4.1.11);
/// `b64` (RFC 7797 section 3) is one that changes what was signed.
pub(crate) fn refuse_extension<'de, D: Deserializer<'de>>(_: D) -> Result<(), D::Error> {
    Err(D::Error::custom("extensions are refused"))
}

/// Media types without regard to case, `application/` being optional (RFC 7515 section 4.1.9).
pub(crate) fn same_type(typ: &str, wanted: &str) -> bool {
    bare_type(typ).eq_ignore_ascii_case(bare_type(wanted))
}

fn bare_type(typ: &str) -> &str {
    match typ.split_at_checked("application/".len()) {
        Some((tree, name)) if tree.eq_ignore_ascii_case("application/") => name,
        _ => typ,
    }
}

const LONGEST_TOKEN: usize = 16 * 1024;
const NAMESAKES: usize = 8;
const SHORTEST_SECRET: usize = 32;
