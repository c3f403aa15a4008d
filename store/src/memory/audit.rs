//! The audit log: a list, and checkpoints by their numbers.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vestibule_core::audit::{Event, Hash, ORIGIN, Record, link};
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Audit, Hooks, Ledger, MIXED, StoredCheckpoint, StoredHook, Walk};
use vestibule_core::ports::{HookId, TenantId, Timestamp};

use super::{Kept, Memory};

/// What is kept of the log.
#[derive(Default)]
pub(super) struct Log {
    records: Vec<Record>,
    checkpoints: BTreeMap<u64, StoredCheckpoint>,
}

impl Log {
    fn tail(&self) -> Option<(u64, Hash)> {
        self.records.last().map(|record| (record.seq, record.hash))
    }
}

/// The bodies of events, which may be more than can be written.
pub(super) fn bodies(events: &[Event]) -> Result<Vec<String>, Fault> {
    events.iter().map(Event::body).collect()
}

impl Kept {
    /// Adds events, whose bodies are written, to the end of the chain.
    pub(super) fn tell(&mut self, events: &[Event], bodies: Vec<String>) {
        let (mut seq, mut hash) = self.audit.tail().unwrap_or((0, ORIGIN));
        for (event, body) in events.iter().zip(bodies) {
            seq = seq.saturating_add(1);
            hash = link(&hash, seq, &body);
            let (tenant, user, at) = (event.tenant().clone(), event.whom(), event.at());
            self.audit.records.push(Record { seq, body, hash, tenant, user, at });
        }
    }
}

#[async_trait]
impl Audit for Memory {
    async fn append(&self, events: &[Event]) -> Result<(), Fault> {
        let bodies = bodies(events)?;
        self.kept().tell(events, bodies);
        Ok(())
    }

    async fn mention(&self, events: &[Event]) -> Result<(), Fault> {
        self.append(events).await
    }
}

#[async_trait]
impl Ledger for Memory {
    async fn records(&self, walk: &Walk) -> Result<Vec<Record>, Fault> {
        let is_wanted = |record: &&Record| {
            let of_tenant = walk.tenant.as_ref().is_none_or(|tenant| record.tenant == *tenant);
            record.seq > walk.after && of_tenant && (walk.user.is_none() || record.user == walk.user)
        };
        Ok(self.kept().audit.records.iter().filter(is_wanted).take(walk.limit).cloned().collect())
    }

    async fn tail(&self) -> Result<Option<(u64, Hash)>, Fault> {
        Ok(self.kept().audit.tail())
    }

    async fn first_since(&self, at: Timestamp) -> Result<Option<u64>, Fault> {
        let kept = self.kept();
        let late = kept.audit.records.iter().filter(|record| record.at >= at - MIXED);
        Ok(late.min_by_key(|record| record.at).map(|record| record.seq))
    }

    async fn keep_checkpoint(&self, checkpoint: &StoredCheckpoint) -> Result<(), Fault> {
        self.kept().audit.checkpoints.insert(checkpoint.seq, checkpoint.clone());
        Ok(())
    }

    async fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<StoredCheckpoint>, Fault> {
        let kept = self.kept();
        let late = kept.audit.checkpoints.values().filter(|checkpoint| checkpoint.seq > after);
        Ok(late.take(limit).cloned().collect())
    }

    async fn checkpoint_before(&self, seq: u64) -> Result<Option<StoredCheckpoint>, Fault> {
        Ok(self.kept().audit.checkpoints.range(..=seq).next_back().map(|(_, checkpoint)| checkpoint.clone()))
    }

    async fn prune(&self, until: u64, most: usize) -> Result<usize, Fault> {
        let log = &mut self.kept().audit;
        let Some((newest, _)) = log.tail() else { return Ok(0) };
        log.checkpoints.retain(|seq, _| *seq >= until);
        let goes = |record: &Record| record.seq <= until && record.seq < newest;
        let many = log.records.iter().take_while(|record| goes(record)).count().min(most);
        log.records.drain(..many);
        Ok(many)
    }
}

#[async_trait]
impl Hooks for Memory {
    async fn add_hook(&self, hook: &StoredHook) -> Result<(), Fault> {
        let hooks = &mut self.kept().hooks;
        if hooks.contains_key(&hook.id) {
            return Err(Fault::new("a webhook's id is taken"));
        }
        hooks.insert(hook.id, hook.clone());
        Ok(())
    }

    async fn hooks(&self, tenant: &TenantId) -> Result<Vec<StoredHook>, Fault> {
        Ok(sorted(&self.kept(), |hook| hook.tenant == *tenant, |hook| hook.created))
    }

    async fn hooks_due(&self, now: Timestamp, tail: u64, limit: usize) -> Result<Vec<StoredHook>, Fault> {
        let mut due = sorted(&self.kept(), |hook| hook.ready <= now && hook.cursor < tail, |hook| hook.ready);
        due.truncate(limit);
        Ok(due)
    }

    async fn serve_hook(&self, hook: &StoredHook, seen: u64) -> Result<bool, Fault> {
        let kept = &mut *self.kept();
        let Some(found) = kept.hooks.get_mut(&hook.id).filter(|found| found.cursor == seen) else { return Ok(false) };
        (found.cursor, found.tries, found.ready) = (hook.cursor, hook.tries, hook.ready);
        Ok(true)
    }

    async fn remove_hook(&self, tenant: &TenantId, id: &HookId) -> Result<bool, Fault> {
        let kept = &mut *self.kept();
        let is_theirs = kept.hooks.get(id).is_some_and(|hook| hook.tenant == *tenant);
        Ok(is_theirs && kept.hooks.remove(id).is_some())
    }
}

fn sorted(kept: &Kept, wanted: impl Fn(&StoredHook) -> bool, by: impl Fn(&StoredHook) -> Timestamp) -> Vec<StoredHook> {
    let mut found: Vec<StoredHook> = kept.hooks.values().filter(|hook| wanted(hook)).cloned().collect();
    found.sort_by_key(|hook| (by(hook), hook.id));
    found
}
