//! Who is asking: a client shows a secret, an assertion or a certificate, or is public and shows nothing (RFC 6749 §2.3,
//! RFC 7523 §2.2, RFC 8705 §2). Law: one method in a request, and it is the one that the application registered.

mod assertion;
mod certificate;
mod secret;

use std::sync::Arc;

pub use certificate::ClientCertificate;

use super::Params;
use super::metadata::PublicUrl;
use crate::application::{Application, AuthMethod};
use crate::attestation::Evidence;
use crate::error::{Code, Error, Fault};
use crate::ports::{Ports, Secret, Store, TenantId};
use crate::remote_keys::RemoteKeys;
use crate::secrets::Secrets;

/// Purpose under which client secrets are sealed that must be known to check a keyed hash.
pub const SEALED_SECRET: &str = "client secret";

/// Longest client id in bytes.
const LONGEST_ID: usize = 150;

/// Parameters by which a client shows who it is.
pub const CREDENTIALS: &[&str] = &["client_secret", "client_assertion", "client_assertion_type"];

/// What a client showed of itself.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// From the `Authorization` header, already decoded: `client_secret_basic`.
    pub basic: Option<(String, Secret<String>)>,
    /// The certificate of its connection; the key to it was shown too.
    pub certificate: Option<ClientCertificate>,
    /// The `DPoP` headers as they came; more than one is too many (RFC 9449 §4.3).
    pub proofs: Vec<String>,
    /// The call itself, as proofs of possession name it.
    pub call: Call,
    /// What it shows of the app that calls.
    pub evidence: Evidence,
}

/// A call as proofs of possession name it (RFC 9449 §4.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// The method, in capitals.
    pub method: String,
    /// The public URL of the server with the path that was called, without a query.
    pub url: String,
}

