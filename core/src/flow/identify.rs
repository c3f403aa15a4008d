//! Of whom an answer speaks. A name that no user has, and a user who may not sign in, both become a shadow: it goes the
//! same ways in the same time and proves nothing.

use super::authenticator::{Answers, Subject};
use super::engine::{Engine, Round};
use super::state::{Asked, Progress, Who};
use crate::application::Application;
use crate::error::{Code, Error, Fault};
use crate::ports::{TenantId, UserId};
use crate::user::{Guest, Shut, User, canonical_name};

/// Of whom an answer speaks, with what is known of them.
pub(super) struct Identity {
    /// Nobody, as long as no name was given.
    pub who: Option<Who>,
    /// The user, if there is one.
    pub user: Option<User>,
}

impl Who {
    /// The user, if it is one.
    pub(super) fn user(&self) -> Option<UserId> {
        match self {
            Self::Known(user) => Some(*user),
            Self::Shadow(_) => None,
        }
    }
}

impl Identity {
    /// A user who is known.
    pub fn of(user: User) -> Self {
        Self { who: Some(Who::Known(user.id)), user: Some(user) }
    }

    /// Whether what was asked in a step was asked of the same one.
    pub fn is_of(&self, progress: &Progress, asked: &Asked) -> bool {
        let asked_of = progress.who.as_ref().or(asked.who.as_ref());
        self.who.as_ref() == asked_of
    }

    /// Why the user may not sign in with the application, if so.
    pub fn shut(&self, app: &Application) -> Option<Shut> {
        self.user.as_ref().and_then(|user| Guest::admit(user, app).err())
    }

    /// As authenticators see it. `barred`: too many wrong answers.
    pub fn subject(&self, app: &Application, barred: bool) -> Subject<'_> {
        match (&self.who, &self.user) {
            (None, _) => Subject::Nobody,
            (Some(Who::Known(_)), Some(user)) if !barred && self.shut(app).is_none() => Subject::Known(user),
            (Some(_), _) => Subject::Shadow,
        }
    }
}

impl Engine {
    /// Of whom an answer speaks: whom the flow already speaks of, or else whom it names, or whom the option was asked of.
    ///
    /// # Errors
    /// It names somebody else than the flow speaks of (60001), or the store failed.
    pub(super) async fn identify(&self, round: &Round<'_>, answers: &Answers) -> Result<Identity, Error> {
        let tenant = &round.scene.ticket.tenant;
        let known = &round.progress.who;
        let Some(name) = round.authenticator.spec().identifier.and_then(|param| answers.text(param)) else {
            let asked_of = || round.asked.as_ref().and_then(|asked| asked.who.clone());
            return Ok(self.known(tenant, known.clone().or_else(asked_of)).await?);
        };
        let identity = self.named(tenant, name).await?;
        if known.is_some() && *known != identity.who {
            return Err(Error::new(Code::InvalidRequest).because("The user name differs from the one given before."));
        }
        Ok(identity)
    }

    /// Whom the flow already speaks of.
    async fn known(&self, tenant: &TenantId, who: Option<Who>) -> Result<Identity, Fault> {
        let user = match &who {
            Some(Who::Known(id)) => self.ports.store.user(tenant, id).await?,
            Some(Who::Shadow(_)) | None => None,
        };
        Ok(Identity { who, user })
    }

    async fn named(&self, tenant: &TenantId, name: &str) -> Result<Identity, Fault> {
        let canonical = canonical_name(name);
        let user = self.ports.store.user_by_name(tenant, &canonical).await?;
        Ok(match user {
            Some(user) => Identity::of(user),
            None => Identity { who: Some(Who::Shadow(canonical)), user: None },
        })
    }
}
