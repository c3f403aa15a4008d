//! `/api/server/v1/applications`: applications and, below them, their OAuth settings, secrets and scopes.

mod advanced;
mod attestation;
mod authentication;
mod body;
mod oidc;
mod scopes;
pub(super) mod secrets;
mod sequence;
mod tokens;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use vestibule_core::admin::{AppDraft, NewApplication};
use vestibule_core::application::Application;
use vestibule_core::error::Error;
use vestibule_core::ports::AppId;

pub(super) use body::{ApplicationBody, ApplicationList};
pub(super) use oidc::OidcBody;
pub(super) use scopes::{AuthorizedApi, NewAuthorizedApi, allow, allowed, withdraw};

use super::answer::created;
use super::gate::Call;
use super::json::invalid;
use super::page;

const PATH: &str = "/api/server/v1/applications";

/// A new client secret, shown this once.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecretBody {
    client_id: String,
    client_secret: String,
}

pub(super) async fn create(call: Call) -> Result<Response, Error> {
    let new = call.json::<ApplicationBody>()?.parse()?;
    let made = call.admin().create_app(&call.by, new).await?;
    let mut body = ApplicationBody::of(&made.app, &address(&call, &made.app.id));
    body.client_secret = made.secret.map(|secret| secret.expose().clone());
    created(&address(&call, &made.app.id), body)
}

pub(super) async fn list(call: Call) -> Result<Response, Error> {
    let query = call.query(&["limit", "offset", "filter"])?;
    let page = page::of(&query)?;
    let (apps, total) = call.admin().apps(&call.by, page::name(&query)?, page).await?;
    let listed: Vec<_> = apps.iter().map(|app| (app, address(&call, &app.id))).collect();
    Ok(Json(ApplicationList::of(total, page.offset, &listed)).into_response())
}

pub(super) async fn show(call: Call) -> Result<Response, Error> {
    let app = call.admin().app(&call.by, &call.id()?).await?;
    Ok(shown(&call, &app))
}

pub(super) async fn change(call: Call) -> Result<Response, Error> {
    let (id, body): (AppId, ApplicationBody) = (call.id()?, call.json()?);
    let edit = |app: &Application, draft: &mut AppDraft| {
        body.is_about(app)?;
        body.apply(draft)
    };
    let app = call.admin().change_app(&call.by, &id, edit).await?;
    Ok(shown(&call, &app))
}

pub(super) async fn remove(call: Call) -> Result<Response, Error> {
    call.admin().remove_app(&call.by, &call.id()?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn oidc(call: Call) -> Result<Response, Error> {
    let app = call.admin().app(&call.by, &call.id()?).await?;
    Ok(Json(OidcBody::of(&app)).into_response())
}

pub(super) async fn replace_oidc(call: Call) -> Result<Response, Error> {
    let (id, body): (AppId, OidcBody) = (call.id()?, call.json()?);
    let edit = |app: &Application, draft: &mut AppDraft| {
        body.is_about(app)?;
        draft.reset_oauth();
        body.apply(draft)
    };
    let app = call.admin().change_app(&call.by, &id, edit).await?;
    Ok(Json(OidcBody::of(&app)).into_response())
}

pub(super) async fn renew_secret(call: Call) -> Result<Response, Error> {
    let made = call.admin().renew_secret(&call.by, &call.id()?).await?;
    let client_secret = made.secret.map(|secret| secret.expose().clone()).unwrap_or_default();
    Ok(Json(SecretBody { client_id: made.app.client_id, client_secret }).into_response())
}

pub(super) async fn revoke_key(call: Call) -> Result<Response, Error> {
    call.admin().revoke_attested_key(&call.by, &call.id()?, &call.named::<String>("keyId")?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn shown(call: &Call, app: &Application) -> Response {
    Json(ApplicationBody::of(app, &address(call, &app.id))).into_response()
}

fn address(call: &Call, id: &AppId) -> String {
    call.url(&format!("{PATH}/{id}"))
}

/// A member that says what the application is already says nothing new; it cannot be changed.
fn same(member: &str, given: Option<&String>, own: &str) -> Result<(), Error> {
    match given {
        Some(given) if given != own => Err(invalid(format!("{member} cannot be changed."))),
        _ => Ok(()),
    }
}

impl ApplicationBody {
    /// As an application to make.
    fn parse(&self) -> Result<NewApplication, Error> {
        if self.id.is_some() {
            return Err(invalid("id is given by the server."));
        }
        for (member, given) in [("clientId", &self.client_id), ("clientSecret", &self.client_secret)] {
            if given.is_some() {
                return Err(invalid(format!("{member} belongs into inboundProtocolConfiguration.oidc.")));
            }
        }
        let name = self.name.as_deref().ok_or_else(|| invalid("name is missing."))?;
        let oidc = self.oidc();
        let mut draft = AppDraft::new(name, oidc.is_some_and(OidcBody::is_public));
        self.apply(&mut draft)?;
        let client_id = oidc.and_then(|oidc| oidc.client_id.clone());
        Ok(NewApplication { draft, client_id, client_secret: oidc.and_then(OidcBody::secret) })
    }
}
