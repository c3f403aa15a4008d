//! Sealed tokens: state handed to a client and taken back unread and unchanged. AES-256-GCM under a named key, so several
//! keys can be live during a rotation. Law: a token sealed for one purpose opens for no other.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::{KeyError, base64url, from_base64url};

/// An AES-256-GCM key and its four-byte name (RFC 5116 section 5.2).
pub struct SealKey {
    id: [u8; 4],
    key: LessSafeKey,
}

impl SealKey {
    /// Prepares a key (RFC 5116 section 5.2).
    pub fn new(id: [u8; 4], secret: &[u8; 32]) -> Result<Self, KeyError> {
        let key = UnboundKey::new(&AES_256_GCM, secret).map_err(|_| KeyError::Rejected)?;
        Ok(Self { id, key: LessSafeKey::new(key) })
    }

    /// Seals `plain` for `purpose` into base64url text.
    ///
    /// The nonce must never repeat under one key: two messages under one nonce reveal each other and the key that forges
    /// (RFC 5116 section 5.1.1). Random nonces are safe for 2^32 messages per key (NIST SP 800-38D section 8.3).
    pub fn seal(&self, purpose: &str, nonce: [u8; 12], plain: &[u8]) -> Result<String, KeyError> {
        let mut bytes = Vec::with_capacity(PREFIX + plain.len() + TAG);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.id);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(plain);
        let sealed = bytes.get_mut(PREFIX..).ok_or(KeyError::Library)?;
        let tag = self
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(purpose), sealed)
            .map_err(|_| KeyError::Library)?;
        bytes.extend_from_slice(tag.as_ref());
        Ok(base64url(&bytes))
    }

    /// What was sealed, if this key sealed it for this purpose and nobody touched it since (RFC 5116 section 2.2).
    #[must_use]
    pub fn open(&self, purpose: &str, token: &str) -> Option<Zeroizing<Vec<u8>>> {
        let mut bytes = Zeroizing::new(from_base64url(token)?);
        let (id, nonce) = prefix(&bytes)?;
        if id != self.id {
            return None;
        }
        let nonce = Nonce::assume_unique_for_key(nonce);
        let length = self.key.open_within(nonce, Aad::from(purpose), bytes.as_mut_slice(), PREFIX..).ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }

    /// The key's name, readable in every token it seals.
    #[must_use]
    pub const fn key_id(&self) -> [u8; 4] {
        self.id
    }

    /// The name of the key that claims to have sealed `token`; proves nothing, only finds the key to try.
    #[must_use]
    pub fn key_id_of(token: &str) -> Option<[u8; 4]> {
        // Eight characters hold six bytes: version, name and one byte of nonce.
        let head = from_base64url(token.get(..8)?)?;
        match head.split_first()? {
            (&VERSION, rest) => rest.first_chunk().copied(),
            _ => None,
        }
    }
}

/// The key id and nonce of a token of our version.
fn prefix(bytes: &[u8]) -> Option<([u8; 4], [u8; 12])> {
    let (version, rest) = bytes.split_first()?;
    let (id, rest) = rest.split_first_chunk()?;
    let nonce = rest.first_chunk()?;
    (*version == VERSION).then_some((*id, *nonce))
}

const VERSION: u8 = 1;
const PREFIX: usize = 1 + 4 + 12;
const TAG: usize = 16;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> SealKey {
        SealKey::new(*b"key1", &[7; 32]).unwrap()
    }

    #[test]
    fn the_text_is_version_name_nonce_and_ciphertext() {
        let token = key().seal("flow", [9; 12], b"plain").unwrap();
        let bytes = from_base64url(&token).unwrap();
        assert_eq!(bytes.len(), PREFIX + 5 + TAG);
        assert_eq!(bytes[..PREFIX], *b"\x01key1\t\t\t\t\t\t\t\t\t\t\t\t");
        assert_eq!(SealKey::key_id_of(&token), Some(*b"key1"));
        assert_eq!(token, "AWtleTEJCQkJCQkJCQkJCQlX6eX90G1W5mdDuTuaPqPdkJwCjMU");
    }

    #[test]
    fn another_purpose_key_or_name_opens_nothing() {
        let token = key().seal("flow", [9; 12], b"plain").unwrap();
        assert_eq!(key().open("flow", &token).unwrap().as_slice(), b"plain");
        assert!(key().open("code", &token).is_none());
        assert!(key().open("", &token).is_none());
        assert!(SealKey::new(*b"key1", &[8; 32]).unwrap().open("flow", &token).is_none());
        assert!(SealKey::new(*b"key2", &[7; 32]).unwrap().open("flow", &token).is_none());
    }

    #[test]
    fn short_and_foreign_texts_name_no_key() {
        let token = key().seal("flow", [9; 12], b"").unwrap();
        for cut in 0..token.len() {
            assert!(key().open("flow", &token[..cut]).is_none());
            assert_eq!(SealKey::key_id_of(&token[..cut]).is_some(), cut >= 8);
        }
        assert_eq!(SealKey::key_id_of("AmtleTEJCQkJ"), None);
        assert_eq!(SealKey::key_id_of("AWtleTé"), None);
    }

    proptest! {
        #[test]
        fn a_changed_byte_anywhere_is_refused(
            plain: Vec<u8>, nonce: [u8; 12], purpose: String, at: prop::sample::Index, flip in 1..=255_u8,
        ) {
            let token = key().seal(&purpose, nonce, &plain).unwrap();
            prop_assert_eq!(key().open(&purpose, &token).unwrap().to_vec(), plain);
            let mut bytes = from_base64url(&token).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            prop_assert!(key().open(&purpose, &base64url(&bytes)).is_none());
        }

        #[test]
        fn a_changed_character_anywhere_is_refused(plain: Vec<u8>, at: prop::sample::Index, other: char) {
            let token = key().seal("flow", [9; 12], &plain).unwrap();
            let at = at.index(token.len());
            prop_assume!(!token[at..].starts_with(other));
            let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            prop_assert!(key().open("flow", &changed).is_none());
        }

        #[test]
        fn garbage_opens_nothing(text: String) {
            prop_assert!(key().open("flow", &text).is_none());
        }
    }
}
