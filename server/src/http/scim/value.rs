//! Values of SCIM attributes as the types that they should be. Clients write some of them loosely.

use serde_json::{Map, Value};
use vestibule_core::error::Error;

use super::super::management::invalid;

/// The text in a value; none where it is null, which is to say unassigned (RFC 7643 §2.5).
pub(super) fn text(member: &str, value: &Value) -> Result<Option<String>, Error> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(invalid(format!("{member} must be a string."))),
    }
}

/// The switch in a value; Microsoft Entra writes `"True"`.
pub(super) fn flag(member: &str, value: &Value) -> Result<bool, Error> {
    match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(invalid(format!("{member} must be a boolean."))),
    }
}

/// The members in a value.
pub(super) fn object<'a>(member: &str, value: &'a Value) -> Result<&'a Map<String, Value>, Error> {
    value.as_object().ok_or_else(|| invalid(format!("{member} must be an object.")))
}

/// The values of an attribute that may have several; one may stand without a list.
pub(super) fn several(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        Value::Null => &[],
        one => std::slice::from_ref(one),
    }
}
