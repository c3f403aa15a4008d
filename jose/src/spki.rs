//! Public keys in DER: those of the library, which gives modulus and exponent in no other form, and those that devices
//! send. What is read here is only taken apart; whether it is a key shows when it first checks a signature.

use crate::Family;
use crate::der::{BIT_STRING, Der, INTEGER, OID, SEQUENCE};

/// What a `SubjectPublicKeyInfo` holds (RFC 5280 section 4.1.2.7).
pub(crate) enum Info<'a> {
    /// Modulus and exponent (RFC 3279 section 2.3.1).
    Rsa(&'a [u8], &'a [u8]),
    /// Both coordinates of an uncompressed point on a curve (RFC 5480 section 2.2).
    Point(Family, &'a [u8], &'a [u8]),
    /// An Ed25519 key (RFC 8410 section 4).
    Ed25519(&'a [u8]),
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// The key in a `SubjectPublicKeyInfo`, if it is of a kind that we can use.
pub(crate) fn public_key_info(der: &[u8]) -> Option<Info<'_>> {
    let mut der = Der::new(der);
    let mut info = der.inside(SEQUENCE)?;
    let mut algorithm = info.inside(SEQUENCE)?;
    let bits = info.take(BIT_STRING)?;
    let key = bits.strip_prefix(&[0]).filter(|_| der.is_empty() && info.is_empty())?;
    match algorithm.take(OID)? {
        RSA => rsa_public_key(key).map(|(n, e)| Info::Rsa(n, e)),
        EC => point(algorithm.take(OID)?, key),
        ED25519 => (algorithm.is_empty() && key.len() == 32).then_some(Info::Ed25519(key)),
        _ => None,
    }
}

fn point<'a>(curve: &[u8], key: &'a [u8]) -> Option<Info<'a>> {
    let (family, width) = match curve {
        P256 => (Family::P256, 32),
        P384 => (Family::P384, 48),
        _ => return None,
    };
    let (x, y) = key.strip_prefix(&[0x04])?.split_at_checked(width)?;
    (y.len() == width).then_some(Info::Point(family, x, y))
}

/// Modulus and exponent, without leading zeros, of an `RSAPublicKey` (RFC 8017 appendix A.1.1).
pub(crate) fn rsa_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut der = Der::new(der);
    let mut key = der.inside(SEQUENCE)?;
    let (n, e) = (key.take(INTEGER)?, key.take(INTEGER)?);
    (der.is_empty() && key.is_empty()).then_some((unsigned(n), unsigned(e)))
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
