//! `/api/server/v1/identity-providers`: connections to identity providers elsewhere; beside it `/api/server/v1/authenticators`:
//! every way of signing in that an application's steps may name, and the services of the operator's among them.

mod body;
mod claims;
mod federated;
mod kinds;
mod patch;
mod services;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use vestibule_core::admin::{ConnectionDraft, Elsewhere};
use vestibule_core::connection::Connection;
use vestibule_core::error::Error;
use vestibule_core::ports::ConnectionId;

pub(super) use body::{ConnectionBody, ConnectionList};
pub(super) use federated::FederatedBody;
pub(super) use kinds::{KindBody, ListedKind, ListedWay, kind, kinds, ways};
pub(super) use services::{
    ServiceBody, create as create_service, remove as remove_service, replace as replace_service, show as show_service,
};

use super::answer::created;
use super::gate::Call;
use super::json::invalid;
use super::page;

const PATH: &str = "/api/server/v1/identity-providers";

pub(super) async fn create(call: Call) -> Result<Response, Error> {
    let body: ConnectionBody = call.json()?;
    let mut draft = ConnectionDraft::new(body.name()?, body.authenticator(&call)?);
    body.apply(&call, &mut draft)?;
    let made = call.app.house().create_connection(&call.by, Elsewhere::Provider, draft).await?;
    created(&address(&call, &made.id), ConnectionBody::of(&made))
}

pub(super) async fn list(call: Call) -> Result<Response, Error> {
    let query = call.query(&["limit", "offset", "filter"])?;
    let page = page::of(&query)?;
    let (found, total) = call.app.house().connections(&call.by, page::name(&query)?, page).await?;
    let listed: Vec<_> = found.iter().map(|connection| (connection, address(&call, &connection.id))).collect();
    Ok(Json(ConnectionList::of(total, page.offset, &listed)).into_response())
}

pub(super) async fn show(call: Call) -> Result<Response, Error> {
    let found = find(&call).await?;
    Ok(Json(ConnectionBody::of(&found)).into_response())
}

/// Takes what is mentioned, or a list of operations on single members.
pub(super) async fn change(call: Call) -> Result<Response, Error> {
    let body = match call.json_list()? {
        Some(operations) => patch::body(&operations)?,
        None => call.json::<ConnectionBody>()?,
    };
    let edit = |connection: &Connection, draft: &mut ConnectionDraft| {
        body.is_about(connection)?;
        body.apply(&call, draft)
    };
    let changed = edit_by_id(&call, edit).await?;
    Ok(Json(ConnectionBody::of(&changed)).into_response())
}

pub(super) async fn remove(call: Call) -> Result<Response, Error> {
    call.app.house().remove_connection(&call.by, Elsewhere::Provider, &call.id()?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The way of signing in that speaks with a connection, with its settings.
pub(super) async fn federated(call: Call) -> Result<Response, Error> {
    let found = find(&call).await?;
    Ok(Json(FederatedBody::of(&found)).into_response())
}

pub(super) async fn replace_federated(call: Call) -> Result<Response, Error> {
    let body: FederatedBody = call.json()?;
    let changed = edit_by_id(&call, |_, draft| body.apply(&call, draft)).await?;
    Ok(Json(FederatedBody::of(&changed)).into_response())
}

async fn find(call: &Call) -> Result<Connection, Error> {
    call.app.house().connection(&call.by, Elsewhere::Provider, &call.id()?).await
}

async fn edit_by_id(
    call: &Call,
    edit: impl Fn(&Connection, &mut ConnectionDraft) -> Result<(), Error> + Send + Sync,
) -> Result<Connection, Error> {
    let id: ConnectionId = call.id()?;
    call.app.house().change_connection(&call.by, (Elsewhere::Provider, &id), edit).await
}

fn address(call: &Call, id: &ConnectionId) -> String {
    call.url(&format!("{PATH}/{id}"))
}
