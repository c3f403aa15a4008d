//! Client secrets: several may be good at a time, so that the servers of an application can be moved from one to the next
//! without a gap. A secret is 256 random bits, kept as a digest and shown in the one answer that made it; where keyed
//! hashes are checked with it, it is kept sealed too.

use std::time::Duration;

use vestibule_jose::{base64url, hex, sha256};

use super::{Administration, CreatedApp, Operator, Permission, conflict, invalid};
use crate::application::{Application, AuthMethod, ClientSecret, OauthSettings};
use crate::audit::What;
use crate::error::{Code, Error, Fault};
use crate::oauth::client_auth::SEALED_SECRET;
use crate::ports::{AppId, Secret};

/// Secrets of one application that are good at a time.
const MOST: usize = 5;

/// Longest life of a secret that has an end.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

impl Administration {
    /// The secrets of an application that are good now, the oldest first.
    ///
    /// # Errors
    /// There is no such application (404), the caller may not (403), or the store failed.
    pub async fn secrets(&self, by: &Operator, id: &AppId) -> Result<Vec<ClientSecret>, Error> {
        let now = self.ports.clock.now();
        let secrets = self.app(by, id).await?.secrets;
        Ok(secrets.into_iter().filter(|kept| kept.is_good(now)).collect())
    }

    /// Gives an application one more client secret, for a while or without an end. It is the last of the answer's.
    ///
    /// # Errors
    /// As [`Self::change_app`]; also when the application has five or takes none.
    pub async fn add_secret(&self, by: &Operator, id: &AppId, lasts: Option<Duration>) -> Result<CreatedApp, Error> {
        by.demand(Permission::RenewSecrets)?;
        if lasts.is_some_and(|lasts| lasts.is_zero() || lasts > LONGEST) {
            return Err(invalid("The secret must expire within ten years, and not before it is made."));
        }
        let secret = self.fresh_secret();
        let change = |app: &mut Application| {
            takes_secrets(&app.oauth)?;
            let now = self.ports.clock.now();
            app.secrets.retain(|kept| kept.is_good(now));
            if app.secrets.len() >= MOST {
                return Err(conflict("The application has five client secrets: remove one first."));
            }
            app.secrets
                .push(ClientSecret { expires: lasts.map(|lasts| now + lasts), ..self.kept(&secret, &app.oauth)? });
            Ok(())
        };
        let app = self.rewrite(by, id, (What::AppSecretMade, "added"), change).await?;
        Ok(CreatedApp { app, secret: Some(secret) })
    }

    /// Takes a client secret from an application: it stops at once.
    ///
    /// # Errors
    /// As [`Self::change_app`]; also when there is no such secret (404) or it is the last one (409).
    pub async fn remove_secret(&self, by: &Operator, id: &AppId, name: &str) -> Result<(), Error> {
        by.demand(Permission::RenewSecrets)?;
        let change = |app: &mut Application| {
            let now = self.ports.clock.now();
            app.secrets.retain(|kept| kept.is_good(now));
            let before = app.secrets.len();
            app.secrets.retain(|kept| kept.name() != name);
            if app.secrets.len() == before {
                return Err(Error::new(Code::NotFound).because("The application has no such client secret."));
            }
            if app.secrets.is_empty() {
                return Err(conflict("It is the application's only client secret: add another one first."));
            }
            Ok(())
        };
        self.rewrite(by, id, (What::AppChanged, "secret removed"), change).await.map(|_| ())
    }

    /// Gives an application another client secret; the old ones stop.
    ///
    /// # Errors
    /// As [`Self::change_app`]; also when the application takes none.
    pub async fn renew_secret(&self, by: &Operator, id: &AppId) -> Result<CreatedApp, Error> {
        by.demand(Permission::RenewSecrets)?;
        let secret = self.fresh_secret();
        let change = |app: &mut Application| {
            takes_secrets(&app.oauth)?;
            app.secrets = vec![self.kept(&secret, &app.oauth)?];
            Ok(())
        };
        let app = self.rewrite(by, id, (What::AppSecretMade, "renewed"), change).await?;
        Ok(CreatedApp { app, secret: Some(secret) })
    }

    pub(super) fn fresh_secret(&self) -> Secret<String> {
        Secret::new(base64url(&self.ports.random::<32>()))
    }

    /// A secret as it is kept by an application of these settings.
    pub(super) fn kept(&self, secret: &Secret<String>, settings: &OauthSettings) -> Result<ClientSecret, Fault> {
        let bytes = secret.expose().as_bytes();
        let sealed = match settings.client_auth.method {
            Some(AuthMethod::ClientSecretJwt) => Some(self.secrets.seal(SEALED_SECRET, self.ports.random(), bytes)?),
            _ => None,
        };
        let id = hex(&self.ports.random::<8>());
        Ok(ClientSecret { id, sealed, ..ClientSecret::new(sha256(bytes), self.ports.clock.now()) })
    }
}

/// Secrets that stay when an application becomes one of these settings: none where it takes none, none sealed where it
/// needs none.
pub(super) fn staying(secrets: Vec<ClientSecret>, settings: &OauthSettings) -> Vec<ClientSecret> {
    let seals = settings.client_auth.method == Some(AuthMethod::ClientSecretJwt);
    let stays = if takes_secrets(settings).is_ok() { secrets } else { Vec::new() };
    let sealed = |kept: ClientSecret| ClientSecret { sealed: kept.sealed.filter(|_| seals), ..kept };
    stays.into_iter().map(sealed).collect()
}

/// Whether an application of these settings has client secrets.
pub(super) fn takes_secrets(settings: &OauthSettings) -> Result<(), Error> {
    if settings.public {
        return Err(invalid("The application is public and has no client secret."));
    }
    match settings.client_auth.method {
        Some(method) if !method.takes_secret() => {
            Err(invalid(format!("The application authenticates with {} and has no client secret.", method.as_str())))
        }
        _ => Ok(()),
    }
}
