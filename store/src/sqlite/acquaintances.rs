//! Where users signed in from, for the settlements that end a login.

use rusqlite::Connection;
use vestibule_core::acquaintance::{Acquaintance, MOST};
use vestibule_core::error::Fault;
use vestibule_core::ports::UserId;

use super::row::{Ask, Columns, integer};
use crate::sql::acquaintances;

/// Those of a user, the last seen first.
pub(super) fn of_user(db: &Connection, user: &UserId) -> Result<Vec<Acquaintance>, Fault> {
    db.all(acquaintances::OF_USER, (user.as_bytes(),), acquaintance)
}

/// Keeps those of users who are there, and no more of a user's than there may be.
pub(super) fn keep(db: &Connection, made: &[Acquaintance]) -> Result<(), Fault> {
    for one in made {
        let user = one.user.as_bytes();
        db.change(acquaintances::KEEP, (&one.mark, one.seen.micros(), one.due().micros(), user))?;
        db.change(acquaintances::TRIM, (user, integer(MOST)))?;
    }
    Ok(())
}

fn acquaintance(row: &mut Columns<'_>) -> rusqlite::Result<Acquaintance> {
    Ok(Acquaintance { user: UserId::from_bytes(row.take()?), mark: row.take()?, seen: row.moment()? })
}
