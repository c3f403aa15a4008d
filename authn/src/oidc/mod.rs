//! OpenID Connect (`OpenIDConnectAuthenticator`): any provider that keeps the standard, Microsoft among them.

use vestibule_core::flow::authenticator::{Authenticator, Setting, Spec};

use crate::federated::settings::{
    ALIAS, AUTHORIZE, BASIC, CLIENT_ID, CLIENT_SECRET, ISS_REQUIRED, ISSUER, JWKS, JWKS_URI, MORE, NATIVE, PKCE,
    SCOPES, TOKEN, USERINFO,
};
use crate::federated::{ELSEWHERE, Federated, Provider};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Federated(OpenIdConnect);

struct OpenIdConnect;

static SPEC: Spec = Spec {
    name: "OpenIDConnectAuthenticator",
    display: "openidconnect",
    i18n_key: "authenticator.oidc",
    summary: "An account at any OpenID Connect provider.",
    ..ELSEWHERE
};

static SETTINGS: &[Setting] = &[
    CLIENT_ID,
    CLIENT_SECRET,
    AUTHORIZE.required(),
    TOKEN.required(),
    USERINFO,
    SCOPES.or("openid email profile"),
    ISSUER.required(),
    JWKS_URI,
    JWKS,
    NATIVE,
    ALIAS,
    ISS_REQUIRED,
    PKCE,
    BASIC,
    MORE,
];

impl Provider for OpenIdConnect {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }
}
