//! Tenants by handle.

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::ports::TenantId;
use vestibule_core::ports::store::{Added, Page, Tenants};
use vestibule_core::tenant::Tenant;

use super::Sqlite;
use super::row::{Ask, Columns, integer, listed, word};
use crate::sql::tenants;

#[async_trait]
impl Tenants for Sqlite {
    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, Fault> {
        self.read(|db| db.one(tenants::BY_ID, (id.as_str(),), tenant))
    }

    async fn tenants(&self, page: Page) -> Result<(Vec<Tenant>, usize), Fault> {
        let (limit, offset) = (integer(page.limit), integer(page.offset));
        self.read(|db| listed(db, (tenants::PAGE, (limit, offset)), (tenants::COUNT, ()), tenant))
    }

    async fn add_tenant(&self, tenant: &Tenant) -> Result<Added, Fault> {
        let tenant = tenant.clone();
        let error_codes = tenant.error_codes.as_ref().map(word).transpose()?;
        let messages = tenant.messages.as_ref().map(word).transpose()?;
        self.write(move |db| {
            let row = (tenant.id.as_str(), &tenant.name, &error_codes, &messages, tenant.created.micros());
            let added = db.change(tenants::ADD, row)?;
            Ok(if added == 0 { Added::Taken("id") } else { Added::Kept })
        })
        .await
    }
}

fn tenant(row: &mut Columns<'_>) -> rusqlite::Result<Tenant> {
    Ok(Tenant {
        id: row.tenant()?,
        name: row.take()?,
        error_codes: row.maybe_word()?,
        messages: row.maybe_word()?,
        created: row.moment()?,
    })
}
