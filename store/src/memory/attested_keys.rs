//! Attested keys by application and name.

use std::collections::btree_map::Entry;

use async_trait::async_trait;
use vestibule_core::attestation::AttestedKey;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::AttestedKeys;
use vestibule_core::ports::{AppId, TenantId, Timestamp};

use super::{Kept, Memory};

#[async_trait]
impl AttestedKeys for Memory {
    async fn attested_key(&self, tenant: &TenantId, app: &AppId, id: &str) -> Result<Option<AttestedKey>, Fault> {
        Ok(meant(&mut self.kept(), tenant, app, id).cloned())
    }

    async fn keep_attested_key(&self, key: &AttestedKey) -> Result<bool, Fault> {
        let kept = &mut *self.kept();
        if kept.apps.get(&key.app).is_none_or(|app| app.tenant != key.tenant) {
            return Ok(false);
        }
        match kept.attested_keys.entry((key.app, key.id.clone())) {
            Entry::Occupied(_) => Ok(false),
            Entry::Vacant(place) => {
                place.insert(key.clone());
                Ok(true)
            }
        }
    }

    async fn raise_counter(
        &self,
        tenant: &TenantId,
        app: &AppId,
        id: &str,
        (counter, expires): (u32, Timestamp),
    ) -> Result<bool, Fault> {
        let kept = &mut *self.kept();
        let Some(key) = meant(kept, tenant, app, id).filter(|key| key.counter < counter && !key.revoked) else {
            return Ok(false);
        };
        (key.counter, key.expires) = (counter, expires);
        Ok(true)
    }

    async fn revoke_attested_key(&self, tenant: &TenantId, app: &AppId, id: &str) -> Result<bool, Fault> {
        let kept = &mut *self.kept();
        let Some(key) = meant(kept, tenant, app, id) else { return Ok(false) };
        key.revoked = true;
        Ok(true)
    }
}

fn meant<'a>(kept: &'a mut Kept, tenant: &TenantId, app: &AppId, id: &str) -> Option<&'a mut AttestedKey> {
    kept.attested_keys.get_mut(&(*app, id.to_owned())).filter(|key| key.tenant == *tenant)
}
