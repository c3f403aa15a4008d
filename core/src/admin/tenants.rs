//! Tenants: made by the root tenant's operators, each with administrators of its own.

use super::users::{Role, UserDraft};
use super::{Administration, Operator, Permission, conflict, invalid, is_text};
use crate::audit::What;
use crate::error::{Code, Error, Spelling};
use crate::ports::TenantId;
use crate::ports::store::{Added, Page};
use crate::tenant::{MessageStyle, Tenant};
use crate::user::User;

/// Most administrators that a tenant is made with.
const MOST_OWNERS: usize = 10;
const LONGEST_NAME: usize = 255;

/// A tenant to make.
#[derive(Debug)]
pub struct NewTenant {
    /// Its handle in `/t/{tenant}`.
    pub id: TenantId,
    /// A name for people; the handle where none is given.
    pub name: Option<String>,
    /// Spelling of error codes, when it is not the server's.
    pub error_codes: Option<Spelling>,
    /// Style of messages, when it is not the server's.
    pub messages: Option<MessageStyle>,
    /// Its administrators; without any it is the root tenant's to administer.
    pub owners: Vec<UserDraft>,
}

impl Administration {
    /// Makes a tenant and its administrators. Its signing keys are made when first needed, or ahead of that by
    /// [`crate::keyring::Keyring::prepare`].
    ///
    /// # Errors
    /// The handle is taken (409), something in it is wrong, or the store failed.
    pub async fn create_tenant(&self, by: &Operator, new: NewTenant) -> Result<Tenant, Error> {
        by.demand(Permission::CreateTenants)?;
        let name = new.name.unwrap_or_else(|| new.id.to_string());
        if name.trim().is_empty() || !is_text(&name, LONGEST_NAME) {
            return Err(invalid(format!("name must have 1 to {LONGEST_NAME} characters.")));
        }
        if new.owners.len() > MOST_OWNERS {
            return Err(invalid(format!("owners must be at most {MOST_OWNERS}.")));
        }
        // Everything that can be refused is refused before anything is kept.
        let own = Operator::server(new.id.clone());
        let mut owners: Vec<User> = Vec::with_capacity(new.owners.len());
        for owner in new.owners {
            if owner.password.is_none() {
                return Err(invalid("owners.password is missing."));
            }
            let owner = self.ready_user(&own, owner, Role::Administrator).await?;
            if owners.iter().any(|other| other.canonical == owner.canonical) {
                return Err(invalid("owners.username is there twice."));
            }
            owners.push(owner);
        }
        let (error_codes, messages, created) = (new.error_codes, new.messages, self.ports.clock.now());
        let tenant = Tenant { id: new.id, name, error_codes, messages, created };
        match self.ports.store.add_tenant(&tenant).await? {
            Added::Kept => {}
            Added::Taken(_) => return Err(conflict("A tenant of that domain exists already.")),
        }
        self.ports.record(self.told(by, What::TenantCreated).with("id", &tenant.id)).await?;
        for owner in &owners {
            self.keep_user(&own, owner).await?;
        }
        Ok(tenant)
    }

    /// The tenant of that handle.
    ///
    /// # Errors
    /// There is none (404), or the store failed.
    pub async fn tenant(&self, by: &Operator, id: &TenantId) -> Result<Tenant, Error> {
        by.demand(Permission::ViewTenants)?;
        let found = self.ports.store.tenant(id).await?;
        found.ok_or_else(|| Error::new(Code::NotFound).because("There is no such tenant."))
    }

    /// A page of the tenants, and how many there are.
    ///
    /// # Errors
    /// The store failed.
    pub async fn tenants(&self, by: &Operator, page: Page) -> Result<(Vec<Tenant>, usize), Error> {
        by.demand(Permission::ViewTenants)?;
        Ok(self.ports.store.tenants(page).await?)
    }
}
