//! Applications: made, changed and removed, with their client ids and management scopes.

mod attestation;
mod check;
mod client_auth;
mod mobile;
mod redirects;
mod secrets;

use std::collections::BTreeSet;

use vestibule_jose::base64url;

pub use attestation::AttestationDraft;
pub use redirects::callbacks;

use super::{Administration, Operator, Permission, conflict, invalid, moved};
use crate::application::{Application, Lifetimes, MobileApps, OauthSettings, Sequence};
use crate::audit::What;
use crate::error::{Code, Error};
use crate::oauth::scope::MANAGEMENT_SCOPES;
use crate::ports::store::{Added, Page, Saved};
use crate::ports::{AppId, Secret};

/// An application as an operator wants it.
#[derive(Clone, Debug)]
pub struct AppDraft {
    /// A name for people, unique in the tenant.
    pub name: String,
    /// A sentence for people.
    pub description: String,
    /// Switched on.
    pub enabled: bool,
    /// App-native authentication is allowed.
    pub native: bool,
    /// Factors may be enrolled inside the login.
    pub enrolment: bool,
    /// Apps on phones that are this application.
    pub mobile: MobileApps,
    /// What is asked of its apps.
    pub attestation: AttestationDraft,
    /// OAuth settings.
    pub oauth: OauthSettings,
    /// The steps of a login.
    pub sequence: Sequence,
}

impl AppDraft {
    /// An application of that name with the usual settings; a login of a public one must bring a PKCE challenge.
    pub fn new(name: &str, public: bool) -> Self {
        Self {
            name: name.to_owned(),
            description: String::new(),
            enabled: true,
            native: false,
            enrolment: false,
            mobile: MobileApps::default(),
            attestation: AttestationDraft::default(),
            oauth: OauthSettings { public, pkce_required: public, ..OauthSettings::default() },
            sequence: Sequence::default(),
        }
    }

    /// Makes it public or confidential. One that becomes public must bring a PKCE challenge until told otherwise.
    pub fn set_public(&mut self, public: bool) {
        self.oauth.pkce_required |= public && !self.oauth.public;
        self.oauth.rotate_refresh |= public && !self.oauth.public;
        self.oauth.public = public;
    }

    /// Sets OAuth back to what is usual; how long flows and sessions live is not OAuth's affair.
    pub fn reset_oauth(&mut self) {
        let Lifetimes { flow, session_idle, session_remembered, .. } = self.oauth.lifetimes;
        let lifetimes = Lifetimes { flow, session_idle, session_remembered, ..Lifetimes::default() };
        self.oauth = OauthSettings { lifetimes, ..OauthSettings::default() };
    }

    /// An application as it is.
    pub fn of(app: &Application) -> Self {
        Self {
            name: app.name.clone(),
            description: app.description.clone(),
            enabled: app.enabled,
            native: app.native,
            enrolment: app.enrolment,
            mobile: app.mobile.clone(),
            attestation: AttestationDraft::of(app),
            oauth: app.oauth.clone(),
            sequence: app.sequence.clone(),
        }
    }
}

/// An application to make.
#[derive(Debug)]
pub struct NewApplication {
    /// What it is like.
    pub draft: AppDraft,
    /// Its client id; without one it gets a random one.
    pub client_id: Option<String>,
    /// The client secret of a confidential one; without one it gets a random one.
    pub client_secret: Option<Secret<String>>,
}

/// An application that was made.
#[derive(Debug)]
pub struct CreatedApp {
    /// The application.
    pub app: Application,
    /// Its client secret, to be shown once.
    pub secret: Option<Secret<String>>,
}

impl Administration {
    /// Makes an application.
    ///
    /// # Errors
    /// Name or client id is taken (409), something in it is wrong, or the store failed.
    pub async fn create_app(&self, by: &Operator, new: NewApplication) -> Result<CreatedApp, Error> {
        by.demand(Permission::CreateApps)?;
        new.draft.check()?;
        let attestation = new.draft.attestation.settle(new.draft.native, &self.ports, &self.secrets)?;
        let client_id = match new.client_id {
            Some(given) => check::client_id(given)?,
            None => base64url(&self.ports.random::<21>()),
        };
        let settings = &new.draft.oauth;
        let secret = match (new.client_secret, secrets::takes_secrets(settings)) {
            (Some(_), Err(_)) if settings.public => {
                return Err(invalid("clientSecret is for applications with publicClient false."));
            }
            (Some(_), Err(refusal)) => return Err(refusal),
            (None, Err(_)) => None,
            (Some(given), Ok(())) => Some(check::client_secret(given, settings)?),
            (None, Ok(())) => Some(self.fresh_secret()),
        };
        let kept = secret.iter().map(|secret| self.kept(secret, settings)).collect::<Result<_, _>>()?;
        let now = self.ports.clock.now();
        let app = Application {
            id: AppId::ordered(now, &*self.ports.entropy),
            tenant: by.tenant().clone(),
            revision: 1,
            name: new.draft.name,
            description: new.draft.description,
            enabled: new.draft.enabled,
            native: new.draft.native,
            enrolment: new.draft.enrolment,
            mobile: new.draft.mobile,
            attestation,
            client_id,
            secrets: kept,
            oauth: new.draft.oauth,
            sequence: new.draft.sequence,
            management_scopes: BTreeSet::new(),
            created: now,
            modified: now,
        };
        match self.ports.store.add_app(&app).await? {
            Added::Taken(field) => Err(taken(field)),
            Added::Kept => {
                self.ports.record(self.told(by, What::AppCreated).app(app.id)).await?;
                Ok(CreatedApp { app, secret })
            }
        }
    }

