//! Microsoft by its older name (`Office365Authenticator`). Its ID tokens say nothing of whether an address is verified, so accounts
//! of all tenants are told apart by issuer and subject alone.

use vestibule_core::flow::authenticator::{Authenticator, Setting, Spec};

use crate::federated::settings::{
    ALIAS, AUTHORIZE, BASIC, CLIENT_ID, CLIENT_SECRET, ISS_REQUIRED, ISSUER, JWKS, JWKS_URI, MORE, NATIVE, PKCE,
    SCOPES, TOKEN, USERINFO,
};
use crate::federated::{ELSEWHERE, Federated, Provider};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Federated(Microsoft);

struct Microsoft;

static SPEC: Spec = Spec {
    name: "Office365Authenticator",
    display: "Office365",
    i18n_key: "authenticator.oidc",
    summary: "An account at Microsoft, by the older name.",
    ..ELSEWHERE
};

static SETTINGS: &[Setting] = &[
    CLIENT_ID,
    CLIENT_SECRET,
    AUTHORIZE.or("https://login.microsoftonline.com/common/oauth2/v2.0/authorize"),
    TOKEN.or("https://login.microsoftonline.com/common/oauth2/v2.0/token"),
    USERINFO,
    SCOPES.or("openid email profile"),
    ISSUER.or("https://login.microsoftonline.com/{tenantid}/v2.0"),
    JWKS_URI.or("https://login.microsoftonline.com/common/discovery/v2.0/keys"),
    JWKS,
    NATIVE,
    ALIAS,
    ISS_REQUIRED,
    PKCE,
    BASIC,
    MORE,
];

impl Provider for Microsoft {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }
}
