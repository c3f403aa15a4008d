//! Bodies and queries, read strictly: bounded, of the right type, each parameter once, no secrets in a URL.

use std::fmt;
use std::marker::PhantomData;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Method, header};
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use vestibule_core::error::{Code, Error};
use vestibule_core::oauth::{Params, RepeatedParameter};

use super::App;
use super::reply::Refusal;

/// Most parameters of one request.
const MOST: usize = 64;

/// Secrets that are refused in a query string: URLs end up in logs and histories (ASVS 14.2.1).
const SECRET: &[&str] = &[
    "client_secret",
    "client_assertion",
    "code",
    "password",
    "code_verifier",
    "refresh_token",
    "access_token",
    "token",
    "sessionId",
    "OTPCode",
    "OTPcode",
    "params",
    "auth_session",
];

/// Parameters of a request: the form of a POST, the query of a GET.
pub(crate) struct Form {
    pub params: Params,
    /// Those of them that stood in the URL.
    pub in_url: Params,
}

impl FromRequest<App> for Form {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        if request.method() == Method::GET || request.method() == Method::HEAD {
            let params = parse(query.as_bytes(), b"")?;
            no_secrets(&params)?;
            return Ok(Self { params, in_url: parse(query.as_bytes(), b"")? });
        }
        let is_form = is_of_type(request.headers(), "application/x-www-form-urlencoded");
        let body = body(request, app).await?;
        if !body.is_empty() && !is_form {
            return Err(Error::new(Code::UnsupportedMediaType)
                .because("The endpoint takes a body of the type application/x-www-form-urlencoded.")
                .into());
        }
        let in_url = parse(query.as_bytes(), b"")?;
        no_secrets(&in_url)?;
        Ok(Self { params: parse(query.as_bytes(), &body)?, in_url })
    }
}

/// A JSON object read as a `T`. Without it a list would be taken for the object, member by member.
pub(crate) struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members)).map(Object)
    }
}

/// The bytes of a JSON body.
pub(crate) struct JsonBytes(pub Bytes);

impl FromRequest<App> for JsonBytes {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let is_json =
            ["application/json", "application/scim+json"].iter().any(|kind| is_of_type(request.headers(), kind));
        if !is_json {
            return Err(Error::new(Code::UnsupportedMediaType)
                .because("The endpoint takes a body of the type application/json.")
                .into());
        }
        no_secrets(&parse(request.uri().query().unwrap_or_default().as_bytes(), b"")?)?;
        Ok(Self(body(request, app).await?))
    }
}

pub(super) async fn body(request: Request, app: &App) -> Result<Bytes, Refusal> {
    let limit = app.settings().body_limit;
    axum::body::to_bytes(request.into_body(), limit).await.map_err(|error| {
        // The only other failure is a caller who went away, and nobody reads that answer.
        let code = if is_too_long(&error) { Code::PayloadTooLarge } else { Code::InvalidRequest };
        Refusal(Error::new(code))
    })
}

fn is_too_long(error: &axum::Error) -> bool {
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        if error.to_string().contains("length limit exceeded") {
            return true;
        }
        next = error.source();
    }
    false
}

pub(super) fn is_of_type(headers: &HeaderMap, kind: &str) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().is_some_and(|essence| essence.trim().eq_ignore_ascii_case(kind))
}

fn no_secrets(in_url: &Params) -> Result<(), Error> {
    match SECRET.iter().find(|name| in_url.has(name)) {
        Some(name) => Err(invalid(format!("The parameter {name} must not be sent in a URL."))),
        None => Ok(()),
    }
}

fn parse(query: &[u8], form: &[u8]) -> Result<Params, Error> {
    let pairs: Vec<_> =
        url::form_urlencoded::parse(query).chain(url::form_urlencoded::parse(form)).take(MOST + 1).collect();
    if pairs.len() > MOST {
        return Err(invalid(format!("The request has more than {MOST} parameters.")));
    }
    let pairs = pairs.into_iter().map(|(name, value)| (name.into_owned(), value.into_owned()));
    Params::read(pairs).map_err(|RepeatedParameter(name)| {
        let shown: String = name.chars().take(40).filter(|c| c.is_ascii_alphanumeric() || "_-.".contains(*c)).collect();
        invalid(format!("The parameter {shown} is repeated."))
    })
}

fn invalid(description: String) -> Error {
    Error::new(Code::InvalidRequest).because(description).oauth("invalid_request")
}
