//! Public keys as JSON, their names, and the check of one signature with one key. Members are kept as
//! text, so a set with keys we cannot use still parses and those keys are passed over (RFC 7517
//! section 5). Law: a private key is refused wherever a public one is expected.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::{Deserialize, Deserializer, Serialize};

use crate::spki::{Info, public_key_info};
use crate::{Algorithm, Family, KeyError, VerifyError, base64url, from_base64url, sha256};

/// A public key (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwk {
    /// Key type: `RSA`, `EC`, `OKP`, or one we cannot use (RFC 7517 section 4.1).
    pub kty: String,
    /// What the key is for (RFC 7517 section 4.2).
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    pub use_: Option<String>,
    /// The one algorithm the key is for (RFC 7517 section 4.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// The key's name (RFC 7517 section 4.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// Curve of an `EC` or `OKP` key (RFC 7518 section 6.2.1.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// First coordinate, or the whole Ed25519 key (RFC 7518 section 6.2.1.2, RFC 8037 section 2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Second coordinate (RFC 7518 section 6.2.1.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// RSA modulus (RFC 7518 section 6.3.1.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// RSA exponent (RFC 7518 section 6.3.1.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    #[serde(
        rename = "d",
        alias = "p",
        alias = "q",
        alias = "dp",
        alias = "dq",
        alias = "qi",
        alias = "oth",
        alias = "k",
        alias = "priv",
        default,
        skip_serializing
    )]
    private: Absent,
}

/// A set of public keys (RFC 7517 section 5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys, in no meaningful order (RFC 7517 section 5.1).
    pub keys: Vec<Jwk>,
}

impl Jwk {
    /// The kind of key this is, if it is one we can use.
    #[must_use]
    pub fn family(&self) -> Option<Family> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Some(Family::Rsa),
            ("EC", Some("P-256")) => Some(Family::P256),
            ("EC", Some("P-384")) => Some(Family::P384),
            ("OKP", Some("Ed25519")) => Some(Family::Ed25519),
            _ => None,
        }
    }

    /// Whether the key may check signatures of `alg`: by family, `use` and `alg` (RFC 7517
    /// sections 4.2 and 4.4).
    #[must_use]
    pub fn serves(&self, alg: Algorithm) -> bool {
        self.family() == Some(alg.family())
            && self.use_.as_deref().is_none_or(|used| used == "sig")
            && self.alg.as_deref().is_none_or(|named| named == alg.as_str())
    }

    /// The SHA-256 thumbprint in base64url (RFC 7638 section 3).
    pub fn thumbprint(&self) -> Result<String, KeyError> {
        // Every member written below has been decoded from base64url, so none can carry a quote and
        // pose as another key.
        self.material()?;
        let Self { kty, crv, x, y, n, e, .. } = self;
        let [crv, x, y, n, e] = [crv, x, y, n, e].map(|member| member.as_deref().unwrap_or(""));
        let canonical = match self.family().ok_or(KeyError::Rejected)? {
            Family::Rsa => format!(r#"{{"e":"{e}","kty":"{kty}","n":"{n}"}}"#),
            Family::P256 | Family::P384 => {
                format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#)
            }
            Family::Ed25519 => format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}"}}"#),
        };
        Ok(base64url(&sha256(canonical.as_bytes())))
    }

    /// Checks one signature (RFC 7515 section 5.2); `alg` is the caller's choice, not the token's.
    pub fn verify(&self, alg: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        if !self.serves(alg) {
            return Err(VerifyError::Algorithm);
        }
        let verified = match (self.material().map_err(|_| VerifyError::UnknownKey)?, scheme(alg)) {
            (Material::Rsa { n, e }, Scheme::Rsa(scheme)) => {
                RsaPublicKeyComponents { n, e }.verify(scheme, message, signature)
            }
            (Material::Point(point), Scheme::Curve(scheme)) => {
                UnparsedPublicKey::new(scheme, point).verify(message, signature)
            }
            _ => return Err(VerifyError::Algorithm),
        };
        verified.map_err(|_| VerifyError::Signature)
    }

    /// The key in a DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7), as devices write theirs; it has no name.
    pub fn from_spki(der: &[u8]) -> Result<Self, KeyError> {
        let key = match public_key_info(der).ok_or(KeyError::Rejected)? {
            Info::Rsa(n, e) => Self::of_rsa(n, e),
            Info::Point(family, x, y) => Self::of_curve(family, x, Some(y)),
            Info::Ed25519(x) => Self::of_curve(Family::Ed25519, x, None),
        };
        Ok(Self { use_: None, alg: None, ..key })
    }

    /// Our own RSA key, still without a name; without `alg`, since it serves `RS256` and `PS256` alike.
    pub(crate) fn of_rsa(n: &[u8], e: &[u8]) -> Self {
        Self {
            kty: "RSA".to_owned(),
            use_: Some("sig".to_owned()),
            n: Some(base64url(n)),
            e: Some(base64url(e)),
            ..Self::default()
        }
    }

    /// Our own key on a curve, still without a name.
    pub(crate) fn of_curve(family: Family, x: &[u8], y: Option<&[u8]>) -> Self {
        let alg = Algorithm::ALL.into_iter().find(|alg| alg.family() == family);
        Self {
            kty: if y.is_some() { "EC" } else { "OKP" }.to_owned(),
            use_: Some("sig".to_owned()),
            alg: alg.map(|alg| alg.as_str().to_owned()),
            crv: Some(family.as_str().to_owned()),
            x: Some(base64url(x)),
            y: y.map(base64url),
            ..Self::default()
        }
    }

    /// The members of the key's family, decoded and of the right length.
    fn material(&self) -> Result<Material, KeyError> {
        Ok(match self.family().ok_or(KeyError::Rejected)? {
            Family::Rsa => Material::Rsa { n: member(&self.n)?, e: member(&self.e)? },
            Family::P256 => Material::Point(self.uncompressed(32)?),
            Family::P384 => Material::Point(self.uncompressed(48)?),
            Family::Ed25519 => Material::Point(exactly(32, &self.x)?),
        })
    }

    /// The point as SEC 1 section 2.3.3 writes it; the library then checks that it is on the curve.
    fn uncompressed(&self, width: usize) -> Result<Vec<u8>, KeyError> {
        let (x, y) = (exactly(width, &self.x)?, exactly(width, &self.y)?);
        Ok([&[0x04], x.as_slice(), y.as_slice()].concat())
    }
}

