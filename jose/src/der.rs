//! Just enough DER to read an RSA public key out of the library, which gives modulus and exponent in no other form.
//! Input comes from the library itself, never from the network.

/// Modulus and exponent, without leading zeros, of an `RSAPublicKey` (RFC 8017 appendix A.1.1).
pub(crate) fn rsa_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, end) = element(0x30, der)?;
    let (n, rest) = element(0x02, sequence)?;
    let (e, rest) = element(0x02, rest)?;
    (end.is_empty() && rest.is_empty()).then_some((unsigned(n), unsigned(e)))
}

/// The content of the element at the front, and what follows it (X.690 section 8.1).
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => rest.split_first().map(|(long, rest)| (usize::from(*long), rest))?,
        0x82 => rest.split_first_chunk().map(|(long, rest)| (usize::from(u16::from_be_bytes(*long)), rest))?,
        _ => return None,
    };
    (*found == tag).then(|| rest.split_at_checked(length))?
}

/// A positive INTEGER without its sign byte (X.690 section 8.3).
fn unsigned(integer: &[u8]) -> &[u8] {
    integer.strip_prefix(&[0]).unwrap_or(integer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modulus_and_exponent_lose_their_sign_byte() {
        let der = [0x30, 0x08, 0x02, 0x02, 0x00, 0xc3, 0x02, 0x02, 0x01, 0x01];
        assert_eq!(rsa_public_key(&der), Some((&[0xc3][..], &[0x01, 0x01][..])));
    }

    #[test]
    fn long_lengths_are_read() {
        let mut der = vec![0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x03];
        der.extend([0x41; 0x103]);
        der.extend([0x02, 0x01, 0x03]);
        assert_eq!(rsa_public_key(&der), Some((&[0x41; 0x103][..], &[0x03][..])));
        for cut in 0..der.len() {
            assert_eq!(rsa_public_key(&der[..cut]), None);
        }
    }
}
