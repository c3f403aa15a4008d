//! An answer's edits on their way to the writer, documents written.

use rusqlite::Connection;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Added, Edit, Saved};
use vestibule_core::ports::{PasswordHash, TenantId, UserId};

use super::credentials::CredentialRow;
use super::row::Ask;
use super::users::UserRow;
use crate::sql::users;

/// An [`Edit`] on its way to the writer.
pub(super) enum EditRow {
    Rehash { user: UserId, compared: PasswordHash, fresh: PasswordHash },
    Save { user: UserRow, seen: u64, expel: bool },
    Provision(UserRow),
    Enrol(CredentialRow),
    Use { credential: CredentialRow, seen: u64 },
}

impl EditRow {
    pub fn of(edit: &Edit) -> Result<Self, Fault> {
        Ok(match edit {
            Edit::Rehash { user, compared, fresh } => {
                Self::Rehash { user: *user, compared: compared.clone(), fresh: fresh.clone() }
            }
            Edit::Save { user, seen, expel } => Self::Save { user: UserRow::of(user)?, seen: *seen, expel: *expel },
            Edit::Provision(user) => Self::Provision(UserRow::of(user)?),
            Edit::Enrol(credential) => Self::Enrol(CredentialRow::of(credential)?),
            Edit::Use { credential, seen } => Self::Use { credential: CredentialRow::of(credential)?, seen: *seen },
        })
    }

    /// Whether something else may have overtaken it.
    pub const fn has_condition(&self) -> bool {
        !matches!(self, Self::Rehash { .. })
    }

    /// Whether the edit's condition holds; if so, it is made.
    pub fn make(&self, db: &Connection, tenant: &TenantId) -> Result<bool, Fault> {
        Ok(match self {
            Self::Rehash { user, compared, fresh } => {
                // The password is the same, so the revision is too.
                db.change(users::REHASH, (&fresh.0, tenant.as_str(), user.as_bytes(), &compared.0))?;
                true
            }
            Self::Save { user, seen, expel } => user.save(db, *seen, *expel)? == Saved::Kept,
            Self::Provision(user) => user.add(db)? == Added::Kept,
            Self::Enrol(credential) => credential.add(db)? == Added::Kept,
            Self::Use { credential, seen } => credential.save(db, *seen)? == Saved::Kept,
        })
    }
}
