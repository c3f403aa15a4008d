//! `/api/server/v1/users/{id}/factors`: what users hold besides passwords, without what is secret.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use vestibule_core::credential::Credential;
use vestibule_core::error::Error;

use super::gate::Call;

/// Something that a user holds.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FactorBody {
    id: String,
    /// `totp`, `backup-codes`, `passkey`, `push-device` or `federated`.
    kind: &'static str,
    /// The name that the user gave it.
    #[serde(skip_serializing_if = "String::is_empty")]
    label: String,
    created: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<String>,
}

pub(super) async fn list(call: Call) -> Result<Response, Error> {
    let user = call.admin().user(&call.by, &call.id()?).await?;
    let factors = call.admin().factors(&call.by, &user).await?;
    Ok(Json(factors.iter().map(FactorBody::of).collect::<Vec<_>>()).into_response())
}

pub(super) async fn remove(call: Call) -> Result<Response, Error> {
    call.admin().remove_factor(&call.by, &call.id()?, &call.named("factorId")?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn remove_all(call: Call) -> Result<Response, Error> {
    call.admin().remove_factors(&call.by, &call.id()?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl FactorBody {
    /// A factor as it is shown.
    pub(crate) fn of(credential: &Credential) -> Self {
        Self {
            id: credential.id.to_string(),
            kind: credential.kind().as_str(),
            label: credential.label.clone(),
            created: credential.created.to_string(),
            last_used: credential.used.map(|moment| moment.to_string()),
        }
    }
}
