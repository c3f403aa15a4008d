//! An authorization request: a list of checks that turns parameters into a request that may be answered. The order is
//! the documentation.

mod checks;
mod requested;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use requested::RequestedClaims;

use super::admission::Admitted;
use super::{Params, client_auth};
use crate::application::Application;
use crate::error::{Code, Error};
use crate::flow::{Progressed, Source};
use crate::grant::Challenge;
use crate::house::House;
use crate::ports::{TenantId, UserId};
use crate::session::Presence;

/// A request that passed every check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AuthorizationRequest {
    /// Where the client expects the code.
    #[serde(rename = "u")]
    pub redirect_uri: String,
    /// The request did not name the redirect URI, so the token request need not either.
    #[serde(rename = "i", skip_serializing_if = "std::ops::Not::not")]
    pub redirect_implied: bool,
    /// Scopes that will be granted.
    #[serde(rename = "c")]
    pub scopes: BTreeSet<String>,
    /// Given back to the byte.
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// For the ID token.
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// PKCE.
    #[serde(rename = "k", skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Challenge>,
    /// What is asked of sessions.
    #[serde(rename = "p")]
    pub prompt: PromptRule,
    /// Oldest login in seconds that is good enough (OpenID Connect Core §3.1.2.1).
    #[serde(rename = "m", skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u32>,
    /// A hint of the user's name.
    #[serde(rename = "h", skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// Context classes asked for, the preferred first.
    #[serde(rename = "a", skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
    /// Languages asked for, the preferred first.
    #[serde(rename = "l", skip_serializing_if = "Vec::is_empty")]
    pub ui_locales: Vec<String>,
    /// The `claims` parameter.
    #[serde(rename = "q", skip_serializing_if = "RequestedClaims::is_empty")]
    pub claims: RequestedClaims,
    /// Only this user will do: `id_token_hint` or an essential `sub`.
    #[serde(rename = "w", skip_serializing_if = "Option::is_none")]
    pub only_user: Option<UserId>,
}

/// What a request asks of sessions (`prompt`, OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PromptRule {
    /// A session is good enough.
    #[default]
    Any,
    /// Without a session the request fails.
    None,
    /// A session does not count.
    Login,
}

/// What a check sees: the client is known and has shown that it is the client.
pub struct Draft<'a> {
    /// The application that asks.
    pub app: &'a Application,
    /// The parameters as they came.
    pub params: &'a Params,
    /// It was pushed before (RFC 9126).
    pub pushed: bool,
    /// User of a verified `id_token_hint`.
    pub hinted: Option<UserId>,
    /// The request so far.
    pub request: AuthorizationRequest,
}

/// One check: it may refuse and it may fill in its part of the request.
pub type Check = fn(&mut Draft<'_>) -> Result<(), Error>;

/// The checks of an authorization request in direct mode.
pub const CHECKS: [Check; 14] = checks_with(checks::response_type_is_code, checks::redirect_uri_is_registered);

/// The checks of a request that begins at the authorization challenge endpoint: nothing is redirected there, so the
/// response type goes without saying and so does the redirect URI (draft-ietf-oauth-first-party-apps §5.1).
pub const CHALLENGE_CHECKS: [Check; 14] =
    checks_with(checks::response_type_is_code_if_given, checks::redirect_uri_is_registered_or_implied);

/// All checks, in their order, with those that are a face's own.
const fn checks_with(response_type: Check, redirect_uri: Check) -> [Check; 14] {
    [
        checks::client_is_enabled,
        checks::native_login_is_enabled,
        checks::grant_is_allowed,
        checks::request_is_pushed_where_it_must_be,
        checks::nothing_is_asked_that_is_not_built,
        response_type,
        redirect_uri,
        checks::parameters_fit_into_the_flow_id,
        checks::pkce_is_present_and_strong,
        checks::scope_is_well_formed,
        checks::prompt_is_known,
        checks::max_age_is_a_number,
        checks::hints_are_taken_over,
        checks::claims_are_json,
    ]
}

impl House {
    /// Answers an authorization request in direct mode.
    ///
    /// # Errors
    /// A refusal of the catalogue.
    pub async fn authorize_natively(
        &self,
        tenant: &TenantId,
        shown: &client_auth::Shown,
        params: &Params,
        source: &Source,
    ) -> Result<Progressed, Error> {
        self.start_login((tenant, &CHECKS), shown, params, source).await
    }

    /// Starts a login at one of its faces, which has checks of its own. The session of the browser goes before `sessionId`.
    ///
    /// # Errors
    /// A refusal of the catalogue.
    pub(super) async fn start_login(
        &self,
        (tenant, checks): (&TenantId, &[Check]),
        shown: &client_auth::Shown,
        params: &Params,
        source: &Source,
    ) -> Result<Progressed, Error> {
        let (admitted, request, named) = self.entering(tenant, shown, params, checks).await?;
        self.engine.start(&admitted, request, (source.presence.or(named), source)).await
    }

    /// The client that begins a login, what it asks for, in this request or in one that it pushed before, and the session
    /// that `sessionId` names: single sign-on of apps, which have no cookie.
    ///
    /// # Errors
    /// The client is not admitted, or a check refused.
    async fn entering(
        &self,
        tenant: &TenantId,
        shown: &client_auth::Shown,
        params: &Params,
        checks: &[Check],
    ) -> Result<(Admitted, AuthorizationRequest, Option<Presence>), Error> {
        let pushed = params.get("request_uri").is_some();
        let (admitted, kept) = match pushed {
            true => self.admit_pushed(tenant, shown, params).await.map(|(admitted, kept)| (admitted, Some(kept)))?,
            false => (self.admit(tenant, shown, params).await?, None),
        };
        let params = kept.as_ref().unwrap_or(params);
        let request = self.checked(&admitted, params, (checks, pushed)).await?;
        let named = params.get("sessionId").and_then(|isk| self.secrets.read_isk(isk));
        // An ID token goes many ways: that of a bound login is worth nothing without the key.
        let named = named.filter(|named| named.key.is_none() || named.key == admitted.binding().jkt);
        Ok((admitted, request, named))
    }

    /// The request of a client that is admitted, if it passes every check.
    pub(super) async fn checked(
        &self,
        admitted: &Admitted,
        params: &Params,
        (checks, pushed): (&[Check], bool),
    ) -> Result<AuthorizationRequest, Error> {
        let app = admitted.app();
        let hinted = self.hinted(&app.tenant, app, params).await?;
        let mut draft = Draft { app, params, pushed, hinted, request: AuthorizationRequest::default() };
        checks.iter().try_for_each(|check| check(&mut draft))?;
        Ok(draft.request)
    }

    /// The user of an `id_token_hint` (OpenID Connect Core §3.1.2.1).
    async fn hinted(&self, tenant: &TenantId, app: &Application, params: &Params) -> Result<Option<UserId>, Error> {
        let Some(hint) = params.get("id_token_hint") else { return Ok(None) };
        let claims = self.issuer.read_hint(tenant, hint).await?;
        match claims.filter(|claims| claims.aud == app.client_id) {
            Some(claims) => Ok(Some(claims.sub)),
            None => Err(Error::new(Code::InvalidRequest)
                .because("The id_token_hint is not an ID token that was issued to the application.")
                .oauth("invalid_request")),
        }
    }
}
