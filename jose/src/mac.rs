//! What a shared secret can do: authenticate a list of parts, compare in constant time, and grow into separate secrets for
//! separate purposes. It keeps no secret and names no purpose.

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key};
use zeroize::Zeroizing;

use crate::KeyError;
use crate::digest::exactly;

/// A prepared HMAC-SHA256 key (RFC 2104); cheap to use, wiped by the library on drop.
pub struct MacKey(Key);

impl MacKey {
    /// Prepares a secret of any length (RFC 2104 section 3).
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(Key::new(HMAC_SHA256, secret))
    }

    /// The tag of the parts, each prefixed with its length.
    ///
    /// The prefix keeps `("ab", "c")` and `("a", "bc")` apart, or bytes could be moved from one part into its neighbour.
    #[must_use]
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        exactly(context.sign().as_ref())
    }

    /// The tag of exactly these bytes, for protocols that lay out the message themselves (RFC 2104 section 2).
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        exactly(aws_lc_rs::hmac::sign(&self.0, message).as_ref())
    }

    /// Whether `tag` is the tag of the parts, or its first 16 bytes or more (RFC 2104 section 5); constant time.
    #[must_use]
    pub fn check(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        let whole = self.mac(parts);
        // Without the floor an attacker sends one byte and is right once in 256 tries.
        tag.len() >= SHORTEST_TAG && whole.get(..tag.len()).is_some_and(|head| equal(head, tag))
    }
}

/// A secret of its own for `label`, by HKDF-SHA256 with the label as info and no salt (RFC 5869 section 2).
pub fn derive(master: &[u8; 32], label: &str) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    let mut secret = Zeroizing::new([0; 32]);
    Salt::none(HKDF_SHA256)
        .extract(master)
        .expand(&[label.as_bytes()], HKDF_SHA256)
        .and_then(|okm| okm.fill(secret.as_mut_slice()))
        .map_err(|_| KeyError::Library)?;
    Ok(secret)
}

/// Whether two byte strings are equal, in time that depends on their lengths only (RFC 7518 section 3.2).
#[must_use]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

const SHORTEST_TAG: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_moved_into_each_other() {
        let key = MacKey::new(b"secret");
        let lists: [&[&[u8]]; 6] = [&[], &[b""], &[b"", b""], &[b"abc"], &[b"ab", b"c"], &[b"a", b"bc"]];
        let tags: std::collections::HashSet<_> = lists.iter().map(|parts| key.mac(parts)).collect();
        assert_eq!(tags.len(), lists.len());
    }

    #[test]
    fn the_tag_is_hmac_over_length_and_part() {
        let message = b"\0\0\0\0\0\0\0\x02hi";
        let plain = aws_lc_rs::hmac::sign(&Key::new(HMAC_SHA256, b"secret"), message);
        assert_eq!(MacKey::new(b"secret").mac(&[b"hi"]), plain.as_ref());
    }

    #[test]
    fn a_signature_is_the_vector_of_rfc_4231_section_4_3() {
        let tag = MacKey::new(b"Jefe").sign(b"what do ya want for nothing?");
        assert_eq!(crate::base64url(&tag), "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM");
    }

    #[test]
    fn tags_may_be_cut_to_sixteen_bytes_and_no_further() {
        let key = MacKey::new(b"secret");
        let tag = key.mac(&[b"part"]);
        for length in 0..=32 {
            assert_eq!(key.check(&[b"part"], &tag[..length]), length >= 16, "{length}");
        }
        assert!(!key.check(&[b"part"], &[&tag[..], &[0]].concat()));
        assert!(!key.check(&[b"trap"], &tag));
        assert!(!MacKey::new(b"other").check(&[b"part"], &tag));
    }

    #[test]
    fn derived_secrets_follow_rfc_5869() {
        // Section 2.2 and 2.3 by hand, with one block of output.
        let prk = aws_lc_rs::hmac::sign(&Key::new(HMAC_SHA256, &[0; 32]), &[7; 32]);
        let okm = aws_lc_rs::hmac::sign(&Key::new(HMAC_SHA256, prk.as_ref()), b"label\x01");
        assert_eq!(derive(&[7; 32], "label").unwrap().as_slice(), okm.as_ref());
        assert_ne!(derive(&[7; 32], "other").unwrap().as_slice(), okm.as_ref());
    }

    #[test]
    fn only_equal_bytes_are_equal() {
        assert!(equal(b"", b"") && equal(b"ab", b"ab"));
        assert!(!equal(b"ab", b"abc") && !equal(b"ab", b"ac"));
    }
}
