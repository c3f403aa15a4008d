//! One form in which names are compared and one in which passwords are hashed.

use unicode_normalization::UnicodeNormalization;

/// The form in which user names are compared: trimmed, compatibility-composed, in lower case (after RFC 8265 §3.3).
pub fn canonical_name(name: &str) -> String {
    name.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect()
}

/// The form in which a password is hashed: composed, and otherwise untouched (RFC 8265 §4.2, NIST SP 800-63B-4 §3.1.1.2).
pub fn normalised_password(password: &str) -> String {
    password.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_are_one_name() {
        for spelling in ["Kim", " kim ", "KIM", "ｋｉｍ"] {
            assert_eq!(canonical_name(spelling), "kim");
        }
        assert_eq!(canonical_name("JOSE\u{301}"), canonical_name("jos\u{e9}"));
    }

    #[test]
    fn a_password_keeps_its_case_and_blanks() {
        assert_eq!(normalised_password(" Pa ss "), " Pa ss ");
        assert_eq!(normalised_password("e\u{301}"), "\u{e9}");
    }
}
