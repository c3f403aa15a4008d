//! Issues tokens: signs what a grant allows with the tenant's keys.

use std::sync::Arc;

use serde::Serialize;
use vestibule_jose::{base64url, left_half_hash};

use super::admission::Binding;
use super::claims::{AccessClaims, Confirmation, IdClaims, profile};
use super::client_auth::Clients;
use super::dpop::Proofs;
use super::metadata::PublicUrl;
use super::scope;
use crate::application::{Application, GrantType};
use crate::attestation::Attestation;
use crate::error::{Error, Fault};
use crate::grant::Grant;
use crate::keyring::Keyring;
use crate::ports::{Ports, Timestamp};
use crate::secrets::Secrets;
use crate::user::{Guest, User};

/// A token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Debug, Serialize)]
pub struct Tokens {
    /// For resources.
    pub access_token: String,
    /// For the next refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// Granted scopes.
    pub scope: String,
    /// For the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// `Bearer` (RFC 6750), or `DPoP` where it is bound to a key (RFC 9449 §5).
    pub token_type: &'static str,
    /// Seconds until the access token ends.
    pub expires_in: u64,
}

/// Issues tokens.
pub struct Issuer {
    pub(crate) ports: Ports,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) proofs: Arc<Proofs>,
    pub(crate) keyring: Arc<Keyring>,
    pub(crate) urls: PublicUrl,
    pub(crate) clients: Arc<Clients>,
    pub(crate) attestation: Arc<Attestation>,
}

impl Issuer {
    /// Tokens of a user's login, bound as the grant's terms say. `generation`: number of the refresh token that is good now.
    ///
    /// # Errors
    /// A key is missing (503) or failed.
    pub(super) async fn of_login(
        &self,
        guest: Guest<'_>,
        grant: &Grant,
        generation: u32,
        now: Timestamp,
    ) -> Result<Tokens, Error> {
        let (app, user) = (guest.app(), guest.user());
        let lifetime = app.oauth.lifetimes.access_token;
        let (tenant, terms) = (&app.tenant, &grant.terms);
        let claims = AccessClaims {
            iss: self.urls.issuer(tenant),
            sub: user.id.to_string(),
            aud: app.client_id.clone(),
            exp: (now + lifetime).seconds(),
            iat: now.seconds(),
            jti: self.token_name(),
            client_id: app.client_id.clone(),
            scope: scope::spell(&terms.scopes),
            gid: Some(grant.id),
            sid: Some(grant.session),
            auth_time: Some(terms.authenticated.seconds()),
            acr: Some(terms.acr.clone()),
            amr: terms.amr.clone(),
            cnf: Confirmation::of(&terms.binding),
        };
        let access_token = self.sign_access(app, &claims).await?;
        let id_token = match terms.scopes.contains("openid") {
            true => Some(self.id_token(app, user, grant, &access_token, now).await?),
            false => None,
        };
        let refreshes = app.oauth.grants.contains(&GrantType::RefreshToken);
        Ok(Tokens {
            access_token,
            refresh_token: refreshes.then(|| self.secrets.refresh(grant, generation)),
            scope: claims.scope,
            id_token,
            token_type: claims.cnf.token_type(),
            expires_in: lifetime.as_secs(),
        })
    }

    /// An access token of the application itself.
    ///
    /// # Errors
    /// A key is missing (503) or failed.
    pub(super) async fn of_app(
        &self,
        app: &Application,
        scope: String,
        binding: &Binding,
        now: Timestamp,
    ) -> Result<Tokens, Error> {
        let lifetime = app.oauth.lifetimes.app_access_token;
        let claims = AccessClaims {
            iss: self.urls.issuer(&app.tenant),
            sub: app.client_id.clone(),
            aud: app.client_id.clone(),
            exp: (now + lifetime).seconds(),
            iat: now.seconds(),
            jti: self.token_name(),
            client_id: app.client_id.clone(),
            scope: scope.clone(),
            gid: None,
            sid: None,
            auth_time: None,
            acr: None,
            amr: Vec::new(),
            cnf: Confirmation::of(binding),
        };
        let access_token = self.sign_access(app, &claims).await?;
        let (token_type, expires_in) = (claims.cnf.token_type(), lifetime.as_secs());
        Ok(Tokens { access_token, refresh_token: None, scope, id_token: None, token_type, expires_in })
    }

    async fn id_token(
        &self,
        app: &Application,
        user: &User,
        grant: &Grant,
        access_token: &str,
        now: Timestamp,
    ) -> Result<String, Error> {
        let (alg, terms) = (app.oauth.id_token_alg, &grant.terms);
        let claims = IdClaims {
            iss: self.urls.issuer(&app.tenant),
            sub: user.id,
            aud: app.client_id.clone(),
            azp: app.client_id.clone(),
            exp: (now + app.oauth.lifetimes.id_token).seconds(),
            iat: now.seconds(),
            jti: self.token_name(),
            auth_time: terms.authenticated.seconds(),
            nonce: terms.nonce.clone(),
            acr: terms.acr.clone(),
            amr: terms.amr.clone(),
            sid: grant.session,
            isk: self.secrets.isk(&grant.session, terms.binding.jkt),
            at_hash: left_half_hash(alg, access_token),
            profile: profile(user, terms, &terms.id_token_claims),
        };
        let key = self.keyring.signer(&app.tenant, alg).await?;
        Ok(key.sign(alg, "JWT", &claims).map_err(|error| Fault::from("signing an ID token", error))?)
    }

    async fn sign_access(&self, app: &Application, claims: &AccessClaims) -> Result<String, Error> {
        let alg = app.oauth.access_token_alg;
        let key = self.keyring.signer(&app.tenant, alg).await?;
        Ok(key.sign(alg, "at+jwt", claims).map_err(|error| Fault::from("signing an access token", error))?)
    }

    fn token_name(&self) -> String {
        base64url(&self.ports.random::<16>())
    }
}
