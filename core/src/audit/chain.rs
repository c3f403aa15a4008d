//! The chain: each record's hash covers the hash before it, its number and its body, so that none is altered, removed,
//! moved or added without all later ones telling.

use vestibule_jose::sha256;

use crate::ports::{TenantId, Timestamp, UserId};

/// The hash of a record.
pub type Hash = [u8; 32];

/// What stands before the first record.
pub const ORIGIN: Hash = [0; 32];

/// An event as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number; the first is 1 and none is left out.
    pub seq: u64,
    /// The event's JSON.
    pub body: String,
    /// [`link`] of the hash before it, its number and its body.
    pub hash: Hash,
    /// The tenant, as the body says.
    pub tenant: TenantId,
    /// Whom it is about, as the body says.
    pub user: Option<UserId>,
    /// When it happened, as the body says.
    pub at: Timestamp,
}

/// The hash of a record: SHA-256 of the hash before it, its number in eight bytes, and its body.
pub fn link(before: &Hash, seq: u64, body: &str) -> Hash {
    let mut bytes = Vec::with_capacity(before.len() + 8 + body.len());
    bytes.extend_from_slice(before);
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(body.as_bytes());
    sha256(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_covers_what_is_before_the_number_and_the_body() {
        let hash = link(&ORIGIN, 1, "a");
        assert_eq!(hash, link(&ORIGIN, 1, "a"));
        for other in [link(&[1; 32], 1, "a"), link(&ORIGIN, 2, "a"), link(&ORIGIN, 1, "b")] {
            assert_ne!(hash, other);
        }
    }
}
