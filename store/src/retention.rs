//! When kept things are over and may be swept, alike in every backend. A thing outlives its use for as long as its
//! misuse must be recognised.

use std::time::Duration;

use vestibule_core::attempt::{MEMORY, Tally};
use vestibule_core::grant::{Grant, Phase};
use vestibule_core::ports::Timestamp;

/// How long an unused code is kept after it is too old.
const LATE_CODE: Duration = Duration::from_secs(60 * 10);

/// How long a live grant is kept after its refresh token is too old: access tokens may still name it.
const LATE_GRANT: Duration = Duration::from_secs(60 * 60 * 24);

/// When a grant is over. A spent code's grant stays to the end of its family, so that a replay is seen as one.
pub(crate) fn grant_due(grant: &Grant) -> Timestamp {
    match grant.phase {
        Phase::Code => grant.expires + LATE_CODE,
        Phase::Live { .. } => grant.ends.min(grant.expires + LATE_GRANT),
        Phase::Revoked => grant.ends,
    }
}

/// When a tally is over: long after its last claim, and not while it is locked. A sealed one never is.
pub(crate) fn tally_due(tally: &Tally) -> Timestamp {
    tally.locked_until.max(tally.touched + MEMORY)
}
