//! One SHA-2 over password and salt, as WSO2 Identity Server and LDAP servers keep them: `{SSHA256}` and the Base64 of
//! digest and salt. Too cheap to be safe, which is one more reason to hash it anew at the next login.

use aws_lc_rs::digest::{Algorithm, Context, SHA256, SHA512};
use vestibule_core::error::Fault;

use super::{Foreign, Read, bytes};

const LONGEST_SALT: usize = 256;

#[derive(Debug)]
struct Salted {
    algorithm: &'static Algorithm,
    digest: Vec<u8>,
    salt: Vec<u8>,
}

pub(super) fn sha256(text: &str) -> Read {
    read(text, &SHA256)
}

pub(super) fn sha512(text: &str) -> Read {
    read(text, &SHA512)
}

fn read(text: &str, algorithm: &'static Algorithm) -> Read {
    let length = algorithm.output_len();
    let both = bytes("text after the scheme", text)?;
    let Some((digest, salt)) = both.split_at_checked(length).filter(|(_, salt)| salt.len() <= LONGEST_SALT) else {
        return Err(format!("it must be a digest of {length} bytes and a salt of at most {LONGEST_SALT}"));
    };
    Ok(Box::new(Salted { algorithm, digest: digest.to_vec(), salt: salt.to_vec() }))
}

impl Foreign for Salted {
    fn is_of(&self, password: &[u8]) -> Result<bool, Fault> {
        let mut hash = Context::new(self.algorithm);
        hash.update(password);
        hash.update(&self.salt);
        Ok(vestibule_jose::equal(hash.finish().as_ref(), &self.digest))
    }
}
