//! Why a key or a token was refused. Both enums are deliberately coarse and carry nothing of what was refused, so they
//! can be logged anywhere.

use std::fmt;

/// A key that cannot be used, or cannot be used for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The bytes or members are not an acceptable key.
    Rejected,
    /// The algorithm does not belong to the key's family, or has no such name (RFC 7518 section 3.1).
    Algorithm,
    /// The payload does not serialize to JSON.
    Payload,
    /// The cryptographic library refused to work.
    Library,
}

/// A token that proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyError {
    /// Not a compact JWS this crate reads, or longer than 16 KiB (RFC 7515 section 7.1).
    Malformed,
    /// The algorithm is not among the allowed ones, or does not fit the key (RFC 8725 section 3.1).
    Algorithm,
    /// No usable key carries the token's `kid` (RFC 7515 section 4.1.4).
    UnknownKey,
    /// The signature is not the key's (RFC 7515 section 5.2).
    Signature,
    /// The `typ` header is not the expected one (RFC 8725 section 3.11).
    Type,
    /// The payload is not the JSON that was expected (RFC 7519 section 7.2).
    Claims,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rejected => "not an acceptable key",
            Self::Algorithm => "the algorithm is unknown or does not fit the key",
            Self::Payload => "the payload does not serialize",
            Self::Library => "the cryptographic library failed",
        })
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "not a well-formed signed token",
            Self::Algorithm => "the token's algorithm is not allowed",
            Self::UnknownKey => "the token's key is unknown",
            Self::Signature => "the token's signature is wrong",
            Self::Type => "the token is of another type",
            Self::Claims => "the token's claims have another form",
        })
    }
}

impl std::error::Error for KeyError {}
impl std::error::Error for VerifyError {}
