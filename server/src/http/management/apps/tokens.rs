//! What an application's code and tokens are like.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::application::OauthSettings;
use vestibule_jose::Algorithm;

use super::super::super::body::Object;
use super::super::json::{Off, On};
use super::advanced::set;

/// The authorization code.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct CodeBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry_in_seconds: Option<u64>,
}

/// Access tokens.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct AccessTokenBody {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<TokenKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_access_token_expiry_in_seconds: Option<u64>,
    /// Of a token of the application itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    application_access_token_expiry_in_seconds: Option<u64>,
    /// `ES256`, `RS256`, `PS256` or `EdDSA`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    access_token_signed_response_alg: Option<Algorithm>,
    /// `DPoP`: logins and tokens must be bound to a key (RFC 9449). Tokens end with the session, whatever is said here.
    #[serde(skip_serializing_if = "Option::is_none")]
    binding_type: Option<Binding>,
    #[serde(rename = "revokeTokensWhenIDPSessionTerminated", skip_serializing_if = "Option::is_none")]
    revoke_tokens_with_session: Option<On>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validate_token_binding: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_token_attributes: Option<Off>,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum TokenKind {
    Jwt,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
enum Binding {
    #[serde(rename = "sso-session")]
    Session,
    #[serde(rename = "DPoP")]
    Key,
    None,
}

/// Refresh tokens.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct RefreshTokenBody {
    /// From its last use.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry_in_seconds: Option<u64>,
    /// From the login.
    #[serde(skip_serializing_if = "Option::is_none")]
    absolute_expiry_in_seconds: Option<u64>,
    /// A refresh gives a new refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    renew_refresh_token: Option<bool>,
    /// How long an identical refresh gets the same successor; usually 30, for public clients 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_window_in_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extend_renewed_refresh_token_expiry_time: Option<On>,
}

/// ID tokens.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct IdTokenBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry_in_seconds: Option<u64>,
    /// `RS256`, `PS256`, `ES256` or `EdDSA`. Shipped browser SDKs take the first two only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    id_token_signed_response_alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audience: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption: Option<Object<EncryptionBody>>,
}

/// Encryption of ID tokens, which is off.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct EncryptionBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    algorithm: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<Off>,
}

impl CodeBody {
    pub(super) fn of(settings: &OauthSettings) -> Self {
        Self { expiry_in_seconds: Some(settings.lifetimes.code.as_secs()) }
    }

    pub(super) fn apply(&self, settings: &mut OauthSettings) {
        set(&mut settings.lifetimes.code, self.expiry_in_seconds);
    }
}

impl AccessTokenBody {
    pub(super) fn of(settings: &OauthSettings) -> Self {
        Self {
            kind: Some(TokenKind::Jwt),
            user_access_token_expiry_in_seconds: Some(settings.lifetimes.access_token.as_secs()),
            application_access_token_expiry_in_seconds: Some(settings.lifetimes.app_access_token.as_secs()),
            access_token_signed_response_alg: Some(settings.access_token_alg),
            binding_type: Some(if settings.dpop_required { Binding::Key } else { Binding::Session }),
            revoke_tokens_with_session: Some(On),
            validate_token_binding: Some(Off),
            access_token_attributes: None,
        }
    }

    pub(super) fn apply(&self, settings: &mut OauthSettings) {
        set(&mut settings.lifetimes.access_token, self.user_access_token_expiry_in_seconds);
        set(&mut settings.lifetimes.app_access_token, self.application_access_token_expiry_in_seconds);
        settings.dpop_required = self.binding_type.map_or(settings.dpop_required, |kind| matches!(kind, Binding::Key));
        settings.access_token_alg = self.access_token_signed_response_alg.unwrap_or(settings.access_token_alg);
    }
}

impl RefreshTokenBody {
    pub(super) fn of(settings: &OauthSettings) -> Self {
        Self {
            expiry_in_seconds: Some(settings.lifetimes.refresh.as_secs()),
            absolute_expiry_in_seconds: Some(settings.lifetimes.refresh_absolute.as_secs()),
            renew_refresh_token: Some(settings.rotate_refresh),
            repeat_window_in_seconds: settings.repeat_window.map(|window| window.as_secs()),
            extend_renewed_refresh_token_expiry_time: None,
        }
    }

    pub(super) fn apply(&self, settings: &mut OauthSettings) {
        set(&mut settings.lifetimes.refresh, self.expiry_in_seconds);
        set(&mut settings.lifetimes.refresh_absolute, self.absolute_expiry_in_seconds);
        settings.rotate_refresh = self.renew_refresh_token.unwrap_or(settings.rotate_refresh);
        settings.repeat_window = self.repeat_window_in_seconds.map(Duration::from_secs).or(settings.repeat_window);
    }
}

impl IdTokenBody {
    pub(super) fn of(settings: &OauthSettings) -> Self {
        Self {
            expiry_in_seconds: Some(settings.lifetimes.id_token.as_secs()),
            id_token_signed_response_alg: Some(settings.id_token_alg),
            ..Self::default()
        }
    }

    pub(super) fn apply(&self, settings: &mut OauthSettings) {
        set(&mut settings.lifetimes.id_token, self.expiry_in_seconds);
        settings.id_token_alg = self.id_token_signed_response_alg.unwrap_or(settings.id_token_alg);
    }
}
