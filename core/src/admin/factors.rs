//! What operators see and take away of the factors of users: kind, name and times, never what is secret. The user is told by
//! mail.

use super::{Administration, Operator, Permission};
use crate::account::Notice;
use crate::audit::What;
use crate::credential::Credential;
use crate::error::{Code, Error};
use crate::ports::{CredentialId, UserId};
use crate::user::User;

impl Administration {
    /// Everything that the user holds besides a password, oldest first.
    ///
    /// # Errors
    /// The caller may not (403), or the store failed.
    pub async fn factors(&self, by: &Operator, user: &User) -> Result<Vec<Credential>, Error> {
        by.demand(Permission::ViewUsers)?;
        Ok(self.ports.store.credentials(by.tenant(), &user.id).await?)
    }

    /// Takes a factor away from a user.
    ///
    /// # Errors
    /// There is no such user or factor (404), the caller may not (403) or the store failed.
    pub async fn remove_factor(&self, by: &Operator, id: &UserId, factor: &CredentialId) -> Result<(), Error> {
        by.demand(Permission::UpdateUsers)?;
        let user = self.changeable(by, id).await?;
        let held = self.ports.store.credentials(by.tenant(), id).await?;
        let found = held.iter().find(|credential| credential.id == *factor);
        let removed = match found {
            Some(credential) => self.take_away(by, &user, credential).await?,
            None => false,
        };
        if removed { Ok(()) } else { Err(Error::new(Code::NotFound).because("The user has no such factor.")) }
    }

    /// Takes all factors away from a user, who has the password left.
    ///
    /// # Errors
    /// There is no such user (404), the caller may not (403) or the store failed.
    pub async fn remove_factors(&self, by: &Operator, id: &UserId) -> Result<(), Error> {
        by.demand(Permission::UpdateUsers)?;
        let user = self.changeable(by, id).await?;
        for credential in self.ports.store.credentials(by.tenant(), id).await? {
            self.take_away(by, &user, &credential).await?;
        }
        Ok(())
    }

    async fn changeable(&self, by: &Operator, id: &UserId) -> Result<User, Error> {
        let user = self.find_user(by, id).await?;
        by.may_change(&user)?;
        Ok(user)
    }

    /// Answers whether it was there.
    async fn take_away(&self, by: &Operator, user: &User, credential: &Credential) -> Result<bool, Error> {
        if !self.ports.store.remove_credential(&user.tenant, &user.id, &credential.id).await? {
            return Ok(false);
        }
        self.ports.record(self.told(by, What::FactorRemoved).factor(credential)).await?;
        let world = (&self.ports, &*self.secrets, &self.rules.sending);
        if let Some(letter) = Notice::Removed(credential).letter(world, user)? {
            self.ports.post(&letter).await?;
        }
        Ok(true)
    }
}
