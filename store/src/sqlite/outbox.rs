//! Letters that wait or are carried, and the budgets that they are paid from.

use async_trait::async_trait;
use rusqlite::Connection;
use vestibule_core::budget::{Budget, BudgetKey};
use vestibule_core::delivery::Letter;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Carried, Delivery, Outbox};
use vestibule_core::ports::{LetterId, Timestamp};

use super::Sqlite;
use super::row::{Ask, Columns, integer};
use super::writer::Durability;
use crate::budget;
use crate::sql::outbox;

#[async_trait]
impl Outbox for Sqlite {
    async fn post(&self, letter: &Letter, now: Timestamp) -> Result<bool, Fault> {
        let letter = letter.clone();
        self.write(move |db| put(db, &letter, now)).await
    }

    async fn carry(&self, now: Timestamp, until: Timestamp, most: usize) -> Result<Vec<Carried>, Fault> {
        // Most of the time there is nothing to carry, and the writer need not be asked.
        if !self.read(|db| db.has(outbox::IS_ANY_READY, (now.micros(),)))? {
            return Ok(Vec::new());
        }
        let work = move |db: &Connection| {
            let mut taken = db.all(outbox::READY, (now.micros(), integer(most)), carried)?;
            for one in &mut taken {
                one.lease = one.lease.saturating_add(1);
                db.change(outbox::CARRY, (integer(one.lease), until.micros(), one.letter.id.as_bytes()))?;
            }
            Ok(taken)
        };
        // A carrying that a loss of power undoes had a carrier in a process that the same loss ended, and whose letters
        // become free when the file is opened again: the letter is carried once more whether this was written or not. A
        // process that merely dies undoes nothing.
        self.writer.write(Durability::Relaxed, work).await
    }

    async fn carried(&self, id: &LetterId, lease: u64, how: Delivery) -> Result<bool, Fault> {
        let (id, lease) = (*id, integer(lease));
        let work = move |db: &Connection| {
            let settled = match how {
                Delivery::Again(ready) => db.change(outbox::WAIT, (ready.micros(), id.as_bytes(), lease))?,
                Delivery::Arrived | Delivery::Undeliverable => db.change(outbox::REMOVE, (id.as_bytes(), lease))?,
            };
            Ok(settled > 0)
        };
        // Waiting for the disk would lengthen the moment in which the end of the process sends a letter twice; a loss of power
        // that undoes this repeats the letter under its own name.
        self.writer.write(Durability::Relaxed, work).await
    }

    async fn waiting(&self) -> Result<(usize, Option<Timestamp>), Fault> {
        let (count, since) = self.read(|db| db.one(outbox::WAITING, (), waiting))?.unwrap_or_default();
        Ok((usize::try_from(count).unwrap_or(usize::MAX), since))
    }
}

/// Puts a letter in if its budgets allow it.
pub(super) fn put(db: &Connection, letter: &Letter, now: Timestamp) -> Result<bool, Fault> {
    let Some(left) = budget::pay(letter, now, |key| read_budget(db, key))? else { return Ok(false) };
    for (key, budget) in left {
        spend(db, &key, &budget)?;
    }
    let (id, tenant, channel) = (letter.id.as_bytes(), letter.tenant.as_str(), letter.channel.as_str());
    let (created, expires) = (letter.created.micros(), letter.expires.micros());
    db.change(outbox::PUT, (id, tenant, channel, &letter.body, created, expires))?;
    Ok(true)
}

/// What is left of a budget; all of one from which nothing was ever spent.
pub(super) fn read_budget(db: &Connection, key: &BudgetKey) -> Result<Budget, Fault> {
    Ok(db.one(outbox::BUDGET, (&key.0,), budget)?.unwrap_or_default())
}

/// Keeps what is left of a budget.
pub(super) fn spend(db: &Connection, key: &BudgetKey, left: &Budget) -> Result<(), Fault> {
    db.change(outbox::SPEND, (&key.0, left.whole_at.micros())).map(drop)
}

fn carried(row: &mut Columns<'_>) -> rusqlite::Result<Carried> {
    let letter = Letter {
        id: LetterId::from_bytes(row.take()?),
        tenant: row.tenant()?,
        channel: row.word()?,
        body: row.take()?,
        budgets: Vec::new(),
        created: row.moment()?,
        expires: row.moment()?,
    };
    Ok(Carried { letter, tries: row.take()?, lease: row.count()? })
}

fn budget(row: &mut Columns<'_>) -> rusqlite::Result<Budget> {
    Ok(Budget { whole_at: row.moment()? })
}

fn waiting(row: &mut Columns<'_>) -> rusqlite::Result<(u64, Option<Timestamp>)> {
    Ok((row.count()?, row.maybe_moment()?))
}
