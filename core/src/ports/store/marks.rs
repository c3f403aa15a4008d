//! Marks of what is good for one use: the name of a proof or an assertion, until it would be too old anyway.

use async_trait::async_trait;

use crate::error::Fault;
use crate::ports::Timestamp;

/// Marks of what was used. A mark may be forgotten by a loss of power, not by the end of the process.
#[async_trait]
pub trait Marks: Send + Sync {
    /// Marks `key` as used until `expires`. Of many who mark it one is the first: the answer says whether it was this one. A
    /// key begins with what it names, so that things of different kinds never meet.
    ///
    /// # Errors
    /// The store failed.
    async fn mark(&self, key: &str, expires: Timestamp) -> Result<bool, Fault>;
}
