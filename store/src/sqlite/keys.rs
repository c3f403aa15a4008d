//! Signing keys and server secrets. Who comes first is settled by the one writer and, across processes, by the key of
//! the table.

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Keys, StoredKey, StoredSecret};
use vestibule_core::ports::{Secret, TenantId};

use super::Sqlite;
use super::row::{Ask, Columns, word};
use crate::sql::keys;

const VANISHED: Fault = Fault::new("what was just added is not there");

#[async_trait]
impl Keys for Sqlite {
    async fn keys(&self, tenant: &TenantId) -> Result<Vec<StoredKey>, Fault> {
        self.read(|db| db.all(keys::OF_TENANT, (tenant.as_str(),), key))
    }

    async fn first_key(&self, first: &StoredKey) -> Result<StoredKey, Fault> {
        let (first, family) = (first.clone(), word(&first.family)?);
        self.write(move |db| {
            let tenant = first.tenant.as_str();
            let row = (tenant, &family, &first.kid, first.pkcs8.expose(), first.created.micros());
            db.change(keys::FIRST, row)?;
            db.one(keys::OF_FAMILY, (tenant, &family), key)?.ok_or(VANISHED)
        })
        .await
    }

    async fn secrets(&self) -> Result<Vec<StoredSecret>, Fault> {
        self.read(|db| db.all(keys::SECRETS, (), secret))
    }

    async fn first_secret(&self, first: &StoredSecret) -> Result<StoredSecret, Fault> {
        let first = first.clone();
        self.write(move |db| {
            db.change(keys::FIRST_SECRET, (first.id, first.secret.expose(), first.created.micros()))?;
            db.one(keys::SECRETS, (), secret)?.ok_or(VANISHED)
        })
        .await
    }
}

fn key(row: &mut Columns<'_>) -> rusqlite::Result<StoredKey> {
    let (tenant, family, kid) = (row.tenant()?, row.word()?, row.take()?);
    Ok(StoredKey { tenant, kid, family, pkcs8: Secret::new(row.take()?), created: row.moment()? })
}

fn secret(row: &mut Columns<'_>) -> rusqlite::Result<StoredSecret> {
    Ok(StoredSecret { id: row.take()?, secret: Secret::new(row.take()?), created: row.moment()? })
}
