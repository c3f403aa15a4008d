//! Logout: ends the session that a hint, a cookie or both name, and with it every token that was given in it.

use super::Params;
use super::claims::HintClaims;
use super::issue::Issuer;
use crate::application::Application;
use crate::audit::{Actor, What};
use crate::error::{Code, Error};
use crate::ports::{AppId, SessionId, TenantId};

/// Where an ordinary logout sends the browser.
#[derive(Debug, PartialEq, Eq)]
pub struct Departure {
    /// The registered address with `state`; `None`: to a page that says it is done.
    pub location: Option<String>,
}

impl Issuer {
    /// What an ID token shown as a hint says, if this tenant signed it. It may be out of date (OpenID Connect RP-Initiated
    /// Logout §2).
    ///
    /// # Errors
    /// It is not one of this tenant's ID tokens.
    pub async fn read_hint(&self, tenant: &TenantId, hint: &str) -> Result<Option<HintClaims>, Error> {
        let claims = self.keyring.verify(tenant, hint, "JWT").await?.ok().and_then(|token| token.claims().ok());
        Ok(claims.filter(|claims: &HintClaims| claims.iss == self.urls.issuer(tenant)))
    }

    /// Logout in direct mode (WSO2 app-native logout).
    ///
    /// # Errors
    /// The application or the session is not named (60010), native login is off (60008), or the store failed (65005).
    pub async fn logout_natively(
        &self,
        tenant: &TenantId,
        params: &Params,
        cookie: Option<SessionId>,
    ) -> Result<(), Error> {
        let (app, hint) = self.leaving(tenant, params).await?;
        let Some(app) = app else {
            return Err(invalid("Unable to resolve client_id to perform app native logout."));
        };
        if !app.enabled {
            return Err(Code::ApplicationDisabled.into());
        }
        if !app.native {
            return Err(Error::filled(Code::AppNativeNotEnabled, &[("client_id", &app.client_id)])
                .because("App native authentication should be enabled in the app to perform app native logout."));
        }
        let session = match (hint, cookie) {
            (Some(hint), _) => self.session_of(&hint),
            (None, Some(session)) => Some(session),
            (None, None) => {
                return Err(invalid("App native logout required the session cookies or the id_token."));
            }
        };
        self.end((tenant, app.id), session).await
    }

    /// Ordinary logout (OpenID Connect RP-Initiated Logout §2): never redirects to an address that is not registered.
    ///
    /// # Errors
    /// The hint or the address does not hold (60010), or the store failed (65005).
    pub async fn logout_by_redirect(
        &self,
        tenant: &TenantId,
        params: &Params,
        cookie: Option<SessionId>,
    ) -> Result<Departure, Error> {
        let (app, hint) = self.leaving(tenant, params).await?;
        let location = match (params.get("post_logout_redirect_uri"), &app) {
            (None, _) => None,
            (Some(uri), Some(app)) if app.oauth.accepts_callback(uri) => Some(uri.to_owned()),
            (Some(_), Some(_)) => return Err(invalid("The post_logout_redirect_uri is not registered.")),
            (Some(_), None) => {
                return Err(invalid("A post_logout_redirect_uri needs a client_id or an id_token_hint."));
            }
        };
        // A page anywhere can send a browser here: without naming an application nothing ends (ASVS 10.6.2), and a hint
        // ends its own session alone.
        let Some(app) = app else {
            return Err(invalid("A logout needs a client_id or an id_token_hint."));
        };
        let hinted = hint.and_then(|hint| self.session_of(&hint));
        self.end((tenant, app.id), hinted.or(cookie)).await?;
        let location = location.map(|uri| match params.get("state") {
            Some(state) => with_state(&uri, state),
            None => uri,
        });
        Ok(Departure { location })
    }

    /// The session of a hint. To end one nobody needs its key.
    fn session_of(&self, hint: &HintClaims) -> Option<SessionId> {
        self.secrets.read_isk(&hint.isk).map(|named| named.session)
    }

    /// The application that a logout comes from and what its hint says.
    async fn leaving(
        &self,
        tenant: &TenantId,
        params: &Params,
    ) -> Result<(Option<Application>, Option<HintClaims>), Error> {
        let hint = match params.get("id_token_hint") {
            None => None,
            Some(hint) => {
                let claims = self.read_hint(tenant, hint).await.map_err(failed)?;
                Some(claims.ok_or_else(|| invalid("The id_token_hint is not an ID token of this tenant."))?)
            }
        };
        let client = match (params.get("client_id"), &hint) {
            (Some(client), Some(hint)) if client != hint.aud => {
                return Err(invalid("The client_id and the id_token_hint name different applications."));
            }
            (Some(client), _) => Some(client),
            (None, hint) => hint.as_ref().map(|hint| hint.aud.as_str()),
        };
        let Some(client) = client else { return Ok((None, hint)) };
        let app = self.ports.store.app_by_client(tenant, client).await.map_err(|fault| failed(fault.into()))?;
        let shown: String = client.chars().take(150).collect();
        let names = [("client_id", shown.as_str()), ("tenant_domain", tenant.as_str())];
        let app = app.ok_or_else(|| Error::filled(Code::ApplicationNotFound, &names))?;
        Ok((Some(app), hint))
    }

    /// Ends a session of the tenant; one of another tenant is none.
    async fn end(&self, (tenant, app): (&TenantId, AppId), session: Option<SessionId>) -> Result<(), Error> {
        let Some(session) = session else { return Ok(()) };
        let found = self.ports.store.session(&session).await.map_err(|fault| failed(fault.into()))?;
        // One that was swept is ended all the same: its grants may outlive it.
        if found.as_ref().is_some_and(|found| found.tenant != *tenant) {
            return Ok(());
        }
        let ended = self.ports.store.end_session(&session, self.ports.clock.now()).await;
        let ended = ended.map_err(|fault| failed(fault.into()))?;
        if ended {
            let user = found.map(|found| found.user);
            let actor = user.map_or(Actor::Nobody, Actor::User);
            let event = self.ports.event(What::SessionEnded, tenant).by(actor).user(user).session(session);
            let told = self.ports.record(event.app(app).because("logout")).await;
            told.map_err(|fault| failed(fault.into()))?;
        }
        Ok(())
    }
}

fn invalid(description: &'static str) -> Error {
    Error::new(Code::InvalidLogoutRequest).because(description)
}

/// A part of the server failed while a logout was carried out (65005).
fn failed(mut error: Error) -> Error {
    match error.take_cause() {
        Some(cause) => Error::new(Code::LogoutFailed).caused_by(cause),
        None => error,
    }
}

/// The address with `state` added to its query.
fn with_state(uri: &str, state: &str) -> String {
    let joint = if uri.contains('?') { '&' } else { '?' };
    let state: String = url::form_urlencoded::byte_serialize(state.as_bytes()).collect();
    format!("{uri}{joint}state={state}")
}
