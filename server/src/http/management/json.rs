//! JSON bodies read strictly, with refusals that say where: `inboundProtocolConfiguration.oidc.foo is unknown.` Values
//! are never repeated, since they may be secrets; names are, cut short and printable.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::error::Category;
use serde_json::{Map, Value};
use vestibule_core::error::{Code, Error};
use vestibule_core::ports::Secret;

use super::super::body::Object;

/// The object in a body.
///
/// # Errors
/// It is no JSON object, or a member is unknown, repeated, missing or of the wrong type.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    let mut input = serde_json::Deserializer::from_slice(bytes);
    let Object(found) = serde_path_to_error::deserialize::<_, Object<T>>(&mut input)
        .map_err(|error| told(&error.path().to_string(), error.inner()))?;
    input.end().map_err(|error| told(".", &error))?;
    Ok(found)
}

/// The objects in a body that is a list of them; nothing if it is no list.
///
/// # Errors
/// An entry is no JSON object, or a member of it is unknown, repeated, missing or of the wrong type.
pub(crate) fn read_list<T: DeserializeOwned>(bytes: &[u8]) -> Result<Option<Vec<T>>, Error> {
    if !bytes.trim_ascii_start().starts_with(b"[") {
        return Ok(None);
    }
    let mut input = serde_json::Deserializer::from_slice(bytes);
    let found: Vec<Object<T>> =
        serde_path_to_error::deserialize(&mut input).map_err(|error| told(&error.path().to_string(), error.inner()))?;
    input.end().map_err(|error| told(".", &error))?;
    Ok(Some(found.into_iter().map(|Object(entry)| entry).collect()))
}

/// A refusal that names the member and what it should be.
pub(crate) fn invalid(description: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidInput).because(description)
}

/// A name from the outside, fit for a sentence.
pub(crate) fn printable(name: &str) -> String {
    name.chars().take(100).map(|c| if c.is_ascii_alphanumeric() || "_-.:[]".contains(c) { c } else { '?' }).collect()
}

fn told(path: &str, error: &serde_json::Error) -> Error {
    match error.classify() {
        Category::Data => {}
        Category::Syntax | Category::Eof | Category::Io => {
            return invalid(format!("The body is not JSON (line {}, column {}).", error.line(), error.column()));
        }
    }
    let text = error.to_string();
    let sentence = text.rsplit_once(" at line ").map_or(text.as_str(), |(sentence, _)| sentence);
    invalid(explain(path, sentence))
}

/// What serde says, in the words of this API.
fn explain(path: &str, said: &str) -> String {
    let member = |name: Option<&str>| match (printable(path), name) {
        (path, None) if path == "." => "The body".to_owned(),
        (path, None) => path,
        (path, Some(name)) if path == "." => name.to_owned(),
        (path, Some(name)) => format!("{path}.{name}"),
    };
    let quoted = said.split('`').nth(1);
    let expected = said.rsplit_once(", expected ").map(|(_, expected)| expected);
    match (said.split(' ').take(2).collect::<Vec<_>>().as_slice(), expected) {
        (["unknown", "field"], _) => format!("{} is unknown.", member(None)),
        (["duplicate", "field"], _) => format!("{} is repeated.", member(quoted)),
        (["missing", "field"], _) => format!("{} is missing.", member(quoted)),
        (["unknown", "variant"], Some(expected)) => {
            let given = printable(quoted.unwrap_or_default());
            let choices = expected.replace('`', "").replace("one of ", "").replace(" or ", ", ");
            format!("{} must be one of {choices}, not {given}.", member(None))
        }
        (["invalid", _], Some(expected)) => format!("{} must be {}.", member(None), kind(expected)),
        _ => format!("{} {said}.", member(None)),
    }
}

/// What serde expects, in the words of this API.
fn kind(expected: &str) -> &str {
    match expected {
        "a map" => "an object",
        "a sequence" => "a list",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        _ if expected.starts_with("struct ") => "an object",
        _ if expected.starts_with("enum ") => "a string",
        other => other,
    }
}

impl<T: Serialize> Serialize for Object<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Object<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A member of WSO2's shapes that asks for something this server does not do: accepted while it asks for nothing.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Off;

impl<'de> Deserialize<'de> for Off {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if is_blank(&Value::deserialize(deserializer)?) {
            return Ok(Self);
        }
        Err(D::Error::custom("is not supported: leave it out, empty or false"))
    }
}

impl Serialize for Off {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(false)
    }
}

