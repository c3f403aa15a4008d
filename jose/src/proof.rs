//! A compact JWS that brings its own key, as proofs of possession do (RFC 9449 section 4.2). It shows that its maker has
//! the private half of the key it names, and nothing else: whether that key means anything is for the caller to know.
//! Law: the key is public, of a family we know, and fits an algorithm that the caller allows.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::verify::{Parts, refuse_extension, same_type};
use crate::{Algorithm, Jwk, VerifyError, from_base64url};

/// A payload that was signed with the key it came with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The key's name: its thumbprint (RFC 7638 section 3).
    pub thumbprint: String,
    payload: Vec<u8>,
}

/// Checks a compact JWS with the key in its own header `jwk` (RFC 7515 section 4.1.3).
///
/// # Errors
/// [`VerifyError::UnknownKey`]: there is no such key, or it is private, symmetric or of another family.
pub fn prove(token: &str, allowed: &[Algorithm], typ: &str) -> Result<Proof, VerifyError> {
    let parts = Parts::of(token).ok_or(VerifyError::Malformed)?;
    let header: Wire = parts.read_header()?;
    if !header.typ.is_some_and(|own| same_type(&own, typ)) {
        return Err(VerifyError::Type);
    }
    let alg = header.alg.parse().ok().filter(|alg| allowed.contains(alg)).ok_or(VerifyError::Algorithm)?;
    let key = Jwk::deserialize(header.jwk).map_err(|_| VerifyError::UnknownKey)?;
    let thumbprint = key.thumbprint().map_err(|_| VerifyError::UnknownKey)?;
    let signature = from_base64url(parts.signature).ok_or(VerifyError::Malformed)?;
    key.verify(alg, parts.signed.as_bytes(), &signature)?;
    let payload = from_base64url(parts.payload).ok_or(VerifyError::Malformed)?;
    Ok(Proof { thumbprint, payload })
}

impl Proof {
    /// The payload as claims (RFC 7519 section 7.2).
    ///
    /// # Errors
    /// It has another form.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, VerifyError> {
        serde_json::from_slice(&self.payload).map_err(|_| VerifyError::Claims)
    }
}

/// The header members that matter; one given twice is malformed (RFC 7515 section 4).
#[derive(Deserialize)]
struct Wire {
    alg: String,
    typ: Option<String>,
    #[serde(default)]
    jwk: Value,
    #[serde(rename = "crit", alias = "b64", default, deserialize_with = "refuse_extension")]
    _extension: (),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Family, SigningKey, base64url};

    const TYP: &str = "dpop+jwt";
    const ALLOWED: &[Algorithm] = &[Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::PS256];

    /// The example of RFC 9449 section 4.1.
    const RFC_9449: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";

    fn proof(key: &SigningKey, alg: Algorithm, header: &Value) -> String {
        key.sign_with_header(alg, header, &json!({"jti": "1"})).unwrap()
    }

    fn public(key: &SigningKey) -> Value {
        serde_json::to_value(key.jwk()).unwrap()
    }

    fn header(key: &SigningKey, alg: Algorithm) -> Value {
        json!({"typ": TYP, "alg": alg, "jwk": public(key)})
    }

    #[test]
    fn the_example_of_rfc_9449_proves_its_key() {
        let proof = prove(RFC_9449, ALLOWED, TYP).unwrap();
        assert_eq!(proof.thumbprint, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
        assert_eq!(proof.claims::<Value>().unwrap()["htu"], "https://server.example.com/token");
    }

    #[test]
    fn keys_of_every_family_prove_themselves() {
        for alg in ALLOWED {
            let key = SigningKey::generate(alg.family()).unwrap();
            let made = prove(&proof(&key, *alg, &header(&key, *alg)), ALLOWED, TYP).unwrap();
            assert_eq!(made.thumbprint, key.kid());
            assert_eq!(prove(&proof(&key, *alg, &header(&key, *alg)), &[], TYP), Err(VerifyError::Algorithm));
        }
    }

    #[test]
    fn a_proof_is_no_token_and_a_header_must_be_whole() {
        let (key, other) = (SigningKey::generate(Family::P256).unwrap(), SigningKey::generate(Family::P256).unwrap());
        let alg = Algorithm::ES256;
        let good = header(&key, alg);
        let edited = |name: &str, value: Value| {
            let mut header = good.clone();
            header[name] = value;
            prove(&proof(&key, alg, &header), ALLOWED, TYP)
        };
        assert!(edited("typ", "application/DPoP+jwt".into()).is_ok());
        for typ in [json!("JWT"), json!("at+jwt"), Value::Null] {
            assert_eq!(edited("typ", typ), Err(VerifyError::Type));
        }
        for alg in ["none", "HS256", "ES512", "es256"] {
            assert_eq!(edited("alg", alg.into()), Err(VerifyError::Algorithm));
        }
        assert_eq!(edited("alg", "EdDSA".into()), Err(VerifyError::Algorithm));
        assert_eq!(edited("crit", json!(["exp"])), Err(VerifyError::Malformed));
        assert_eq!(edited("jwk", public(&other)), Err(VerifyError::Signature));
        let mut private = public(&key);
        private["d"] = "AQAB".into();
        for jwk in [private, Value::Null, json!({}), json!({"kty": "oct", "k": "AQAB"}), json!("x")] {
            assert_eq!(edited("jwk", jwk), Err(VerifyError::UnknownKey));
        }
    }

    #[test]
    fn changed_bytes_prove_nothing() {
        let (signed, signature) = RFC_9449.rsplit_once('.').unwrap();
        let (header, _) = signed.split_once('.').unwrap();
        let other = base64url(br#"{"jti":"2"}"#);
        assert_eq!(prove(&format!("{header}.{other}.{signature}"), ALLOWED, TYP), Err(VerifyError::Signature));
        for broken in ["", "a.b", "a.b.c", &format!("{RFC_9449}.x"), &RFC_9449[1..]] {
            assert_eq!(prove(broken, ALLOWED, TYP), Err(VerifyError::Malformed), "{broken}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_it_fall_over(header: Vec<u8>, payload: Vec<u8>, signature: Vec<u8>, text: String) {
            let [header, payload, signature] = [header, payload, signature].map(|bytes| base64url(&bytes));
            for token in [format!("{header}.{payload}.{signature}"), text] {
                proptest::prop_assert!(prove(&token, ALLOWED, TYP).is_err());
            }
        }
    }
}
