//! A stored hash of whatever scheme: our own in the PHC format, or one that an imported user brought along.

use vestibule_core::error::Fault;
use vestibule_core::ports::{BadHash, PasswordHash};

use super::foreign::{self, Foreign};
use super::phc::Argon;

/// A hash to compare with.
#[derive(Debug)]
pub(super) enum Stored {
    /// Argon2, whatever its cost.
    Argon(Box<Argon>),
    /// Another scheme.
    Foreign(Box<dyn Foreign>),
}

/// Longest spelling of a hash: those of all schemes are far shorter.
const LONGEST: usize = 4096;

/// Most memory in KiB times passes of an imported Argon2 hash: four gibibytes are filled in a few seconds.
const MOST_FILLED_KIB: u64 = 4 << 20;

impl Stored {
    /// Reads a stored hash.
    pub fn read(hash: &PasswordHash) -> Result<Self, Fault> {
        match foreign::read(&hash.0) {
            Some(read) => read
                .map(Self::Foreign)
                .map_err(|why| Fault::from("reading a stored password hash of another server", why)),
            None => Argon::read(hash).map(Box::new).map(Self::Argon),
        }
    }
}

/// The hash that an imported user brings, in the spelling in which it is kept.
///
/// # Errors
/// It is of no scheme that is known here, malformed, or its comparison would cost too much.
pub(super) fn adopt(text: &str) -> Result<PasswordHash, BadHash> {
    if text.len() > LONGEST {
        return Err(BadHash(format!("it is longer than {LONGEST} bytes")));
    }
    let spelled = foreign::spelling(text).map_err(BadHash)?;
    let hash = PasswordHash(spelled);
    match foreign::read(&hash.0) {
        Some(read) => read.map(|_| hash).map_err(BadHash),
        None if hash.0.starts_with("$argon2") => {
            let argon = Argon::read(&hash).map_err(|fault| BadHash(fault.chain()))?;
            if argon.filled_kib() > MOST_FILLED_KIB {
                return Err(BadHash(format!("its memory times its passes is more than {MOST_FILLED_KIB} KiB")));
            }
            Ok(hash)
        }
        None => Err(BadHash("its scheme is not known".to_owned())),
    }
}
