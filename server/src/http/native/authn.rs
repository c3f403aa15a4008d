//! `POST /oauth2/authn`: goes on with a login. The body is closed: a member that is unknown, repeated or of the wrong
//! type is refused, and the parameters of an authenticator never mix with the flow's own.

use std::collections::BTreeMap;
use std::fmt;

use axum::extract::State;
use axum::response::Response;
use schemars::JsonSchema;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use vestibule_core::error::{Code, Error};
use vestibule_core::flow::Submission;
use vestibule_core::ports::Secret;

use super::super::App;
use super::super::body::{JsonBytes, Object};
use super::super::caller::Caller;
use super::super::reply::Reply;
use super::authorize::answer;

/// An answer to the open step, or the selection of an option.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AnswerBody {
    /// The flow.
    #[serde(default)]
    flow_id: String,
    #[schemars(with = "Selected")]
    selected_authenticator: Object<Selected>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Selected {
    /// The option that is meant.
    #[serde(default)]
    authenticator_id: String,
    /// What is answered; none selects the option.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    params: ParamsBody,
}

pub(crate) async fn handle(State(app): State<App>, caller: Caller, JsonBytes(bytes): JsonBytes) -> Reply<Response> {
    let Object(body): Object<AnswerBody> = serde_json::from_slice(&bytes).map_err(|error| unreadable(&error))?;
    let AnswerBody { flow_id, selected_authenticator: Object(selected) } = body;
    let Caller { realm, source, shown } = caller;
    let submission = Submission {
        tenant: &realm.tenant,
        flow_id: &flow_id,
        authenticator_id: Some(&selected.authenticator_id),
        params: selected.params.0,
        shown: &shown,
        begins: false,
        source,
    };
    let progressed = app.house().engine.submit(submission).await?;
    answer(&app, &realm, progressed).await
}

/// Says where the body is wrong without repeating any of it.
fn unreadable(error: &serde_json::Error) -> Error {
    let what = match error.classify() {
        serde_json::error::Category::Syntax | serde_json::error::Category::Eof => "is not JSON",
        _ => "has a member that is missing, unknown, repeated or of the wrong type",
    };
    let (line, column) = (error.line(), error.column());
    Error::new(Code::InvalidRequest).because(format!(
        "Error occurred while parsing the authentication request: the body {what} (line {line}, column {column})."
    ))
}

/// Parameters by name: texts, numbers and switches become text, a list has several values.
#[derive(Default)]
pub(crate) struct ParamsBody(pub BTreeMap<String, Vec<Secret<String>>>);

impl<'de> Deserialize<'de> for ParamsBody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Pairs)
    }
}

struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = ParamsBody;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ParamsBody, A::Error> {
        let mut params = BTreeMap::new();
        while let Some((name, Values(values))) = map.next_entry::<String, Values>()? {
            if params.insert(name, values).is_some() {
                return Err(A::Error::custom("a parameter is repeated"));
            }
        }
        Ok(ParamsBody(params))
    }
}

struct Values(Vec<Secret<String>>);

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Several)
    }
}

struct Several;

impl<'de> Visitor<'de> for Several {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, a switch or a list of them")
    }

    fn visit_str<E>(self, value: &str) -> Result<Values, E> {
        Ok(Values(vec![Secret::new(value.to_owned())]))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Values, E> {
        Ok(Values(vec![Secret::new(value.to_string())]))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Values, E> {
        Ok(Values(vec![Secret::new(value.to_string())]))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Values, E> {
        Ok(Values(vec![Secret::new(value.to_string())]))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Values, E> {
        Ok(Values(vec![Secret::new(value.to_string())]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Values, A::Error> {
        let mut values = Vec::new();
        while let Some(Single(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Values(values))
    }
}

/// One value of a list: a list within a list is none.
struct Single(Secret<String>);

impl<'de> Deserialize<'de> for Single {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Untagged, so that a list within a list fits none of them.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Scalar {
            Text(String),
            Number(serde_json::Number),
            Switch(bool),
        }
        Ok(Self(Secret::new(match Scalar::deserialize(deserializer)? {
            Scalar::Text(text) => text,
            Scalar::Number(number) => number.to_string(),
            Scalar::Switch(switch) => switch.to_string(),
        })))
    }
}
