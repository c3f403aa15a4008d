//! `/api/server/v1/keys`: the tenant's signing keys, and for the root tenant's operators the server's own secrets.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::admin::ShownKey;
use vestibule_core::error::Error;
use vestibule_core::keyring::{ALGORITHMS, Rotation, Stage};
use vestibule_jose::Family;

use super::gate::Call;
use super::json::invalid;

/// A signing key without its private half.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeyBody {
    /// RFC 7638 thumbprint.
    kid: String,
    /// Kind of key: `EC`, `RSA` or `OKP`.
    kty: &'static str,
    /// Algorithms that it signs with.
    algorithms: Vec<String>,
    /// Where it is in its life.
    state: State,
    created: String,
    /// From when on it signs.
    active_from: String,
    /// From when on nothing that it signed can be good, if another key is to take its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_at: Option<String>,
}

/// Where a key is in its life.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum State {
    /// In the JWK set, does not sign yet.
    Published,
    /// Signs.
    Signing,
    /// Signs no more, still verifies.
    Retired,
}

/// A rotation.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RotationBody {
    /// Kind of keys: `EC`, `RSA` or `OKP`; all of them when absent.
    kty: Option<String>,
    /// Sign with the new keys at once, although verifiers may not know them yet.
    #[serde(default)]
    at_once: bool,
}

/// A server secret that was added.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecretTurnBody {
    /// From when on new things are made with it.
    active_from: String,
}

/// What was wrapped anew.
#[derive(Serialize, JsonSchema)]
pub(super) struct RewrappedBody {
    /// How many keys and secrets.
    rewrapped: usize,
}

pub(super) async fn list(call: Call) -> Result<Response, Error> {
    Ok(listed(&call.admin().keys(&call.by).await?))
}

pub(super) async fn rotate(call: Call) -> Result<Response, Error> {
    let RotationBody { kty, at_once } = call.json()?;
    let family = kty.as_deref().map(family_of).transpose()?;
    Ok(listed(&call.admin().rotate_keys(&call.by, Rotation { family, at_once }).await?))
}

pub(super) async fn revoke(call: Call) -> Result<Response, Error> {
    call.admin().revoke_key(&call.by, call.raw_id()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn rotate_secret(call: Call) -> Result<Response, Error> {
    let active_from = call.admin().rotate_secret(&call.by).await?.to_string();
    Ok(Json(SecretTurnBody { active_from }).into_response())
}

pub(super) async fn rewrap(call: Call) -> Result<Response, Error> {
    let rewrapped = call.admin().rewrap(&call.by).await?;
    Ok(Json(RewrappedBody { rewrapped }).into_response())
}

fn listed(keys: &[ShownKey]) -> Response {
    Json(keys.iter().filter_map(KeyBody::of).collect::<Vec<_>>()).into_response()
}

impl KeyBody {
    fn of(shown: &ShownKey) -> Option<Self> {
        let state = match shown.stage {
            Stage::Published => State::Published,
            Stage::Signing => State::Signing,
            Stage::Retired => State::Retired,
            Stage::Over => return None,
        };
        let key = &shown.key;
        let algorithms = ALGORITHMS.iter().filter(|alg| alg.family() == key.family).map(ToString::to_string);
        Some(Self {
            kid: key.kid.clone(),
            kty: kty(key.family),
            algorithms: algorithms.collect(),
            state,
            created: key.created.to_string(),
            active_from: key.active_from.to_string(),
            removed_at: shown.ends.map(|end| end.to_string()),
        })
    }
}

/// RFC 7517 §4.1. Of elliptic curves a tenant signs with one.
const fn kty(family: Family) -> &'static str {
    match family {
        Family::Rsa => "RSA",
        Family::P256 | Family::P384 => "EC",
        Family::Ed25519 => "OKP",
    }
}

fn family_of(text: &str) -> Result<Family, Error> {
    let found = vestibule_core::keyring::FAMILIES.iter().find(|family| kty(**family) == text);
    found.copied().ok_or_else(|| invalid("kty must be one of EC, RSA, OKP."))
}
