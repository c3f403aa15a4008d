//! `POST /oauth2/par`: pushed authorization requests (RFC 9126).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::super::App;
use super::super::body::Form;
use super::super::caller::Caller;
use super::super::reply::Reply;

/// RFC 9126 §2.2.
pub(crate) async fn push(State(app): State<App>, caller: Caller, form: Form) -> Reply<Response> {
    let pushed = app.house().push(&caller.realm.tenant, &caller.shown, &form.params).await?;
    Ok((StatusCode::CREATED, Json(pushed)).into_response())
}
