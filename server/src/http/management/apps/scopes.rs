//! `…/authorized-apis`: which management scopes an application's own tokens may carry.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::application::Application;
use vestibule_core::error::Error;

use super::super::gate::Call;

/// Scopes to allow besides those that are.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct NewAuthorizedApi {
    scopes: Vec<String>,
    /// Of WSO2's shape, without effect: there is one API.
    #[serde(rename = "id")]
    _id: Option<String>,
    /// Of WSO2's shape, without effect: there is one policy.
    #[serde(rename = "policyIdentifier")]
    _policy: Option<String>,
}

/// An API that an application may use.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct AuthorizedApi {
    identifier: &'static str,
    display_name: &'static str,
    authorized_scopes: Vec<AuthorizedScope>,
}

#[derive(Serialize, JsonSchema)]
struct AuthorizedScope {
    name: String,
}

pub(in super::super) async fn allow(call: Call) -> Result<Response, Error> {
    let body: NewAuthorizedApi = call.json()?;
    let app = call.admin().allow_scopes(&call.by, &call.id()?, &body.scopes).await?;
    Ok(list(&app))
}

pub(in super::super) async fn allowed(call: Call) -> Result<Response, Error> {
    let app = call.admin().app(&call.by, &call.id()?).await?;
    Ok(list(&app))
}

pub(in super::super) async fn withdraw(call: Call) -> Result<Response, Error> {
    call.admin().withdraw_scopes(&call.by, &call.id()?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn list(app: &Application) -> Response {
    let scopes: Vec<_> = app.management_scopes.iter().map(|name| AuthorizedScope { name: name.clone() }).collect();
    let api = (!scopes.is_empty()).then_some(AuthorizedApi {
        identifier: "management",
        display_name: "Management API",
        authorized_scopes: scopes,
    });
    Json(Vec::from_iter(api)).into_response()
}
