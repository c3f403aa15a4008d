//! `/health/live` and `/health/ready`: whether the process runs, and whether it can serve.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::App;

pub(crate) async fn live() -> Response {
    Json(json!({ "status": "UP" })).into_response()
}

pub(crate) async fn ready(State(app): State<App>) -> Response {
    let ports = &app.house().ports;
    match ports.store.check(ports.clock.now()).await {
        Ok(()) => Json(json!({ "status": "UP", "store": "UP" })).into_response(),
        Err(fault) => {
            tracing::error!(cause = %fault.chain(), "the store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "DOWN", "store": "DOWN" }))).into_response()
        }
    }
}
