//! Flows in progress and the tallies of wrong answers: claimed before an answer is judged, settled after it, together
//! with everything that the judgement brings about.

use async_trait::async_trait;

use crate::acquaintance::Acquaintance;
use crate::attempt::{Mark, Slot, Tally, TallyKey, TallyRule};
use crate::audit::Event;
use crate::budget::{Budget, BudgetKey, Cost};
use crate::credential::{Credential, Held};
use crate::delivery::Letter;
use crate::error::Fault;
use crate::grant::Grant;
use crate::ports::{FlowNumber, PasswordHash, TenantId, Timestamp, UserId};
use crate::session::Session;
use crate::user::User;

/// Counts the claims of a flow; zero is a flow of which nothing is kept yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowVersion(pub u64);

/// What is kept of a flow. The store does not look into `body`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFlow {
    /// The realm.
    pub tenant: TenantId,
    /// How often it was claimed.
    pub version: FlowVersion,
    /// Which shape `body` has; zero while there is none.
    pub format: u16,
    /// The state, empty while the first answer is being judged.
    pub body: Vec<u8>,
    /// An answer is being judged until then, or until it is settled.
    pub busy_until: Option<Timestamp>,
    /// When the flow is too old.
    pub expires: Timestamp,
}

/// A wish to judge an answer.
#[derive(Clone, Copy, Debug)]
pub struct ClaimRequest<'a> {
    /// The flow.
    pub flow: FlowNumber,
    /// The realm.
    pub tenant: &'a TenantId,
    /// The version that was seen; zero when nothing is kept yet.
    pub seen: FlowVersion,
    /// The present moment.
    pub now: Timestamp,
    /// When others may judge even if this answer was never settled.
    pub until: Timestamp,
    /// When the flow is too old.
    pub expires: Timestamp,
    /// The tallies that a wrong answer counts in.
    pub tallies: &'a [(TallyKey, TallyRule)],
}

/// How a claim ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The flow is this caller's until it is settled.
    Ours {
        /// The flow's version now, one more than was seen; settling names it.
        version: FlowVersion,
        /// For each tally asked for, its slot (free or locked, never full) and the tally itself. Free slots are claimed.
        slots: Vec<(Slot, Tally)>,
    },
    /// Another answer of the flow is being judged.
    Busy,
    /// The flow is no longer at the version that was seen.
    Moved,
    /// A tally is full; nothing was claimed.
    Full,
}

/// How a claimed tally is settled.
#[derive(Clone, Debug)]
pub struct TallyMark {
    /// The tally, whose slot was free.
    pub key: TallyKey,
    /// Its rule.
    pub rule: TallyRule,
    /// What the answer was.
    pub mark: Mark,
}

/// What becomes of a claimed flow.
#[derive(Clone, Debug)]
pub enum Move {
    /// It keeps its state and is free for the next claim.
    Release,
    /// It has a new state and is free for the next claim.
    Advance {
        /// Shape of `body`.
        format: u16,
        /// The new state.
        body: Vec<u8>,
    },
}

/// What a finished login leaves behind.
#[derive(Clone, Debug)]
pub struct Conclusion {
    /// The session, new or used again; replaces one of the same id.
    pub session: Session,
    /// The grant with its code.
    pub grant: Grant,
    /// What it stands on.
    pub premise: Premise,
}

/// What must still be so for a conclusion to hold: a user who was changed and a session that was ended while an answer was
/// judged do not come back with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Premise {
    /// The grant's user is still at this revision.
    pub user_revision: Option<u64>,
    /// The session is used again: it is still there.
    pub session_is_there: bool,
}

/// Everything that an answer brings about, in one transaction.
#[derive(Clone, Debug)]
pub struct Settlement<'a> {
    /// The flow that was claimed and what becomes of it; `None` when a session alone finished the login.
    pub flow: Option<(FlowNumber, FlowVersion, Move)>,
    /// Tallies to settle.
    pub tallies: &'a [TallyMark],
    /// What a wrong answer costs, besides: spent also where nothing but the marks is written.
    pub costs: &'a [Cost],
    /// What a finished login leaves behind.
    pub conclusion: Option<&'a Conclusion>,
    /// Where a user signed in from: kept if the user is there, and of the user's no more than
    /// [`MOST`](crate::acquaintance::MOST), those that were seen last.
    pub acquaintances: &'a [Acquaintance],
    /// What it changes of what users are and hold.
    pub edits: &'a [Edit],
    /// What it sends, as far as the budgets allow: a letter that they do not allow is left out and hinders nothing.
    pub letters: &'a [Letter],
    /// What the audit log says of it.
    pub events: &'a [Event],
    /// The realm.
    pub tenant: &'a TenantId,
    /// The present moment.
    pub now: Timestamp,
}

