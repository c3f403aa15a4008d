//! `/api/server/v1/applications/{id}/secrets`: client secrets, several at a time. What is secret is in the answer that made
//! it and in no other.

use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::application::ClientSecret;
use vestibule_core::error::{Error, Fault};

use super::super::answer::created;
use super::super::gate::Call;

/// A client secret to make.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(in super::super) struct NewSecretBody {
    /// Seconds for which it is good; without it until it is removed.
    expires_in: Option<u64>,
}

/// A client secret, without what is secret unless it was made just now.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct ClientSecretBody {
    id: String,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    /// Shown once, in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

impl ClientSecretBody {
    fn of(kept: &ClientSecret) -> Self {
        let expires_at = kept.expires.map(|moment| moment.to_string());
        Self { id: kept.name(), created: kept.created.to_string(), expires_at, client_secret: None }
    }
}

pub(in super::super) async fn list(call: Call) -> Result<Response, Error> {
    let secrets = call.admin().secrets(&call.by, &call.id()?).await?;
    Ok(Json(secrets.iter().map(ClientSecretBody::of).collect::<Vec<_>>()).into_response())
}

pub(in super::super) async fn add(call: Call) -> Result<Response, Error> {
    let lasts = call.json::<NewSecretBody>()?.expires_in.map(Duration::from_secs);
    let made = call.admin().add_secret(&call.by, &call.id()?, lasts).await?;
    let kept = made.app.secrets.last().ok_or(Fault::new("a client secret was made and is not there"))?;
    let client_secret = made.secret.map(|secret| secret.expose().clone());
    let body = ClientSecretBody { client_secret, ..ClientSecretBody::of(kept) };
    created(&format!("{}/secrets/{}", super::address(&call, &made.app.id), body.id), body)
}

pub(in super::super) async fn remove(call: Call) -> Result<Response, Error> {
    let name: String = call.named("secretId")?;
    call.admin().remove_secret(&call.by, &call.id()?, &name).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
