//! The audit log. Records are added by the one writer inside the transaction of what they tell of, so that their numbers
//! have no gaps; across processes, the lock of the transaction does the same.

use async_trait::async_trait;
use rusqlite::Connection;
use vestibule_core::audit::{Event, Hash, ORIGIN, Record, link};
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Audit, Hooks, Ledger, MIXED, StoredCheckpoint, StoredHook, Walk};
use vestibule_core::ports::{HookId, TenantId, Timestamp, UserId};

use super::Sqlite;
use super::row::{Ask, Columns, integer, json};
use super::writer::Durability;
use crate::sql::audit;

/// An event on its way to the writer.
pub(super) struct EventRow {
    tenant: TenantId,
    user: Option<UserId>,
    at: Timestamp,
    body: String,
}

impl EventRow {
    pub fn of(event: &Event) -> Result<Self, Fault> {
        Ok(Self { tenant: event.tenant().clone(), user: event.whom(), at: event.at(), body: event.body()? })
    }

    pub fn all(events: &[Event]) -> Result<Vec<Self>, Fault> {
        events.iter().map(Self::of).collect()
    }
}

/// Adds to the end of the chain.
pub(super) fn append(db: &Connection, events: &[EventRow]) -> Result<(), Fault> {
    if events.is_empty() {
        return Ok(());
    }
    let (mut seq, mut hash) = db.one(audit::TAIL, (), tail)?.unwrap_or((0, ORIGIN));
    for event in events {
        seq = seq.saturating_add(1);
        hash = link(&hash, seq, &event.body);
        let user = event.user.as_ref().map(UserId::as_bytes);
        let row = (integer(seq), event.tenant.as_str(), user, event.at.micros(), hash, &event.body);
        db.change(audit::APPEND, row)?;
    }
    Ok(())
}

#[async_trait]
impl Audit for Sqlite {
    async fn append(&self, events: &[Event]) -> Result<(), Fault> {
        let rows = EventRow::all(events)?;
        self.write(move |db| append(db, &rows)).await
    }

    async fn mention(&self, events: &[Event]) -> Result<(), Fault> {
        let rows = EventRow::all(events)?;
        self.writer.write(Durability::Relaxed, move |db| append(db, &rows)).await
    }
}

#[async_trait]
impl Ledger for Sqlite {
    async fn records(&self, walk: &Walk) -> Result<Vec<Record>, Fault> {
        let (after, limit) = (integer(walk.after), integer(walk.limit));
        let mut found = self.read(|db| match (&walk.user, &walk.tenant) {
            (Some(user), _) => db.all(audit::OF_USER, (user.as_bytes(), after, limit), record),
            (None, Some(tenant)) => db.all(audit::OF_TENANT, (tenant.as_str(), after, limit), record),
            (None, None) => db.all(audit::ALL_AFTER, (after, limit), record),
        })?;
        // A user's id is no other tenant's, whoever asks for it.
        found.retain(|record| walk.tenant.as_ref().is_none_or(|tenant| record.tenant == *tenant));
        Ok(found)
    }

    async fn tail(&self) -> Result<Option<(u64, Hash)>, Fault> {
        self.read(|db| db.one(audit::TAIL, (), tail))
    }

    async fn first_since(&self, at: Timestamp) -> Result<Option<u64>, Fault> {
        let from = (at - MIXED).micros();
        self.read(|db| db.one(audit::SINCE, (from,), |row| row.count()))
    }

    async fn keep_checkpoint(&self, checkpoint: &StoredCheckpoint) -> Result<(), Fault> {
        let StoredCheckpoint { seq, hash, anchor, jws, key, at } = checkpoint.clone();
        self.write(move |db| {
            let row = (integer(seq), hash, anchor, &jws, &key, at.micros());
            db.change(audit::KEEP_CHECKPOINT, row).map(drop)
        })
        .await
    }

