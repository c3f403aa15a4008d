//! A key pair of ours: parsed once, named by its thumbprint, and kept ready to sign. Where it is stored,
//! how long it lives and on which thread a slow key is made is the caller's affair. Law: a key signs
//! only with algorithms of its family, and its private half leaves only through `to_pkcs8`.

use std::fmt;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding,
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::encoding::append_base64url;
use crate::spki::rsa_public_key;
use crate::{Algorithm, Family, Jwk, KeyError};

/// A private key with its public half (RFC 7517 section 4), ready to sign.
pub struct SigningKey {
    pair: Pair,
    family: Family,
    kid: String,
    jwk: Jwk,
}

impl SigningKey {
    /// A fresh key; RSA has 2048 bits and takes long enough to deserve a thread of its own.
    pub fn generate(family: Family) -> Result<Self, KeyError> {
        let pair = match family {
            Family::Rsa => rsa::KeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
            Family::P256 | Family::P384 => EcdsaKeyPair::generate(curve(family)?).map(Pair::Ec),
            Family::Ed25519 => Ed25519KeyPair::generate().map(Pair::Ed),
        };
        Self::of(family, pair.map_err(|_| KeyError::Library)?)
    }

    /// Parses an unencrypted PKCS#8 document (RFC 5958 section 2).
    pub fn from_pkcs8(family: Family, der: &[u8]) -> Result<Self, KeyError> {
        let pair = match family {
            Family::Rsa => rsa::KeyPair::from_pkcs8(der).map(Pair::Rsa),
            Family::P256 | Family::P384 => EcdsaKeyPair::from_pkcs8(curve(family)?, der).map(Pair::Ec),
            Family::Ed25519 => Ed25519KeyPair::from_pkcs8(der).map(Pair::Ed),
        };
        Self::of(family, pair.map_err(|_| KeyError::Rejected)?)
    }

    /// The private key as an unencrypted PKCS#8 document, for storage (RFC 5958 section 2).
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let der = match &self.pair {
            Pair::Rsa(pair) => pair.as_der().map(|der| der.as_ref().to_vec()),
            Pair::Ec(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
            Pair::Ed(pair) => pair.to_pkcs8v1().map(|der| der.as_ref().to_vec()),
        };
        der.map(Zeroizing::new).map_err(|_| KeyError::Library)
    }

    /// The kind of key.
    #[must_use]
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The key's name: its thumbprint (RFC 7638 section 3).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The key under the name by which somebody else knows it (RFC 7515 section 4.1.4).
    #[must_use]
    pub fn named(mut self, kid: &str) -> Self {
        kid.clone_into(&mut self.kid);
        self.jwk.kid = Some(kid.to_owned());
        self
    }

    /// The public half (RFC 7517 section 4).
    ///
    /// Without `alg` for RSA, since one RSA key serves both `RS256` and `PS256`.
    #[must_use]
    pub const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// Signs `payload` as a compact JWS with the header `alg`, `typ` and `kid` (RFC 7515 section 7.1).
    pub fn sign(&self, alg: Algorithm, typ: &str, payload: &impl Serialize) -> Result<String, KeyError> {
        self.sign_with_header(alg, &Header { alg, typ, kid: &self.kid }, payload)
    }

    /// Signs `payload` as a compact JWS with a header of the caller's, such as that of a proof of possession, which carries
    /// the key itself (RFC 9449 section 4.2). `alg` is how it is signed; the header should say the same.
    pub fn sign_with_header(
        &self,
        alg: Algorithm,
        header: &impl Serialize,
        payload: &impl Serialize,
    ) -> Result<String, KeyError> {
        // One scratch buffer holds header, payload and signature in turn.
        let mut scratch = Vec::with_capacity(1024);
        let mut token = String::with_capacity(1024);
        serde_json::to_writer(&mut scratch, header).map_err(|_| KeyError::Payload)?;
        append_base64url(&scratch, &mut token);
        token.push('.');
        scratch.clear();
        serde_json::to_writer(&mut scratch, payload).map_err(|_| KeyError::Payload)?;
        append_base64url(&scratch, &mut token);
        scratch.clear();
        self.sign_bytes(alg, token.as_bytes(), &mut scratch)?;
        token.push('.');
        append_base64url(&scratch, &mut token);
        Ok(token)
    }

    /// Appends the signature of `message`; ECDSA in the fixed form `r || s` (RFC 7518 section 3.4).
    fn sign_bytes(&self, alg: Algorithm, message: &[u8], signature: &mut Vec<u8>) -> Result<(), KeyError> {
        let random = SystemRandom::new();
        match &self.pair {
            _ if alg.family() != self.family => return Err(KeyError::Algorithm),
            Pair::Rsa(pair) => {
                signature.resize(pair.public_modulus_len(), 0);
                pair.sign(padding(alg)?, &random, message, signature)
            }
            Pair::Ec(pair) => pair.sign(&random, message).map(|signed| signature.extend_from_slice(signed.as_ref())),
            Pair::Ed(pair) => pair.try_sign(message).map(|signed| signature.extend_from_slice(signed.as_ref())),
        }
        .map_err(|_| KeyError::Library)
    }