/// Where a private member would be: one that is there, whatever its value, fails the whole parse, for
/// somebody has published a secret or passes one off as public (RFC 7517 section 9.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Absent;

impl<'de> Deserialize<'de> for Absent {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("a private key where a public one belongs"))
    }
}

/// What a key is made of.
enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Point(Vec<u8>),
}

/// How the library checks an algorithm.
enum Scheme {
    Rsa(&'static RsaParameters),
    Curve(&'static dyn VerificationAlgorithm),
}

fn scheme(alg: Algorithm) -> Scheme {
    match alg {
        Algorithm::RS256 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => Scheme::Rsa(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::PS256 => Scheme::Rsa(&RSA_PSS_2048_8192_SHA256),
        Algorithm::PS384 => Scheme::Rsa(&RSA_PSS_2048_8192_SHA384),
        Algorithm::PS512 => Scheme::Rsa(&RSA_PSS_2048_8192_SHA512),
        Algorithm::ES256 => Scheme::Curve(&ECDSA_P256_SHA256_FIXED),
        Algorithm::ES384 => Scheme::Curve(&ECDSA_P384_SHA384_FIXED),
        Algorithm::EdDSA => Scheme::Curve(&ED25519),
    }
}

fn member(text: &Option<String>) -> Result<Vec<u8>, KeyError> {
    text.as_deref().and_then(from_base64url).ok_or(KeyError::Rejected)
}

/// A member of fixed width: RFC 7518 section 6.2.1.2 wants leading zeros kept, and without the check
/// bytes could move from one coordinate into the other.
fn exactly(width: usize, text: &Option<String>) -> Result<Vec<u8>, KeyError> {
    member(text).and_then(|bytes| (bytes.len() == width).then_some(bytes).ok_or(KeyError::Rejected))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC_7638: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;

    fn jwk(json: &str) -> Jwk {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn thumbprint_vectors_of_rfc_7638_and_rfc_8037() {
        assert_eq!(jwk(RFC_7638).thumbprint().unwrap(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        let ed = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
        assert_eq!(jwk(ed).thumbprint().unwrap(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn private_and_symmetric_members_are_refused() {
        for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] {
            let json = format!(r#"{{"kty":"RSA","n":"AQAB","e":"AQAB","{name}":"AQAB"}}"#);
            assert!(serde_json::from_str::<Jwk>(&json).is_err(), "{name}");
            let null = json.replace(r#":"AQAB"}"#, ":null}");
            assert!(serde_json::from_str::<Jwk>(&null).is_err(), "{name}");
        }
        let both = r#"{"kty":"EC","d":"AQAB","k":"AQAB"}"#;
        assert!(serde_json::from_str::<Jwk>(both).is_err());
        let set = r#"{"keys":[{"kty":"oct","k":"AQAB"}]}"#;
        assert!(serde_json::from_str::<JwkSet>(set).is_err());
    }

    #[test]
    fn keys_of_devices_are_read_from_spki() {
        use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};

        let random = aws_lc_rs::rand::SystemRandom::new();
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let key = Jwk::from_spki(der.as_ref()).unwrap();
        assert_eq!((key.family(), &key.kid), (Some(Family::P256), &None));
        let signature = pair.sign(&random, b"message").unwrap();
        assert_eq!(key.verify(Algorithm::ES256, b"message", signature.as_ref()), Ok(()));
        for cut in 0..der.as_ref().len() {
            assert_eq!(Jwk::from_spki(&der.as_ref()[..cut]), Err(KeyError::Rejected));
        }
        assert_eq!(Jwk::from_spki(&[der.as_ref(), &[0]].concat()), Err(KeyError::Rejected));

        let pair = Ed25519KeyPair::generate().unwrap();
        let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
        let key = Jwk::from_spki(der.as_ref()).unwrap();
        assert_eq!(key.verify(Algorithm::EdDSA, b"message", pair.sign(b"message").as_ref()), Ok(()));
    }

    #[test]
    fn a_set_with_keys_we_cannot_use_still_parses() {
        let set = r#"{"keys":[
            {"kty":"AKP","alg":"ML-DSA-65","pub":"AQAB"},
            {"kty":"EC","crv":"secp256k1","x":"AQAB","y":"AQAB"},
            {"kty":"RSA","use":"enc","alg":"RSA-OAEP","n":"AQAB","e":"AQAB","x5c":["AQAB"]}
        ],"extra":1}"#;
        let set: JwkSet = serde_json::from_str(set).unwrap();
        assert_eq!(set.keys.len(), 3);
        for (key, alg) in set.keys.iter().flat_map(|key| Algorithm::ALL.map(|alg| (key, alg))) {
            assert!(!key.serves(alg));
            assert_eq!(key.verify(alg, b"", b""), Err(VerifyError::Algorithm));
        }
        assert_eq!(set.keys[0].thumbprint(), Err(KeyError::Rejected));
    }

    #[test]
    fn only_present_members_are_written() {
        let key = jwk(RFC_7638);
        let text = serde_json::to_string(&key).unwrap();
        assert!(text.starts_with(r#"{"kty":"RSA","alg":"RS256","kid":"2011-04-29","n":"0vx7"#));
        assert!(text.ends_with(r#","e":"AQAB"}"#));
        assert_eq!(jwk(&text), key);
    }

    #[test]
    fn members_of_another_width_or_alphabet_are_no_key() {
        for broken in [
            r#"{"kty":"RSA","n":"AQAB"}"#,
            r#"{"kty":"RSA","n":"AQAB","e":"A\"QAB"}"#,
            r#"{"kty":"OKP","crv":"Ed25519","x":"AQAB"}"#,
            r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"AQAB"}"#,
        ] {
            assert_eq!(jwk(broken).thumbprint(), Err(KeyError::Rejected), "{broken}");
            let alg = match jwk(broken).family() {
                Some(Family::Rsa) => Algorithm::RS256,
                Some(Family::P256) => Algorithm::ES256,
                _ => Algorithm::EdDSA,
            };
            assert_eq!(jwk(broken).verify(alg, b"", b""), Err(VerifyError::UnknownKey));
        }
    }
}
