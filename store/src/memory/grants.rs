//! Grants by id, moved by the core's own moves, and the access tokens that were revoked one by one.

use async_trait::async_trait;
use vestibule_core::audit::Event;
use vestibule_core::error::Fault;
use vestibule_core::grant::{Grant, Phase, Redeemed, Rotated, Rotation};
use vestibule_core::ports::store::Grants;
use vestibule_core::ports::{GrantId, Timestamp};

use super::Memory;
use super::audit::bodies;

#[async_trait]
impl Grants for Memory {
    async fn grant(&self, id: &GrantId) -> Result<Option<Grant>, Fault> {
        Ok(self.kept().grants.get(id).cloned())
    }

    async fn redeem(
        &self,
        id: &GrantId,
        now: Timestamp,
        expires: Timestamp,
        told: &[Event],
    ) -> Result<Redeemed, Fault> {
        let (bodies, kept) = (bodies(told)?, &mut *self.kept());
        let redeemed = kept.grants.get_mut(id).map_or(Redeemed::Absent, |grant| grant.redeem(now, expires));
        if redeemed.is_granted() {
            kept.tell(told, bodies);
        }
        Ok(redeemed)
    }

    async fn rotate(&self, rotation: &Rotation, told: &[Event]) -> Result<Rotated, Fault> {
        let (bodies, kept) = (bodies(told)?, &mut *self.kept());
        let rotated = kept.grants.get_mut(&rotation.grant).map_or(Rotated::Absent, |grant| grant.rotate(rotation));
        if rotated.is_given() {
            kept.tell(told, bodies);
        }
        Ok(rotated)
    }

    async fn revoke_grant(&self, id: &GrantId) -> Result<bool, Fault> {
        let grants = &mut self.kept().grants;
        Ok(grants.get_mut(id).map(|grant| grant.phase = Phase::Revoked).is_some())
    }

    async fn revoke_token(&self, jti: &str, expires: Timestamp) -> Result<(), Fault> {
        self.kept().revoked_tokens.insert(jti.to_owned(), expires);
        Ok(())
    }

    async fn is_token_revoked(&self, jti: &str) -> Result<bool, Fault> {
        Ok(self.kept().revoked_tokens.contains_key(jti))
    }
}