    fn of(family: Family, pair: Pair) -> Result<Self, KeyError> {
        let mut jwk = pair.public(family).ok_or(KeyError::Library)?;
        let kid = jwk.thumbprint()?;
        jwk.kid = Some(kid.clone());
        Ok(Self { pair, family, kid, jwk })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

enum Pair {
    Rsa(rsa::KeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Pair {
    /// The public half.
    fn public(&self, family: Family) -> Option<Jwk> {
        match self {
            Self::Rsa(pair) => {
                let (n, e) = rsa_public_key(pair.public_key().as_ref())?;
                Some(Jwk::of_rsa(n, e))
            }
            Self::Ec(pair) => {
                // SEC 1 section 2.3.3: 0x04, then both coordinates at full width.
                let point = pair.public_key().as_ref().strip_prefix(&[0x04])?;
                let (x, y) = point.split_at_checked(point.len() / 2)?;
                Some(Jwk::of_curve(family, x, Some(y)))
            }
            Self::Ed(pair) => Some(Jwk::of_curve(family, pair.public_key().as_ref(), None)),
        }
    }
}

/// The protected header we write (RFC 7515 section 4.1).
#[derive(Serialize)]
struct Header<'a> {
    alg: Algorithm,
    typ: &'a str,
    kid: &'a str,
}

fn curve(family: Family) -> Result<&'static EcdsaSigningAlgorithm, KeyError> {
    match family {
        Family::P256 => Ok(&ECDSA_P256_SHA256_FIXED_SIGNING),
        Family::P384 => Ok(&ECDSA_P384_SHA384_FIXED_SIGNING),
        Family::Rsa | Family::Ed25519 => Err(KeyError::Algorithm),
    }
}

fn padding(alg: Algorithm) -> Result<&'static dyn RsaEncoding, KeyError> {
    match alg {
        Algorithm::RS256 => Ok(&RSA_PKCS1_SHA256),
        Algorithm::RS384 => Ok(&RSA_PKCS1_SHA384),
        Algorithm::RS512 => Ok(&RSA_PKCS1_SHA512),
        Algorithm::PS256 => Ok(&RSA_PSS_SHA256),
        Algorithm::PS384 => Ok(&RSA_PSS_SHA384),
        Algorithm::PS512 => Ok(&RSA_PSS_SHA512),
        Algorithm::ES256 | Algorithm::ES384 | Algorithm::EdDSA => Err(KeyError::Algorithm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{base64url, from_base64url};

    const fn is_shared_between_threads<T: Send + Sync>() {}
    const _: () = is_shared_between_threads::<SigningKey>();

    /// RFC 8037 appendix A.1 as PKCS#8 (RFC 8410 section 7).
    fn rfc_8037() -> SigningKey {
        let seed = from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let frame = [0x30, 46, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 34, 4, 32];
        SigningKey::from_pkcs8(Family::Ed25519, &[&frame[..], &seed].concat()).unwrap()
    }

    #[test]
    fn signing_vector_of_rfc_8037_appendix_a4() {
        let mut signature = Vec::new();
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        rfc_8037().sign_bytes(Algorithm::EdDSA, message, &mut signature).unwrap();
        assert_eq!(
            base64url(&signature),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn a_key_is_named_by_its_thumbprint() {
        let key = rfc_8037();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(
            serde_json::to_string(key.jwk()).unwrap(),
            concat!(
                r#"{"kty":"OKP","use":"sig","alg":"EdDSA","#,
                r#""kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","#,
                r#""crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
            )
        );
    }

    #[test]
    fn the_whole_token_is_pinned() {
        let token = rfc_8037().sign(Algorithm::EdDSA, "at+jwt", &serde_json::json!({"sub": "u"}));
        let token = token.unwrap();
        let [header, payload, _] = token.split('.').collect::<Vec<_>>()[..] else { panic!() };
        assert_eq!(
            String::from_utf8(from_base64url(header).unwrap()).unwrap(),
            r#"{"alg":"EdDSA","typ":"at+jwt","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"}"#
        );
        assert_eq!(from_base64url(payload).unwrap(), br#"{"sub":"u"}"#);
    }

    #[test]
    fn a_name_given_elsewhere_stands_in_the_header() {
        let key = rfc_8037().named("theirs");
        let token = key.sign(Algorithm::EdDSA, "JWT", &()).unwrap();
        let header = from_base64url(token.split('.').next().unwrap()).unwrap();
        assert_eq!(String::from_utf8(header).unwrap(), r#"{"alg":"EdDSA","typ":"JWT","kid":"theirs"}"#);
        assert_eq!((key.kid(), key.jwk().kid.as_deref()), ("theirs", Some("theirs")));
    }

    #[test]
    fn every_family_survives_storage_and_signs_only_its_algorithms() {
        for family in Family::ALL {
            let fresh = SigningKey::generate(family).unwrap();
            let key = SigningKey::from_pkcs8(family, &fresh.to_pkcs8().unwrap()).unwrap();
            assert_eq!(key.jwk(), fresh.jwk());
            assert_eq!(key.jwk().family(), Some(family));
            assert_eq!(key.jwk().alg.is_none(), family == Family::Rsa);
            for alg in Algorithm::ALL {
                let signed = key.sign(alg, "JWT", &());
                assert_eq!(signed.is_ok(), alg.family() == family, "{family} {alg}");
                assert_eq!(signed.is_ok(), key.jwk().serves(alg));
            }
            for other in Family::ALL.into_iter().filter(|other| *other != family) {
                let parsed = SigningKey::from_pkcs8(other, &fresh.to_pkcs8().unwrap());
                assert_eq!(parsed.unwrap_err(), KeyError::Rejected, "{family} as {other}");
            }
        }
    }

    #[test]
    fn debug_shows_the_name_and_nothing_else() {
        let name = "SigningKey { kid: \"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\", .. }";
        assert_eq!(format!("{:?}", rfc_8037()), name);
    }

    #[test]
    fn a_payload_that_is_no_json_is_an_error() {
        let odd = std::collections::HashMap::from([((1, 2), 3)]);
        assert_eq!(rfc_8037().sign(Algorithm::EdDSA, "JWT", &odd), Err(KeyError::Payload));
    }
}
