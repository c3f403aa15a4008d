//! PBKDF2 (RFC 8018 §5.2): `$pbkdf2-sha256$i=600000$salt$tag`; passlib's bare number of iterations is taken as well.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2::{self, Algorithm};
use vestibule_core::error::Fault;

use super::{Foreign, Read, bytes, members, number, parts};

/// Most iterations, over all blocks of a tag: some seconds.
const ITERATIONS: std::ops::RangeInclusive<u32> = 1..=10_000_000;
/// Bytes of a tag: fewer could be met by chance, more are not made anywhere.
const TAGS: std::ops::RangeInclusive<usize> = 16..=128;
const LONGEST_SALT: usize = 256;

struct Pbkdf2 {
    algorithm: Algorithm,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

pub(super) fn sha1(text: &str) -> Read {
    read(text, pbkdf2::PBKDF2_HMAC_SHA1, 20)
}

pub(super) fn sha256(text: &str) -> Read {
    read(text, pbkdf2::PBKDF2_HMAC_SHA256, 32)
}

pub(super) fn sha512(text: &str) -> Read {
    read(text, pbkdf2::PBKDF2_HMAC_SHA512, 64)
}

/// `block`: how many bytes the algorithm makes at once.
fn read(text: &str, algorithm: Algorithm, block: usize) -> Read {
    let [params, salt, tag] = parts(text, "$pbkdf2-sha256$i=ITERATIONS$SALT$HASH")?;
    let (iterations, length) = if params.contains('=') {
        let [iterations, length] = members(&params, ["i", "l"])?;
        (iterations.unwrap_or_default(), length)
    } else {
        (params.as_str(), None)
    };
    let iterations = number("its number of iterations", iterations, ITERATIONS)?;
    let (salt, tag) = (bytes("salt", &salt)?, bytes("hash", &tag)?);
    if !TAGS.contains(&tag.len()) || length.is_some_and(|length| length != tag.len().to_string()) {
        return Err(format!("its hash must be {} to {} bytes, as many as l says", TAGS.start(), TAGS.end()));
    }
    if salt.is_empty() || salt.len() > LONGEST_SALT {
        return Err(format!("its salt must be 1 to {LONGEST_SALT} bytes"));
    }
    // Each block of the tag takes all the iterations (RFC 8018 §5.2).
    let blocks = u32::try_from(tag.len().div_ceil(block)).unwrap_or(u32::MAX);
    if iterations.saturating_mul(blocks) > *ITERATIONS.end() {
        return Err(format!("its iterations times {blocks} blocks of its hash are more than {}", ITERATIONS.end()));
    }
    let iterations = NonZeroU32::new(iterations).ok_or("it has no iterations")?;
    Ok(Box::new(Pbkdf2 { algorithm, iterations, salt, tag }))
}

impl Foreign for Pbkdf2 {
    fn is_of(&self, password: &[u8]) -> Result<bool, Fault> {
        Ok(pbkdf2::verify(self.algorithm, self.iterations, &self.salt, password, &self.tag).is_ok())
    }
}

impl std::fmt::Debug for Pbkdf2 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pbkdf2").field("iterations", &self.iterations).finish_non_exhaustive()
    }
}
