//! PKCE (RFC 7636).

use vestibule_jose::{base64url, equal, sha256};

use crate::grant::Challenge;

impl Challenge {
    /// Whether the verifier belongs to the challenge (RFC 7636 §4.6).
    pub(super) fn is_met_by(&self, verifier: &str) -> bool {
        if !is_spelled(verifier) {
            return false;
        }
        match self {
            Self::S256(challenge) => equal(challenge.as_bytes(), base64url(&sha256(verifier.as_bytes())).as_bytes()),
            Self::Plain(challenge) => equal(challenge.as_bytes(), verifier.as_bytes()),
        }
    }
}

/// Whether a verifier or challenge has 43 to 128 unreserved characters (RFC 7636 §4.1, §4.2).
pub(super) fn is_spelled(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_7636_appendix_b_holds() {
        let challenge = Challenge::S256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned());
        assert!(challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.is_met_by("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"));
        assert!(!challenge.is_met_by("short"));
    }
}
