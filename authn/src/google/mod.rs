//! Google (`GoogleOIDCAuthenticator`), by redirect or with the tokens of its SDK.

use vestibule_core::flow::authenticator::{Authenticator, Setting, Spec};

use crate::federated::settings::{
    ALIAS, AUTHORIZE, BASIC, CLIENT_ID, CLIENT_SECRET, ISS_REQUIRED, ISSUER, JWKS, JWKS_URI, MORE, NATIVE, PKCE,
    SCOPES, TOKEN, USERINFO,
};
use crate::federated::{ELSEWHERE, Federated, Provider};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Federated(Google);

struct Google;

static SPEC: Spec = Spec {
    name: "GoogleOIDCAuthenticator",
    display: "Google",
    i18n_key: "authenticator.google",
    summary: "An account at Google.",
    ..ELSEWHERE
};

static SETTINGS: &[Setting] = &[
    CLIENT_ID,
    CLIENT_SECRET,
    AUTHORIZE.or("https://accounts.google.com/o/oauth2/v2/auth"),
    TOKEN.or("https://oauth2.googleapis.com/token"),
    USERINFO,
    SCOPES.or("openid email profile"),
    ISSUER.or("https://accounts.google.com"),
    JWKS_URI.or("https://www.googleapis.com/oauth2/v3/certs"),
    JWKS,
    NATIVE,
    ALIAS,
    ISS_REQUIRED,
    PKCE,
    BASIC,
    MORE,
];

impl Provider for Google {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn other_issuers(&self) -> &'static [&'static str] {
        &["accounts.google.com"]
    }
}
