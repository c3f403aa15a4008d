//! The one place where a refusal becomes a response. An endpoint returns [`Refusal`], which only marks the response; the
//! outermost layer fills in the body, since only it knows the trace, the tenant's spelling and the face of the path.
//! It does not log; the trace layer does.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use vestibule_core::error::{Code, Error, Row};
use vestibule_core::oauth::dpop;

use super::Style;
use super::face::Face;
use super::first_party;
use super::native::wire;

/// Where a fresh challenge goes (draft-ietf-oauth-attestation-based-client-auth §6.2).
pub(super) const ATTESTATION_CHALLENGE: HeaderName = HeaderName::from_static("oauth-client-attestation-challenge");

/// The answer of an endpoint.
pub type Reply<T> = Result<T, Refusal>;

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refusal(pub Error);

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// A refusal attached to a response whose body is still to be filled in.
#[derive(Clone, Debug)]
pub(super) struct Refused(pub Arc<Error>);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = status_of(self.0.code().row()).into_response();
        response.extensions_mut().insert(Refused(Arc::new(self.0)));
        response
    }
}

/// Body of the native contract (decisions §1).
#[derive(Serialize)]
struct NativeBody<'a> {
    code: &'a str,
    message: &'a str,
    description: &'a str,
    #[serde(rename = "traceId")]
    trace_id: &'a str,
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth_error: Option<&'a str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    step: Option<wire::StepBody>,
}

/// The status of a refusal at a face, and what OAuth calls it there.
pub(super) fn told(face: Face, error: &Error) -> (u16, &'static str) {
    match face {
        Face::Challenge => first_party::told(error),
        _ => (error.code().row().status, error.oauth_name()),
    }
}

/// Tells a refusal in the face of its path.
pub(super) fn render(error: &Error, face: Face, style: Style, links: &str, trace_id: &str, realm: &str) -> Response {
    let row = error.code().row();
    let (number, name) = told(face, error);
    let body = match face {
        Face::Native => native(error, style, links, trace_id),
        Face::Challenge | Face::OAuth => json!({
            "error": name, "error_description": error.description(), "traceId": trace_id,
        }),
        Face::Scim => scim(error, trace_id),
        Face::Management => json!({
            "code": row.code(style.codes), "message": row.message, "description": error.description(), "traceId": trace_id,
        }),
    };
    let mut response = (status(number), Json(body)).into_response();
    let headers = response.headers_mut();
    if face == Face::Scim {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    }
    if let Some(span) = error.waits() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(whole_seconds(span)));
    }
    if let Some(fresh) = error.fresh_challenge().and_then(|text| HeaderValue::from_str(text).ok()) {
        headers.insert(ATTESTATION_CHALLENGE, fresh);
    }
    for challenge in challenges(error, realm) {
        headers.append(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn native(error: &Error, style: Style, links: &str, trace_id: &str) -> Value {
    let row = error.code().row();
    let body = NativeBody {
        code: row.code(style.codes),
        message: row.message,
        description: error.description(),
        trace_id,
        error: row.name,
        oauth_error: error.met_oauth(),
        step: error.step().map(|step| wire::StepBody::of(step, style, links)),
    };
    serde_json::to_value(body).unwrap_or_default()
}

/// RFC 7644 §3.12.
fn scim(error: &Error, trace_id: &str) -> Value {
    let row = error.code().row();
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": row.status.to_string(), "detail": error.description(), "traceId": trace_id,
    });
    let kind = match error.code() {
        Code::Conflict => Some("uniqueness"),
        Code::InvalidInput => Some("invalidValue"),
        _ => None,
    };
    if let (Some(kind), Some(members)) = (kind, body.as_object_mut()) {
        members.insert("scimType".to_owned(), kind.into());
    }
    body
}

/// How to authenticate (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9449 §7.1).
fn challenges(error: &Error, realm: &str) -> impl Iterator<Item = HeaderValue> {
    let by_key = |name| {
        let algs: Vec<_> = dpop::ALGORITHMS.iter().map(|alg| alg.as_str()).collect();
        format!("DPoP realm=\"{realm}\", error=\"{name}\", algs=\"{}\"", algs.join(" "))
    };
    let by_key = match error.code() {
        Code::Unauthorized => error.met_oauth().filter(|name| dpop::is_about_proofs(name)).map(by_key),
        Code::InvalidToken => Some(by_key("invalid_token")),
        _ => None,
    };
    let other = challenge(error, realm).filter(|_| error.code() != Code::Unauthorized || by_key.is_none());
    other.into_iter().chain(by_key).filter_map(|text| HeaderValue::from_str(&text).ok())
}

fn challenge(error: &Error, realm: &str) -> Option<String> {
    Some(match error.code() {
        Code::Unauthorized => format!("Basic realm=\"{realm}\", charset=\"UTF-8\""),
        Code::InvalidToken => format!("Bearer realm=\"{realm}\", error=\"invalid_token\""),
        Code::InsufficientAuthentication => {
            format!("Bearer realm=\"{realm}\", error=\"insufficient_user_authentication\", max_age=\"900\"")
        }
        Code::Forbidden => format!("Bearer realm=\"{realm}\", error=\"insufficient_scope\""),
        _ => return None,
    })
}

fn whole_seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

fn status_of(row: &Row) -> StatusCode {
    status(row.status)
}

fn status(number: u16) -> StatusCode {
    StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
