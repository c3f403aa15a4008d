//! Slips.

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Slip, Slips};

use super::Sqlite;
use super::row::{Ask, Columns, integer};
use crate::sql::slips;

#[async_trait]
impl Slips for Sqlite {
    async fn slip(&self, key: &str) -> Result<Option<Slip>, Fault> {
        self.read(|db| db.one(slips::READ, (key,), slip))
    }

    async fn leave(&self, slip: &Slip, seen: u64) -> Result<bool, Fault> {
        let slip = slip.clone();
        self.write(move |db| {
            let Slip { key, tenant, version, body, expires } = &slip;
            let (tenant, version, expires) = (tenant.as_str(), integer(*version), expires.micros());
            let left = match seen {
                0 => db.change(slips::LEAVE, (key, tenant, version, body, expires))?,
                _ => db.change(slips::REPLACE, (version, body, expires, key, tenant, integer(seen)))?,
            };
            Ok(left > 0)
        })
        .await
    }

    async fn take(&self, key: &str) -> Result<Option<Slip>, Fault> {
        let key = key.to_owned();
        self.write(move |db| db.one(slips::TAKE, (&key,), slip)).await
    }
}

fn slip(row: &mut Columns<'_>) -> rusqlite::Result<Slip> {
    Ok(Slip {
        key: row.take()?,
        tenant: row.tenant()?,
        version: row.count()?,
        body: row.take()?,
        expires: row.moment()?,
    })
}