/// What of a request is meant to show who the client is, apart from the certificate of the connection, which may be there
/// for other reasons.
#[derive(Clone, Copy)]
enum Credential<'a> {
    Nothing,
    Secret(AuthMethod, &'a str),
    Assertion(&'a str),
}

impl Shown {
    /// The client that the request speaks of.
    ///
    /// # Errors
    /// None is named (60001), or the header, the assertion and the parameter name different ones (401).
    pub fn client_id(&self, params: &Params) -> Result<String, Error> {
        let asserted = params.get("client_assertion").and_then(assertion::subject);
        let basic = self.basic.as_ref().map(|(id, _)| id.as_str());
        let named = [basic, params.get("client_id"), asserted.as_deref()];
        let mut named = named.into_iter().flatten();
        let Some(id) = named.next() else {
            return Err(Error::new(Code::InvalidRequest).because("The parameter client_id is missing."));
        };
        if named.any(|other| other != id) {
            return Err(refused(
                "The Authorization header, the client assertion and the parameter client_id name different clients.",
            ));
        }
        if id.len() > LONGEST_ID {
            return Err(Error::new(Code::InvalidRequest).because("The client_id is longer than 150 bytes."));
        }
        Ok(id.to_owned())
    }

    /// Whether the request has anything that is meant to show who the client is.
    ///
    /// # Errors
    /// It has more than one such thing (401).
    pub fn has_credential(&self, params: &Params) -> Result<bool, Error> {
        Ok(!matches!(self.credential(params)?, Credential::Nothing))
    }

    fn credential<'a>(&'a self, params: &'a Params) -> Result<Credential<'a>, Error> {
        let asserted = params.get("client_assertion").or(params.get("client_assertion_type"));
        match (&self.basic, params.get("client_secret"), asserted) {
            (None, None, None) => Ok(Credential::Nothing),
            (Some((_, secret)), None, None) => {
                Ok(Credential::Secret(AuthMethod::ClientSecretBasic, secret.expose().as_str()))
            }
            (None, Some(secret), None) => Ok(Credential::Secret(AuthMethod::ClientSecretPost, secret)),
            (None, None, Some(_)) => assertion::of(params).map(Credential::Assertion),
            _ => Err(refused(SEVERAL)),
        }
    }
}

/// Knows the clients of all tenants.
pub struct Clients {
    ports: Ports,
    secrets: Arc<Secrets>,
    urls: PublicUrl,
    keys: RemoteKeys,
}

impl Clients {
    /// The clients in a store.
    pub fn new(ports: Ports, secrets: Arc<Secrets>, urls: PublicUrl) -> Self {
        Self { ports, secrets, urls, keys: RemoteKeys::new() }
    }

    /// The client that asks at an endpoint which speaks OAuth; there an unknown one and a wrong secret look the same.
    ///
    /// # Errors
    /// It is unknown or did not authenticate (401), or is switched off.
    pub async fn authenticate(&self, tenant: &TenantId, shown: &Shown, params: &Params) -> Result<Application, Error> {
        let id = shown.client_id(params)?;
        let Some(app) = self.ports.store.app_by_client(tenant, &id).await? else {
            // As much work as with a client that is known.
            if let Credential::Secret(_, secret) = shown.credential(params)? {
                secret::is_known(secret, &[], self.ports.clock.now());
            }
            return Err(refused(WRONG));
        };
        self.check(&app, shown, params).await?;
        if !app.enabled {
            return Err(Code::ApplicationDisabled.into());
        }
        Ok(app)
    }

    /// Whether the client has shown that it is the application.
    ///
    /// # Errors
    /// More than one method was used, another one than the application registered, or what was shown is wrong or missing
    /// (401); or the client's keys cannot be read (503).
    pub async fn check(&self, app: &Application, shown: &Shown, params: &Params) -> Result<(), Error> {
        let credential = shown.credential(params)?;
        let method = if app.oauth.public { Some(AuthMethod::None) } else { app.oauth.client_auth.method };
        match (method, credential) {
            (Some(AuthMethod::None), Credential::Nothing) => Ok(()),
            (Some(AuthMethod::None), Credential::Secret(..)) => {
                Err(refused("The application is public and has no client secret."))
            }
            (Some(AuthMethod::None), Credential::Assertion(_)) => {
                Err(refused("The application is public and has no key for client assertions."))
            }
            (None, Credential::Secret(_, secret)) => secret::check(secret, app, self.ports.clock.now()),
            (Some(registered), Credential::Secret(used, secret)) if registered == used => {
                secret::check(secret, app, self.ports.clock.now())
            }
            (Some(AuthMethod::PrivateKeyJwt), Credential::Assertion(jwt)) => self.check_signed(app, jwt).await,
            (Some(AuthMethod::ClientSecretJwt), Credential::Assertion(jwt)) => self.check_keyed(app, jwt).await,
            (Some(method), Credential::Nothing) if method.takes_certificate() => {
                let certificate = shown.certificate.as_ref();
                let certificate = certificate.ok_or_else(|| refused("The connection has no client certificate."))?;
                self.check_certificate(app, method, certificate).await
            }
            (Some(method), Credential::Secret(..) | Credential::Assertion(_))
                if method.takes_certificate() && shown.certificate.is_some() =>
            {
                Err(refused(SEVERAL))
            }
            (None, Credential::Nothing) => {
                Err(refused("The application is confidential: it must authenticate with its client secret."))
            }
            (None, Credential::Assertion(_)) => {
                Err(refused("The application authenticates with its client secret, not with a client assertion."))
            }
            (Some(method), _) => Err(Error::new(Code::Unauthorized)
                .because(format!("The application authenticates with {} and nothing else.", method.as_str()))),
        }
    }
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

const WRONG: &str = "Client credentials are invalid.";
const SEVERAL: &str = "The client must not use more than one authentication method in a request.";

fn refused(description: &'static str) -> Error {
    Error::new(Code::Unauthorized).because(description)
}