    async fn checkpoints(&self, after: u64, limit: usize) -> Result<Vec<StoredCheckpoint>, Fault> {
        self.read(|db| db.all(audit::CHECKPOINTS, (integer(after), integer(limit)), checkpoint))
    }

    async fn checkpoint_before(&self, seq: u64) -> Result<Option<StoredCheckpoint>, Fault> {
        self.read(|db| db.one(audit::CHECKPOINT_BEFORE, (integer(seq),), checkpoint))
    }

    async fn prune(&self, until: u64, most: usize) -> Result<usize, Fault> {
        self.write(move |db| {
            let Some((newest, _)) = db.one(audit::TAIL, (), tail)? else { return Ok(0) };
            db.change(audit::PRUNE_CHECKPOINTS, (integer(until),))?;
            db.change(audit::PRUNE, (integer(until), integer(newest), integer(most)))
        })
        .await
    }
}

#[async_trait]
impl Hooks for Sqlite {
    async fn add_hook(&self, hook: &StoredHook) -> Result<(), Fault> {
        let (hook, events) = (hook.clone(), json(&hook.events)?);
        self.write(move |db| {
            let StoredHook { id, tenant, url, secret, cursor, tries, ready, created, .. } = &hook;
            let (ready, created) = (ready.micros(), created.micros());
            let row = (id.as_bytes(), tenant.as_str(), url, &events, secret, integer(*cursor), tries, ready, created);
            db.change(audit::ADD_HOOK, row).map(drop)
        })
        .await
    }

    async fn hooks(&self, tenant: &TenantId) -> Result<Vec<StoredHook>, Fault> {
        self.read(|db| db.all(audit::HOOKS, (tenant.as_str(),), hook))
    }

    async fn hooks_due(&self, now: Timestamp, tail: u64, limit: usize) -> Result<Vec<StoredHook>, Fault> {
        self.read(|db| db.all(audit::HOOKS_DUE, (now.micros(), integer(tail), integer(limit)), hook))
    }

    async fn serve_hook(&self, hook: &StoredHook, seen: u64) -> Result<bool, Fault> {
        let (id, row) = (hook.id, (integer(hook.cursor), hook.tries, hook.ready.micros()));
        let work = move |db: &Connection| {
            let (cursor, tries, ready) = row;
            Ok(db.change(audit::SERVE_HOOK, (cursor, tries, ready, id.as_bytes(), integer(seen)))? > 0)
        };
        // What a loss of power undoes is delivered once more.
        self.writer.write(Durability::Relaxed, work).await
    }

    async fn remove_hook(&self, tenant: &TenantId, id: &HookId) -> Result<bool, Fault> {
        let (tenant, id) = (tenant.clone(), *id);
        self.write(move |db| Ok(db.change(audit::REMOVE_HOOK, (tenant.as_str(), id.as_bytes()))? > 0)).await
    }
}

fn tail(row: &mut Columns<'_>) -> rusqlite::Result<(u64, Hash)> {
    Ok((row.count()?, row.take()?))
}

fn record(row: &mut Columns<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        seq: row.count()?,
        tenant: row.tenant()?,
        user: row.take::<Option<[u8; 16]>>()?.map(UserId::from_bytes),
        at: row.moment()?,
        hash: row.take()?,
        body: row.take()?,
    })
}

fn checkpoint(row: &mut Columns<'_>) -> rusqlite::Result<StoredCheckpoint> {
    let (seq, hash, anchor) = (row.count()?, row.take()?, row.take()?);
    Ok(StoredCheckpoint { seq, hash, anchor, jws: row.take()?, key: row.take()?, at: row.moment()? })
}

fn hook(row: &mut Columns<'_>) -> rusqlite::Result<StoredHook> {
    Ok(StoredHook {
        id: HookId::from_bytes(row.take()?),
        tenant: row.tenant()?,
        url: row.take()?,
        events: row.json()?,
        secret: row.take()?,
        cursor: row.count()?,
        tries: row.take()?,
        ready: row.moment()?,
        created: row.moment()?,
    })
}
