//! A change of a connection as a list of operations on single members, in the form that WSO2's users script. Each says no more
//! than the same member in a document would.

use serde::Deserialize;
use serde_json::{Map, Value, json};
use vestibule_core::error::Error;

use super::body::ConnectionBody;
use super::invalid;

/// An operation on a member.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    operation: Verb,
    path: String,
    #[serde(default)]
    value: Option<Value>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Verb {
    Add,
    Replace,
    Remove,
}

/// The members that operations reach.
const TEXTS: [&str; 5] = ["name", "description", "image", "idpIssuerName", "alias"];

/// The document that says what the operations say, one after the other.
pub(super) fn body(operations: &[Operation]) -> Result<ConnectionBody, Error> {
    let mut document = Map::new();
    for Operation { operation, path, value } in operations {
        let value = match (operation, value) {
            (Verb::Remove, _) => json!(""),
            (Verb::Add | Verb::Replace, Some(value)) => value.clone(),
            (Verb::Add | Verb::Replace, None) => return Err(invalid("value is missing.")),
        };
        match path.strip_prefix('/') {
            Some(name) if TEXTS.contains(&name) => drop(document.insert(name.to_owned(), value)),
            Some("isEnabled") => drop(document.insert("isEnabled".to_owned(), switch(value)?)),
            Some("certificate/jwksUri") => drop(document.insert("certificate".to_owned(), json!({ "jwksUri": value }))),
            _ => {
                return Err(invalid(format!(
                    "path must be /isEnabled, /certificate/jwksUri or one of /{}.",
                    TEXTS.join(", /")
                )));
            }
        }
    }
    serde_json::from_value(Value::Object(document)).map_err(|_| invalid("value must be a string."))
}

/// Scripts send the switch as text.
fn switch(value: Value) -> Result<Value, Error> {
    match (value.as_bool(), value.as_str()) {
        (Some(on), _) => Ok(on.into()),
        (None, Some("true")) => Ok(true.into()),
        (None, Some("false")) => Ok(false.into()),
        _ => Err(invalid("value of /isEnabled must be true or false.")),
    }
}
