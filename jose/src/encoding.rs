//! base64url, the alphabet of every JOSE part (RFC 7515 section 2), and other spellings of bytes. One text per byte string: padding, white space and
//! stray trailing bits are refused, or one signature would have several spellings and a replay check could be fooled.

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

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

/// The bytes as hexadecimal digits, in small letters.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits, in letters of either size.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let (pairs, rest) = digits.as_ref()?.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// The document in a PEM file with one unencrypted private key (RFC 7468 section 10).
#[must_use]
pub fn pkcs8_of_pem(pem: &str) -> Option<Zeroizing<Vec<u8>>> {
    let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----")?;
    let (inside, _) = rest.split_once("-----END PRIVATE KEY-----")?;
    let text = Zeroizing::new(inside.split_ascii_whitespace().collect::<String>());
    STANDARD.decode(&*text).ok().map(Zeroizing::new)
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

    #[test]
    fn hexadecimal_digits_are_read_in_pairs() {
        assert_eq!(hex(&[0x0a, 0xff]), "0aff");
        assert_eq!(from_hex("0aFf"), Some(vec![0x0a, 0xff]));
        assert_eq!(from_hex(""), Some(Vec::new()));
        for other in ["0", "0a1", "0g", " 0a", "+a", "\u{e9}"] {
            assert_eq!(from_hex(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_private_key_is_read_between_its_lines() {
        let pem = "before\n-----BEGIN PRIVATE KEY-----\nAQ\n ID\n-----END PRIVATE KEY-----\n";
        assert_eq!(pkcs8_of_pem(pem).as_deref(), Some(&vec![1, 2, 3]));
        for other in
            ["AQID", "-----BEGIN PRIVATE KEY-----AQID", "-----BEGIN PRIVATE KEY-----A-----END PRIVATE KEY-----"]
        {
            assert_eq!(pkcs8_of_pem(other), None, "{other:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn bytes_come_back(bytes: Vec<u8>) {
            proptest::prop_assert_eq!(from_base64url(&base64url(&bytes)), Some(bytes));
        }
    }
}
