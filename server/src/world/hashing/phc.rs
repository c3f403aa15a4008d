//! Argon hashes in the PHC string format: `$argon2id$v=19$m=19456,t=2,p=1$salt$tag`. What a hash says of its own cost
//! is believed only within bounds, since imported users bring hashes that others made.

use argon2::password_hash::phc::{Output, ParamsString, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, PasswordHash as Phc, Version};
use vestibule_core::error::Fault;
use vestibule_core::ports::PasswordHash;

/// Length of a new salt (RFC 9106 §4: 128 bits).
pub(super) const SALT: usize = 16;

/// Length of a new tag (RFC 9106 §4: 256 bits).
pub(super) const TAG: usize = 32;

/// An Argon2 hash to compare with.
#[derive(Debug)]
pub(super) struct Argon {
    pub argon: Argon2<'static>,
    pub salt: Salt,
    pub tag: Output,
    algorithm: Algorithm,
    version: Version,
}

impl Argon {
    /// Reads a stored hash.
    pub fn read(hash: &PasswordHash) -> Result<Self, Fault> {
        let unreadable = |error| Fault::from("reading a stored password hash", error);
        let phc = Phc::new(&hash.0).map_err(|error| Fault::from("reading a stored password hash", error))?;
        let algorithm = Algorithm::new(phc.algorithm.as_str())
            .map_err(|error| Fault::from("finding the algorithm of a stored password hash", error))?;
        // The version was added to the strings when it became 19: without one it is 16.
        let version = phc.version.map_or(Ok(Version::V0x10), Version::try_from);
        let version = version.map_err(|error| Fault::from("finding the version of a stored password hash", error))?;
        let params = Params::try_from(&phc).map_err(unreadable)?;
        if params.m_cost() > MOST_MEMORY_KIB || params.t_cost() > MOST_ITERATIONS {
            return Err(Fault::new("a stored password hash is dearer than any that this server computes"));
        }
        let (Some(salt), Some(tag)) = (phc.salt, phc.hash) else {
            return Err(Fault::new("a stored password hash has no salt or no tag"));
        };
        Ok(Self { argon: Argon2::new(algorithm, version, params), salt, tag, algorithm, version })
    }

    /// Memory in KiB times passes.
    pub fn filled_kib(&self) -> u64 {
        let params = self.argon.params();
        u64::from(params.m_cost()).saturating_mul(params.t_cost().into())
    }

    /// Whether a new hash would be made in the same way.
    pub fn is_as(&self, today: &Params) -> bool {
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && cost(self.argon.params()) == cost(today)
            && self.salt.len() >= SALT
            && self.tag.len() == TAG
    }
}

/// Writes a new Argon2id hash.
pub(super) fn write(params: &Params, salt: &[u8], tag: &[u8]) -> Result<PasswordHash, Fault> {
    let unwritable = "writing a password hash";
    let phc = Phc {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(|error| Fault::from(unwritable, error))?,
        salt: Some(Salt::new(salt).map_err(|error| Fault::from(unwritable, error))?),
        hash: Some(Output::new(tag).map_err(|error| Fault::from(unwritable, error))?),
    };
    Ok(PasswordHash(phc.to_string()))
}

/// The dearest hash that is compared: 1 GiB.
pub(super) const MOST_MEMORY_KIB: u32 = 1 << 20;

/// The most passes that are made.
const MOST_ITERATIONS: u32 = 64;

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str =
        "$argon2id$v=19$m=16,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";

    fn today() -> Params {
        Params::new(16, 2, 1, Some(TAG)).unwrap()
    }

    fn read(text: &str) -> Result<Argon, Fault> {
        Argon::read(&PasswordHash(text.to_owned()))
    }

    #[test]
    fn what_is_written_is_read_back() {
        let hash = write(&today(), &[0; SALT], &[1; TAG]).unwrap();
        assert_eq!(hash.0, WRITTEN);
        let stored = Argon::read(&hash).unwrap();
        assert_eq!((&*stored.salt, stored.tag.as_bytes()), (&[0; SALT][..], &[1; TAG][..]));
        assert!(stored.is_as(&today()));
    }

    #[test]
    fn anything_that_differs_from_a_new_hash_is_seen() {
        for other in [
            WRITTEN.replace("argon2id", "argon2i"),
            WRITTEN.replace("$v=19", ""),
            WRITTEN.replace("m=16", "m=24"),
            WRITTEN.replace("t=2", "t=3"),
            WRITTEN.replace("$AAAAAAAAAAAAAAAAAAAAAA$", "$AAAAAAAAAAAAAAAA$"),
            WRITTEN.replace("QEBAQEBAQEBAQEBAQE", "QEBAQEBAQE"),
        ] {
            assert_ne!(other, WRITTEN);
            assert!(!read(&other).unwrap().is_as(&today()), "{other}");
        }
    }

    #[test]
    fn what_cannot_be_computed_is_a_fault() {
        for bad in [
            "",
            "password",
            "$scrypt$ln=14,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AQEBAQEBAQEBAQEBAQEBAQ",
            "$argon2id$v=19$m=16,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=18$m=16,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AQEBAQEBAQEBAQEBAQEBAQ",
            "$argon2id$v=19$m=4294967295,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AQEBAQEBAQEBAQEBAQEBAQ",
            "$argon2id$v=19$m=16,t=4294967295,p=1$AAAAAAAAAAAAAAAAAAAAAA$AQEBAQEBAQEBAQEBAQEBAQ",
            "$argon2id$v=19$m=16,t=2,p=16777215$AAAAAAAAAAAAAAAAAAAAAA$AQEBAQEBAQEBAQEBAQEBAQ",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
