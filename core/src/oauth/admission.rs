//! Who may start a login: the client is known and has shown that it is the client. Law: a flow starts only from an
//! [`Admitted`], and only this module makes one, so that no endpoint that starts a flow can forget a check.

use serde::{Deserialize, Serialize};

use super::Params;
use super::client_auth::{self, Shown};
use crate::application::Application;
use crate::error::Error;
use crate::house::House;
use crate::ports::TenantId;

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
pub struct Binding {}

impl Binding {
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
    /// It is unknown (60005) or did not authenticate (401).
    pub async fn admit(&self, tenant: &TenantId, shown: &Shown, params: &Params) -> Result<Admitted, Error> {
        let client_id = shown.client_id(params)?;
        let app = client_auth::find(&*self.ports.store, tenant, client_id).await?;
        shown.check(&app, params)?;
        Ok(Admitted { app, binding: Binding::default() })
    }
}
