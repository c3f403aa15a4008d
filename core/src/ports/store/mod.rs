//! What is asked of a store: verbs that settle a race, in the words of the trade. No rows, SQL or transactions in a
//! signature; absence is `None` or an outcome; ids, secrets and the present moment are passed in, so a backend needs
//! neither clock nor randomness.
//!
//! A write is durable when its verb returns, but for [`Flows::claim`], [`Marks::mark`], [`Audit::mention`] and those of
//! [`Outbox`] that carry, which may be forgotten by a loss of power (not by the end of the process): a lost claim is a
//! comparison that never answered, a lost mark names something that is too old within minutes, and a lost carrying repeats a
//! letter under its own name.

mod attested_keys;
mod audit;
mod catalog;
mod credentials;
mod flows;
mod grants;
mod marks;
mod outbox;
mod people;

use async_trait::async_trait;

pub use attested_keys::AttestedKeys;
pub use audit::{Audit, Hooks, Ledger, MIXED, StoredCheckpoint, StoredHook, Walk};
pub use catalog::{Applications, Keys, Page, StoredKey, StoredSecret, Tenants};
pub use credentials::{Connections, Credentials};
pub use flows::{
    ClaimRequest, Claimed, Conclusion, Edit, FlowVersion, Flows, Move, Premise, Settled, Settlement, StoredFlow,
    TallyMark,
};
pub use grants::{Grants, Sessions};
pub use marks::Marks;
pub use outbox::{Carried, Delivery, Outbox, Slip, Slips};
pub use people::{UserFilter, Users};

use super::Timestamp;
use crate::error::Fault;

/// How the adding of something unique ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is kept.
    Kept,
    /// Something else has this field's value.
    Taken(&'static str),
}

/// How the saving of something that others may change ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is kept.
    Kept,
    /// It was changed or removed meanwhile; nothing was written.
    Moved,
    /// Something else has this field's value; nothing was written.
    Taken(&'static str),
}

/// Everything that the rules keep.
pub trait Store:
    Tenants
    + Applications
    + Connections
    + Keys
    + Users
    + Credentials
    + Flows
    + Sessions
    + Grants
    + Outbox
    + Slips
    + Marks
    + Audit
    + Ledger
    + Hooks
    + AttestedKeys
    + Upkeep
{
}

impl<T> Store for T where
    T: Tenants
        + Applications
        + Connections
        + Keys
        + Users
        + Credentials
        + Flows
        + Sessions
        + Grants
        + Outbox
        + Slips
        + Marks
        + Audit
        + Ledger
        + Hooks
        + AttestedKeys
        + Upkeep
{
}

/// What the operator's side asks.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Whether reads and writes work now: writes something and reads it.
    ///
    /// # Errors
    /// They do not.
    async fn check(&self, now: Timestamp) -> Result<(), Fault>;

    /// Removes at most `most` things that are over: flows, sessions, grants, slips, marks, attested keys and letters past their expiry, spent token
    /// ids, tallies at rest, budgets that are whole again. Answers how many it removed.
    ///
    /// # Errors
    /// The store failed.
    async fn sweep(&self, now: Timestamp, most: usize) -> Result<usize, Fault>;

    /// Overwrites what was removed or replaced, so that the store's files no longer hold it. It may take long, and writes wait
    /// meanwhile.
    ///
    /// # Errors
    /// The store failed.
    async fn scrub(&self) -> Result<(), Fault>;
}
