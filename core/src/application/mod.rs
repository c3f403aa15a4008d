//! Applications: who may ask for a login, how its tokens look, and through which steps its users go.

mod client_auth;
mod redirect;
mod sequence;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_jose::Algorithm;

pub use client_auth::{ASSERTION_ALGORITHMS, AuthMethod, CertificateName, ClientAuthentication, ClientSecret};
pub use redirect::{BadRedirect, Callback};
pub use sequence::{CUSTOM, Limits, Sequence, SequenceStep, StepOption, authenticator_id, read_authenticator_id};

use crate::attestation::AttestationPolicy;
use crate::ports::{AppId, TenantId, Timestamp};

/// An application that signs its users in here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// Its id in the management API.
    pub id: AppId,
    /// The realm.
    pub tenant: TenantId,
    /// Counts the changes; a change names the revision that it saw.
    pub revision: u64,
    /// A name for people, unique in the tenant.
    pub name: String,
    /// A sentence for people.
    pub description: String,
    /// Switched off, nobody signs in and no token is given.
    pub enabled: bool,
    /// App-native authentication is allowed (`enableAPIBasedAuthentication`).
    pub native: bool,
    /// OAuth `client_id`, unique in the tenant.
    pub client_id: String,
    /// Digests of the client secrets that are good now.
    pub secrets: Vec<ClientSecret>,
    /// OAuth settings.
    pub oauth: OauthSettings,
    /// The steps of a login.
    pub sequence: Sequence,
    /// A user who must use a factor that is not enrolled yet is offered its enrolment inside the login.
    #[serde(default)]
    pub enrolment: bool,
    /// Apps on phones that are this application: their passkeys are those of its pages.
    #[serde(default)]
    pub mobile: MobileApps,
    /// What is asked of its apps.
    #[serde(default)]
    pub attestation: AttestationPolicy,
    /// Management scopes that a `client_credentials` token of this application may carry.
    pub management_scopes: BTreeSet<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
}

/// Apps on phones that belong to an application (WSO2's `trustedAppConfiguration`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MobileApps {
    /// Android package name.
    pub android_package: Option<String>,
    /// SHA-256 digests of the certificates that sign the Android app.
    pub android_digests: Vec<[u8; 32]>,
    /// Apple's app id, as `TEAMID.com.example.app`.
    pub apple_app: Option<String>,
}

/// Grants that an application may use (RFC 6749 §1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4.
    ClientCredentials,
}

impl GrantType {
    /// All grants, in the order of the documents.
    pub const ALL: &[Self] = &[Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    /// The `grant_type` of the token request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// OAuth settings of an application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OauthSettings {
    /// Has no secret: authentication method `none`.
    pub public: bool,
    /// How a confidential one authenticates.
    pub client_auth: ClientAuthentication,
    /// A login must begin with a pushed request (RFC 9126 §6).
    pub pushed_only: bool,
    /// Grants it may use.
    pub grants: BTreeSet<GrantType>,
    /// Where answers may go.
    pub callbacks: Vec<Callback>,
    /// Origins whose pages may call with CORS.
    pub origins: BTreeSet<String>,
    /// A login must bring a PKCE challenge.
    pub pkce_required: bool,
    /// PKCE may use `plain`.
    pub pkce_plain: bool,
    /// Logins and tokens must be bound to a key by DPoP (RFC 9449 §5.2, `dpop_bound_access_tokens`).
    pub dpop_required: bool,
    /// Algorithm of access tokens.
    pub access_token_alg: Algorithm,
    /// Algorithm of ID tokens.
    pub id_token_alg: Algorithm,
    /// Lifetimes.
    pub lifetimes: Lifetimes,
    /// A refresh gives a new refresh token (RFC 9700 §4.14.2).
    pub rotate_refresh: bool,
    /// How long an identical refresh is answered with the same successor; `None`: 30 s, for public clients without a
    /// bound key 0.
    pub repeat_window: Option<Duration>,
}

impl Default for OauthSettings {
    fn default() -> Self {
        Self {
            public: false,
            client_auth: ClientAuthentication::default(),
            pushed_only: false,
            grants: [GrantType::AuthorizationCode, GrantType::RefreshToken].into(),
            callbacks: Vec::new(),
            origins: BTreeSet::new(),
            pkce_required: false,
            pkce_plain: false,
            dpop_required: false,
            access_token_alg: Algorithm::ES256,
            id_token_alg: Algorithm::RS256,
            lifetimes: Lifetimes::default(),
            rotate_refresh: true,
            repeat_window: None,
        }
    }
}

impl OauthSettings {
    /// How long an identical refresh is answered with the same successor. `bound`: only whoever has a key can refresh.
    pub fn repeat_window(&self, bound: bool) -> Duration {
        let open = self.public && !bound;
        self.repeat_window.unwrap_or(if open { Duration::ZERO } else { Duration::from_secs(30) })
    }

    /// Whether answers may go to `uri`.
    pub fn accepts_callback(&self, uri: &str) -> bool {
        self.callbacks.iter().any(|callback| callback.accepts(uri))
    }
}

/// How long things live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lifetimes {
    /// A login flow, from its start.
    pub flow: Duration,
    /// A code or link that is sent to a user.
    pub one_time: Duration,
    /// An authorization code.
    pub code: Duration,
    /// An access token of a user.
    pub access_token: Duration,
    /// An access token of the application itself.
    pub app_access_token: Duration,
    /// An ID token.
    pub id_token: Duration,
    /// A refresh token, from its last use.
    pub refresh: Duration,
    /// A refresh token's family, from the login.
    pub refresh_absolute: Duration,
    /// A session without use.
    pub session_idle: Duration,
    /// A remembered session without use.
    pub session_remembered: Duration,
}

impl Lifetimes {
    /// Longest lifetime that a signed token may be given.
    pub const LONGEST_TOKEN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
}

impl Default for Lifetimes {
    fn default() -> Self {
        const fn minutes(n: u64) -> Duration {
            Duration::from_secs(60 * n)
        }
        Self {
            flow: minutes(10),
            one_time: minutes(5),
            code: minutes(1),
            access_token: minutes(60),
            app_access_token: minutes(60),
            id_token: minutes(60),
            refresh: minutes(60 * 24),
            refresh_absolute: minutes(60 * 24 * 30),
            session_idle: minutes(15),
            session_remembered: minutes(60 * 24 * 14),
        }
    }
}
