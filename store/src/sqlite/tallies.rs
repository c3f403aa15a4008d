//! Tallies as rows, for the claims and settlements that count in them.

use rusqlite::Connection;
use vestibule_core::attempt::{Tally, TallyKey};
use vestibule_core::error::Fault;

use super::row::{Ask, Columns};
use crate::retention::tally_due;
use crate::sql::tallies;

/// The tally of a key; an untouched one if it has none.
pub(super) fn read_tally(db: &Connection, key: &TallyKey) -> Result<Tally, Fault> {
    Ok(db.one(tallies::READ, (&key.0,), tally)?.unwrap_or_default())
}

/// Keeps a tally that a move has touched; an untouched one needs no row.
pub(super) fn keep_tally(db: &Connection, key: &TallyKey, before: &Tally, after: &Tally) -> Result<(), Fault> {
    if before == after {
        return Ok(());
    }
    let Tally { misses, total, pending, pending_until, locks, locked_until, touched } = *after;
    let (pending_until, locked_until, touched) = (pending_until.micros(), locked_until.micros(), touched.micros());
    let due = tally_due(after).micros();
    let row = (&key.0, misses, total, pending, pending_until, locks, locked_until, touched, due);
    db.change(tallies::KEEP, row).map(drop)
}

fn tally(row: &mut Columns<'_>) -> rusqlite::Result<Tally> {
    Ok(Tally {
        misses: row.take()?,
        total: row.take()?,
        pending: row.take()?,
        pending_until: row.moment()?,
        locks: row.take()?,
        locked_until: row.moment()?,
        touched: row.moment()?,
    })
}
