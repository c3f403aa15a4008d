//! Of whom an answer speaks. A name that no user has, and a user who may not sign in, both become a shadow: it goes the
//! same ways in the same time and proves nothing.

use super::authenticator::{Answers, Spec, Subject};
use super::engine::Engine;
use super::state::{Progress, Who};
use crate::error::{Code, Error, Fault};
use crate::ports::TenantId;
use crate::user::{Gate, Shut, User, canonical_name};

/// Of whom an answer speaks, with what is known of them.
pub(super) struct Identity {
    /// Nobody, as long as no name was given.
    pub who: Option<Who>,
    /// The user, if there is one.
    pub user: Option<User>,
}

impl Identity {
    /// Why the user may not sign in, if so.
    pub fn shut(&self) -> Option<Shut> {
        match self.user.as_ref().map(User::gate) {
            Some(Gate::Shut(reason)) => Some(reason),
            Some(Gate::Open) | None => None,
        }
    }

    /// As authenticators see it. `barred`: too many wrong answers.
    pub fn subject(&self, barred: bool) -> Subject<'_> {
        match (&self.who, &self.user) {
            (None, _) => Subject::Nobody,
            (Some(Who::Known(_)), Some(user)) if !barred && self.shut().is_none() => Subject::Known(user),
            (Some(_), _) => Subject::Shadow,
        }
    }
}

impl Engine {
    /// Of whom an answer speaks: whom the flow already speaks of, or else whom it names.
    ///
    /// # Errors
    /// It names somebody else than the flow speaks of (60001), or the store failed.
    pub(super) async fn identify(
        &self,
        tenant: &TenantId,
        progress: &Progress,
        spec: &Spec,
        answers: &Answers,
    ) -> Result<Identity, Error> {
        let named = spec.identifier.and_then(|param| answers.text(param));
        let Some(name) = named else {
            return Ok(self.known(tenant, progress.who.clone()).await?);
        };
        let identity = self.named(tenant, name).await?;
        if progress.who.is_some() && progress.who != identity.who {
            return Err(Error::new(Code::InvalidRequest).because("The user name differs from the one given before."));
        }
        Ok(identity)
    }

    /// Whom the flow already speaks of.
    ///
    /// # Errors
    /// The store failed.
    pub(super) async fn known(&self, tenant: &TenantId, who: Option<Who>) -> Result<Identity, Fault> {
        let user = match &who {
            Some(Who::Known(id)) => self.ports.store.user(tenant, id).await?,
            Some(Who::Shadow(_)) | None => None,
        };
        Ok(Identity { who, user })
    }

    async fn named(&self, tenant: &TenantId, name: &str) -> Result<Identity, Fault> {
        let canonical = canonical_name(name);
        let user = self.ports.store.user_by_name(tenant, &canonical).await?;
        let who = user.as_ref().map_or(Who::Shadow(canonical), |user| Who::Known(user.id));
        Ok(Identity { who: Some(who), user })
    }
}
