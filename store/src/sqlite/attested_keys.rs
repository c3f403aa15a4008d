//! Attested keys.

use async_trait::async_trait;
use vestibule_core::attestation::AttestedKey;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::AttestedKeys;
use vestibule_core::ports::{AppId, TenantId, Timestamp};

use super::Sqlite;
use super::row::{Ask, Columns, json};
use crate::sql::{apps, attested_keys};

#[async_trait]
impl AttestedKeys for Sqlite {
    async fn attested_key(&self, tenant: &TenantId, app: &AppId, id: &str) -> Result<Option<AttestedKey>, Fault> {
        self.read(|db| db.one(attested_keys::READ, (tenant.as_str(), app.as_bytes(), id), key))
    }

    async fn keep_attested_key(&self, key: &AttestedKey) -> Result<bool, Fault> {
        let (key, public) = (key.clone(), json(&key.public)?);
        self.write(move |db| {
            let AttestedKey { tenant, app, id, development, counter, revoked, .. } = &key;
            if !db.has(apps::IS_THERE, (tenant.as_str(), app.as_bytes()))? {
                return Ok(false);
            }
            let (attested, expires) = (key.attested.micros(), key.expires.micros());
            let row = (tenant.as_str(), app.as_bytes(), id, &public, development, counter, revoked, attested, expires);
            Ok(db.change(attested_keys::KEEP, row)? > 0)
        })
        .await
    }

    async fn raise_counter(
        &self,
        tenant: &TenantId,
        app: &AppId,
        id: &str,
        (counter, expires): (u32, Timestamp),
    ) -> Result<bool, Fault> {
        let (tenant, app, id) = (tenant.clone(), *app, id.to_owned());
        let work = move |db: &rusqlite::Connection| {
            let row = (counter, expires.micros(), tenant.as_str(), app.as_bytes(), &id);
            Ok(db.change(attested_keys::RAISE, row)? > 0)
        };
        self.write(work).await
    }

    async fn revoke_attested_key(&self, tenant: &TenantId, app: &AppId, id: &str) -> Result<bool, Fault> {
        let (tenant, app, id) = (tenant.clone(), *app, id.to_owned());
        let work = move |db: &rusqlite::Connection| {
            Ok(db.change(attested_keys::REVOKE, (tenant.as_str(), app.as_bytes(), &id))? > 0)
        };
        self.write(work).await
    }
}

fn key(row: &mut Columns<'_>) -> rusqlite::Result<AttestedKey> {
    Ok(AttestedKey {
        tenant: row.tenant()?,
        app: AppId::from_bytes(row.take()?),
        id: row.take()?,
        public: row.json()?,
        development: row.take()?,
        counter: row.take()?,
        revoked: row.take()?,
        attested: row.moment()?,
        expires: row.moment()?,
    })
}
