//! Apple's App Attest ("Validating Apps That Connect to Your Server"): an attestation says once that a key lives in the
//! Secure Enclave for an app, an assertion later says that this key saw a request. Law: the app, the challenge and the key
//! are all under Apple's signature or the key's, and the counter only rises.

mod wire;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};
use vestibule_core::ports::attest::{AppleAsked, AppleKey, Flaw};
use vestibule_jose::der::{Der, OCTET_STRING, SEQUENCE, explicit};
use vestibule_jose::{Family, Jwk, from_base64url, sha256};

use crate::x509::{self, Anchor, point};
use wire::{Assertion, Attestation, AuthenticatorData};

/// The key that an attestation speaks for. The hash of the client data is given apart, because Apple's own example hashes
/// nothing.
pub fn attestation(
    anchors: &[Anchor],
    object: &[u8],
    client_data_hash: &[u8],
    asked: &AppleAsked<'_>,
) -> Result<AppleKey, Flaw> {
    let object = Attestation::read(object).ok_or(Flaw::NotAnAttestation)?;
    let chain = x509::chain(object.chain.iter().map(Vec::as_slice))?;
    let leaf = chain.first().ok_or(Flaw::NotAnAttestation)?;
    let data = AuthenticatorData::read(&object.data).ok_or(Flaw::NotAnAttestation)?;
    let made = data.attested.as_ref().ok_or(Flaw::NotAnAttestation)?;
    let nonce = leaf.extension(NONCE).and_then(nonce).ok_or(Flaw::NotAnAttestation)?;
    x509::trusted(&chain, anchors, asked.now)?;
    if !leaf.is_valid(asked.now) {
        return Err(Flaw::Expired);
    }
    if nonce != sha256(&[&object.data, client_data_hash].concat()) {
        return Err(Flaw::WrongChallenge);
    }
    let public_key = Jwk::from_spki(leaf.key).ok().filter(|key| key.family() == Some(Family::P256));
    let public_key = public_key.ok_or(Flaw::Algorithm)?;
    let id = sha256(point(leaf.key).ok_or(Flaw::Algorithm)?);
    if made.id != id || asked.key_id.is_some_and(|named| named != id) {
        return Err(Flaw::WrongKeyId);
    }
    if *data.app != sha256(asked.app_id.as_bytes()) {
        return Err(Flaw::WrongApp);
    }
    if data.counter != 0 {
        return Err(Flaw::Counter);
    }
    let development = match made.environment {
        PRODUCTION => false,
        DEVELOPMENT if asked.development => true,
        DEVELOPMENT => return Err(Flaw::DebugEnvironment),
        _ => return Err(Flaw::NotAnAttestation),
    };
    Ok(AppleKey { id, public_key, counter: 0, development })
}

/// The counter after an assertion by `key`.
pub fn assertion(object: &[u8], key: &AppleKey, asked: &AppleAsked<'_>) -> Result<u32, Flaw> {
    let object = Assertion::read(object).ok_or(Flaw::NotAnAttestation)?;
    let data = AuthenticatorData::read(&object.data).ok_or(Flaw::NotAnAttestation)?;
    if *data.app != sha256(asked.app_id.as_bytes()) {
        return Err(Flaw::WrongApp);
    }
    // A key of the development environment stays one.
    if key.development && !asked.development {
        return Err(Flaw::DebugEnvironment);
    }
    let nonce = sha256(&[object.data.as_slice(), &asked.client_data_hash].concat());
    let point = uncompressed(&key.public_key).ok_or(Flaw::Algorithm)?;
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
    public.verify(&nonce, &object.signature).map_err(|_| Flaw::Signature)?;
    if data.counter <= key.counter {
        return Err(Flaw::Counter);
    }
    Ok(data.counter)
}

/// The one octet string in the extension of Apple's certificates.
fn nonce(extension: &[u8]) -> Option<[u8; 32]> {
    let mut der = Der::new(extension);
    let mut sequence = der.inside(SEQUENCE)?;
    let mut tagged = sequence.inside(explicit(1))?;
    let nonce = tagged.take(OCTET_STRING)?.try_into().ok()?;
    (der.is_empty() && sequence.is_empty() && tagged.is_empty()).then_some(nonce)
}

/// The point of a key on P-256 (SEC 1 section 2.3.3).
fn uncompressed(key: &Jwk) -> Option<Vec<u8>> {
    let [x, y] = [&key.x, &key.y].map(|member| from_base64url(member.as_deref()?).filter(|bytes| bytes.len() == 32));
    (key.family() == Some(Family::P256)).then(|| Some([&[0x04], x?.as_slice(), y?.as_slice()].concat()))?
}

/// 1.2.840.113635.100.8.2.
const NONCE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 0x08, 0x02];
const PRODUCTION: &[u8; 16] = b"appattest\0\0\0\0\0\0\0";
const DEVELOPMENT: &[u8; 16] = b"appattestdevelop";
