//! Sessions and grants: what a finished login leaves behind.

use async_trait::async_trait;

use crate::audit::Event;
use crate::error::Fault;
use crate::grant::{Grant, Redeemed, Rotated, Rotation};
use crate::ports::{GrantId, SessionId, TenantId, Timestamp, UserId};
use crate::session::Session;

/// Signed-in sessions. They are made and used again by [`super::Flows::settle`].
#[async_trait]
pub trait Sessions: Send + Sync {
    /// The session, also when it is too old.
    ///
    /// # Errors
    /// The store failed.
    async fn session(&self, id: &SessionId) -> Result<Option<Session>, Fault>;

    /// All sessions of the user that are not swept yet, also those that are too old, oldest first.
    ///
    /// # Errors
    /// The store failed.
    async fn sessions_of(&self, tenant: &TenantId, user: &UserId) -> Result<Vec<Session>, Fault>;

    /// Ends the session and revokes its grants. Answers whether it was there.
    ///
    /// # Errors
    /// The store failed.
    async fn end_session(&self, id: &SessionId, now: Timestamp) -> Result<bool, Fault>;
}

/// What applications were given. Grants are made by [`super::Flows::settle`].
#[async_trait]
pub trait Grants: Send + Sync {
    /// The grant, wherever it stands.
    ///
    /// # Errors
    /// The store failed.
    async fn grant(&self, id: &GrantId) -> Result<Option<Grant>, Fault>;

    /// Exchanges the code once: [`Grant::redeem`] under the store's lock. What is `told` goes into the audit log with it if the
    /// exchange is granted.
    ///
    /// # Errors
    /// The store failed.
    async fn redeem(&self, id: &GrantId, now: Timestamp, expires: Timestamp, told: &[Event])
    -> Result<Redeemed, Fault>;

    /// Refreshes: [`Grant::rotate`] under the store's lock. What is `told` goes into the audit log with it if a refresh token
    /// is given.
    ///
    /// # Errors
    /// The store failed.
    async fn rotate(&self, rotation: &Rotation, told: &[Event]) -> Result<Rotated, Fault>;

    /// Revokes the grant. Answers whether it was there.
    ///
    /// # Errors
    /// The store failed.
    async fn revoke_grant(&self, id: &GrantId) -> Result<bool, Fault>;

    /// Revokes one access token by its `jti` until it expires (RFC 7009 §2).
    ///
    /// # Errors
    /// The store failed.
    async fn revoke_token(&self, jti: &str, expires: Timestamp) -> Result<(), Fault>;

    /// Whether an access token was revoked.
    ///
    /// # Errors
    /// The store failed.
    async fn is_token_revoked(&self, jti: &str) -> Result<bool, Fault>;
}
