//! `POST /oauth2/attestation` and `/oauth2/attestation/challenge`: client attestations and what they must answer.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use vestibule_core::attestation::LIFETIME;

use super::super::App;
use super::super::body::Form;
use super::super::caller::Caller;
use super::super::reply::Reply;
use super::metadata::exists;

/// A challenge, for the client that is named or for any (draft-ietf-oauth-attestation-based-client-auth §6.3).
pub(crate) async fn challenge(State(app): State<App>, caller: Caller, form: Form) -> Reply<Response> {
    exists(&app, &caller.realm).await?;
    let challenge = app.house().attestation.challenge(&caller.realm.tenant, form.params.get("client_id"));
    Ok(Json(json!({ "attestation_challenge": challenge, "expires_in": LIFETIME.as_secs() })).into_response())
}

/// A client attestation for what a platform says of the app.
pub(crate) async fn issue(State(app): State<App>, caller: Caller, form: Form) -> Reply<Response> {
    let issued = app.house().attest(&caller.realm.tenant, &caller.shown, &form.params).await?;
    Ok(Json(issued).into_response())
}
