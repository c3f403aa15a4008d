//! Tenants by handle.

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::ports::TenantId;
use vestibule_core::ports::store::{Added, Page, Tenants};
use vestibule_core::tenant::Tenant;

use super::{Memory, cut};

#[async_trait]
impl Tenants for Memory {
    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, Fault> {
        Ok(self.kept().tenants.get(id).cloned())
    }

    async fn tenants(&self, page: Page) -> Result<(Vec<Tenant>, usize), Fault> {
        Ok(cut(&self.kept().tenants.values().collect::<Vec<_>>(), page))
    }

    async fn add_tenant(&self, tenant: &Tenant) -> Result<Added, Fault> {
        let tenants = &mut self.kept().tenants;
        if tenants.contains_key(&tenant.id) {
            return Ok(Added::Taken("id"));
        }
        tenants.insert(tenant.id.clone(), tenant.clone());
        Ok(Added::Kept)
    }
}
