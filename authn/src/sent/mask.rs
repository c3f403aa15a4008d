//! Addresses as they may be shown: enough to recognise one's own.

/// The first three characters of the local part, and the domain.
pub(crate) fn masked_email(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let masked: String = local.chars().enumerate().map(|(n, c)| if n < 3 { c } else { '*' }).collect();
    format!("{masked}@{domain}")
}

/// The last four characters.
pub(crate) fn masked_phone(number: &str) -> String {
    let hidden = number.chars().count().saturating_sub(4);
    number.chars().enumerate().map(|(n, c)| if n < hidden { '*' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_masked_as_clients_know_it() {
        assert_eq!(masked_email("alice@example.com"), "ali**@example.com");
        assert_eq!(masked_email("al@example.com"), "al@example.com");
        assert_eq!(masked_phone("+94771234321"), "********4321");
    }
}
