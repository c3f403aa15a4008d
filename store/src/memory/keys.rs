//! Signing keys and server secrets, each beside the name of the one that it follows.

use std::collections::BTreeSet;

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Keys, StoredKey, StoredSecret};
use vestibule_core::ports::{TenantId, Wrapped};

use super::Memory;

#[async_trait]
impl Keys for Memory {
    async fn keys(&self, tenant: &TenantId) -> Result<Vec<StoredKey>, Fault> {
        let kept = self.kept();
        let mut keys: Vec<_> = kept.keys.iter().map(|(key, _)| key).filter(|key| key.tenant == *tenant).collect();
        keys.sort_by_key(|key| (key.created, &key.kid));
        Ok(keys.into_iter().cloned().collect())
    }

    async fn add_key(&self, key: &StoredKey, newest: Option<&str>) -> Result<bool, Fault> {
        let keys = &mut self.kept().keys;
        let of_tenant = || keys.iter().filter(|(kept, _)| kept.tenant == key.tenant);
        let of_family = || of_tenant().filter(|(kept, _)| kept.family == key.family);
        let last = of_family().map(|(kept, _)| kept).max_by_key(|kept| (kept.created, &kept.kid));
        let is_free = of_tenant().all(|(kept, _)| kept.kid != key.kid)
            && of_family().all(|(_, follows)| follows.as_deref() != newest);
        let is_next = is_free && last.map(|last| last.kid.as_str()) == newest;
        if is_next {
            keys.push((key.clone(), newest.map(str::to_owned)));
        }
        Ok(is_next)
    }

    async fn remove_key(&self, tenant: &TenantId, kid: &str) -> Result<bool, Fault> {
        let keys = &mut self.kept().keys;
        let before = keys.len();
        keys.retain(|(key, _)| key.tenant != *tenant || key.kid != kid);
        Ok(keys.len() < before)
    }

    async fn secrets(&self) -> Result<Vec<StoredSecret>, Fault> {
        let mut secrets: Vec<_> = self.kept().secrets.iter().map(|(secret, _)| secret.clone()).collect();
        secrets.sort_by_key(|secret| (secret.created, secret.id));
        Ok(secrets)
    }

    async fn add_secret(&self, secret: &StoredSecret, newest: Option<[u8; 4]>) -> Result<bool, Fault> {
        let secrets = &mut self.kept().secrets;
        let last = secrets.iter().map(|(kept, _)| kept).max_by_key(|kept| (kept.created, kept.id));
        let is_free = secrets.iter().all(|(kept, follows)| kept.id != secret.id && *follows != newest);
        let is_next = is_free && last.map(|last| last.id) == newest;
        if is_next {
            secrets.push((secret.clone(), newest));
        }
        Ok(is_next)
    }

    async fn wrapped_under(&self) -> Result<Vec<String>, Fault> {
        let kept = self.kept();
        let of_keys = kept.keys.iter().map(|(key, _)| &key.private.key);
        let all: BTreeSet<_> = of_keys.chain(kept.secrets.iter().map(|(secret, _)| &secret.secret.key)).collect();
        Ok(all.into_iter().cloned().collect())
    }

    async fn keys_not_under(&self, master: &str, most: usize) -> Result<Vec<StoredKey>, Fault> {
        let kept = self.kept();
        let mut keys: Vec<_> = kept.keys.iter().map(|(key, _)| key).filter(|key| key.private.key != master).collect();
        keys.sort_by_key(|key| (&key.tenant, &key.kid));
        Ok(keys.into_iter().take(most).cloned().collect())
    }

    async fn rewrap_key(&self, seen: &StoredKey, fresh: &Wrapped) -> Result<bool, Fault> {
        let mut kept = self.kept();
        let is_it = |key: &StoredKey| (&key.tenant, &key.kid, &key.private) == (&seen.tenant, &seen.kid, &seen.private);
        let found = kept.keys.iter_mut().map(|(key, _)| key).find(|key| is_it(key));
        Ok(found.map(|key| key.private = fresh.clone()).is_some())
    }

    async fn rewrap_secret(&self, seen: &StoredSecret, fresh: &Wrapped) -> Result<bool, Fault> {
        let mut kept = self.kept();
        let is_it = |secret: &StoredSecret| (secret.id, &secret.secret) == (seen.id, &seen.secret);
        let found = kept.secrets.iter_mut().map(|(secret, _)| secret).find(|secret| is_it(secret));
        Ok(found.map(|secret| secret.secret = fresh.clone()).is_some())
    }
}
