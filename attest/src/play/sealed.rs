//! A classic token: a signed token (JWS, ES256) in an encrypted one (JWE, A256KW and A256GCM), with the keys of one app. The
//! token chooses neither algorithm nor key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap as _};
use serde::Deserialize;
use serde_json::Value;
use vestibule_core::ports::attest::{Flaw, PlayKeys};
use vestibule_jose::{Algorithm, VerifyError, from_base64url, verify_by};

/// The payload of a token.
pub fn open(token: &str, keys: &PlayKeys) -> Result<Value, Flaw> {
    let sealed = Sealed::read(token).ok_or(Flaw::NotAnAttestation)?;
    let signed = sealed.decrypt(keys.decryption.expose()).ok_or(Flaw::Undecipherable)?;
    let signed = std::str::from_utf8(&signed).map_err(|_| Flaw::NotAnAttestation)?;
    let verified = verify_by(signed, &keys.verification, &[Algorithm::ES256], None).map_err(|error| match error {
        VerifyError::Signature | VerifyError::Algorithm | VerifyError::UnknownKey => Flaw::Signature,
        _ => Flaw::NotAnAttestation,
    })?;
    verified.claims().map_err(|_| Flaw::NotAnAttestation)
}

/// A compact JWE taken apart (RFC 7516 section 7.1).
struct Sealed<'a> {
    /// The protected header as it was written, which the tag covers.
    header: &'a str,
    wrapped: Vec<u8>,
    nonce: [u8; 12],
    /// Ciphertext and tag.
    content: Vec<u8>,
}

impl<'a> Sealed<'a> {
    fn read(token: &'a str) -> Option<Self> {
        // Before any work is done; Google's are about two thousand bytes.
        let token = (token.len() <= LONGEST_TOKEN).then_some(token)?;
        let parts: Vec<&str> = token.splitn(6, '.').collect();
        let &[header, wrapped, nonce, ciphertext, tag] = parts.as_slice() else { return None };
        let Header { alg, enc, .. } = serde_json::from_slice(&from_base64url(header)?).ok()?;
        let tag = from_base64url(tag).filter(|tag| tag.len() == AES_256_GCM.tag_len())?;
        (alg == "A256KW" && enc == "A256GCM").then_some(Self {
            header,
            wrapped: from_base64url(wrapped)?,
            nonce: from_base64url(nonce)?.try_into().ok()?,
            content: [from_base64url(ciphertext)?, tag].concat(),
        })
    }

    /// Unwraps the content's key (RFC 7518 section 4.4) and decrypts (section 5.3).
    fn decrypt(mut self, key: &[u8; 32]) -> Option<Vec<u8>> {
        // RFC 3394: a 256-bit key and one block.
        let mut unwrapped = (self.wrapped.len() == 40).then_some([0; 32])?;
        let kek = AesKek::new(&AES_256, key).ok()?;
        let content_key = kek.unwrap(&self.wrapped, &mut unwrapped).ok()?;
        let content_key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, content_key).ok()?);
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let plain = content_key.open_in_place(nonce, Aad::from(self.header.as_bytes()), &mut self.content).ok()?;
        Some(plain.to_vec())
    }
}

/// The members that matter; whoever marks another one critical or compresses wants to be refused (RFC 7516 section 4.1).
#[derive(Deserialize)]
struct Header {
    alg: String,
    enc: String,
    #[serde(rename = "crit", alias = "zip", default, deserialize_with = "refuse")]
    _extension: (),
}

fn refuse<'de, D: serde::Deserializer<'de>>(_: D) -> Result<(), D::Error> {
    Err(serde::de::Error::custom("extensions are refused"))
}

const LONGEST_TOKEN: usize = 16 * 1024;
