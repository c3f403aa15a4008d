//! Credentials. What is looked up has a column; the thing itself is a document.

use async_trait::async_trait;
use rusqlite::Connection;
use vestibule_core::credential::{Credential, Kind};
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Added, Credentials, Saved};
use vestibule_core::ports::{CredentialId, TenantId, UserId};

use super::Sqlite;
use super::row::{Ask, Columns, integer, json};
use crate::sql::{credentials, users};

#[async_trait]
impl Credentials for Sqlite {
    async fn credentials(&self, tenant: &TenantId, user: &UserId) -> Result<Vec<Credential>, Fault> {
        self.read(|db| db.all(credentials::OF_USER, (tenant.as_str(), user.as_bytes()), credential))
    }

    async fn credential(&self, tenant: &TenantId, kind: Kind, handle: &str) -> Result<Option<Credential>, Fault> {
        self.read(|db| db.one(credentials::BY_HANDLE, (tenant.as_str(), kind.as_str(), handle), credential))
    }

    async fn add_credential(&self, credential: &Credential) -> Result<Added, Fault> {
        let row = CredentialRow::of(credential)?;
        self.write(move |db| row.add(db)).await
    }

    async fn save_credential(&self, credential: &Credential, seen: u64) -> Result<Saved, Fault> {
        let row = CredentialRow::of(credential)?;
        self.write(move |db| row.save(db, seen)).await
    }

    async fn remove_credential(&self, tenant: &TenantId, user: &UserId, id: &CredentialId) -> Result<bool, Fault> {
        let (tenant, user, id) = (tenant.clone(), *user, *id);
        let work = move |db: &Connection| {
            Ok(db.change(credentials::REMOVE, (tenant.as_str(), id.as_bytes(), user.as_bytes()))? > 0)
        };
        self.write(work).await
    }
}

/// A credential on its way to the writer.
pub(super) struct CredentialRow {
    credential: Credential,
    document: String,
}

impl CredentialRow {
    pub fn of(credential: &Credential) -> Result<Self, Fault> {
        Ok(Self { credential: credential.clone(), document: json(&credential.held)? })
    }

    pub fn add(&self, db: &Connection) -> Result<Added, Fault> {
        let Credential { id, tenant, user, revision, handle, label, created, used, .. } = &self.credential;
        let (tenant, user, kind) = (tenant.as_str(), user.as_bytes(), self.credential.kind().as_str());
        if !db.has(users::IS_THERE, (tenant, user))? {
            return Ok(Added::Taken("user"));
        }
        let (revision, created, used) = (integer(*revision), created.micros(), used.map(|used| used.micros()));
        let row = (id.as_bytes(), tenant, user, revision, handle, label, &self.document, created, used, kind);
        if db.change(credentials::ADD, row)? > 0 {
            return Ok(Added::Kept);
        }
        if db.has(credentials::IS_HANDLE_TAKEN, (tenant, kind, handle))? {
            return Ok(Added::Taken("handle"));
        }
        Err(Fault::new("a credential's id is taken"))
    }

    pub fn save(&self, db: &Connection, seen: u64) -> Result<Saved, Fault> {
        let Credential { id, tenant, user, revision, handle, label, created, used, .. } = &self.credential;
        let (tenant, user, kind) = (tenant.as_str(), user.as_bytes(), self.credential.kind().as_str());
        let (revision, created, used) = (integer(*revision), created.micros(), used.map(|used| used.micros()));
        let (id, document, seen) = (id.as_bytes(), &self.document, integer(seen));
        let row = (revision, label, document, created, used, tenant, id, user, kind, handle, seen);
        Ok(if db.change(credentials::SAVE, row)? > 0 { Saved::Kept } else { Saved::Moved })
    }
}

fn credential(row: &mut Columns<'_>) -> rusqlite::Result<Credential> {
    Ok(Credential {
        id: CredentialId::from_bytes(row.take()?),
        tenant: row.tenant()?,
        user: UserId::from_bytes(row.take()?),
        revision: row.count()?,
        handle: row.take()?,
        label: row.take()?,
        held: row.json()?,
        created: row.moment()?,
        used: row.maybe_moment()?,
    })
}
