//! Access tokens as they are shown to us: userinfo (OpenID Connect Core §5.3), introspection (RFC 7662), revocation
//! (RFC 7009) and our own API. A token that is signed and in time still falls when its login, user or client does.

use serde::Serialize;
use serde_json::{Map, Value};

use super::claims::{AccessClaims, profile};
use super::client_auth::ClientCertificate;
use super::issue::Issuer;
use super::{Params, client_auth};
use crate::application::Application;
use crate::audit::What;
use crate::error::{Code, Error};
use crate::grant::Grant;
use crate::ports::{TenantId, Timestamp};
use crate::secrets::Secrets;
use crate::user::{Guest, User};

/// Whose an access token is.
#[derive(Debug)]
pub enum Bearer {
    /// A user's, given to an application.
    User(Box<User>),
    /// The application's own.
    App,
}

/// An access token as a call shows it.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// How it is shown.
    pub scheme: Scheme,
    /// The token.
    pub token: &'a str,
    /// What else the call shows.
    pub shown: &'a client_auth::Shown,
}

/// How an access token is shown in the header `Authorization`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750 §2.1.
    Bearer,
    /// With a proof beside it (RFC 9449 §7.1).
    Dpop,
}

/// An access token that holds.
#[derive(Debug)]
pub struct Access {
    /// What it says.
    pub claims: AccessClaims,
    /// The application it was given to.
    pub app: Application,
    /// Whose it is.
    pub bearer: Bearer,
    grant: Option<Grant>,
}

impl Access {
    /// Whether the token carries a scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.claims.scope.split(' ').any(|granted| granted == scope)
    }
}

/// What introspection says of a token (RFC 7662 §2.2).
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Introspection {
    /// Nothing more is said of a token that does not hold.
    Inactive {
        /// Always `false`.
        active: bool,
    },
    /// It holds.
    Active {
        /// Always `true`.
        active: bool,
        /// `Bearer`, `DPoP` or, for a refresh token, `refresh_token`.
        token_type: &'static str,
        /// The user's name.
        #[serde(skip_serializing_if = "Option::is_none")]
        username: Option<String>,
        /// What the token says.
        #[serde(flatten)]
        claims: Box<Value>,
    },
}

impl Introspection {
    const INACTIVE: Self = Self::Inactive { active: false };
}

impl Issuer {
    /// The access token, if it holds now, whoever shows it: signature, time, revocation, login, client and user.
    async fn inspect(&self, tenant: &TenantId, token: &str) -> Result<Access, Error> {
        let now = self.ports.clock.now();
        let claims = self.read_access(tenant, token, now).await?;
        if self.ports.store.is_token_revoked(&claims.jti).await? {
            return Err(Code::InvalidToken.into());
        }
        let app = self.ports.store.app_by_client(tenant, &claims.client_id).await?;
        let app = app.filter(|app| app.enabled).ok_or(Code::InvalidToken)?;
        let Some(gid) = &claims.gid else {
            return Ok(Access { claims, app, bearer: Bearer::App, grant: None });
        };
        let grant = self.ports.store.grant(gid).await?.filter(Grant::is_live).ok_or(Code::InvalidToken)?;
        let user = self.ports.store.user(tenant, &grant.user).await?;
        let user = user.ok_or(Code::InvalidToken)?;
        Guest::admit(&user, &app).map_err(|_| Code::InvalidToken)?;
        Ok(Access { claims, app, bearer: Bearer::User(Box::new(user)), grant: Some(grant) })
    }

    /// The access token that a call shows, if it holds now and the call proves what the token asks for.
    ///
    /// # Errors
    /// It does not hold, is bound to a key and shown without a proof by that key, or the reverse (401), or the store failed.
    pub async fn present(&self, tenant: &TenantId, presented: &Presented<'_>) -> Result<Access, Error> {
        let Presented { scheme, token, shown } = *presented;
        let access = self.inspect(tenant, token).await?;
        let x5t = &access.claims.cnf.x5t;
        // A token that was stolen is of no use on another connection (RFC 8705 §3).
        if x5t.is_some() && *x5t != shown.certificate.as_ref().map(ClientCertificate::thumbprint) {
            return Err(Error::new(Code::InvalidToken)
                .because("The access token is bound to a client certificate, which is not that of the connection."));
        }
        match (access.claims.cnf.jkt, scheme) {
            (None, Scheme::Bearer) => Ok(access),
            (Some(key), Scheme::Dpop) => self.proofs.demand(shown, key, Some(token)).await.map(|()| access),
            (Some(_), Scheme::Bearer) => Err(Error::new(Code::InvalidToken)
                .because("The access token is bound to a key: send it as Authorization: DPoP, with a proof.")),
            (None, Scheme::Dpop) => Err(Error::new(Code::InvalidToken)
                .because("The access token is not bound to a key: send it as Authorization: Bearer.")),
        }
    }

    async fn read_access(&self, tenant: &TenantId, token: &str, now: Timestamp) -> Result<AccessClaims, Error> {
        let verified = self.keyring.verify(tenant, token, "at+jwt").await?.map_err(|_| Code::InvalidToken)?;
        let claims: AccessClaims = verified.claims().map_err(|_| Code::InvalidToken)?;
        let in_time = claims.iat <= now.seconds().saturating_add(10) && now.seconds() < claims.exp;
        if claims.iss != self.urls.issuer(tenant) || !in_time {
            return Err(Code::InvalidToken.into());
        }
        Ok(claims)
    }

