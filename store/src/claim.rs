//! The pure part of a claim, alike in every backend: whether the flow may be taken, and whether each tally has a slot.

use vestibule_core::attempt::{Slot, Tally, TallyRule};
use vestibule_core::ports::Timestamp;
use vestibule_core::ports::store::{Claimed, FlowVersion};

/// The version of a flow after its claim, or why it cannot be claimed. A flow of which nothing is kept is at version zero.
pub(crate) fn next_version(
    kept: Option<(FlowVersion, Option<Timestamp>)>,
    seen: FlowVersion,
    now: Timestamp,
) -> Result<FlowVersion, Claimed> {
    let (version, busy_until) = kept.unwrap_or_default();
    if busy_until.is_some_and(|until| now < until) {
        return Err(Claimed::Busy);
    }
    if version != seen {
        return Err(Claimed::Moved);
    }
    Ok(FlowVersion(version.0.saturating_add(1)))
}

/// A slot of each tally, or nothing if one of them is full.
pub(crate) fn slots<'a>(
    tallies: impl IntoIterator<Item = (Tally, &'a TallyRule)>,
    now: Timestamp,
) -> Option<Vec<(Slot, Tally)>> {
    let claim = |(mut tally, rule): (Tally, &TallyRule)| match tally.claim(now, rule) {
        Slot::Full => None,
        slot => Some((slot, tally)),
    };
    tallies.into_iter().map(claim).collect()
}
