//! `/api/users/v1/me/backup-codes`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use vestibule_core::error::Error;

use super::super::management::Call;
use super::done;

/// How many codes are left.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemainingBody {
    remaining: usize,
}

/// New codes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SheetBody {
    backup_codes: Vec<String>,
}

pub(crate) async fn show(call: Call) -> Result<Response, Error> {
    let remaining = call.accounts().backup_codes(call.owner()?).await?;
    Ok(Json(RemainingBody { remaining }).into_response())
}

pub(crate) async fn renew(call: Call) -> Result<Response, Error> {
    let sheet = call.accounts().renew_backup_codes(call.owner()?).await?;
    let backup_codes = sheet.iter().map(|code| code.expose().clone()).collect();
    Ok(Json(SheetBody { backup_codes }).into_response())
}

pub(crate) async fn remove(call: Call) -> Result<Response, Error> {
    call.accounts().remove_backup_codes(call.owner()?).await?;
    Ok(done())
}
