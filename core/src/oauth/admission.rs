//! Who may start a login: the client is known and has shown that it is the client. Law: a flow starts only from an
//! [`Admitted`], and only this module makes one, so that no endpoint that starts a flow can forget a check.

mod pushed;

use serde::{Deserialize, Serialize};

pub use pushed::Pushed;

use super::Params;
use super::client_auth::{self, Shown};
use super::dpop::{self, About, Thumbprint};
use crate::application::Application;
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
    /// Looks at what a client shows with the request that starts a login.
    ///
    /// # Errors
    /// It is unknown (60005), did not authenticate, or brought no proof of its key that holds though it should (401).
    pub async fn admit(&self, tenant: &TenantId, shown: &Shown, params: &Params) -> Result<Admitted, Error> {
        let client_id = shown.client_id(params)?;
        let app = client_auth::find(&*self.ports.store, tenant, &client_id).await?;
        self.clients.check(&app, shown, params).await?;
        self.bound(app, shown, params).await
    }

    /// A client that has authenticated, with what its login will be bound to.
    async fn bound(&self, app: Application, shown: &Shown, params: &Params) -> Result<Admitted, Error> {
        let jkt = self.key_of(&app, shown, params).await?;
        Ok(Admitted { app, binding: Binding { jkt, ..Binding::default() } })
    }

    /// The key that the login is bound to: that of the proof, or the one that `dpop_jkt` names (RFC 9449 §10).
    async fn key_of(&self, app: &Application, shown: &Shown, params: &Params) -> Result<Option<Thumbprint>, Error> {
        let unread = || Error::new(Code::InvalidRequest).because(BAD_JKT).oauth("invalid_request");
        let read = |text| Thumbprint::read(text).ok_or_else(unread);
        let named = params.get("dpop_jkt").map(read).transpose()?;
        let proved = self.proofs.key(shown, About { key: named, token: None }).await?;
        match proved.or(named) {
            None if app.oauth.dpop_required => Err(dpop::required()),
            key => Ok(key),
        }
    }
}
