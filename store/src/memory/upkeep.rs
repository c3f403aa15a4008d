//! Health and sweeping. What is over longest goes first.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vestibule_core::acquaintance::MEMORY;
use vestibule_core::error::Fault;
use vestibule_core::ports::Timestamp;
use vestibule_core::ports::store::Upkeep;
use vestibule_core::session::Session;

use super::Memory;
use crate::retention::{grant_due, tally_due};

#[async_trait]
impl Upkeep for Memory {
    async fn check(&self, _now: Timestamp) -> Result<(), Fault> {
        Ok(())
    }

    async fn sweep(&self, now: Timestamp, most: usize) -> Result<usize, Fault> {
        let kept = &mut *self.kept();
        let mut removed = sweep(&mut kept.flows, |flow| flow.expires, now, most);
        removed += sweep(&mut kept.sessions, Session::expires, now, most - removed);
        removed += sweep(&mut kept.grants, grant_due, now, most - removed);
        removed += sweep(&mut kept.revoked_tokens, |expires| *expires, now, most - removed);
        removed += sweep(&mut kept.tallies, tally_due, now, most - removed);
        removed += sweep(&mut kept.acquaintances, |seen| *seen + MEMORY, now, most - removed);
        removed += sweep(&mut kept.slips, |slip| slip.expires, now, most - removed);
        removed += sweep(&mut kept.marks, |expires| *expires, now, most - removed);
        removed += sweep(&mut kept.attested_keys, |key| key.expires, now, most - removed);
        removed += sweep(&mut kept.letters, |waiting| waiting.letter.expires, now, most - removed);
        removed += sweep(&mut kept.budgets, |budget| budget.whole_at, now, most - removed);
        Ok(removed)
    }

    async fn scrub(&self) -> Result<(), Fault> {
        Ok(())
    }
}

fn sweep<K: Clone + Ord, T>(
    things: &mut BTreeMap<K, T>,
    due: impl Fn(&T) -> Timestamp,
    now: Timestamp,
    most: usize,
) -> usize {
    let mut over: Vec<(Timestamp, K)> =
        things.iter().map(|(key, thing)| (due(thing), key.clone())).filter(|(due, _)| *due <= now).collect();
    over.sort();
    over.truncate(most);
    over.iter().for_each(|(_, key)| drop(things.remove(key)));
    over.len()
}
