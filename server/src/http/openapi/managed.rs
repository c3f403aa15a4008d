//! Operations of the management API and SCIM, from their route table.

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use vestibule_core::admin::Permission;

use super::super::management::Route;
use super::responses;

/// Routes that take a form, as WSO2's do.
const FORMS: &[&str] =
    &["/api/users/v2/me/webauthn/start-registration", "/api/users/v2/me/webauthn/start-usernameless-registration"];

/// The operation of a managed route.
pub(super) fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let is_scim = route.path.starts_with("/scim2");
    let (face, kind) = if is_scim { ("Scim", "application/scim+json") } else { ("Management", "application/json") };
    let mut success = json!({ "description": route.summary });
    if let (Some(gives), Some(members)) = (route.gives, success.as_object_mut()) {
        members.insert("content".to_owned(), json!({ kind: { "schema": gives(generator) } }));
    }
    // Only what a device answers can be over already.
    let gone = (route.path == "/push-auth/authenticate").then_some("410");
    let refusals: Vec<(String, String)> = ["400", "401", "403", "404", "409", "413", "415", "429", "500", "503"]
        .into_iter()
        .chain(gone)
        .map(|status| (status.to_owned(), format!("{face}{status}")))
        .collect();
    let refusals: Vec<(&str, &str)> = refusals.iter().map(|(status, name)| (status.as_str(), name.as_str())).collect();
    let mut operation = json!({
        "tags": [tag(route.path)],
        "summary": route.summary,
        "security": security(route),
        "parameters": parameters(route.path),
        "responses": responses((&route.status.to_string(), success), &refusals),
    });
    if let (Some(takes), Some(members)) = (route.takes, operation.as_object_mut()) {
        let kind = if FORMS.contains(&route.path) { "application/x-www-form-urlencoded" } else { kind };
        let content = json!({ kind: { "schema": takes(generator) } });
        members.insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
    }
    operation
}

fn tag(path: &str) -> &'static str {
    match path {
        _ if path.starts_with("/scim2") => "SCIM",
        _ if path.starts_with("/api/users/") => "Account",
        _ => "Management",
    }
}

/// An administrator, or a token with the scope that the route needs.
fn security(route: &Route) -> Value {
    match route.needs.scope() {
        Some(scope) => json!([{ "administrator": [] }, { "bearer": [scope] }]),
        None if route.needs == Permission::OwnUser => json!([{ "bearer": ["internal_login"] }]),
        None => json!([{ "bearer": [] }]),
    }
}

fn parameters(path: &str) -> Value {
    let segments = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| {
        let map: Map<String, Value> = [
            ("name", json!(name)),
            ("in", json!("path")),
            ("required", json!(true)),
            ("schema", json!({ "type": "string" })),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        Value::Object(map)
    };
    segments.map(parameter).collect()
}
