//! One thread's work: Argon2id in memory that is kept between hashes, because fresh memory doubles their cost. Law:
//! whatever is compared, and with whatever, takes the time of one hash at least; hashes of other servers take their own
//! time besides, until they are right once.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use vestibule_core::error::Fault;
use vestibule_core::ports::{Entropy, PasswordHash, Secret, Verdict};

use super::phc::{SALT, TAG, write};
use super::stored::Stored;

/// Longest password in bytes. A longer one was never set, so it is wrong.
pub const LONGEST_PASSWORD: usize = 1024;

/// What one thread works with.
pub(super) struct Bench {
    arena: Vec<Block>,
    today: Params,
    entropy: Arc<dyn Entropy>,
}

impl Bench {
    /// A bench for new hashes of these parameters. Memory is taken at the first hash.
    pub fn new(today: Params, entropy: Arc<dyn Entropy>) -> Self {
        Self { arena: Vec::new(), today, entropy }
    }

    /// Compares a password with a stored hash, or pretends to.
    pub fn verify(&mut self, password: &Secret<String>, stored: Option<&Stored>) -> Result<Verdict, Fault> {
        let password = password.expose().as_bytes();
        let measured = Some(password).filter(|password| password.len() <= LONGEST_PASSWORD);
        let given = measured.unwrap_or_default();
        let (right, current) = match stored {
            Some(Stored::Argon(stored)) => {
                let mut tag = [0; LONGEST_TAG];
                let tag = tag.get_mut(..stored.tag.len()).ok_or(Fault::new("a stored password hash is too long"))?;
                self.digest(&stored.argon, given, &stored.salt, tag)?;
                (vestibule_jose::equal(tag, stored.tag.as_bytes()), stored.is_as(&self.today))
            }
            Some(Stored::Foreign(stored)) => {
                let right = stored.is_of(given)? && measured.is_some();
                if !right {
                    // As long as making the new hash takes where it is right, and no shorter than for a user who is not there:
                    // the cheapest schemes would tell who was imported.
                    self.pretend(given)?;
                }
                (right, false)
            }
            None => {
                self.pretend(given)?;
                (false, false)
            }
        };
        match (right && measured.is_some(), current) {
            (true, true) => Ok(Verdict::Right { rehash: None }),
            (true, false) => Ok(Verdict::Right { rehash: Some(self.hash_bytes(password)?) }),
            (false, _) => Ok(Verdict::Wrong),
        }
    }

    /// Hashes a new password.
    pub fn hash(&mut self, password: &Secret<String>) -> Result<PasswordHash, Fault> {
        let password = password.expose().as_bytes();
        if password.len() > LONGEST_PASSWORD {
            // It could never be given right; whoever takes new passwords refuses it earlier.
            return Err(Fault::new("a new password is longer than any that is compared"));
        }
        self.hash_bytes(password)
    }

    fn hash_bytes(&mut self, password: &[u8]) -> Result<PasswordHash, Fault> {
        let (mut salt, mut tag) = ([0; SALT], [0; TAG]);
        self.entropy.fill(&mut salt);
        self.digest(&self.new_hash(), password, &salt, &mut tag)?;
        write(&self.today, &salt, &tag)
    }

    /// The time of one hash.
    fn pretend(&mut self, password: &[u8]) -> Result<(), Fault> {
        self.digest(&self.new_hash(), password, &[0; SALT], &mut [0; TAG])
    }

    fn new_hash(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.today.clone())
    }

    /// One hash in the kept memory, which grows for a dearer stored hash and then shrinks again.
    fn digest(&mut self, argon: &Argon2<'_>, password: &[u8], salt: &[u8], tag: &mut [u8]) -> Result<(), Fault> {
        let (needed, kept) = (argon.params().block_count(), self.today.block_count());
        if let Some(more) = needed.checked_sub(self.arena.len()) {
            let taken = self.arena.try_reserve_exact(more);
            taken.map_err(|error| Fault::from("taking memory for a password hash", error))?;
            self.arena.resize(needed, Block::new());
        }
        let done = argon.hash_password_into_with_memory(password, salt, tag, &mut self.arena);
        if self.arena.len() > kept {
            self.arena.truncate(kept);
            self.arena.shrink_to_fit();
        }
        done.map_err(|error| Fault::from("hashing a password", error))
    }
}

/// Longest tag of a PHC string.
const LONGEST_TAG: usize = argon2::password_hash::phc::Output::MAX_LENGTH;

#[cfg(test)]
mod tests {
    use argon2::ParamsBuilder;

    use super::*;
    use crate::world::SystemEntropy;

    fn bench(memory_kib: u32) -> Bench {
        Bench::new(Params::new(memory_kib, 1, 1, Some(TAG)).unwrap(), Arc::new(SystemEntropy))
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn it_agrees_with_rfc_9106_section_5_3() {
        let data = argon2::AssociatedData::new(&[4; 12]).unwrap();
        let params = ParamsBuilder::new().m_cost(32).t_cost(3).p_cost(4).data(data).build().unwrap();
        let argon = Argon2::new_with_secret(&[3; 8], Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let mut tag = [0; 32];
        bench(8).digest(&argon, &[1; 32], &[2; 16], &mut tag).unwrap();
        let expected = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659";
        assert_eq!(tag.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), expected);
    }

    #[test]
    fn the_kept_memory_grows_for_a_dearer_hash_and_shrinks_again() {
        let (mut dear, mut cheap) = (bench(64), bench(8));
        let stored = Stored::read(&dear.hash(&secret("pw")).unwrap()).unwrap();
        let other = cheap.hash(&secret("pw")).unwrap();
        assert_eq!(cheap.arena.len(), 8);
        assert!(matches!(cheap.verify(&secret("pw"), Some(&stored)), Ok(Verdict::Right { rehash: Some(_) })));
        assert_eq!((cheap.arena.len(), cheap.arena.capacity()), (8, 8));
        // What the last hash left behind does not show in the next.
        let other = Stored::read(&other).unwrap();
        assert_eq!(cheap.verify(&secret("pw"), Some(&other)).unwrap(), Verdict::Right { rehash: None });
    }

    // Checklist 30.
    #[test]
    fn a_wrong_password_costs_one_of_our_hashes_however_cheap_the_stored_one_is() {
        let cheap = "{SSHA256}zaDaTIwfQlVG84Rv3HFDQ8Pm34Cn16f5Wp0txnI5RQwAAQIDBAUGBwgJCgsMDQ4P";
        let stored = Stored::read(&PasswordHash(cheap.to_owned())).unwrap();
        let mut bench = bench(8);
        assert_eq!(bench.verify(&secret("wrong"), Some(&stored)).unwrap(), Verdict::Wrong);
        // Memory is taken by the first hash.
        assert_eq!(bench.arena.len(), 8);
    }

    #[test]
    fn a_password_too_long_to_have_been_set_is_wrong() {
        let mut bench = bench(8);
        let empty = Stored::read(&bench.hash(&secret("")).unwrap()).unwrap();
        let longest = secret(&"a".repeat(LONGEST_PASSWORD));
        let too_long = secret(&"a".repeat(LONGEST_PASSWORD + 1));
        assert_eq!(bench.verify(&too_long, Some(&empty)).unwrap(), Verdict::Wrong);
        assert!(bench.hash(&too_long).is_err());
        let stored = Stored::read(&bench.hash(&longest).unwrap()).unwrap();
        assert_eq!(bench.verify(&longest, Some(&stored)).unwrap(), Verdict::Right { rehash: None });
    }
}
