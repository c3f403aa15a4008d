//! Who may start a login: the client is known and has shown that it is the client and, where that is asked, that it is the
//! app that its maker shipped. Law: a flow starts only from an [`Admitted`], and only this module makes one, so that no
//! endpoint that starts a flow can forget a check.

mod pushed;

use serde::{Deserialize, Serialize};

pub use pushed::Pushed;

use super::Params;
use super::client_auth::{self, Shown};
use super::dpop::{self, About, Thumbprint};
use crate::application::Application;
use crate::attestation::{Attested, Issued, Standing, Wanted};
use crate::audit::{Actor, What};
use crate::error::{Code, Error};
use crate::house::House;
use crate::ports::TenantId;

const BAD_JKT: &str = "The dpop_jkt is not the SHA-256 thumbprint of a key in base64url.";

/// A client that may start a login.
#[derive(Debug)]
pub struct Admitted {
    app: Application,
    binding: Binding,
}

/// What a login is bound to from its first request on: every later call, the code and the tokens hold only together with
/// it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Binding {
    /// Digest of a certificate of the client's (RFC 8705 §3.1). Of tokens alone: each is bound to the certificate with which
    /// it was asked for, so that a certificate may be renewed within a login.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x5t: Option<String>,
    /// The key whose possession every call proves (RFC 9449).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jkt: Option<Thumbprint>,
    /// The app that started the login, where it showed what it is.
    #[serde(rename = "a", skip_serializing_if = "Option::is_none")]
    pub attested: Option<Attested>,
    /// The app could not show what it is, so that its user proves two factors.
    #[serde(rename = "s", skip_serializing_if = "std::ops::Not::not")]
    pub step_up: bool,
}

impl Binding {
    /// What tokens are bound to that a client asks for with this call.
    ///
    /// # Errors
    /// The application's tokens are bound to a certificate, and there is none.
    pub(super) fn of_tokens(app: &Application, shown: &Shown) -> Result<Self, Error> {
        if !app.oauth.client_auth.bound_tokens {
            return Ok(Self::default());
        }
        let certificate = shown.certificate.as_ref().filter(|certificate| certificate.in_time).ok_or_else(|| {
            Error::new(Code::InvalidRequest).because(
                "The application's tokens are bound to its certificate, and the connection has none that is valid.",
            )
        })?;
        Ok(Self { x5t: Some(certificate.thumbprint()), ..Self::default() })
    }

    /// Whether nothing is bound.
    pub fn is_free(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the instance of the app that shows itself, if one does, may have tokens of the login. A refresh must come from
    /// the instance that the login was attested for (draft-ietf-oauth-attestation-based-client-auth §10.3); a code may come
    /// without, since the client authenticates besides.
    ///
    /// # Errors
    /// It is another one, or none (`invalid_grant`).
    pub fn admits(&self, instance: Option<&Attested>, refreshes: bool) -> Result<(), Error> {
        let Some(bound) = self.attested.as_ref().filter(|bound| bound.is_instance()) else { return Ok(()) };
        let why = match instance {
            Some(instance) if instance.key == bound.key => return Ok(()),
            None if !refreshes => return Ok(()),
            Some(_) => "The login was attested for another instance of the app.",
            None => "The refresh token is bound to an instance of the app: send its client attestation.",
        };
        Err(Error::new(Code::InvalidGrant).because(why))
    }
}

impl Admitted {
    /// The application that the client is.
    pub const fn app(&self) -> &Application {
        &self.app
    }

    /// What its login is bound to.
    pub const fn binding(&self) -> &Binding {
        &self.binding
    }
}

impl House {
    /// Gives an app a client attestation for what its platform says of it.
    ///
    /// # Errors
    /// The client is unknown or did not authenticate, or what is shown does not hold (401).
    pub async fn attest(&self, tenant: &TenantId, shown: &Shown, params: &Params) -> Result<Issued, Error> {
        let app = self.clients.authenticate(tenant, shown, params).await?;
        let proved = self.proofs.key(shown, About::default()).await?.map(|key| key.to_string());
        self.attestation.issue(&app, Wanted::read(params)?, &shown.evidence, proved.as_deref()).await
    }

    /// Looks at what a client shows with the request that starts a login.
    ///
    /// # Errors
    /// It is unknown (60005), did not authenticate, brought no proof of its key that holds though it should, or did not show
    /// what its app is though it must (401).
    pub async fn admit(&self, tenant: &TenantId, shown: &Shown, params: &Params) -> Result<Admitted, Error> {
        let client_id = shown.client_id(params)?;
        let app = client_auth::find(&*self.ports.store, tenant, &client_id).await?;
        self.clients.check(&app, shown, params).await?;
        self.bound(app, shown, params).await
    }

    /// A client that has authenticated, with what its login will be bound to.
    async fn bound(&self, app: Application, shown: &Shown, params: &Params) -> Result<Admitted, Error> {
        match self.binding_of(&app, shown, params).await {
            Ok(binding) => Ok(Admitted { app, binding }),
            Err((refusal, what)) => {
                if refusal.cause().is_none() {
                    let event = self.ports.event(what, &app.tenant).by(Actor::App(app.id)).app(app.id);
                    self.ports.mention(event.because(refusal.description().to_owned())).await?;
                }
                Err(refusal)
            }
        }
    }

    /// What a login is bound to: the key of the proof, or the one that `dpop_jkt` names (RFC 9449 §10), and the app that showed
    /// what it is.
    async fn binding_of(&self, app: &Application, shown: &Shown, params: &Params) -> Result<Binding, (Error, What)> {
        let of_proof = |refusal| (refusal, What::DpopRefused);
        let unread = || Error::new(Code::InvalidRequest).because(BAD_JKT).oauth("invalid_request");
        let read = |text| Thumbprint::read(text).ok_or_else(unread);
        let named = params.get("dpop_jkt").map(read).transpose().map_err(of_proof)?;
        let proved = self.proofs.key(shown, About { key: named, token: None }).await.map_err(of_proof)?;
        let jkt = proved.or(named);
        if jkt.is_none() && app.oauth.dpop_required {
            return Err(of_proof(dpop::required()));
        }
        // What `dpop_jkt` alone names is not proved yet.
        let proved = proved.map(|key| key.to_string());
        let standing = self.attestation.admit(app, &shown.evidence, proved.as_deref()).await;
        let Standing { attested, step_up } = standing.map_err(|refusal| (refusal, What::AttestationFailed))?;
        Ok(Binding { jkt, attested, step_up, ..Binding::default() })
    }
}