impl JsonSchema for Off {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Off".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "Not supported: accepted when it is empty or false." })
    }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) | Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.iter().all(is_blank),
        Value::Object(members) => members.values().all(is_blank),
    }
}

/// A member of WSO2's shapes that this server always does.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct On;

impl<'de> Deserialize<'de> for On {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if bool::deserialize(deserializer)? {
            Ok(Self)
        } else {
            Err(D::Error::custom("must be true: this cannot be switched off"))
        }
    }
}

impl Serialize for On {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(true)
    }
}

impl JsonSchema for On {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "On".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "const": true })
    }
}

/// A text that is read and never shown.
pub(crate) struct SecretText(pub Secret<String>);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

impl JsonSchema for SecretText {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SecretText".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "password", "writeOnly": true })
    }
}

/// Any JSON whose objects have each member once, whatever its case: SCIM's names have none (RFC 7643 §2.1).
#[derive(Clone, Debug)]
pub(crate) struct Strict(pub Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything).map(Self)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Strict(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let (mut members, mut seen) = (Map::new(), HashSet::new());
        while let Some((name, Strict(value))) = map.next_entry::<String, Strict>()? {
            if !seen.insert(name.to_ascii_lowercase()) {
                return Err(A::Error::custom("has a member twice"));
            }
            members.insert(name, value);
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    #[expect(dead_code, reason = "only read in")]
    struct Outer {
        #[serde(default)]
        inner: Option<Object<Inner>>,
        #[serde(default)]
        list: Vec<Object<Inner>>,
        #[serde(default)]
        off: Option<Off>,
        #[serde(default)]
        on: Option<On>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read in")]
    struct Inner {
        flag: bool,
        #[serde(default)]
        kind: Option<Kind>,
        #[serde(default)]
        number: u32,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        One,
        Two,
    }

    fn refusal(body: &str) -> String {
        read::<Outer>(body.as_bytes()).err().unwrap().description().to_owned()
    }

    #[test]
    fn a_refusal_says_where_and_what() {
        for (body, sentence) in [
            (r#"{"foo":1}"#, "foo is unknown."),
            (r#"{"inner":{"flag":true,"foo":1}}"#, "inner.foo is unknown."),
            (r#"{"list":[{"flag":true},{"flag":true,"f\n<o":1}]}"#, "list[1].f??o is unknown."),
            (r#"{"inner":{"flag":true,"flag":true}}"#, "inner.flag is repeated."),
            (r#"{"inner":{}}"#, "inner.flag is missing."),
            (r#"{"inner":{"flag":"secret, expected nothing"}}"#, "inner.flag must be a boolean."),
            (r#"{"inner":{"flag":true,"kind":"three"}}"#, "inner.kind must be one of one, two, not three."),
            (r#"{"inner":{"flag":true,"number":-1}}"#, "inner.number must be a whole number."),
            (r#"{"inner":{"flag":true,"number":"1"}}"#, "inner.number must be a whole number."),
            (r#"{"inner":[true]}"#, "inner must be an object."),
            (r#"{"list":{}}"#, "list must be a list."),
            (r#"{"off":{"a":[{"b":"x"}]}}"#, "off is not supported: leave it out, empty or false."),
            (r#"{"on":false}"#, "on must be true: this cannot be switched off."),
            ("[]", "The body must be an object."),
            ("{", "The body is not JSON (line 1, column 1)."),
            ("{} {}", "The body is not JSON (line 1, column 4)."),
            ("", "The body is not JSON (line 1, column 0)."),
        ] {
            assert_eq!(refusal(body), sentence, "{body}");
        }
    }

    #[test]
    fn what_asks_for_nothing_is_accepted() {
        for blank in ["null", "false", "\"\"", "[]", "{}", r#"{"a":[],"b":{"c":false}}"#] {
            assert!(read::<Outer>(format!(r#"{{"off":{blank},"on":true}}"#).as_bytes()).is_ok(), "{blank}");
        }
    }

    #[test]
    fn a_member_is_there_once_in_whatever_case() {
        assert!(serde_json::from_str::<Strict>(r#"{"a":1,"A":2}"#).is_err());
        assert!(serde_json::from_str::<Strict>(r#"{"a":{"b":1,"b":2}}"#).is_err());
        let Strict(value) = serde_json::from_str(r#"{"a":[1,-2,0.5,"x",null,true],"b":{}}"#).unwrap();
        assert_eq!(value, serde_json::json!({"a": [1, -2, 0.5, "x", null, true], "b": {}}));
    }
}
