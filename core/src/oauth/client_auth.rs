//! Who is asking: a client shows its secret, or is public and shows nothing (RFC 6749 §2.3).

use vestibule_jose::{equal, sha256};

use super::Params;
use crate::application::Application;
use crate::error::{Code, Error, Fault};
use crate::ports::{Secret, Store, TenantId};

/// Longest client id in bytes.
const LONGEST_ID: usize = 150;

/// What a client showed of itself.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// From the `Authorization` header, already decoded: `client_secret_basic`.
    pub basic: Option<(String, Secret<String>)>,
    /// The call itself, as proofs of possession name it.
    pub call: Call,
}

/// A call as proofs of possession name it (RFC 9449 §4.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// The method, in capitals.
    pub method: String,
    /// The public URL of the server with the path that was called, without a query.
    pub url: String,
}

impl Shown {
    /// The client that the request speaks of.
    ///
    /// # Errors
    /// None is named (60001), or the header and the parameter name different ones (401).
    pub fn client_id<'a>(&'a self, params: &'a Params) -> Result<&'a str, Error> {
        let id = match (&self.basic, params.get("client_id")) {
            (Some((basic, _)), Some(param)) if basic != param => {
                return Err(refused("The Authorization header and the parameter client_id name different clients."));
            }
            (Some((id, _)), _) => id,
            (None, Some(id)) => id,
            (None, None) => {
                return Err(Error::new(Code::InvalidRequest).because("The parameter client_id is missing."));
            }
        };
        if id.len() > LONGEST_ID {
            return Err(Error::new(Code::InvalidRequest).because("The client_id is longer than 150 bytes."));
        }
        Ok(id)
    }

    /// Whether the client has shown that it is the application.
    ///
    /// # Errors
    /// More than one method was used, the secret is wrong or missing, or a public client sent one (401).
    pub fn check(&self, app: &Application, params: &Params) -> Result<(), Error> {
        let post = params.get("client_secret");
        let secret = match (&self.basic, post) {
            (Some(_), Some(_)) => {
                return Err(refused("The client must not use more than one authentication method in a request."));
            }
            (Some((_, secret)), None) => Some(secret.expose().as_str()),
            (None, post) => post,
        };
        match secret {
            None if app.oauth.public => Ok(()),
            None => Err(refused("The application is confidential: it must authenticate with its client secret.")),
            Some(_) if app.oauth.public => Err(refused("The application is public and has no client secret.")),
            Some(secret) if is_known(secret, app) => Ok(()),
            Some(_) => Err(refused("Client credentials are invalid.")),
        }
    }
}

/// The client that asks at an endpoint which speaks OAuth; there an unknown one and a wrong secret look the same.
///
/// # Errors
/// It is unknown or did not authenticate (401), or is switched off.
pub async fn authenticate(
    store: &dyn Store,
    tenant: &TenantId,
    shown: &Shown,
    params: &Params,
) -> Result<Application, Error> {
    let id = shown.client_id(params)?;
    let app = store.app_by_client(tenant, id).await?.ok_or_else(|| refused("Client credentials are invalid."))?;
    shown.check(&app, params)?;
    if !app.enabled {
        return Err(Code::ApplicationDisabled.into());
    }
    Ok(app)
}

/// The application of a `client_id`, for requests that answer by the native contract.
///
/// # Errors
/// Unknown (60005), or the store failed (65004).
pub async fn find(store: &dyn Store, tenant: &TenantId, client_id: &str) -> Result<Application, Error> {
    let names = [("client_id", client_id), ("tenant_domain", tenant.as_str())];
    match store.app_by_client(tenant, client_id).await {
        Ok(Some(app)) => Ok(app),
        Ok(None) => Err(Error::filled(Code::ApplicationNotFound, &names)),
        Err(fault) => Err(unavailable(fault, client_id, tenant)),
    }
}

/// The store failed while an application was read (65004).
pub fn unavailable(fault: Fault, client_id: &str, tenant: &TenantId) -> Error {
    let names = [("client_id", client_id), ("tenant_domain", tenant.as_str())];
    Error::filled(Code::ApplicationUnavailable, &names).caused_by(fault)
}

fn is_known(secret: &str, app: &Application) -> bool {
    let digest = sha256(secret.as_bytes());
    app.secrets.iter().fold(false, |known, kept| known | equal(&kept.digest, &digest))
}

fn refused(description: &'static str) -> Error {
    Error::new(Code::Unauthorized).because(description)
}
