//! The settings that connections to identity providers share, in the names that WSO2's users script.

use vestibule_core::connection::Connection;
use vestibule_core::flow::authenticator::{Setting, SettingKind};
use vestibule_jose::JwkSet;

/// The client's name at the provider.
pub(crate) const CLIENT_ID: Setting =
    Setting::text("ClientId", "Client ID", "The client's name at the identity provider.").required();

/// The client's secret at the provider.
pub(crate) const CLIENT_SECRET: Setting =
    Setting::text("ClientSecret", "Client secret", "The client's secret at the identity provider.")
        .of(SettingKind::Secret);

/// Where browsers are sent.
pub(crate) const AUTHORIZE: Setting =
    Setting::text("OAuth2AuthzEPUrl", "Authorization endpoint", "The page that is opened for the user.")
        .of(SettingKind::Url);

/// Where codes are exchanged.
pub(crate) const TOKEN: Setting =
    Setting::text("OAuth2TokenEPUrl", "Token endpoint", "Where codes are exchanged for tokens.")
        .of(SettingKind::Endpoint);

/// Where more is told of the user.
pub(crate) const USERINFO: Setting = Setting::text(
    "UserInfoUrl",
    "Userinfo endpoint",
    "Where more is told of the user; without it, what the ID token says is all.",
)
.of(SettingKind::Url);

/// What is asked for.
pub(crate) const SCOPES: Setting = Setting::text("Scopes", "Scopes", "What is asked for, with blanks between.");

/// More parameters of the authorization request.
pub(crate) const MORE: Setting = Setting::text(
    "commonAuthQueryParams",
    "Additional query parameters",
    "More parameters of the authorization request, as in a query; they replace none of the server's own.",
);

/// PKCE.
pub(crate) const PKCE: Setting =
    Setting::text("IsPKCEEnabled", "PKCE", "Codes are bound to the flow by PKCE with S256.")
        .of(SettingKind::Switch)
        .or("true");

/// How the client shows itself.
pub(crate) const BASIC: Setting = Setting::text(
    "IsBasicAuthEnabled",
    "HTTP Basic authentication",
    "The client shows itself in the Authorization header instead of the body.",
)
.of(SettingKind::Switch)
.or("false");

/// The provider's name for itself.
pub(crate) const ISSUER: Setting = Setting::text(
    "idpIssuerName",
    "Issuer",
    "The issuer of the provider's ID tokens; {tenantid} stands for the tenant that their claim tid names.",
);

/// Where the provider's keys are.
pub(crate) const JWKS_URI: Setting =
    Setting::text("jwksUri", "JWKS address", "Where the keys are that check the provider's ID tokens.")
        .of(SettingKind::Url);

/// The provider's keys.
pub(crate) const JWKS: Setting =
    Setting::text("jwks", "Keys", "A JSON Web Key Set that is used instead of the one at the JWKS address.");

/// Native mode.
pub(crate) const NATIVE: Setting = Setting::text(
    "isTrustedTokenIssuer",
    "Native mode",
    "The app brings tokens of the provider's own SDK instead of a code.",
)
.of(SettingKind::Switch)
.or("false");

/// Audience of the tokens in native mode.
pub(crate) const ALIAS: Setting = Setting::text(
    "alias",
    "Audience",
    "The audience of ID tokens in native mode; without it, the client's name at the provider.",
);

/// RFC 9207.
pub(crate) const ISS_REQUIRED: Setting = Setting::text(
    "IsIssParameterRequired",
    "Issuer in the answer",
    "Answers without the parameter iss (RFC 9207) are refused.",
)
.of(SettingKind::Switch)
.or("false");

/// Refuses a connection whose ID tokens could not be checked.
pub(crate) fn check_keys(connection: &Connection, known: &[Setting]) -> Result<(), String> {
    let default = |name: &str| known.iter().find(|setting| setting.name == name).map(|setting| setting.default);
    let has = |name: &str| connection.setting(name).or_else(|| default(name)).is_some_and(|value| !value.is_empty());
    if !has("idpIssuerName") {
        return Err("The property idpIssuerName is required.".to_owned());
    }
    if !has("jwksUri") && !has("jwks") {
        return Err("One of the properties jwksUri and jwks is required.".to_owned());
    }
    match connection.setting("jwks").filter(|keys| !keys.is_empty()).map(serde_json::from_str::<JwkSet>) {
        Some(Err(_)) => Err("The property jwks must be a JSON Web Key Set of public keys.".to_owned()),
        Some(Ok(_)) | None => Ok(()),
    }
}
