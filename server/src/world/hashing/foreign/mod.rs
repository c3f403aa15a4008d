//! Hashes that other servers made and users bring along: one file per scheme, each with its reader, its spelling and the
//! bounds of what it may cost. Law: nothing is adopted whose comparison could take more than a few seconds or more memory
//! than the dearest hash of our own. What is right is hashed anew, so that these spellings die out.

mod bcrypt;
mod origin;
mod pbkdf2;
mod salted;
mod scrypt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use vestibule_core::error::Fault;

/// A hash of another scheme than ours.
pub(super) trait Foreign: Send + Sync + std::fmt::Debug {
    /// Whether it is the password's, compared in constant time.
    ///
    /// # Errors
    /// There is no memory for it.
    fn is_of(&self, password: &[u8]) -> Result<bool, Fault>;
}

/// A hash that was read, or why it could not be.
pub(super) type Read = Result<Box<dyn Foreign>, String>;

/// A scheme's reader, under the beginning of its spelling. It is given what comes after the beginning.
type Scheme = (&'static str, fn(&str) -> Read);

/// Every scheme but Argon2, which is ours.
const SCHEMES: &[Scheme] = &[
    ("$2a$", bcrypt::read),
    ("$2b$", bcrypt::read),
    ("$2y$", bcrypt::read),
    ("$pbkdf2$", pbkdf2::sha1),
    ("$pbkdf2-sha1$", pbkdf2::sha1),
    ("$pbkdf2-sha256$", pbkdf2::sha256),
    ("$pbkdf2-sha512$", pbkdf2::sha512),
    ("$scrypt$", scrypt::read),
    ("{SSHA256}", salted::sha256),
    ("{SSHA512}", salted::sha512),
];

/// The hash of a text of one of the schemes; `None` for a text of none.
pub(super) fn read(text: &str) -> Option<Read> {
    SCHEMES.iter().find_map(|(beginning, read)| text.strip_prefix(beginning).map(read))
}

/// The spelling under which a hash is kept: that of a record of another server, or the text as it is.
///
/// # Errors
/// The record is of a scheme that is not known here, or something is missing in it.
pub(super) fn spelling(text: &str) -> Result<String, String> {
    if text.starts_with("{\"") { origin::spelling(text) } else { Ok(text.to_owned()) }
}

/// Base64 as the others write it: with padding or without.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// The bytes of Base64; `what` names them in the refusal. passlib writes `.` for `+`.
fn bytes(what: &str, text: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text.replace('.', "+")).map_err(|_| format!("the {what} is not Base64"))
}

/// A number within bounds.
fn number(what: &str, text: &str, bounds: std::ops::RangeInclusive<u32>) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| bounds.contains(number));
    number.ok_or_else(|| format!("{what} must be a number from {} to {}", bounds.start(), bounds.end()))
}

/// The members of `m=16,t=2,p=1`; each of `known` may stand once.
fn members<'a, const N: usize>(text: &'a str, known: [&str; N]) -> Result<[Option<&'a str>; N], String> {
    let mut found = [None; N];
    for member in text.split(',') {
        let (name, value) = member.split_once('=').ok_or("its parameters are not of the form name=value,name=value")?;
        let place = known.iter().position(|known| *known == name).and_then(|place| found.get_mut(place));
        match place {
            Some(place @ None) => *place = Some(value),
            Some(Some(_)) => return Err(format!("its parameter {name} stands twice")),
            None => return Err(format!("its parameters are {}", known.join(", "))),
        }
    }
    Ok(found)
}

/// The parts between the dollar signs.
fn parts<const N: usize>(text: &str, form: &str) -> Result<[String; N], String> {
    let parts: Vec<String> = text.split('$').map(str::to_owned).collect();
    parts.try_into().map_err(|_| format!("it is not of the form {form}"))
}

#[cfg(test)]
mod tests;
