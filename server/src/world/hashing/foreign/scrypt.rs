//! scrypt (RFC 7914): `$scrypt$ln=14,r=8,p=1$salt$tag`, where ln is the binary logarithm of N.

use ::scrypt::Params;
use vestibule_core::error::Fault;

use super::super::phc::MOST_MEMORY_KIB;
use super::{Foreign, Read, bytes, members, number, parts};

/// Bytes of a tag: fewer could be met by chance.
const TAGS: std::ops::RangeInclusive<usize> = 16..=128;
const LONGEST_SALT: usize = 256;

#[derive(Debug)]
struct Scrypt {
    params: Params,
    salt: Vec<u8>,
    tag: Vec<u8>,
}

/// Reads what follows `$scrypt$`.
pub(super) fn read(text: &str) -> Read {
    let [params, salt, tag] = parts(text, "$scrypt$ln=LOG2N,r=R,p=P$SALT$HASH")?;
    let [log, r, p] = members(&params, ["ln", "r", "p"])?;
    let log = number("its ln", log.unwrap_or_default(), 1..=24)?;
    let r = number("its r", r.unwrap_or_default(), 1..=1024)?;
    let p = number("its p", p.unwrap_or_default(), 1..=64)?;
    // 128 bytes times r times N is the memory; p times that is the time.
    let kib = (u64::from(r) << log).saturating_mul(u64::from(p)) / 8;
    if kib > u64::from(MOST_MEMORY_KIB) {
        return Err(format!(
            "it takes more memory or time than {MOST_MEMORY_KIB} KiB once: N times r times p is too much"
        ));
    }
    let params = Params::new(u8::try_from(log).unwrap_or_default(), r, p).map_err(|error| error.to_string())?;
    let (salt, tag) = (bytes("salt", &salt)?, bytes("hash", &tag)?);
    if !TAGS.contains(&tag.len()) || salt.is_empty() || salt.len() > LONGEST_SALT {
        return Err(format!(
            "its hash must be {} to {} bytes and its salt 1 to {LONGEST_SALT}",
            TAGS.start(),
            TAGS.end()
        ));
    }
    Ok(Box::new(Scrypt { params, salt, tag }))
}

impl Foreign for Scrypt {
    fn is_of(&self, password: &[u8]) -> Result<bool, Fault> {
        let mut tag = vec![0; self.tag.len()];
        let done = ::scrypt::scrypt(password, &self.salt, &self.params, &mut tag);
        done.map_err(|error| Fault::from("computing scrypt", error))?;
        Ok(vestibule_jose::equal(&tag, &self.tag))
    }
}
