//! Keys that a platform attested, each under its application.

use async_trait::async_trait;

use crate::attestation::AttestedKey;
use crate::error::Fault;
use crate::ports::{AppId, TenantId, Timestamp};

/// Attested keys of applications.
#[async_trait]
pub trait AttestedKeys: Send + Sync {
    /// The key of that name.
    ///
    /// # Errors
    /// The store failed.
    async fn attested_key(&self, tenant: &TenantId, app: &AppId, id: &str) -> Result<Option<AttestedKey>, Fault>;

    /// Keeps a key. Answers whether it did: one of that name stays as it is, so that a revoked key cannot be attested anew. There
    /// is no key of an application that is not there.
    ///
    /// # Errors
    /// The store failed.
    async fn keep_attested_key(&self, key: &AttestedKey) -> Result<bool, Fault>;

    /// Raises the counter of a key to `counter` and keeps the key until `expires`, if the counter was lower and the key is not
    /// revoked. Answers whether it did: of many assertions with one counter one goes through.
    ///
    /// # Errors
    /// The store failed.
    async fn raise_counter(
        &self,
        tenant: &TenantId,
        app: &AppId,
        id: &str,
        (counter, expires): (u32, Timestamp),
    ) -> Result<bool, Fault>;

    /// Takes a key back. Answers whether it was there.
    ///
    /// # Errors
    /// The store failed.
    async fn revoke_attested_key(&self, tenant: &TenantId, app: &AppId, id: &str) -> Result<bool, Fault>;
}
