//! Where secrets of the store are locked away: the port behind which a master key or a key management service stands. The
//! store keeps what comes out of [`Vault::wrap`] and never sees what went in.

use async_trait::async_trait;

use super::Secret;
use crate::error::Fault;

/// A secret as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrapped {
    /// Name of the master key that opens it; [`Wrapped::PLAIN`] where none did the wrapping.
    pub key: String,
    /// What only the vault can read.
    pub bytes: Vec<u8>,
}

impl Wrapped {
    /// The name in place of a key's where a secret lies open, as servers before the vault kept it.
    pub const PLAIN: &str = "";
}

/// Wraps secrets under master keys that the store does not have. An implementation over a key management service calls the
/// service here and nowhere else: what was opened once is kept in memory.
#[async_trait]
pub trait Vault: Send + Sync {
    /// Names of the master keys that open, which are never [`Wrapped::PLAIN`]; the first one wraps.
    fn keys(&self) -> Vec<String>;

    /// Wraps a secret under the first master key. `purpose` says whose secret it is and must be authenticated with it
    /// (additional data, an encryption context), so that one row cannot be put in another's place.
    ///
    /// # Errors
    /// The vault failed.
    async fn wrap(&self, purpose: &str, plain: &[u8]) -> Result<Wrapped, Fault>;

    /// The secret that was wrapped for that purpose.
    ///
    /// # Errors
    /// The vault failed, does not have the key, or it was wrapped for another purpose or changed.
    async fn unwrap(&self, purpose: &str, wrapped: &Wrapped) -> Result<Secret<Vec<u8>>, Fault>;
}
