//! Public keys as authenticators write them (`COSE_Key`, RFC 9052 section 7) and the check of one signature. Law: the key
//! names its algorithm once, when it is made, and each algorithm has one kind of key.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, VerificationAlgorithm,
};
use ciborium::Value;
use vestibule_core::ports::passkeys::Flaw;

use vestibule_jose::cbor::{integer, item, member};

/// A public key and the one algorithm that it serves.
pub struct PublicKey {
    algorithm: i64,
    key: ParsedPublicKey,
}

impl PublicKey {
    /// Reads a `COSE_Key` (WebAuthn Level 3 §5.8.5, §6.5.1.1).
    pub fn read(bytes: &[u8]) -> Result<Self, Flaw> {
        let (key, _) = item(bytes).ok_or(Flaw::Malformed)?;
        let key = CoseKey(key.into_map().map_err(|_| Flaw::Malformed)?);
        let algorithm = key.integer(ALG).ok_or(Flaw::Malformed)?;
        let key = match algorithm {
            ES256 => key.point(1, 32, &ECDSA_P256_SHA256_ASN1),
            ES384 => key.point(2, 48, &ECDSA_P384_SHA384_ASN1),
            EDDSA => key.ed25519(),
            RS256 => key.rsa(),
            _ => return Err(Flaw::Algorithm),
        };
        key.map(|key| Self { algorithm, key }).ok_or(Flaw::Malformed)
    }

    /// The algorithm's COSE number.
    pub const fn algorithm(&self) -> i64 {
        self.algorithm
    }

    /// Checks a signature of the form of WebAuthn Level 3 §6.5.5.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Flaw> {
        self.key.verify_sig(message, signature).map_err(|_| Flaw::Signature)
    }
}

/// The members of a key (RFC 9053 section 7, RFC 8230 section 4).
struct CoseKey(Vec<(Value, Value)>);

impl CoseKey {
    /// A point on a curve; the library checks that it is on it.
    fn point(
        &self,
        curve: i64,
        width: usize,
        algorithm: &'static dyn VerificationAlgorithm,
    ) -> Option<ParsedPublicKey> {
        let (x, y) = self.is(2, Some(curve)).then(|| Some((self.bytes(-2)?, self.bytes(-3)?)))??;
        // Compressed points, whose y is a truth value, are not allowed here (WebAuthn Level 3 §5.8.5).
        let right = x.len() == width && y.len() == width;
        right.then(|| ParsedPublicKey::new(algorithm, [&[0x04], x, y].concat()).ok())?
    }

    fn ed25519(&self) -> Option<ParsedPublicKey> {
        let x = self.is(1, Some(6)).then(|| self.bytes(-2))??;
        (x.len() == 32).then(|| ParsedPublicKey::new(&ED25519, x).ok())?
    }

    fn rsa(&self) -> Option<ParsedPublicKey> {
        let (n, e) = self.is(3, None).then(|| Some((self.bytes(-1)?, self.bytes(-2)?)))??;
        // The library looks at the size only when it verifies; a key that never could must not be enrolled.
        let sized = (256..=1024).contains(&n.len());
        sized.then(|| RsaPublicKeyComponents { n, e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok())?
    }

    fn is(&self, kind: i64, curve: Option<i64>) -> bool {
        self.integer(KTY) == Some(kind) && curve.is_none_or(|curve| self.integer(CRV) == Some(curve))
    }

    fn integer(&self, name: i64) -> Option<i64> {
        member(&self.0, name).and_then(integer)
    }

    fn bytes(&self, name: i64) -> Option<&[u8]> {
        member(&self.0, name)?.as_bytes().map(Vec::as_slice)
    }
}

const ES256: i64 = -7;
const ES384: i64 = -35;
const EDDSA: i64 = -8;
const RS256: i64 = -257;
const KTY: i64 = 1;
const ALG: i64 = 3;
const CRV: i64 = -1;

#[cfg(test)]
mod tests {
    use vestibule_core::ports::passkeys::ALGORITHMS;

    use super::*;

    #[test]
    fn the_algorithms_are_those_that_the_port_names() {
        assert_eq!(ALGORITHMS, [ES256, ES384, EDDSA, RS256]);
    }
}