    /// The application with that id.
    ///
    /// # Errors
    /// There is none (404), or the store failed.
    pub async fn app(&self, by: &Operator, id: &AppId) -> Result<Application, Error> {
        by.demand(Permission::ViewApps)?;
        self.find_app(by, id).await
    }

    /// A page of the applications, or of those with exactly that name, and how many there are.
    ///
    /// # Errors
    /// The store failed.
    pub async fn apps(
        &self,
        by: &Operator,
        name: Option<&str>,
        page: Page,
    ) -> Result<(Vec<Application>, usize), Error> {
        by.demand(Permission::ViewApps)?;
        Ok(self.ports.store.apps(by.tenant(), name, page).await?)
    }

    /// Changes an application: `edit` sees it and the draft of it, and is run again on the newer state when somebody else changed it meanwhile. One that
    /// becomes public loses its secrets, as does one that authenticates otherwise; one that becomes confidential has none
    /// until [`Self::renew_secret`].
    ///
    /// # Errors
    /// There is no such application (404), the name is taken or it was changed twice meanwhile (409), `edit` refused or
    /// something in it is wrong, the caller may not (403), or the store failed.
    pub async fn change_app(
        &self,
        by: &Operator,
        id: &AppId,
        edit: impl Fn(&Application, &mut AppDraft) -> Result<(), Error> + Send + Sync,
    ) -> Result<Application, Error> {
        by.demand(Permission::UpdateApps)?;
        let change = |app: &mut Application| {
            let mut draft = AppDraft::of(app);
            edit(app, &mut draft)?;
            draft.check()?;
            let AppDraft { name, description, enabled, native, enrolment, mobile, attestation, oauth, sequence } =
                draft;
            let attestation = attestation.settle(native, &self.ports, &self.secrets)?;
            let secrets = secrets::staying(std::mem::take(&mut app.secrets), &oauth);
            *app = Application {
                name,
                description,
                enabled,
                native,
                enrolment,
                mobile,
                attestation,
                oauth,
                sequence,
                secrets,
                ..app.clone()
            };
            Ok(())
        };
        self.rewrite(by, id, (What::AppChanged, "settings"), change).await
    }

    /// Allows an application management scopes besides those it has.
    ///
    /// # Errors
    /// As [`Self::change_app`]; also for a scope that does not exist or that the caller does not have (403).
    pub async fn allow_scopes(&self, by: &Operator, id: &AppId, scopes: &[String]) -> Result<Application, Error> {
        by.demand(Permission::UpdateApps)?;
        if scopes.iter().any(|scope| !MANAGEMENT_SCOPES.contains(&scope.as_str())) {
            return Err(invalid(format!("scopes must be among {}.", MANAGEMENT_SCOPES.join(", "))));
        }
        if !scopes.iter().all(|scope| by.holds(scope)) {
            return Err(Error::new(Code::Forbidden).because("The caller does not have all of these scopes itself."));
        }
        let change = |app: &mut Application| {
            app.management_scopes.extend(scopes.iter().cloned());
            Ok(())
        };
        self.rewrite(by, id, (What::AppChanged, "scopes allowed"), change).await
    }

    /// Takes all management scopes from an application, also from the tokens that it has.
    ///
    /// # Errors
    /// As [`Self::change_app`].
    pub async fn withdraw_scopes(&self, by: &Operator, id: &AppId) -> Result<Application, Error> {
        by.demand(Permission::UpdateApps)?;
        let change = |app: &mut Application| {
            app.management_scopes.clear();
            Ok(())
        };
        self.rewrite(by, id, (What::AppChanged, "scopes withdrawn"), change).await
    }

    /// Removes an application and all that was granted to it.
    ///
    /// # Errors
    /// There is no such application (404), the caller may not (403) or the store failed.
    pub async fn remove_app(&self, by: &Operator, id: &AppId) -> Result<(), Error> {
        by.demand(Permission::DeleteApps)?;
        let app = self.find_app(by, id).await?;
        by.may_change_app(&app)?;
        if !self.ports.store.remove_app(by.tenant(), id).await? {
            return Err(absent());
        }
        self.ports.record(self.told(by, What::AppDeleted).app(app.id)).await?;
        Ok(())
    }

    /// Writes a change, once more if somebody else wrote meanwhile.
    async fn rewrite(
        &self,
        by: &Operator,
        id: &AppId,
        (what, change_name): (What, &'static str),
        change: impl Fn(&mut Application) -> Result<(), Error> + Send + Sync,
    ) -> Result<Application, Error> {
        for _ in 0..2 {
            let mut app = self.find_app(by, id).await?;
            by.may_change_app(&app)?;
            let seen = app.revision;
            change(&mut app)?;
            app.revision = seen.saturating_add(1);
            app.modified = self.ports.clock.now();
            match self.ports.store.save_app(&app, seen).await? {
                Saved::Taken(field) => return Err(taken(field)),
                Saved::Moved => {}
                Saved::Kept => {
                    self.ports.record(self.told(by, what).app(app.id).with("change", change_name)).await?;
                    return Ok(app);
                }
            }
        }
        Err(moved())
    }

    async fn find_app(&self, by: &Operator, id: &AppId) -> Result<Application, Error> {
        self.ports.store.app(by.tenant(), id).await?.ok_or_else(absent)
    }
}

fn taken(field: &str) -> Error {
    conflict(match field {
        "client_id" => "An application of that clientId exists already.",
        _ => "An application of that name exists already.",
    })
}

fn absent() -> Error {
    Error::new(Code::NotFound).because("There is no such application.")
}
