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
use crate::attestation::Attested;
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
        let (app, instance) = self.client(tenant, shown, params).await?;
        let given = self.give(&app, grant, (shown, instance.as_ref()), params).await.map_err(dpop::at_token_endpoint);
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
        (shown, instance): (&client_auth::Shown, Option<&Attested>),
        params: &Params,
    ) -> Result<Tokens, Error> {
        if !app.oauth.grants.contains(&grant) {
            return Err(Code::UnauthorizedClient.into());
        }
        match grant {
            GrantType::AuthorizationCode => self.redeem_code(app, (shown, instance), params).await,
            GrantType::RefreshToken => self.refresh_tokens(app, (shown, instance), params).await,
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
        match self.proofs.key(shown, About { key: bound, token: None }).await? {
            None if bound.is_some() => Err(dpop::missing()),
            None if app.oauth.dpop_required => Err(dpop::required()),
            jkt => Ok(Binding { jkt, ..binding }),
        }
    }

    /// The client that asks, and the instance of its app where that shows itself; one that could not authenticate as an
    /// application that there is, is told of.
    ///
    /// # Errors
    /// It is unknown or did not authenticate (401), or is switched off.
    pub(super) async fn client(
        &self,
        tenant: &TenantId,
        shown: &client_auth::Shown,
        params: &Params,
    ) -> Result<(Application, Option<Attested>), Error> {
        let found = self.instance(tenant, shown, params).await.map_err(dpop::at_token_endpoint);
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

    /// The client that asks for something else than tokens. Nothing is bound to the proof of an attested key there, so it is
    /// used up at once.
    ///
    /// # Errors
    /// As [`Self::client`]; or the proof was used before (401).
    pub(super) async fn caller(
        &self,
        tenant: &TenantId,
        shown: &client_auth::Shown,
        params: &Params,
    ) -> Result<Application, Error> {
        let (app, _) = self.client(tenant, shown, params).await?;
        if shown.evidence.is_shown() {
            self.proofs.key(shown, About::default()).await.map_err(dpop::at_token_endpoint)?;
        }
        Ok(app)
    }

    async fn instance(
        &self,
        tenant: &TenantId,
        shown: &client_auth::Shown,
        params: &Params,
    ) -> Result<(Application, Option<Attested>), Error> {
        let app = self.clients.authenticate(tenant, shown, params).await?;
        // Only looked at here: the proof is used up by what is bound to it.
        let proved = if shown.evidence.is_shown() { self.proofs.peek(shown)? } else { None };
        let proved = proved.map(|key| key.to_string());
        let instance = self.attestation.authenticate(&app, &shown.evidence, proved.as_deref()).await?;
        Ok((app, instance))
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
