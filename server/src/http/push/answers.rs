//! `/push-auth`, and what devices do at their own signed word.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::error::Error;

use super::super::management::{Call, invalid};

/// A device's answer.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AnswerBody {
    /// A JWT signed by the device: `deviceId` in its header; `pushAuthId`, `challenge`, `response` (APPROVED or DENIED),
    /// `numberChallenge` and `exp` as claims.
    auth_response: String,
}

/// A device's word about itself.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedBody {
    /// A JWT signed by the device with the claim `exp` and, for a change, `name` or `deviceToken`.
    token: String,
}

/// How a notification stands.
#[derive(Serialize, JsonSchema)]
pub(crate) struct StatusBody {
    /// `PENDING` until a device has answered, then `COMPLETED`.
    status: &'static str,
}

pub(crate) async fn status(call: Call) -> Result<Response, Error> {
    let query = call.query(&["pushAuthId"])?;
    let id = query.get("pushAuthId").ok_or_else(|| invalid("The parameter pushAuthId is missing."))?;
    let is_answered = call.app.house().is_push_answered(call.by.tenant(), id).await?;
    Ok(Json(StatusBody { status: if is_answered { "COMPLETED" } else { "PENDING" } }).into_response())
}

pub(crate) async fn answer(call: Call) -> Result<Response, Error> {
    let body: AnswerBody = call.json()?;
    call.app.house().answer_push(call.by.tenant(), &body.auth_response).await?;
    Ok(Json(StatusBody { status: "COMPLETED" }).into_response())
}

pub(crate) async fn change_itself(call: Call) -> Result<Response, Error> {
    let body: SignedBody = call.json()?;
    call.app.house().change_device_itself(call.by.tenant(), call.raw_id(), &body.token).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) async fn remove_itself(call: Call) -> Result<Response, Error> {
    let body: SignedBody = call.json()?;
    call.app.house().remove_device_itself(call.by.tenant(), call.raw_id(), &body.token).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
