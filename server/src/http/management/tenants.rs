//! `/api/server/v1/tenants`, of the root tenant alone.

use axum::Json;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::admin::{NewTenant, UserDraft};
use vestibule_core::error::{Error, Spelling};
use vestibule_core::ports::TenantId;
use vestibule_core::tenant::{MessageStyle, Tenant};
use vestibule_core::user::Contact;

use super::super::body::Object;
use super::answer::created;
use super::gate::Call;
use super::json::{Off, SecretText, invalid};
use super::page;

const PATH: &str = "/api/server/v1/tenants";

/// A tenant to make.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewTenantBody {
    /// Its handle in `/t/{tenant}`.
    domain: String,
    /// A name for people.
    name: Option<String>,
    /// Its administrators.
    #[serde(default)]
    owners: Vec<Object<OwnerBody>>,
    /// Spelling of error codes in its answers.
    #[schemars(with = "Option<String>")]
    error_codes: Option<Spelling>,
    /// Style of messages in its answers.
    #[schemars(with = "Option<String>")]
    messages: Option<MessageStyle>,
}

/// An administrator of a tenant to make.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OwnerBody {
    username: String,
    password: SecretText,
    email: Option<String>,
    firstname: Option<String>,
    lastname: Option<String>,
    #[serde(rename = "provisioningMethod")]
    _provisioning_method: Option<Provisioning>,
    #[serde(rename = "additionalClaims")]
    _additional_claims: Option<Off>,
}

/// How an administrator gets a password.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Provisioning {
    /// It is in the request.
    InlinePassword,
}

/// A tenant.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TenantBody {
    id: String,
    domain: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    error_codes: Option<Spelling>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    messages: Option<MessageStyle>,
    created_date: String,
    lifecycle_status: Lifecycle,
}

#[derive(Serialize, JsonSchema)]
struct Lifecycle {
    activated: bool,
}

/// A page of tenants.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TenantList {
    total_results: usize,
    start_index: usize,
    count: usize,
    tenants: Vec<TenantBody>,
    links: [(); 0],
}

pub(super) async fn create(call: Call) -> Result<Response, Error> {
    let new = call.json::<NewTenantBody>()?.parse()?;
    let tenant = call.admin().create_tenant(&call.by, new).await?;
    // RSA keys take a while: they are made beside the answer, and who needs one first waits for it.
    let (house, id) = (call.app.house().clone(), tenant.id.clone());
    tokio::spawn(async move { house.keyring.prepare(&id).await });
    created(&call.url(&format!("{PATH}/{}", tenant.id)), TenantBody::of(&tenant))
}

pub(super) async fn list(call: Call) -> Result<Response, Error> {
    let page = page::of(&call.query(&["limit", "offset"])?)?;
    let (tenants, total_results) = call.admin().tenants(&call.by, page).await?;
    let (start_index, count) = (page.offset.saturating_add(1), tenants.len());
    let tenants = tenants.iter().map(TenantBody::of).collect();
    Ok(Json(TenantList { total_results, start_index, count, tenants, links: [] }).into_response())
}

pub(super) async fn show(call: Call) -> Result<Response, Error> {
    let id: TenantId = call.id()?;
    let tenant = call.admin().tenant(&call.by, &id).await?;
    Ok(Json(TenantBody::of(&tenant)).into_response())
}

impl NewTenantBody {
    fn parse(self) -> Result<NewTenant, Error> {
        let id = self.domain.parse().map_err(|bad| invalid(format!("domain: {bad}.")))?;
        let owners = self.owners.into_iter().map(|Object(owner)| owner.draft()).collect();
        Ok(NewTenant { id, name: self.name, error_codes: self.error_codes, messages: self.messages, owners })
    }
}

impl OwnerBody {
    fn draft(self) -> UserDraft {
        let SecretText(password) = self.password;
        let mut draft = UserDraft { password: Some(password), ..UserDraft::new(&self.username) };
        let email = |value| Contact { value, kind: None, primary: true, verified: false };
        draft.profile.emails = self.email.map(email).into_iter().collect();
        draft.profile.given_name = self.firstname;
        draft.profile.family_name = self.lastname;
        draft
    }
}

impl TenantBody {
    fn of(tenant: &Tenant) -> Self {
        Self {
            id: tenant.id.to_string(),
            domain: tenant.id.to_string(),
            name: tenant.name.clone(),
            error_codes: tenant.error_codes,
            messages: tenant.messages,
            created_date: tenant.created.to_string(),
            lifecycle_status: Lifecycle { activated: true },
        }
    }
}