    /// What userinfo says (OpenID Connect Core §5.3.2).
    ///
    /// # Errors
    /// The token does not hold (401) or was not given for OpenID Connect (403).
    pub async fn userinfo(&self, tenant: &TenantId, shown: &Presented<'_>) -> Result<Map<String, Value>, Error> {
        let access = self.present(tenant, shown).await?;
        if !access.has_scope("openid") {
            return Err(Error::new(Code::Forbidden).because("The access token does not have the scope openid."));
        }
        let (Bearer::User(user), Some(grant)) = (&access.bearer, &access.grant) else {
            return Err(Code::InvalidToken.into());
        };
        let mut terms = grant.terms.clone();
        terms.scopes.retain(|scope| access.has_scope(scope));
        let mut claims = profile(user, &terms, &terms.userinfo_claims);
        claims.insert("sub".to_owned(), user.id.to_string().into());
        Ok(claims)
    }

    /// Introspects a token for a confidential client of the tenant (RFC 7662 §2).
    ///
    /// # Errors
    /// The caller did not authenticate (401), or sent no token.
    pub async fn introspect(
        &self,
        tenant: &TenantId,
        shown: &client_auth::Shown,
        params: &Params,
    ) -> Result<Introspection, Error> {
        let caller = self.caller(tenant, shown, params).await?;
        if caller.oauth.public {
            return Err(Error::new(Code::Unauthorized).because("Introspection is for confidential applications."));
        }
        let token = token_of(params)?;
        if let Some(found) = self.introspect_refresh(&caller, token).await? {
            return Ok(found);
        }
        match self.inspect(tenant, token).await {
            Ok(access) => Ok(describe(access)),
            Err(error) if error.code() == Code::InvalidToken => Ok(Introspection::INACTIVE),
            Err(error) => Err(error),
        }
    }

    /// A refresh token is described to its own client only.
    async fn introspect_refresh(&self, caller: &Application, token: &str) -> Result<Option<Introspection>, Error> {
        let Some(name) = Secrets::read_refresh(token) else { return Ok(None) };
        let now = self.ports.clock.now();
        let Some(grant) = self.ports.store.grant(&name.grant).await? else { return Ok(Some(Introspection::INACTIVE)) };
        let is_current =
            matches!(grant.phase, crate::grant::Phase::Live { generation, .. } if generation == name.generation);
        let genuine = self.secrets.is_refresh_of(&name, &grant) && grant.app == caller.id;
        if !is_current || !genuine || now >= grant.expires.min(grant.ends) {
            return Ok(Some(Introspection::INACTIVE));
        }
        let user = self.ports.store.user(&caller.tenant, &grant.user).await?;
        let Some(user) = user.filter(|user| Guest::admit(user, caller).is_ok()) else {
            return Ok(Some(Introspection::INACTIVE));
        };
        let claims = serde_json::json!({
            "client_id": caller.client_id, "sub": user.id, "iss": self.urls.issuer(&caller.tenant),
            "scope": super::scope::spell(&grant.terms.scopes), "exp": grant.expires.min(grant.ends).seconds(),
            "iat": grant.created.seconds(),
        });
        let (username, claims) = (Some(user.name), Box::new(claims));
        Ok(Some(Introspection::Active { active: true, token_type: "refresh_token", username, claims }))
    }

    /// Revokes a token of the calling client (RFC 7009 §2). A refresh token ends its login's tokens, an access token only
    /// itself; a token that is unknown, or another client's, is as good as revoked and stays untouched.
    ///
    /// # Errors
    /// The caller did not authenticate (401), or sent no token.
    pub async fn revoke(&self, tenant: &TenantId, shown: &client_auth::Shown, params: &Params) -> Result<(), Error> {
        let caller = self.caller(tenant, shown, params).await?;
        let token = token_of(params)?;
        if let Some(name) = Secrets::read_refresh(token) {
            let grant = self.ports.store.grant(&name.grant).await?;
            let is_theirs = |grant: &Grant| self.secrets.is_refresh_of(&name, grant) && grant.app == caller.id;
            if let Some(grant) = grant.filter(is_theirs) {
                self.ports.store.revoke_grant(&name.grant).await?;
                self.ports.record(self.told_of(&caller, &grant, What::TokenRevoked)).await?;
            }
            return Ok(());
        }
        let claims = match self.read_access(tenant, token, self.ports.clock.now()).await {
            Ok(claims) => claims,
            Err(error) if error.code() == Code::InvalidToken => return Ok(()),
            Err(error) => return Err(error),
        };
        if claims.client_id == caller.client_id {
            self.ports.store.revoke_token(&claims.jti, Timestamp::from_seconds(claims.exp)).await?;
            let event = self.told(&caller, What::TokenRevoked).session(claims.sid).grant(claims.gid);
            self.ports.record(event.with("jti", &claims.jti)).await?;
        }
        Ok(())
    }
}

fn token_of(params: &Params) -> Result<&str, Error> {
    params.get("token").ok_or_else(|| Error::new(Code::InvalidRequest).because("The parameter token is missing."))
}

fn describe(access: Access) -> Introspection {
    let username = match &access.bearer {
        Bearer::User(user) => Some(user.name.clone()),
        Bearer::App => None,
    };
    let claims = serde_json::to_value(&access.claims).unwrap_or_default();
    let token_type = access.claims.cnf.token_type();
    Introspection::Active { active: true, token_type, username, claims: Box::new(claims) }
}
