//! Answers of managed routes.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use vestibule_core::error::{Error, Fault};

/// 201 with the address of what was made.
pub(crate) fn created(location: &str, body: impl Serialize) -> Result<Response, Error> {
    let location = HeaderValue::from_str(location).map_err(|error| Fault::from("writing a Location", error))?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(body)).into_response())
}

/// An answer in SCIM's content type (RFC 7644 §3.1).
pub(crate) fn fitting(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    response
}
