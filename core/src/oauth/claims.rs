//! What tokens say: the claims of access tokens (RFC 9068), ID tokens (OpenID Connect Core §2) and userinfo (§5.3).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::admission::Binding;
use super::dpop::Thumbprint;
use crate::grant::Terms;
use crate::ports::{GrantId, SessionId, UserId};
use crate::user::User;

/// What the bearer of a token must prove besides (RFC 7800 §3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Possession of this key (RFC 9449 §6.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jkt: Option<Thumbprint>,
    /// A connection with the certificate of this digest (RFC 8705 §3.1).
    #[serde(rename = "x5t#S256", default, skip_serializing_if = "Option::is_none")]
    pub x5t: Option<String>,
}

impl Confirmation {
    /// As something is bound.
    pub fn of(binding: &Binding) -> Self {
        Self { jkt: binding.jkt, x5t: binding.x5t.clone() }
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How the token is shown (RFC 6749 §7.1).
    pub const fn token_type(&self) -> &'static str {
        if self.jkt.is_some() { "DPoP" } else { "Bearer" }
    }
}

/// Claims of an access token (RFC 9068 §2.2).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Issuer.
    pub iss: String,
    /// The user, or the client itself.
    pub sub: String,
    /// Whom the token is for.
    pub aud: String,
    /// End, in seconds since the epoch.
    pub exp: i64,
    /// Beginning, in seconds since the epoch.
    pub iat: i64,
    /// Names the token.
    pub jti: String,
    /// The application.
    pub client_id: String,
    /// Granted scopes, separated by blanks.
    pub scope: String,
    /// The grant it came from; absent in a token of the application itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gid: Option<GrantId>,
    /// The session in which it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// When the user proved who they are, in seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// Authentication context class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Authentication methods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// What its bearer must prove besides.
    #[serde(default, skip_serializing_if = "Confirmation::is_empty")]
    pub cnf: Confirmation,
}

/// Claims of an ID token (OpenID Connect Core §2).
#[derive(Clone, Debug, Serialize)]
pub struct IdClaims {
    /// Issuer.
    pub iss: String,
    /// The user.
    pub sub: UserId,
    /// The client.
    pub aud: String,
    /// The client again (§2).
    pub azp: String,
    /// End, in seconds since the epoch.
    pub exp: i64,
    /// Beginning, in seconds since the epoch.
    pub iat: i64,
    /// Names the token.
    pub jti: String,
    /// When the user proved who they are, in seconds since the epoch.
    pub auth_time: i64,
    /// The request's nonce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Authentication context class.
    pub acr: String,
    /// Authentication methods.
    pub amr: Vec<String>,
    /// The session.
    pub sid: SessionId,
    /// The session as a later login names it (`sessionId`) and a logout finds it.
    pub isk: String,
    /// Left half of the access token's hash (§3.1.3.6).
    pub at_hash: String,
    /// What the scopes and the `claims` parameter show of the user.
    #[serde(flatten)]
    pub profile: Map<String, Value>,
}

/// What an ID token says that is shown as a hint (`id_token_hint`).
#[derive(Debug, Deserialize)]
pub struct HintClaims {
    /// Issuer.
    pub iss: String,
    /// The user.
    pub sub: UserId,
    /// The client.
    pub aud: String,
    /// The session, keyed.
    pub isk: String,
}

/// Claims that each scope shows (OpenID Connect Core §5.4; `username` is what shipped clients display).
const SCOPE_CLAIMS: &[(&str, &[&str])] = &[
    (
        "profile",
        &[
            "name",
            "given_name",
            "family_name",
            "nickname",
            "preferred_username",
            "username",
            "locale",
            "zoneinfo",
            "updated_at",
        ],
    ),
    ("email", &["email", "email_verified"]),
    ("phone", &["phone_number", "phone_number_verified"]),
];

/// What granted scopes and claims asked for one by one show of the user.
pub fn profile(user: &User, terms: &Terms, asked: &BTreeSet<String>) -> Map<String, Value> {
    let granted = SCOPE_CLAIMS.iter().filter(|(scope, _)| terms.scopes.contains(*scope));
    let names = granted.flat_map(|(_, claims)| claims.iter().copied()).chain(asked.iter().map(String::as_str));
    names.filter_map(|name| claim(user, name).map(|value| (name.to_owned(), value))).collect()
}

/// One claim about a user (OpenID Connect Core §5.1).
fn claim(user: &User, name: &str) -> Option<Value> {
    let profile = &user.profile;
    Some(match name {
        "name" => profile.full_name()?.into(),
        "given_name" => profile.given_name.clone()?.into(),
        "family_name" => profile.family_name.clone()?.into(),
        "nickname" => profile.nick_name.clone()?.into(),
        "preferred_username" | "username" => user.name.clone().into(),
        "locale" => profile.locale.clone()?.into(),
        "zoneinfo" => profile.zone.clone()?.into(),
        "updated_at" => user.modified.seconds().into(),
        "email" => profile.email()?.value.clone().into(),
        "email_verified" => profile.email()?.verified.into(),
        "phone_number" => profile.phone()?.value.clone().into(),
        "phone_number_verified" => profile.phone()?.verified.into(),
        _ => return None,
    })
}
