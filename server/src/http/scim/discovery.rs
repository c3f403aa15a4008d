//! What this SCIM server can do (RFC 7644 §4): open to anyone, since it says nothing of anybody.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use vestibule_core::error::{Code, Error};

use super::super::management::{Call, fitting};
use super::{FACTORS, LIST, OWN, USER, WSO2, schema};

pub(crate) async fn config(call: Call) -> Result<Response, Error> {
    let no = json!({"supported": false});
    let scheme = |kind: &str, name: &str, note: &str, spec: &str| json!({"type": kind, "name": name, "description": note, "specUri": spec});
    Ok(fitting(Json(json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": true, "maxResults": 100},
        "changePassword": {"supported": true},
        "sort": no, "etag": no,
        "authenticationSchemes": [
            scheme("oauthbearertoken", "OAuth Bearer Token", "An access token of an application.", "https://www.rfc-editor.org/rfc/rfc6750"),
            scheme("httpbasic", "HTTP Basic", "Name and password of an administrator.", "https://www.rfc-editor.org/rfc/rfc7617"),
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": call.url("/scim2/ServiceProviderConfig")},
    })).into_response()))
}

pub(crate) async fn resource_types(call: Call) -> Result<Response, Error> {
    Ok(list(vec![user_type(&call)]))
}

pub(crate) async fn resource_type(call: Call) -> Result<Response, Error> {
    match call.raw_id() {
        "User" => Ok(fitting(Json(user_type(&call)).into_response())),
        _ => Err(Code::NotFound.into()),
    }
}

/// Shipped SDKs want a bare list, SCIM clients a ListResponse; they tell themselves apart by `Accept`.
pub(crate) async fn schemas(call: Call) -> Result<Response, Error> {
    let all = schema::all(|path| call.url(path));
    Ok(if call.wants_plain_json() { Json(all).into_response() } else { list(all) })
}

pub(crate) async fn schema(call: Call) -> Result<Response, Error> {
    let mut all = schema::all(|path| call.url(path)).into_iter();
    let found = all.find(|schema| schema.get("id").and_then(Value::as_str) == Some(call.raw_id()));
    found.map(|schema| fitting(Json(schema).into_response())).ok_or_else(|| Code::NotFound.into())
}

fn user_type(call: &Call) -> Value {
    let extensions = [WSO2, OWN, FACTORS].map(|schema| json!({"schema": schema, "required": false}));
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
        "id": "User", "name": "User", "endpoint": "/Users", "description": "A user.", "schema": USER,
        "schemaExtensions": extensions,
        "meta": {"resourceType": "ResourceType", "location": call.url("/scim2/ResourceTypes/User")},
    })
}

fn list(resources: Vec<Value>) -> Response {
    fitting(
        Json(json!({
            "schemas": [LIST], "totalResults": resources.len(), "startIndex": 1, "itemsPerPage": resources.len(),
            "Resources": resources,
        }))
        .into_response(),
    )
}
