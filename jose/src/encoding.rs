//! base64url, the alphabet of every JOSE part (RFC 7515 section 2). One text per byte string: padding, white space and
//! stray trailing bits are refused, or one signature would have several spellings and a replay check could be fooled.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The bytes as unpadded base64url (RFC 7515 section 2).
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    STRICT.encode(bytes)
}

/// The bytes of canonical, unpadded base64url (RFC 7515 section 2, RFC 4648 section 3.5).
#[must_use]
pub fn from_base64url(text: &str) -> Option<Vec<u8>> {
    STRICT.decode(text).ok()
}

/// As [`from_base64url`], with padding accepted, for clients that send it (RFC 4648 section 3.2).
#[must_use]
pub fn from_base64url_lenient(text: &str) -> Option<Vec<u8>> {
    LENIENT.decode(text).ok()
}

/// Appends the bytes to a token under construction.
pub(crate) fn append_base64url(bytes: &[u8], token: &mut String) {
    STRICT.encode_string(bytes, token);
}

const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_allow_trailing_bits(false);
const STRICT: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, CONFIG.with_decode_padding_mode(DecodePaddingMode::RequireNone));
const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&URL_SAFE, CONFIG.with_decode_padding_mode(DecodePaddingMode::Indifferent));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_string_has_one_strict_spelling() {
        assert_eq!(from_base64url("-_8").as_deref(), Some(&[0xfb, 0xff][..]));
        for other in ["-_8=", "-_9", "+/8", "-_8 ", "-_8\n", "-_\u{e9}", "a"] {
            assert_eq!(from_base64url(other), None, "{other:?}");
        }
    }

    #[test]
    fn the_lenient_spelling_only_adds_padding() {
        assert_eq!(from_base64url_lenient("-_8="), Some(vec![0xfb, 0xff]));
        assert_eq!(from_base64url_lenient("-_8"), Some(vec![0xfb, 0xff]));
        for other in ["-_9=", "+/8=", "-_8 "] {
            assert_eq!(from_base64url_lenient(other), None, "{other:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn bytes_come_back(bytes: Vec<u8>) {
            proptest::prop_assert_eq!(from_base64url(&base64url(&bytes)), Some(bytes));
        }
    }
}
