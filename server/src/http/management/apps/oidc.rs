//! The OAuth settings of an application. The secret comes in when an application is made and never goes out here.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::admin::{AppDraft, callbacks};
use vestibule_core::application::{Application, Callback, GrantType};
use vestibule_core::error::Error;
use vestibule_core::ports::Secret;
use vestibule_jose::{equal, sha256};

use super::super::super::body::Object;
use super::super::json::{Off, SecretText, invalid};
use super::authentication::{ClientAuthenticationBody, PushBody};
use super::same;
use super::tokens::{AccessTokenBody, CodeBody, IdTokenBody, RefreshTokenBody};

/// OAuth settings of an application. Members that are absent from a change stay; in a replacement they become the usual.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(in super::super) struct OidcBody {
    /// OAuth `client_id`; chosen when the application is made, or random.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_id: Option<String>,
    /// Chosen when the application is made, or random.
    #[serde(skip_serializing)]
    client_secret: Option<SecretText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<ClientState>,
    /// `authorization_code`, `refresh_token`, `client_credentials`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<String>>")]
    grant_types: Option<BTreeSet<GrantType>>,
    /// Where answers may go.
    #[serde(rename = "callbackURLs", skip_serializing_if = "Option::is_none")]
    callback_urls: Option<Vec<String>>,
    /// Origins whose pages may call.
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_origins: Option<BTreeSet<String>>,
    /// Has no secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_client: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pkce: Option<Object<PkceBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_code: Option<Object<CodeBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token: Option<Object<AccessTokenBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<Object<RefreshTokenBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<Object<IdTokenBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_authentication: Option<Object<ClientAuthenticationBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hybrid_flow: Option<Off>,
    #[serde(rename = "isFAPIApplication", skip_serializing_if = "Option::is_none")]
    fapi: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logout: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    push_authorization_request: Option<Object<PushBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_object: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope_validators: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<Object<SubjectBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validate_request_object_signature: Option<Off>,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum ClientState {
    Active,
}

/// PKCE (RFC 7636).
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct PkceBody {
    /// A login must bring a challenge; the usual for public clients.
    #[serde(skip_serializing_if = "Option::is_none")]
    mandatory: Option<bool>,
    /// The challenge may be `plain`.
    #[serde(skip_serializing_if = "Option::is_none")]
    support_plain_transform_algorithm: Option<bool>,
}

/// How users are named to the client.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct SubjectBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_type: Option<SubjectType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sector_identifier_uri: Option<Off>,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SubjectType {
    Public,
}

impl OidcBody {
    pub(super) fn of(app: &Application) -> Self {
        let settings = &app.oauth;
        let pkce = PkceBody {
            mandatory: Some(settings.pkce_required),
            support_plain_transform_algorithm: Some(settings.pkce_plain),
        };
        Self {
            client_id: Some(app.client_id.clone()),
            state: Some(ClientState::Active),
            grant_types: Some(settings.grants.clone()),
            callback_urls: Some(settings.callbacks.iter().map(Callback::as_str).map(str::to_owned).collect()),
            allowed_origins: Some(settings.origins.clone()),
            public_client: Some(settings.public),
            pkce: Some(Object(pkce)),
            authorization_code: Some(Object(CodeBody::of(settings))),
            access_token: Some(Object(AccessTokenBody::of(settings))),
            refresh_token: Some(Object(RefreshTokenBody::of(settings))),
            id_token: Some(Object(IdTokenBody::of(settings))),
            client_authentication: ClientAuthenticationBody::of(settings).map(Object),
            push_authorization_request: PushBody::of(settings).map(Object),
            ..Self::default()
        }
    }

    pub(super) fn is_public(&self) -> bool {
        self.public_client.unwrap_or(false)
    }

    pub(super) fn secret(&self) -> Option<Secret<String>> {
        self.client_secret.as_ref().map(|SecretText(secret)| secret.clone())
    }

    /// What only the server decides must be what it is.
    pub(super) fn is_about(&self, app: &Application) -> Result<(), Error> {
        same("clientId", self.client_id.as_ref(), &app.client_id)?;
        let Some(SecretText(secret)) = &self.client_secret else { return Ok(()) };
        let digest = sha256(secret.expose().as_bytes());
        if app.secrets.iter().any(|kept| equal(&kept.digest, &digest)) {
            return Ok(());
        }
        Err(invalid(
            "clientSecret cannot be changed: POST …/inbound-protocols/oidc/regenerate-secret makes another one.",
        ))
    }

    /// Does to an application what the body says.
    pub(super) fn apply(&self, draft: &mut AppDraft) -> Result<(), Error> {
        if let Some(public) = self.public_client {
            draft.set_public(public);
        }
        let settings = &mut draft.oauth;
        if let Some(grants) = &self.grant_types {
            settings.grants.clone_from(grants);
        }
        if let Some(urls) = &self.callback_urls {
            settings.callbacks = callbacks(urls)?;
        }
        if let Some(origins) = &self.allowed_origins {
            settings.origins.clone_from(origins);
        }
        if let Some(Object(pkce)) = &self.pkce {
            settings.pkce_required = pkce.mandatory.unwrap_or(settings.pkce_required);
            settings.pkce_plain = pkce.support_plain_transform_algorithm.unwrap_or(settings.pkce_plain);
        }
        if let Some(Object(code)) = &self.authorization_code {
            code.apply(settings);
        }
        if let Some(Object(token)) = &self.access_token {
            token.apply(settings);
        }
        if let Some(Object(token)) = &self.refresh_token {
            token.apply(settings);
        }
        if let Some(Object(token)) = &self.id_token {
            token.apply(settings);
        }
        if let Some(Object(authentication)) = &self.client_authentication {
            authentication.apply(settings)?;
        }
        if let Some(Object(push)) = &self.push_authorization_request {
            push.apply(settings);
        }
        Ok(())
    }
}
