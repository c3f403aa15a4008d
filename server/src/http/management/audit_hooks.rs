//! `/api/server/v1/audit/webhooks`: where a tenant's audit log is delivered.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::audit::NewHook;
use vestibule_core::error::Error;
use vestibule_core::ports::store::StoredHook;

use super::answer::created;
use super::gate::Call;

const PATH: &str = "/api/server/v1/audit/webhooks";

/// A webhook to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewAuditWebhook")]
pub(super) struct NewHookBody {
    /// Where records are sent: an https address.
    url: String,
    /// Kinds of records, as `login.failed` or `login.*`; all when absent.
    #[serde(default)]
    events: Vec<String>,
}

/// A webhook.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditWebhook")]
pub(super) struct HookBody {
    id: String,
    url: String,
    events: Vec<String>,
    /// What deliveries are signed with (Standard Webhooks); shown when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    created: String,
    /// The number of the record up to which it is served.
    delivered: u64,
    /// How often the present delivery was tried in vain.
    tries: u32,
    /// When it is tried again.
    #[serde(rename = "nextTry", skip_serializing_if = "Option::is_none")]
    next_try: Option<String>,
}

impl HookBody {
    fn of(hook: StoredHook) -> Self {
        let next_try = (hook.tries > 0).then(|| hook.ready.to_string());
        Self {
            id: hook.id.to_string(),
            url: hook.url,
            events: hook.events,
            secret: None,
            created: hook.created.to_string(),
            delivered: hook.cursor,
            tries: hook.tries,
            next_try,
        }
    }
}

pub(super) async fn list(call: Call) -> Result<Response, Error> {
    let hooks = call.admin().hooks(&call.by).await?;
    Ok(Json(hooks.into_iter().map(HookBody::of).collect::<Vec<_>>()).into_response())
}

pub(super) async fn create(call: Call) -> Result<Response, Error> {
    let NewHookBody { url, events } = call.json()?;
    let made = call.admin().create_hook(&call.by, NewHook { url, events }).await?;
    let secret = Some(made.secret.expose().clone());
    let body = HookBody { secret, ..HookBody::of(made.hook) };
    created(&call.url(&format!("{PATH}/{}", body.id)), body)
}

pub(super) async fn remove(call: Call) -> Result<Response, Error> {
    call.admin().remove_hook(&call.by, &call.id()?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
