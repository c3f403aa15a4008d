//! Applications by id. An id belongs to one tenant: asked for in another, it is not there.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vestibule_core::application::Application;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Added, Applications, Page, Saved};
use vestibule_core::ports::{AppId, TenantId};

use super::{Memory, cut};

#[async_trait]
impl Applications for Memory {
    async fn app(&self, tenant: &TenantId, id: &AppId) -> Result<Option<Application>, Fault> {
        Ok(self.kept().apps.get(id).filter(|app| app.tenant == *tenant).cloned())
    }

    async fn app_by_client(&self, tenant: &TenantId, client_id: &str) -> Result<Option<Application>, Fault> {
        let kept = self.kept();
        Ok(kept.apps.values().find(|app| app.tenant == *tenant && app.client_id == client_id).cloned())
    }

    async fn apps(
        &self,
        tenant: &TenantId,
        name: Option<&str>,
        page: Page,
    ) -> Result<(Vec<Application>, usize), Fault> {
        let kept = self.kept();
        let meant = |app: &&Application| app.tenant == *tenant && name.is_none_or(|name| app.name == name);
        let mut apps: Vec<&Application> = kept.apps.values().filter(meant).collect();
        apps.sort_by_key(|app| (app.created, app.id));
        Ok(cut(&apps, page))
    }

    async fn knows_origin(&self, tenant: &TenantId, origin: &str) -> Result<bool, Fault> {
        let lists = |app: &Application| app.enabled && app.tenant == *tenant && app.oauth.origins.contains(origin);
        Ok(self.kept().apps.values().any(lists))
    }

    async fn add_app(&self, app: &Application) -> Result<Added, Fault> {
        let apps = &mut self.kept().apps;
        if let Some(field) = taken(apps, app) {
            return Ok(Added::Taken(field));
        }
        if apps.contains_key(&app.id) {
            return Err(Fault::new("an application's id is taken"));
        }
        apps.insert(app.id, app.clone());
        Ok(Added::Kept)
    }

    async fn save_app(&self, app: &Application, seen: u64) -> Result<Saved, Fault> {
        let apps = &mut self.kept().apps;
        if !apps.get(&app.id).is_some_and(|kept| kept.tenant == app.tenant && kept.revision == seen) {
            return Ok(Saved::Moved);
        }
        if let Some(field) = taken(apps, app) {
            return Ok(Saved::Taken(field));
        }
        apps.insert(app.id, app.clone());
        Ok(Saved::Kept)
    }

    async fn remove_app(&self, tenant: &TenantId, id: &AppId) -> Result<bool, Fault> {
        let kept = &mut *self.kept();
        if kept.apps.get(id).is_none_or(|app| app.tenant != *tenant) {
            return Ok(false);
        }
        kept.apps.remove(id);
        kept.grants.retain(|_, grant| grant.app != *id);
        kept.attested_keys.retain(|(app, _), _| app != id);
        Ok(true)
    }
}

/// The field whose value another application of the tenant has.
fn taken(apps: &BTreeMap<AppId, Application>, app: &Application) -> Option<&'static str> {
    let others = || apps.values().filter(|other| other.tenant == app.tenant && other.id != app.id);
    if others().any(|other| other.name == app.name) {
        return Some("name");
    }
    others().any(|other| other.client_id == app.client_id).then_some("client_id")
}
