//! Password hashing as a port: slow on purpose, so it runs in a bounded pool that may refuse work.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::Secret;
use crate::error::Fault;

/// A password's hash with its algorithm, parameters and salt: in the PHC string format, or as another server spelled it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[hash]")
    }
}

/// Why the hash of an imported user is not taken, as the rest of a sentence that begins with the hash: it never quotes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadHash(pub String);

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is the hashed one. `rehash` is set when the stored parameters are not today's.
    Right {
        /// The same password under today's parameters, to be stored in place of the old hash.
        rehash: Option<PasswordHash>,
    },
    /// It is not, or there was nothing to compare with.
    Wrong,
    /// The queue is full: nothing was compared.
    Overloaded,
}

/// Hashes passwords and compares them.
#[async_trait]
pub trait Passwords: Send + Sync {
    /// Compares in the time of one hash, also when there is no hash to compare with.
    ///
    /// # Errors
    /// The stored hash cannot be read, or the pool is gone.
    async fn verify(&self, password: &Secret<String>, hash: Option<&PasswordHash>) -> Result<Verdict, Fault>;

    /// The hash of a new password under today's parameters; `None` when the queue is full.
    ///
    /// # Errors
    /// The pool is gone.
    async fn hash(&self, password: &Secret<String>) -> Result<Option<PasswordHash>, Fault>;

    /// The hash that another server made, in the spelling in which it is kept here. It is made anew when it is first right.
    ///
    /// # Errors
    /// It cannot be compared with here: the scheme is unknown, it is malformed, or it would cost too much.
    fn adopt(&self, hash: &Secret<String>) -> Result<PasswordHash, BadHash>;
}
