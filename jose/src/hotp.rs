//! One-time numbers (RFC 4226): the arithmetic alone. Which counter is meant and whether a number was used before is for
//! whoever calls.

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};

/// The number of `digits` (at most nine) that belongs to a counter (RFC 4226 §5.3). SHA-1 is what authenticator apps take.
#[must_use]
pub fn hotp(secret: &[u8], counter: u64, digits: u32) -> String {
    let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = sign(&key, &counter.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or_default() & 0x0f);
    let word = bytes.iter().skip(offset).take(4).fold(0u32, |word, byte| word << 8 | u32::from(*byte));
    let digits = digits.min(9);
    let width = usize::try_from(digits).unwrap_or_default();
    format!("{:0width$}", (word & 0x7fff_ffff) % 10u32.pow(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_rfc_4226_appendix_d() {
        let numbers: Vec<String> = (0..5).map(|counter| hotp(b"12345678901234567890", counter, 6)).collect();
        assert_eq!(numbers, ["755224", "287082", "359152", "969429", "338314"]);
    }

    #[test]
    fn the_numbers_of_rfc_6238_appendix_b() {
        for (seconds, number) in [(59, "94287082"), (1_111_111_109, "07081804"), (20_000_000_000, "65353130")] {
            assert_eq!(hotp(b"12345678901234567890", seconds / 30, 8), number);
        }
    }
}
