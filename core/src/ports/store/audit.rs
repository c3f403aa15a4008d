//! The audit log: a chain to which records are only added. What a record says and what a checkpoint signs is the rules'
//! business.

use std::time::Duration;

use async_trait::async_trait;

use crate::audit::{Event, Hash, Record};
use crate::error::Fault;
use crate::ports::{HookId, TenantId, Timestamp, UserId};

/// How far records may stand out of the order in which they happened.
pub const MIXED: Duration = Duration::from_secs(60 * 10);

/// Records to read, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Walk {
    /// Only those of a tenant.
    pub tenant: Option<TenantId>,
    /// Only those about a user.
    pub user: Option<UserId>,
    /// Only those with a greater number.
    pub after: u64,
    /// So many at most.
    pub limit: usize,
}

/// A signed statement that the chain had a hash at a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// The number of the record.
    pub seq: u64,
    /// Its hash.
    pub hash: Hash,
    /// It stands for the records up to it, which were removed.
    pub anchor: bool,
    /// The statement, signed (JWS).
    pub jws: String,
    /// The public key that it is signed with, as JSON (JWK).
    pub key: String,
    /// When it was signed.
    pub at: Timestamp,
}

/// The end of the audit log. Events of an answer come in with [`super::Settlement::events`].
#[async_trait]
pub trait Audit: Send + Sync {
    /// Adds events to the chain, in this order.
    ///
    /// # Errors
    /// The store failed, and none was added.
    async fn append(&self, events: &[Event]) -> Result<(), Fault>;

    /// As [`Self::append`], for what repeats itself and is no effect of its own: it may be forgotten by a loss of power, not by
    /// the end of the process.
    ///
    /// # Errors
    /// The store failed, and none was added.
    async fn mention(&self, events: &[Event]) -> Result<(), Fault>;
}

/// The audit log as it stands.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Records of the chain, the oldest first.
    ///
    /// # Errors
    /// The store failed.
    async fn records(&self, walk: &Walk) -> Result<Vec<Record>, Fault>;

    /// The number and hash of the newest record.
    ///
    /// # Errors
    /// The store failed.
    async fn tail(&self) -> Result<Option<(u64, Hash)>, Fault>;

    /// The number of a record from which on are all that happened at `at` or later; records that were added within [`MIXED`]
    /// of each other may stand in another order than they happened. `None`: there is none so late.
    ///
    /// # Errors
    /// The store failed.
    async fn first_since(&self, at: Timestamp) -> Result<Option<u64>, Fault>;

    /// Keeps a checkpoint. One of the same number is replaced.
    ///
    /// # Errors
    /// The store failed.
    async fn keep_checkpoint(&self, checkpoint: &StoredCheckpoint) -> Result<(), Fault>;

    /// Checkpoints after a number, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    async fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<StoredCheckpoint>, Fault>;

    /// The newest checkpoint up to a number.
    ///
    /// # Errors
    /// The store failed.
    async fn checkpoint_before(&self, seq: u64) -> Result<Option<StoredCheckpoint>, Fault>;

    /// Removes at most `most` records up to and including a number, and all checkpoints before it. The newest record
    /// stays, whatever the number. Answers how many records it removed.
    ///
    /// # Errors
    /// The store failed.
    async fn prune(&self, until: u64, most: usize) -> Result<usize, Fault>;
}

/// A webhook to which records of a tenant are delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHook {
    /// Its id.
    pub id: HookId,
    /// Whose records it gets.
    pub tenant: TenantId,
    /// Where they go.
    pub url: String,
    /// Which kinds it gets: names, or a beginning and `*`; empty: all.
    pub events: Vec<String>,
    /// The key that deliveries are signed with, sealed by the server.
    pub secret: String,
    /// Up to which record it is served.
    pub cursor: u64,
    /// How often the present delivery was tried in vain.
    pub tries: u32,
    /// When the next try is due.
    pub ready: Timestamp,
    /// When it was made.
    pub created: Timestamp,
}

/// Webhooks of the audit log.
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Adds a webhook.
    ///
    /// # Errors
    /// The store failed, or its id is taken.
    async fn add_hook(&self, hook: &StoredHook) -> Result<(), Fault>;

    /// The webhooks of a tenant, the oldest first.
    ///
    /// # Errors
    /// The store failed.
    async fn hooks(&self, tenant: &TenantId) -> Result<Vec<StoredHook>, Fault>;

    /// Webhooks that may be served now and are not served up to `tail`, those that wait longest first, at most `limit`.
    ///
    /// # Errors
    /// The store failed.
    async fn hooks_due(&self, now: Timestamp, tail: u64, limit: usize) -> Result<Vec<StoredHook>, Fault>;

    /// Notes how far a webhook is served, unless somebody else did meanwhile: it is still at the cursor `seen`.
    ///
    /// # Errors
    /// The store failed.
    async fn serve_hook(&self, hook: &StoredHook, seen: u64) -> Result<bool, Fault>;

    /// Removes a webhook of a tenant. Answers whether it was there.
    ///
    /// # Errors
    /// The store failed.
    async fn remove_hook(&self, tenant: &TenantId, id: &HookId) -> Result<bool, Fault>;
}
