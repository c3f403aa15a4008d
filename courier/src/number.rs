//! Telephone numbers. Short messages go to numbers in international form alone (E.164); what a provider would make of any
//! other text is a guess, and a guess may cost.

/// The number in international form, as `+4915112345678`; blanks and hyphens are for people and go.
pub(crate) fn international(text: &str) -> Option<String> {
    let bare: String = text.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
    let digits = bare.strip_prefix('+')?;
    let is_number = (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
    (is_number && !digits.starts_with('0')).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_plus_and_seven_to_fifteen_digits() {
        for (text, number) in [
            ("+4915112345678", Some("+4915112345678")),
            ("+49 151 123-456 78", Some("+4915112345678")),
            ("+1234567", Some("+1234567")),
            ("+123456789012345", Some("+123456789012345")),
            ("+123456", None),
            ("+1234567890123456", None),
            ("4915112345678", None),
            ("004915112345678", None),
            ("+0151123456", None),
            ("++491511234567", None),
            ("+49151x234567", None),
            ("+٤٩١٥١١٢٣٤٥٦", None),
            ("", None),
        ] {
            assert_eq!(international(text).as_deref(), number, "{text}");
        }
    }
}