impl<'a> Settlement<'a> {
    /// One that brings nothing about.
    pub const fn of(tenant: &'a TenantId, now: Timestamp) -> Self {
        Self {
            flow: None,
            tallies: &[],
            costs: &[],
            conclusion: None,
            acquaintances: &[],
            edits: &[],
            letters: &[],
            events: &[],
            tenant,
            now,
        }
    }
}

/// A change of what users are and hold, made by an answer. Where a condition fails, the settlement is [`Settled::Overtaken`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// The same password hashed anew. It has no condition: it is skipped when the user's hash is no longer the one compared,
    /// and leaves the user's revision as it is.
    Rehash {
        /// The user.
        user: UserId,
        /// The hash that was compared.
        compared: PasswordHash,
        /// The hash to keep.
        fresh: PasswordHash,
    },
    /// Another state of the user, who is still at revision `seen` (and whose name is not taken).
    Save {
        /// The user, with the new revision.
        user: Box<User>,
        /// The revision that was seen.
        seen: u64,
        /// The user's sessions end and grants are revoked, before the conclusion's own are made.
        expel: bool,
    },
    /// A new user, whose name is not taken.
    Provision(Box<User>),
    /// Something that the user holds from now on; its kind and handle are not taken.
    Enrol(Box<Credential>),
    /// Another state of something that a user holds, which is still at revision `seen`.
    Use {
        /// The credential, with the new revision.
        credential: Box<Credential>,
        /// The revision that was seen.
        seen: u64,
    },
}

impl Edit {
    /// A use of a credential, which leaves `held` behind.
    pub fn used(credential: &Credential, held: Held, now: Timestamp) -> Self {
        Self::Use { credential: Box::new(credential.used(held, now)), seen: credential.revision }
    }

    /// The user's password, hashed anew.
    pub fn rehash(user: &User, fresh: &PasswordHash) -> Option<Self> {
        let compared = user.password.clone()?;
        Some(Self::Rehash { user: user.id, compared, fresh: fresh.clone() })
    }
}

/// How a settlement ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Everything is written.
    Kept,
    /// The flow is no longer at the claimed version (the claim ran out and another took it), or the conclusion's premise does
    /// not hold: nothing is written but the marks.
    Lost,
    /// The condition of an edit does not hold: nothing is written, not even the marks, and the flow is still claimed.
    Overtaken,
}

/// Flows in progress.
#[async_trait]
pub trait Flows: Send + Sync {
    /// What is kept of the flow.
    ///
    /// # Errors
    /// The store failed.
    async fn flow(&self, number: &FlowNumber) -> Result<Option<StoredFlow>, Fault>;

    /// Claims the flow and the tallies, or nothing. A first claim makes the flow's row, with an empty body
    /// of format zero.
    ///
    /// # Errors
    /// The store failed.
    async fn claim(&self, request: ClaimRequest<'_>) -> Result<Claimed, Fault>;

    /// Settles a claim: marks, flow, edits, conclusion, letters and events in this order, all or nothing but as [`Settled`] says.
    /// A premise is held against the state before the edits; a user who is provisioned has none.
    ///
    /// # Errors
    /// The store failed.
    async fn settle(&self, settlement: Settlement<'_>) -> Result<Settled, Fault>;

    /// The tally of a key; an untouched one if it has none.
    ///
    /// # Errors
    /// The store failed.
    async fn tally(&self, key: &TallyKey) -> Result<Tally, Fault>;

    /// What is left of each budget.
    ///
    /// # Errors
    /// The store failed.
    async fn budgets(&self, keys: &[&BudgetKey]) -> Result<Vec<Budget>, Fault>;

    /// Forgets the wrong answers of a key, as an administrator does.
    ///
    /// # Errors
    /// The store failed.
    async fn clear_tally(&self, key: &TallyKey) -> Result<(), Fault>;

    /// Claims a slot of one tally outside a flow (an administrator's Basic authentication).
    ///
    /// # Errors
    /// The store failed.
    async fn claim_tally(&self, key: &TallyKey, rule: &TallyRule, now: Timestamp) -> Result<Slot, Fault>;
}
