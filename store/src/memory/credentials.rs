//! Credentials by id. An id belongs to one tenant: asked for in another, it is not there.

use async_trait::async_trait;
use vestibule_core::credential::{Credential, Kind};
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Added, Credentials, Saved};
use vestibule_core::ports::{CredentialId, TenantId, UserId};

use super::Memory;
use super::draft::Draft;

#[async_trait]
impl Credentials for Memory {
    async fn credentials(&self, tenant: &TenantId, user: &UserId) -> Result<Vec<Credential>, Fault> {
        let kept = self.kept();
        let theirs = kept.credentials.values().filter(|held| held.tenant == *tenant && held.user == *user);
        let mut credentials: Vec<Credential> = theirs.cloned().collect();
        credentials.sort_by_key(|credential| (credential.created, credential.id));
        Ok(credentials)
    }

    async fn credential(&self, tenant: &TenantId, kind: Kind, handle: &str) -> Result<Option<Credential>, Fault> {
        let kept = self.kept();
        let meant = |held: &&Credential| held.tenant == *tenant && held.kind() == kind && held.handle == handle;
        Ok(kept.credentials.values().find(meant).cloned())
    }

    async fn add_credential(&self, credential: &Credential) -> Result<Added, Fault> {
        let (kept, mut draft) = (&mut *self.kept(), Draft::default());
        let added = draft.add_credential(kept, credential)?;
        draft.make(kept);
        Ok(added)
    }

    async fn save_credential(&self, credential: &Credential, seen: u64) -> Result<Saved, Fault> {
        let (kept, mut draft) = (&mut *self.kept(), Draft::default());
        let saved = draft.save_credential(kept, credential, seen);
        draft.make(kept);
        Ok(saved)
    }

    async fn remove_credential(&self, tenant: &TenantId, user: &UserId, id: &CredentialId) -> Result<bool, Fault> {
        let credentials = &mut self.kept().credentials;
        if credentials.get(id).is_none_or(|held| held.tenant != *tenant || held.user != *user) {
            return Ok(false);
        }
        Ok(credentials.remove(id).is_some())
    }
}
