//! LinkedIn (`LinkedInOIDC`).

use vestibule_core::flow::authenticator::{Authenticator, Setting, Spec};

use crate::federated::settings::{
    AUTHORIZE, BASIC, CLIENT_ID, CLIENT_SECRET, ISS_REQUIRED, ISSUER, JWKS, JWKS_URI, MORE, PKCE, SCOPES, TOKEN,
    USERINFO,
};
use crate::federated::{ELSEWHERE, Federated, Provider};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Federated(LinkedIn);

struct LinkedIn;

static SPEC: Spec = Spec {
    name: "LinkedInOIDC",
    display: "LinkedIn",
    i18n_key: "authenticator.oidc",
    summary: "An account at LinkedIn.",
    ..ELSEWHERE
};

static SETTINGS: &[Setting] = &[
    CLIENT_ID,
    CLIENT_SECRET,
    AUTHORIZE.or("https://www.linkedin.com/oauth/v2/authorization"),
    TOKEN.or("https://www.linkedin.com/oauth/v2/accessToken"),
    USERINFO,
    SCOPES.or("openid profile email"),
    ISSUER.or("https://www.linkedin.com/oauth"),
    JWKS_URI.or("https://www.linkedin.com/oauth/openid/jwks"),
    JWKS,
    ISS_REQUIRED,
    PKCE,
    BASIC,
    MORE,
];

impl Provider for LinkedIn {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    /// Its ID tokens need not carry the nonce; the code is bound to the flow by state and client secret, and by PKCE where it
    /// heeds it.
    fn echoes_nonce(&self) -> bool {
        false
    }

    fn other_issuers(&self) -> &'static [&'static str] {
        &["https://www.linkedin.com"]
    }
}
