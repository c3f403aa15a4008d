//! The token endpoint: the client is known, then one grant fills in what is its own. Tokens are
//! issued to a guest, whom only the gate lets in.

mod client_credentials;
mod code;
mod refresh;

use super::admission::Binding;
use super::dpop::{self, About, Thumbprint};
use super::issue::{Issuer, Tokens};
use super::{Params, client_auth};
use crate::application::{Application, GrantType};
use crate::audit::{Actor, Event, What};
use crate::error::{Code, Error};
use crate::grant::Grant;
use crate::ports::TenantId;
use crate::user::{Guest, User};

impl Issuer {
    /// Answers a token request (RFC 6749 §3.2).
    ///
    /// # Errors
    /// A refusal of the catalogue, in OAuth's terms.
    pub async fn exchange(
        &self,
        tenant: &TenantId,
        shown: &client_auth::Shown,
        params: &Params,
    ) -> Result<Tokens, Error> {
        let Some(wanted) = params.get("grant_type") else {
            return Err(Error::new(Code::InvalidRequest).because("The parameter grant_type is missing."));
        };
        let grant = GrantType::ALL.iter().copied().find(|grant| grant.as_str() == wanted);
        let grant = grant.ok_or(Code::UnsupportedGrantType)?;
        let app = self.client(tenant, shown, params).await?;
        let given = self.give(&app, grant, (shown, params)).await;
        if let Err(refusal) = &given
            && refusal.cause().is_none()
        {
            let event = self.told(&app, What::TokenRefused).because(refusal.code().row().name);
            self.ports.mention(event.with("grant_type", wanted)).await?;
        }
        given
    }

    async fn give(
        &self,
        app: &Application,
        grant: GrantType,
        (shown, params): (&client_auth::Shown, &Params),
    ) -> Result<Tokens, Error> {
        if !app.oauth.grants.contains(&grant) {
            return Err(Code::UnauthorizedClient.into());
        }
        match grant {
            GrantType::AuthorizationCode => self.redeem_code(app, shown, params).await,
            GrantType::RefreshToken => self.refresh_tokens(app, shown, params).await,
            GrantType::ClientCredentials => self.tokens_for_app(app, shown, params).await,
        }
    }

    /// What the tokens of this call are bound to: the certificate of the connection where the application wants it, and the key
    /// of the call's proof, which must be `bound` where there is one. Whoever asks this has checked everything else that a
    /// stranger could get wrong.
    async fn binding(
        &self,
        app: &Application,
        shown: &client_auth::Shown,
        bound: Option<Thumbprint>,
    ) -> Result<Binding, Error> {
        let binding = Binding::of_tokens(app, shown)?;
        let proved = self.proofs.key(shown, About { key: bound, token: None }).await;
        match proved.map_err(dpop::at_token_endpoint)? {
            None if bound.is_some() => Err(dpop::at_token_endpoint(dpop::missing())),
            None if app.oauth.dpop_required => Err(dpop::at_token_endpoint(dpop::required())),
            jkt => Ok(Binding { jkt, ..binding }),
        }
    }

    /// The client that asks; one that could not authenticate as an application that there is, is told of.
    pub(super) async fn client(
        &self,
        tenant: &TenantId,
        shown: &client_auth::Shown,
        params: &Params,
    ) -> Result<Application, Error> {
        let found = self.clients.authenticate(tenant, shown, params).await;
        if let Err(refusal) = &found
            && refusal.cause().is_none()
            && let Ok(id) = shown.client_id(params)
            && let Some(app) = self.ports.store.app_by_client(tenant, &id).await?
        {
            let event = self.told(&app, What::ClientAuthFailed).because(refusal.description().to_owned());
            self.ports.mention(event).await?;
        }
        found
    }

    /// Something that an application does.
    pub(super) fn told(&self, app: &Application, what: What) -> Event {
        self.ports.event(what, &app.tenant).by(Actor::App(app.id)).app(app.id)
    }

    /// Something that an application does with a grant.
    pub(super) fn told_of(&self, app: &Application, grant: &Grant, what: What) -> Event {
        self.told(app, what).user(grant.user).session(grant.session).grant(grant.id)
    }

    /// The user of a grant.
    async fn user_of(&self, app: &Application, grant: &Grant) -> Result<User, Error> {
        self.ports.store.user(&app.tenant, &grant.user).await?.ok_or_else(|| Code::InvalidGrant.into())
    }
}

/// Lets the user of a grant through the gate.
fn admit<'a>(user: &'a User, app: &'a Application) -> Result<Guest<'a>, Error> {
    Guest::admit(user, app).map_err(|_| Code::InvalidGrant.into())
}

fn required<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, Error> {
    params
        .get(name)
        .ok_or_else(|| Error::new(Code::InvalidRequest).because(format!("The parameter {name} is missing.")))
}
