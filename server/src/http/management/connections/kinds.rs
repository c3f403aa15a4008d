//! The ways of signing in: those that a connection can have with the settings of each, and all that an application's steps
//! may name.

use axum::Json;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use vestibule_core::application::CUSTOM;
use vestibule_core::error::{Code, Error};
use vestibule_core::flow::authenticator::{Authenticator, Setting, SettingKind};
use vestibule_jose::{base64url, from_base64url_lenient};

use super::super::gate::Call;
use super::{PATH, address, services};

/// Marks what runs inside an app: everything that this server has.
const NATIVE: &str = "APIAuth";
/// Marks services of the operator's.
const CUSTOM_TAG: &str = "Custom";

/// A way of signing in that a connection can have, in a list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct ListedKind {
    authenticator_id: String,
    name: &'static str,
    display_name: &'static str,
    tags: Vec<&'static str>,
    #[serde(rename = "self")]
    address: String,
}

/// A way of signing in that a connection can have.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct KindBody {
    authenticator_id: String,
    name: &'static str,
    display_name: &'static str,
    description: &'static str,
    tags: Vec<&'static str>,
    properties: Vec<PropertyKind>,
}

/// A setting.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct PropertyKind {
    key: &'static str,
    display_name: &'static str,
    description: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    display_order: usize,
    is_mandatory: bool,
    is_confidential: bool,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    options: &'static [&'static str],
    #[serde(skip_serializing_if = "str::is_empty")]
    default_value: &'static str,
}

/// A way of signing in that an application's steps may name.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct ListedWay {
    id: String,
    name: String,
    display_name: String,
    description: String,
    is_enabled: bool,
    #[serde(rename = "type")]
    kind: &'static str,
    defined_by: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    tags: Vec<&'static str>,
    #[serde(rename = "self", skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

pub(in super::super) async fn kinds(call: Call) -> Result<Response, Error> {
    let listed = |way: &'static dyn Authenticator| {
        let id = base64url(way.spec().name.as_bytes());
        let address = call.url(&format!("{PATH}/meta/federated-authenticators/{id}"));
        let (name, display_name) = (way.spec().name, way.spec().display);
        ListedKind { authenticator_id: id, name, display_name, tags: vec![NATIVE], address }
    };
    let all: Vec<_> = connectable(&call).map(listed).collect();
    Ok(Json(all).into_response())
}

pub(in super::super) async fn kind(call: Call) -> Result<Response, Error> {
    let name = from_base64url_lenient(call.raw_id()).ok_or(Code::NotFound)?;
    let way = connectable(&call).find(|way| way.spec().name.as_bytes() == name).ok_or(Code::NotFound)?;
    let spec = way.spec();
    let body = KindBody {
        authenticator_id: base64url(spec.name.as_bytes()),
        name: spec.name,
        display_name: spec.display,
        description: spec.summary,
        tags: vec![NATIVE],
        properties: way.settings().iter().enumerate().map(PropertyKind::of).collect(),
    };
    Ok(Json(body).into_response())
}

/// Every way of signing in: the server's own, connections and services.
pub(in super::super) async fn ways(call: Call) -> Result<Response, Error> {
    let own = call.app.house().engine.registry().all().filter(|way| !way.spec().connected);
    let mut all: Vec<_> = own
        .map(|way| ListedWay {
            id: base64url(way.spec().name.as_bytes()),
            name: way.spec().name.to_owned(),
            display_name: way.spec().display.to_owned(),
            description: way.spec().summary.to_owned(),
            is_enabled: true,
            kind: "LOCAL",
            defined_by: "SYSTEM",
            image: None,
            tags: vec![NATIVE],
            address: None,
        })
        .collect();
    for connection in call.app.house().everything_elsewhere(&call.by).await? {
        let is_service = connection.name.starts_with(CUSTOM);
        let (id, address) = if is_service {
            (base64url(connection.name.as_bytes()), services::address(&call, &connection.name))
        } else {
            (connection.id.to_string(), address(&call, &connection.id))
        };
        all.push(ListedWay {
            id,
            display_name: connection.display.clone().unwrap_or_else(|| connection.name.clone()),
            name: connection.name,
            description: connection.description,
            is_enabled: connection.enabled,
            kind: if is_service { "LOCAL" } else { "FEDERATED" },
            defined_by: if is_service { "USER" } else { "SYSTEM" },
            image: connection.image,
            tags: if is_service { vec![NATIVE, CUSTOM_TAG] } else { vec![NATIVE] },
            address: Some(address),
        });
    }
    Ok(Json(all).into_response())
}

fn connectable(call: &Call) -> impl Iterator<Item = &'static dyn Authenticator> {
    let all = call.app.house().engine.registry().all();
    all.filter(|way| way.spec().connected && !way.spec().name.ends_with('*'))
}

impl PropertyKind {
    fn of((place, setting): (usize, &Setting)) -> Self {
        let (kind, options): (_, &[&str]) = match setting.kind {
            SettingKind::Text | SettingKind::Secret => ("STRING", &[]),
            SettingKind::Url | SettingKind::Endpoint => ("URL", &[]),
            SettingKind::Switch => ("BOOLEAN", &[]),
            SettingKind::Number => ("INTEGER", &[]),
            SettingKind::Choice(all) => ("STRING", all),
        };
        Self {
            key: setting.name,
            display_name: setting.display,
            description: setting.summary,
            kind,
            display_order: place,
            is_mandatory: setting.required,
            is_confidential: setting.is_secret(),
            options,
            default_value: setting.default,
        }
    }
}
