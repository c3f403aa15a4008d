//! What signed-in users do with their own account, on WSO2's paths where there are some: JSON and forms become types, the
//! rules are asked, types become JSON. Which scope is needed stands in the route table.

pub(super) mod backup;
pub(super) mod contacts;
pub(super) mod passkeys;
pub(super) mod password;
mod qr;
pub(super) mod totp;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use vestibule_core::ports::Secret;

/// A code as clients send it: as text or, as some of WSO2's do, as a number that has lost its leading zeros.
#[derive(Deserialize)]
#[serde(from = "Spelled")]
struct CodeText(Secret<String>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Spelled {
    Text(String),
    Number(u32),
}

impl From<Spelled> for CodeText {
    fn from(spelled: Spelled) -> Self {
        Self(Secret::new(match spelled {
            Spelled::Text(text) => text.trim().to_owned(),
            Spelled::Number(number) => format!("{number:06}"),
        }))
    }
}

impl JsonSchema for CodeText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CodeText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "examples": ["123456"] })
    }
}

/// It is done and there is nothing to say.
fn done() -> Response {
    StatusCode::NO_CONTENT.into_response()
}
