//! One proof, apart from what the server remembers: what it says, and whether that is about a call at a moment
//! (RFC 9449 §4.3).

use serde::Deserialize;
use url::Url;
use vestibule_jose::{VerifyError, base64url, equal, prove, sha256};

use super::{ALGORITHMS, About, ProofRules, Thumbprint, refused};
use crate::error::Error;
use crate::oauth::client_auth::Call;
use crate::ports::Timestamp;

/// Longest proof in bytes; one with the largest RSA key fits.
const LONGEST: usize = 4096;
/// Longest name of a proof in bytes.
const LONGEST_NAME: usize = 256;

/// A proof whose signature holds.
pub(super) struct Proof {
    /// The key that made it.
    pub key: Thumbprint,
    claims: Claims,
}

/// RFC 9449 §4.2.
#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    ath: Option<String>,
    nonce: Option<String>,
}

impl Proof {
    /// Checks form and signature.
    pub fn read(text: &str) -> Result<Self, Error> {
        if text.len() > LONGEST {
            return Err(refused("The DPoP proof is longer than 4096 bytes."));
        }
        let proof = prove(text, ALGORITHMS, "dpop+jwt").map_err(|error| refused(sentence(error)))?;
        let key = Thumbprint::read(&proof.thumbprint).ok_or_else(|| refused(sentence(VerifyError::UnknownKey)))?;
        let claims: Claims = proof.claims().map_err(|error| refused(sentence(error)))?;
        if claims.jti.is_empty() || claims.jti.len() > LONGEST_NAME {
            return Err(refused("The jti of the DPoP proof must have 1 to 256 bytes."));
        }
        Ok(Self { key, claims })
    }

    /// Whether it is about the call and whatever else it must be about, and new enough.
    pub fn check(&self, call: &Call, about: About<'_>, (now, rules): (Timestamp, &ProofRules)) -> Result<(), Error> {
        if self.claims.htm != call.method {
            return Err(refused("The htm of the DPoP proof is not the method of the request."));
        }
        if !is_same(&self.claims.htu, &call.url) {
            return Err(refused("The htu of the DPoP proof is not the public URL of the request."));
        }
        let age = now.seconds().saturating_sub(self.claims.iat);
        if age > seconds(rules.age) {
            return Err(refused("The iat of the DPoP proof is too long ago: make a new one for each request."));
        }
        if age.saturating_neg() > seconds(rules.ahead) {
            return Err(refused("The iat of the DPoP proof lies in the future: the clock of its maker is ahead."));
        }
        if let Some(token) = about.token {
            let hash = base64url(&sha256(token.as_bytes()));
            if !self.claims.ath.as_ref().is_some_and(|ath| equal(ath.as_bytes(), hash.as_bytes())) {
                return Err(refused("The ath of the DPoP proof is not the hash of the access token."));
            }
        }
        if about.key.is_some_and(|key| key != self.key) {
            return Err(refused("The DPoP proof was made with another key than the one that is bound."));
        }
        Ok(())
    }

    /// The nonce that it carries.
    pub fn nonce(&self) -> Option<&str> {
        self.claims.nonce.as_deref()
    }

    /// Its name among those of all keys, of bounded length.
    pub fn name(&self) -> String {
        let named = [self.key.as_bytes(), self.claims.jti.as_bytes()].concat();
        format!("dpop/{}", base64url(&sha256(&named)))
    }

    /// When it is too old for certain.
    pub fn ends(&self, rules: &ProofRules) -> Timestamp {
        Timestamp::from_seconds(self.claims.iat.saturating_add(seconds(rules.age)).saturating_add(1))
    }
}

fn seconds(span: std::time::Duration) -> i64 {
    i64::try_from(span.as_secs()).unwrap_or(i64::MAX)
}

const fn sentence(error: VerifyError) -> &'static str {
    match error {
        VerifyError::Malformed => "The DPoP proof is not a signed JWT in compact form without critical extensions.",
        VerifyError::Type => "The typ of the DPoP proof must be dpop+jwt.",
        VerifyError::Algorithm => {
            "The alg of the DPoP proof must be ES256, ES384, EdDSA, PS256 or RS256, and fit the key in its jwk."
        }
        VerifyError::UnknownKey => {
            "The jwk of the DPoP proof must be a public EC, OKP or RSA key, without private members."
        }
        VerifyError::Signature => "The signature of the DPoP proof was not made by the key in its jwk.",
        VerifyError::Claims => "The DPoP proof must have the claims jti, htm, htu and, in whole seconds, iat.",
    }
}

/// Whether two URLs are one, leaving query and fragment aside (RFC 9449 §4.3, RFC 3986 §6.2.2 and §6.2.3).
fn is_same(htu: &str, called: &str) -> bool {
    htu == called || normal(htu).is_some_and(|htu| normal(called).is_some_and(|called| htu == called))
}

fn normal(text: &str) -> Option<String> {
    // What browsers mend silently is no URL here.
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
        return None;
    }
    let mut url = Url::parse(text).ok()?;
    url.set_query(None);
    url.set_fragment(None);
    Some(unescaped(url.as_str()))
}

/// The text with escapes undone where none is needed, and in capitals elsewhere.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let byte = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte.map(char::from), part.split_at_checked(2)) {
            (Some(c), Some((_, rest))) if c.is_ascii_alphanumeric() || "-._~".contains(c) => {
                plain.push(c);
                plain.push_str(rest);
            }
            (Some(_), Some((hex, rest))) => {
                plain.push('%');
                plain.push_str(&hex.to_ascii_uppercase());
                plain.push_str(rest);
            }
            _ => {
                plain.push('%');
                plain.push_str(part);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_compared_by_syntax_without_query_and_fragment() {
        let called = "https://login.example/t/acme/oauth2/token";
        for same in [
            called,
            "https://login.example/t/acme/oauth2/token?x=y#z",
            "HTTPS://LOGIN.example:443/t/acme/oauth2/token",
            "https://login.example/t/other/../acme/./oauth2/token",
            "https://login.example/t/%61cme/oauth2/%74oken",
        ] {
            assert!(is_same(same, called), "{same}");
        }
        for other in [
            "https://login.example/oauth2/token",
            "https://login.example/t/ACME/oauth2/token",
            "https://login.example/t/acme/oauth2/token/",
            "https://login.example:8443/t/acme/oauth2/token",
            "http://login.example/t/acme/oauth2/token",
            "https://evil.example/t/acme/oauth2/token",
            "https://evil@login.example/t/acme/oauth2/token",
            "https:\\\\login.example/t/acme/oauth2/token",
            " https://login.example/t/acme/oauth2/token",
            "https://login.example/t%2Facme/oauth2/token",
            "/t/acme/oauth2/token",
            "%",
            "",
        ] {
            assert!(!is_same(other, called), "{other}");
        }
        assert!(is_same("https://a.example/%c3%a9", "https://a.example/%C3%A9"));
    }
}
