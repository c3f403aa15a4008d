//! Users of a tenant.

use async_trait::async_trait;

use super::{Added, Page, Saved};
use crate::acquaintance::Acquaintance;
use crate::error::Fault;
use crate::ports::{TenantId, Timestamp, UserId};
use crate::user::User;

/// Which users a list shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserFilter {
    /// All of them.
    All,
    /// The one with this canonical name.
    Named(String),
}

/// Users of a tenant.
#[async_trait]
pub trait Users: Send + Sync {
    /// The user with that id.
    ///
    /// # Errors
    /// The store failed.
    async fn user(&self, tenant: &TenantId, id: &UserId) -> Result<Option<User>, Fault>;

    /// The user with that canonical name.
    ///
    /// # Errors
    /// The store failed.
    async fn user_by_name(&self, tenant: &TenantId, canonical: &str) -> Result<Option<User>, Fault>;

    /// A page of the users in the order of their making, and how many the filter matches.
    ///
    /// # Errors
    /// The store failed.
    async fn users(&self, tenant: &TenantId, filter: &UserFilter, page: Page) -> Result<(Vec<User>, usize), Fault>;

    /// Adds a user; in a tenant the canonical name is unique (`Taken("userName")`).
    ///
    /// # Errors
    /// The store failed.
    async fn add_user(&self, user: &User) -> Result<Added, Fault>;

    /// Replaces the user if it is still at revision `seen`; `user.revision` is the new one. With `expel`, the user's
    /// sessions end, grants are revoked and acquaintances are forgotten in the same moment.
    ///
    /// # Errors
    /// The store failed.
    async fn save_user(&self, user: &User, seen: u64, expel: bool, now: Timestamp) -> Result<Saved, Fault>;

    /// Where the user signed in from lately, the last seen first; also what is due to be forgotten. They are kept by
    /// [`super::Flows::settle`].
    ///
    /// # Errors
    /// The store failed.
    async fn acquaintances(&self, user: &UserId) -> Result<Vec<Acquaintance>, Fault>;

    /// Removes the user with sessions and grants. Answers whether it was there.
    ///
    /// # Errors
    /// The store failed.
    async fn remove_user(&self, tenant: &TenantId, id: &UserId) -> Result<bool, Fault>;
}
