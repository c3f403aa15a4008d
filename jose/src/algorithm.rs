//! The closed list of signature algorithms and the kinds of key they need. `none` and the HMAC algorithms are absent on
//! purpose: a public key can then never be mistaken for a shared secret (RFC 8725 sections 2.1 and 3.1).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::KeyError;

/// A JWS algorithm (RFC 7518 section 3.1, RFC 8037 section 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 section 3.3).
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384 (RFC 7518 section 3.3).
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512 (RFC 7518 section 3.3).
    RS512,
    /// RSASSA-PSS with SHA-256 (RFC 7518 section 3.5).
    PS256,
    /// RSASSA-PSS with SHA-384 (RFC 7518 section 3.5).
    PS384,
    /// RSASSA-PSS with SHA-512 (RFC 7518 section 3.5).
    PS512,
    /// ECDSA on P-256 with SHA-256 (RFC 7518 section 3.4).
    ES256,
    /// ECDSA on P-384 with SHA-384 (RFC 7518 section 3.4).
    ES384,
    /// Ed25519 (RFC 8037 section 3.1).
    EdDSA,
}

/// The kind of key an algorithm needs (RFC 7518 section 6, RFC 8037 section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Family {
    /// RSA of 2048 to 8192 bits (RFC 7518 section 6.3).
    #[serde(rename = "RSA")]
    Rsa,
    /// The curve P-256 (RFC 7518 section 6.2).
    #[serde(rename = "P-256")]
    P256,
    /// The curve P-384 (RFC 7518 section 6.2).
    #[serde(rename = "P-384")]
    P384,
    /// The curve Ed25519 (RFC 8037 section 2).
    Ed25519,
}

impl Algorithm {
    /// Every algorithm (RFC 7518 section 3.1).
    pub const ALL: [Self; 9] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
    ];

    /// The registered `alg` value (RFC 7518 section 3.1).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }

    /// The kind of key this algorithm needs (RFC 7518 section 3.1).
    #[must_use]
    pub const fn family(self) -> Family {
        match self {
            Self::RS256 | Self::RS384 | Self::RS512 => Family::Rsa,
            Self::PS256 | Self::PS384 | Self::PS512 => Family::Rsa,
            Self::ES256 => Family::P256,
            Self::ES384 => Family::P384,
            Self::EdDSA => Family::Ed25519,
        }
    }
}

impl Family {
    /// Every family (RFC 7518 section 6, RFC 8037 section 2).
    pub const ALL: [Self; 4] = [Self::Rsa, Self::P256, Self::P384, Self::Ed25519];

    /// `RSA` or the registered `crv` value (RFC 7518 section 6.2.1.1, RFC 8037 section 2).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rsa => "RSA",
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::Ed25519 => "Ed25519",
        }
    }
}

impl FromStr for Algorithm {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::ALL.into_iter().find(|alg| alg.as_str() == text).ok_or(KeyError::Algorithm)
    }
}

impl FromStr for Family {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::ALL.into_iter().find(|family| family.as_str() == text).ok_or(KeyError::Rejected)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_survive_every_spelling() {
        for alg in Algorithm::ALL {
            assert_eq!(alg.as_str().parse(), Ok(alg));
            assert_eq!(serde_json::to_value(alg).unwrap(), alg.as_str());
        }
        for family in Family::ALL {
            assert_eq!(family.as_str().parse(), Ok(family));
            assert_eq!(serde_json::to_value(family).unwrap(), family.as_str());
        }
    }

    #[test]
    fn none_hmac_and_other_cases_have_no_algorithm() {
        for name in ["none", "None", "HS256", "rs256", "EDDSA", "ES512", ""] {
            assert_eq!(name.parse::<Algorithm>(), Err(KeyError::Algorithm));
        }
    }
}
