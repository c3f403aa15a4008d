//! What users hold, and connections to identity providers elsewhere.

use async_trait::async_trait;

use super::{Added, Page, Saved};
use crate::connection::Connection;
use crate::credential::{Credential, Kind};
use crate::error::Fault;
use crate::ports::{ConnectionId, CredentialId, TenantId, UserId};

/// What users hold besides passwords. Those that an answer enrols or uses are written by [`super::Flows::settle`]; all of a
/// user's go with the user.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// Everything that the user holds, oldest first.
    ///
    /// # Errors
    /// The store failed.
    async fn credentials(&self, tenant: &TenantId, user: &UserId) -> Result<Vec<Credential>, Fault>;

    /// The credential of that kind and handle.
    ///
    /// # Errors
    /// The store failed.
    async fn credential(&self, tenant: &TenantId, kind: Kind, handle: &str) -> Result<Option<Credential>, Fault>;

    /// Adds a credential; in a tenant, kind and handle are unique (`Taken("handle")`). Nothing is added of a user who is not
    /// there (`Taken("user")`).
    ///
    /// # Errors
    /// The store failed.
    async fn add_credential(&self, credential: &Credential) -> Result<Added, Fault>;

    /// Replaces the credential if it is still at revision `seen`; `credential.revision` is the new one. Kind, handle and user
    /// never change.
    ///
    /// # Errors
    /// The store failed.
    async fn save_credential(&self, credential: &Credential, seen: u64) -> Result<Saved, Fault>;

    /// Removes a credential of the user. Answers whether it was there.
    ///
    /// # Errors
    /// The store failed.
    async fn remove_credential(&self, tenant: &TenantId, user: &UserId, id: &CredentialId) -> Result<bool, Fault>;
}

/// Connections of a tenant.
#[async_trait]
pub trait Connections: Send + Sync {
    /// The connection with that id.
    ///
    /// # Errors
    /// The store failed.
    async fn connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Option<Connection>, Fault>;

    /// The connection of that name.
    ///
    /// # Errors
    /// The store failed.
    async fn connection_named(&self, tenant: &TenantId, name: &str) -> Result<Option<Connection>, Fault>;

    /// A page of the connections in the order of their making, and how many there are. With `name`, only the one of exactly
    /// that name.
    ///
    /// # Errors
    /// The store failed.
    async fn connections(
        &self,
        tenant: &TenantId,
        name: Option<&str>,
        page: Page,
    ) -> Result<(Vec<Connection>, usize), Fault>;

    /// Adds a connection; in a tenant its name is unique (`Taken("name")`).
    ///
    /// # Errors
    /// The store failed.
    async fn add_connection(&self, connection: &Connection) -> Result<Added, Fault>;

    /// Replaces the connection if it is still at revision `seen`; `connection.revision` is the new one.
    ///
    /// # Errors
    /// The store failed.
    async fn save_connection(&self, connection: &Connection, seen: u64) -> Result<Saved, Fault>;

    /// Removes the connection. Answers whether it was there.
    ///
    /// # Errors
    /// The store failed.
    async fn remove_connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<bool, Fault>;
}
