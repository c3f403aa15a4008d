//! Tenants, their applications and their keys: read at every request, written seldom.

use async_trait::async_trait;
use vestibule_jose::Family;

use super::{Added, Saved};
use crate::application::Application;
use crate::error::Fault;
use crate::ports::{AppId, TenantId, Timestamp, Wrapped};
use crate::tenant::Tenant;

/// A part of a list: `limit` things after the first `offset`, in a stable order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// How many to pass over.
    pub offset: usize,
    /// How many to give at most.
    pub limit: usize,
}

/// Realms.
#[async_trait]
pub trait Tenants: Send + Sync {
    /// The tenant of that handle.
    ///
    /// # Errors
    /// The store failed.
    async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, Fault>;

    /// A page of the tenants by handle, and how many there are.
    ///
    /// # Errors
    /// The store failed.
    async fn tenants(&self, page: Page) -> Result<(Vec<Tenant>, usize), Fault>;

    /// Adds a tenant; its handle is unique (`Taken("id")`).
    ///
    /// # Errors
    /// The store failed.
    async fn add_tenant(&self, tenant: &Tenant) -> Result<Added, Fault>;
}

/// Applications of a tenant.
#[async_trait]
pub trait Applications: Send + Sync {
    /// The application with that id.
    ///
    /// # Errors
    /// The store failed.
    async fn app(&self, tenant: &TenantId, id: &AppId) -> Result<Option<Application>, Fault>;

    /// The application with that OAuth `client_id`.
    ///
    /// # Errors
    /// The store failed.
    async fn app_by_client(&self, tenant: &TenantId, client_id: &str) -> Result<Option<Application>, Fault>;

    /// A page of the applications in the order of their making, and how many there are. With `name`, only the one of
    /// exactly that name.
    ///
    /// # Errors
    /// The store failed.
    async fn apps(&self, tenant: &TenantId, name: Option<&str>, page: Page)
    -> Result<(Vec<Application>, usize), Fault>;

    /// Whether a page of that origin may call: some enabled application of the tenant lists it.
    ///
    /// # Errors
    /// The store failed.
    async fn knows_origin(&self, tenant: &TenantId, origin: &str) -> Result<bool, Fault>;

    /// Adds an application; in a tenant its name (`Taken("name")`) and its client id (`Taken("client_id")`) are unique.
    ///
    /// # Errors
    /// The store failed.
    async fn add_app(&self, app: &Application) -> Result<Added, Fault>;

    /// Replaces the application if it is still at revision `seen`; `app.revision` is the new one.
    ///
    /// # Errors
    /// The store failed.
    async fn save_app(&self, app: &Application, seen: u64) -> Result<Saved, Fault>;

    /// Removes the application and all that was granted to it. Answers whether it was there.
    ///
    /// # Errors
    /// The store failed.
    async fn remove_app(&self, tenant: &TenantId, id: &AppId) -> Result<bool, Fault>;
}

/// A signing key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// The realm whose tokens it signs.
    pub tenant: TenantId,
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// Kind of key.
    pub family: Family,
    /// PKCS #8, wrapped by the vault.
    pub private: Wrapped,
    /// When it was made; later than any other of its family.
    pub created: Timestamp,
    /// From when on it signs; it is published from the start.
    pub active_from: Timestamp,
}

/// A secret of the server from which it derives the keys of flowIds, codes and sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSecret {
    /// Names it in what was made with it.
    pub id: [u8; 4],
    /// 256 random bits, wrapped by the vault.
    pub secret: Wrapped,
    /// When it was made; later than any other.
    pub created: Timestamp,
    /// From when on new things are made with it; what others made with it is recognised from the start.
    pub active_from: Timestamp,
}

/// Keys of the tenants and secrets of the server. Nodes that rotate at once agree, because whoever adds names the newest one
/// that it saw.
#[async_trait]
pub trait Keys: Send + Sync {
    /// All signing keys of the tenant, oldest first.
    ///
    /// # Errors
    /// The store failed.
    async fn keys(&self, tenant: &TenantId) -> Result<Vec<StoredKey>, Fault>;

    /// Adds a signing key if the newest of its tenant and family is still the one called `newest`, or there is none. Answers
    /// whether it did.
    ///
    /// # Errors
    /// The store failed.
    async fn add_key(&self, key: &StoredKey, newest: Option<&str>) -> Result<bool, Fault>;

    /// Removes a signing key of the tenant. Answers whether it was there.
    ///
    /// # Errors
    /// The store failed.
    async fn remove_key(&self, tenant: &TenantId, kid: &str) -> Result<bool, Fault>;

    /// All secrets of the server, oldest first.
    ///
    /// # Errors
    /// The store failed.
    async fn secrets(&self) -> Result<Vec<StoredSecret>, Fault>;

    /// Adds a secret if the newest is still `newest`, or there is none. Answers whether it did.
    ///
    /// # Errors
    /// The store failed.
    async fn add_secret(&self, secret: &StoredSecret, newest: Option<[u8; 4]>) -> Result<bool, Fault>;

    /// Names of the master keys under which anything is wrapped, each once.
    ///
    /// # Errors
    /// The store failed.
    async fn wrapped_under(&self) -> Result<Vec<String>, Fault>;

    /// At most `most` signing keys of all tenants that are wrapped under another master key than that.
    ///
    /// # Errors
    /// The store failed.
    async fn keys_not_under(&self, master: &str, most: usize) -> Result<Vec<StoredKey>, Fault>;

    /// Wraps a signing key anew, if it is still wrapped as in `seen`. Answers whether it did.
    ///
    /// # Errors
    /// The store failed.
    async fn rewrap_key(&self, seen: &StoredKey, fresh: &Wrapped) -> Result<bool, Fault>;

    /// Wraps a secret anew, if it is still wrapped as in `seen`. Answers whether it did.
    ///
    /// # Errors
    /// The store failed.
    async fn rewrap_secret(&self, seen: &StoredSecret, fresh: &Wrapped) -> Result<bool, Fault>;
}
