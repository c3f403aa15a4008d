//! Digests of public text: fingerprints for storage, PKCE and thumbprints, and the half hashes that tie an ID token to the
//! code or access token issued beside it.

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};

use crate::{Algorithm, base64url};

/// SHA-256 (FIPS 180-4; RFC 7636 section 4.2 for PKCE).
#[must_use]
pub fn sha256(data: &[u8]) -> [u8; 32] {
    exactly(digest::digest(&SHA256, data).as_ref())
}

/// SHA-1, by which lists of breached passwords name them; it protects nothing.
#[must_use]
pub fn sha1(data: &[u8]) -> [u8; 20] {
    exactly(digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, data).as_ref())
}

/// `at_hash` and `c_hash`: the left half of the hash that belongs to `alg` (OpenID Connect Core 3.1.3.6).
///
/// Ed25519 hashes with SHA-512 inside, so EdDSA takes that one here.
#[must_use]
pub fn left_half_hash(alg: Algorithm, text: &str) -> String {
    let hash = match alg {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 => &SHA256,
        Algorithm::RS384 | Algorithm::PS384 | Algorithm::ES384 => &SHA384,
        Algorithm::RS512 | Algorithm::PS512 | Algorithm::EdDSA => &SHA512,
    };
    let whole = digest::digest(hash, text.as_bytes());
    base64url(whole.as_ref().get(..hash.output_len() / 2).unwrap_or_default())
}

/// A library output of known length as an array.
pub(crate) fn exactly<const N: usize>(output: &[u8]) -> [u8; N] {
    debug_assert_eq!(output.len(), N);
    let mut array = [0; N];
    array.iter_mut().zip(output).for_each(|(to, from)| *to = *from);
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pkce_vector_of_rfc_7636_appendix_b() {
        let verifier = b"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(base64url(&sha256(verifier)), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn sha1_vector_of_rfc_3174_section_7_3() {
        let hex: String = sha1(b"abc").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
    }

    #[test]
    fn at_hash_vector_of_oidc_core_appendix_a() {
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(left_half_hash(Algorithm::RS256, token), "77QmUPtjPfzWtF2AnpK9RQ");
    }

    #[test]
    fn half_hashes_have_half_the_length() {
        for (alg, bytes) in
            [(Algorithm::ES256, 16), (Algorithm::PS384, 24), (Algorithm::RS512, 32), (Algorithm::EdDSA, 32)]
        {
            assert_eq!(crate::from_base64url(&left_half_hash(alg, "text")).unwrap().len(), bytes);
        }
    }
}
