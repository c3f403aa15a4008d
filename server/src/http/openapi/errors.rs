//! Refusals as responses: one component per face and status, with an example for every row of the catalogue that can
//! come in it.

use serde_json::{Map, Value, json};
use vestibule_core::error::{Code, Error, Row, Spelling};

use super::super::face::Face;
use super::super::reply::told;

/// The name of a face's component for a status.
fn name(face: Face, status: u16) -> String {
    format!("{face:?}{status}")
}

/// All components.
pub(super) fn responses(spelling: Spelling) -> Value {
    let mut components = Map::new();
    for face in [Face::Native, Face::Challenge, Face::OAuth, Face::Management, Face::Scim] {
        for code in Code::ALL.iter().filter(|code| comes_in(face, code.row())) {
            let row = code.row();
            let (status, oauth) = told(face, &Error::new(*code));
            let component = components.entry(name(face, status)).or_insert_with(|| component(face, status));
            let content = component.get_mut("content").and_then(Value::as_object_mut);
            let examples =
                content.and_then(|content| content.values_mut().next()?.get_mut("examples")?.as_object_mut());
            if let Some(examples) = examples {
                examples.insert(row.name.to_owned(), json!({ "value": example(face, row, oauth, spelling) }));
            }
        }
    }
    Value::Object(components)
}

/// Whether a face ever utters a row.
fn comes_in(face: Face, row: &Row) -> bool {
    let is_native =
        row.documented.len() == 5 && !matches!(row.oauth, "invalid_grant" | "unsupported_grant_type" | "invalid_scope");
    match face {
        Face::Native | Face::Challenge => {
            is_native && row.name != "unauthorized_client"
                || matches!(row.status, 401 | 404..=415)
                    && !matches!(row.name, "invalid_token" | "gone" | "insufficient_user_authentication")
        }
        Face::OAuth => !matches!(
            row.name,
            "invalid_input" | "conflict" | "not_found" | "gone" | "insufficient_user_authentication"
        ),
        Face::Management | Face::Scim => {
            row.documented.len() == 3 || row.status == 429 || row.status >= 500 && row.status != 501
        }
    }
}

fn component(face: Face, status: u16) -> Value {
    let kind = if face == Face::Scim { "application/scim+json" } else { "application/json" };
    let members: &[&str] = match face {
        Face::Native => &["code", "message", "description", "traceId", "error"],
        Face::Challenge | Face::OAuth => &["error", "error_description", "traceId"],
        Face::Management => &["code", "message", "description", "traceId"],
        Face::Scim => &["schemas", "status", "detail", "traceId"],
    };
    let properties: Map<String, Value> = members.iter().map(|name| ((*name).to_owned(), property(name))).collect();
    let schema = json!({ "type": "object", "required": members, "properties": properties });
    json!({
        "description": format!("Refused with {status}."),
        "content": { kind: { "schema": schema, "examples": {} } },
    })
}

fn property(name: &str) -> Value {
    match name {
        "schemas" => json!({ "type": "array", "items": { "type": "string" } }),
        _ => json!({ "type": "string" }),
    }
}

fn example(face: Face, row: &Row, oauth: &str, spelling: Spelling) -> Value {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    match face {
        Face::Native => json!({
            "code": row.code(spelling), "message": row.message, "description": row.description, "traceId": TRACE,
            "error": row.name,
        }),
        Face::Challenge | Face::OAuth => {
            json!({ "error": oauth, "error_description": row.description, "traceId": TRACE })
        }
        Face::Management => json!({
            "code": row.code(spelling), "message": row.message, "description": row.description, "traceId": TRACE,
        }),
        Face::Scim => json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": row.status.to_string(),
            "detail": row.description, "traceId": TRACE,
        }),
    }
}
