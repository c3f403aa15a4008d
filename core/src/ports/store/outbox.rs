//! Messages that wait to be sent, and slips: short-lived notes that are found by a key and answered or taken once.

use async_trait::async_trait;

use crate::delivery::Letter;
use crate::error::Fault;
use crate::ports::{LetterId, TenantId, Timestamp};

/// A letter that somebody is carrying.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The letter; what it cost is no longer of interest, so its budgets are empty.
    pub letter: Letter,
    /// How often it was carried before.
    pub tries: u32,
    /// Which carrying this is; settling names it.
    pub lease: u64,
}

/// How a carrying ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It arrived: the letter is gone.
    Arrived,
    /// It may be tried again from then on.
    Again(Timestamp),
    /// It will never arrive: the letter is gone.
    Undeliverable,
}

/// Messages that wait to be sent. Those of a login are put in by [`super::Flows::settle`].
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Puts a letter in if every one of its budgets has a share left, and takes the shares. Answers whether it did.
    ///
    /// # Errors
    /// The store failed.
    async fn post(&self, letter: &Letter, now: Timestamp) -> Result<bool, Fault>;

    /// Takes at most `most` letters to carry, those that wait longest first. Nobody else gets them before `until`; after that
    /// they are given to others, since their carrier may have died.
    ///
    /// # Errors
    /// The store failed.
    async fn carry(&self, now: Timestamp, until: Timestamp, most: usize) -> Result<Vec<Carried>, Fault>;

    /// Settles a carrying. `false` when the letter was given to another carrier meanwhile or is gone.
    ///
    /// # Errors
    /// The store failed.
    async fn carried(&self, id: &LetterId, lease: u64, how: Delivery) -> Result<bool, Fault>;

    /// How many letters wait or are carried, and since when the oldest of them has waited.
    ///
    /// # Errors
    /// The store failed.
    async fn waiting(&self) -> Result<(usize, Option<Timestamp>), Fault>;
}

/// A short-lived note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slip {
    /// What it is found by.
    pub key: String,
    /// The realm.
    pub tenant: TenantId,
    /// Counts the changes; a change names the version that it saw.
    pub version: u64,
    /// What it says.
    pub body: Vec<u8>,
    /// When it is over. Whoever reads it compares; sweeping only frees its place.
    pub expires: Timestamp,
}

/// Short-lived notes.
#[async_trait]
pub trait Slips: Send + Sync {
    /// The slip of that key, also when it is over.
    ///
    /// # Errors
    /// The store failed.
    async fn slip(&self, key: &str) -> Result<Option<Slip>, Fault>;

    /// Leaves a slip. `seen` is the version of the one that it replaces, zero when there should be none; `slip.version` is the
    /// new one. Answers whether it is kept: another's was there, or the one seen is not.
    ///
    /// # Errors
    /// The store failed.
    async fn leave(&self, slip: &Slip, seen: u64) -> Result<bool, Fault>;

    /// Takes a slip away: of many who take it one gets it.
    ///
    /// # Errors
    /// The store failed.
    async fn take(&self, key: &str) -> Result<Option<Slip>, Fault>;
}
