//! Signing keys and server secrets, kept in the order of their making.

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::ports::TenantId;
use vestibule_core::ports::store::{Keys, StoredKey, StoredSecret};

use super::Memory;

#[async_trait]
impl Keys for Memory {
    async fn keys(&self, tenant: &TenantId) -> Result<Vec<StoredKey>, Fault> {
        let mut keys: Vec<_> = self.kept().keys.iter().filter(|key| key.tenant == *tenant).cloned().collect();
        keys.sort_by(|a, b| (a.created, &a.kid).cmp(&(b.created, &b.kid)));
        Ok(keys)
    }

    async fn first_key(&self, key: &StoredKey) -> Result<StoredKey, Fault> {
        let keys = &mut self.kept().keys;
        if let Some(first) = keys.iter().find(|kept| kept.tenant == key.tenant && kept.family == key.family) {
            return Ok(first.clone());
        }
        keys.push(key.clone());
        Ok(key.clone())
    }

    async fn secrets(&self) -> Result<Vec<StoredSecret>, Fault> {
        let mut secrets = self.kept().secrets.clone();
        secrets.sort_by_key(|secret| (secret.created, secret.id));
        Ok(secrets)
    }

    async fn first_secret(&self, secret: &StoredSecret) -> Result<StoredSecret, Fault> {
        let secrets = &mut self.kept().secrets;
        if let Some(oldest) = secrets.iter().min_by_key(|secret| (secret.created, secret.id)) {
            return Ok(oldest.clone());
        }
        secrets.push(secret.clone());
        Ok(secret.clone())
    }
}
