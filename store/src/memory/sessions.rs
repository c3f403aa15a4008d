//! Sessions by id.

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::grant::Phase;
use vestibule_core::ports::store::Sessions;
use vestibule_core::ports::{SessionId, TenantId, Timestamp, UserId};
use vestibule_core::session::Session;

use super::Memory;

#[async_trait]
impl Sessions for Memory {
    async fn session(&self, id: &SessionId) -> Result<Option<Session>, Fault> {
        Ok(self.kept().sessions.get(id).cloned())
    }

    async fn sessions_of(&self, tenant: &TenantId, user: &UserId) -> Result<Vec<Session>, Fault> {
        let kept = self.kept();
        let theirs = kept.sessions.values().filter(|session| session.tenant == *tenant && session.user == *user);
        let mut sessions: Vec<Session> = theirs.cloned().collect();
        sessions.sort_by_key(|session| (session.created, session.id));
        Ok(sessions)
    }

    async fn end_session(&self, id: &SessionId, _now: Timestamp) -> Result<bool, Fault> {
        let kept = &mut *self.kept();
        // Grants outlive a swept session, so they are revoked whether it is there or not.
        let given = kept.grants.values_mut().filter(|grant| grant.session == *id);
        given.for_each(|grant| grant.phase = Phase::Revoked);
        Ok(kept.sessions.remove(id).is_some())
    }
}
