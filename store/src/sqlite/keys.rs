//! Signing keys and server secrets. Who comes first is settled by the one writer and, across processes, by the lock that it
//! takes.

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Keys, StoredKey, StoredSecret};
use vestibule_core::ports::{TenantId, Wrapped};

use super::Sqlite;
use super::row::{Ask, Columns, integer, word};
use crate::sql::keys;

#[async_trait]
impl Keys for Sqlite {
    async fn keys(&self, tenant: &TenantId) -> Result<Vec<StoredKey>, Fault> {
        self.read(|db| db.all(keys::OF_TENANT, (tenant.as_str(),), key))
    }

    async fn add_key(&self, key: &StoredKey, newest: Option<&str>) -> Result<bool, Fault> {
        let (key, family, newest) = (key.clone(), word(&key.family)?, newest.unwrap_or_default().to_owned());
        self.write(move |db| {
            let StoredKey { tenant, kid, private: Wrapped { key: master, bytes }, created, active_from, .. } = &key;
            let moments = (created.micros(), active_from.micros());
            let row = (tenant.as_str(), kid, &family, bytes, master, moments.0, moments.1, &newest);
            Ok(db.change(keys::ADD, row)? > 0)
        })
        .await
    }

    async fn remove_key(&self, tenant: &TenantId, kid: &str) -> Result<bool, Fault> {
        let (tenant, kid) = (tenant.clone(), kid.to_owned());
        self.write(move |db| Ok(db.change(keys::REMOVE, (tenant.as_str(), &kid))? > 0)).await
    }

    async fn secrets(&self) -> Result<Vec<StoredSecret>, Fault> {
        self.read(|db| db.all(keys::SECRETS, (), secret))
    }

    async fn add_secret(&self, secret: &StoredSecret, newest: Option<[u8; 4]>) -> Result<bool, Fault> {
        let (secret, newest) = (secret.clone(), newest.map_or(Vec::new(), Vec::from));
        self.write(move |db| {
            let StoredSecret { id, secret: Wrapped { key: master, bytes }, created, active_from } = &secret;
            let (nothing, moments) = ([0_u8; 0], (created.micros(), active_from.micros()));
            let row = (id, bytes, master, moments.0, moments.1, &newest, nothing);
            Ok(db.change(keys::ADD_SECRET, row)? > 0)
        })
        .await
    }

    async fn wrapped_under(&self) -> Result<Vec<String>, Fault> {
        self.read(|db| db.all(keys::WRAPPED_UNDER, (), |row| row.take()))
    }

    async fn keys_not_under(&self, master: &str, most: usize) -> Result<Vec<StoredKey>, Fault> {
        self.read(|db| db.all(keys::NOT_UNDER, (master, integer(most)), key))
    }

    async fn rewrap_key(&self, seen: &StoredKey, fresh: &Wrapped) -> Result<bool, Fault> {
        let (seen, fresh) = (seen.clone(), fresh.clone());
        self.write(move |db| {
            let StoredKey { tenant, kid, private, .. } = &seen;
            let row = (&fresh.bytes, &fresh.key, tenant.as_str(), kid, &private.bytes, &private.key);
            Ok(db.change(keys::REWRAP, row)? > 0)
        })
        .await
    }

    async fn rewrap_secret(&self, seen: &StoredSecret, fresh: &Wrapped) -> Result<bool, Fault> {
        let (seen, fresh) = (seen.clone(), fresh.clone());
        self.write(move |db| {
            let row = (&fresh.bytes, &fresh.key, seen.id, &seen.secret.bytes, &seen.secret.key);
            Ok(db.change(keys::REWRAP_SECRET, row)? > 0)
        })
        .await
    }
}

fn key(row: &mut Columns<'_>) -> rusqlite::Result<StoredKey> {
    let (tenant, kid, family) = (row.tenant()?, row.take()?, row.word()?);
    Ok(StoredKey { tenant, kid, family, private: wrapped(row)?, created: row.moment()?, active_from: row.moment()? })
}

fn secret(row: &mut Columns<'_>) -> rusqlite::Result<StoredSecret> {
    let id = row.take()?;
    Ok(StoredSecret { id, secret: wrapped(row)?, created: row.moment()?, active_from: row.moment()? })
}

fn wrapped(row: &mut Columns<'_>) -> rusqlite::Result<Wrapped> {
    let bytes = row.take()?;
    Ok(Wrapped { key: row.take()?, bytes })
}
