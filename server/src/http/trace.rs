//! The outermost layer: gives each request a trace id, logs how it ended, fills in the body of a refusal, and sets the
//! headers that every answer has.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use vestibule_core::error::Error;
use vestibule_core::oauth::dpop;
use vestibule_core::ports::TenantId;

use super::face::{Face, place};
use super::reply::{Refused, render};
use super::{App, caller};

/// Names the request in logs and bodies: the trace id of a valid `traceparent` (W3C Trace Context §3.2), else a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceId(pub String);

impl TraceId {
    fn of(headers: &HeaderMap, fresh: impl FnOnce() -> [u8; 16]) -> Self {
        let given = headers.get("traceparent").and_then(|value| value.to_str().ok()).and_then(parent);
        Self(given.unwrap_or_else(|| format!("{:032x}", u128::from_be_bytes(fresh()))))
    }
}

/// The trace id of a `traceparent`: version, trace id, parent id and flags in lower-case hex, no id all zeros.
fn parent(value: &str) -> Option<String> {
    let mut parts = value.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let is_hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let spelled = is_hex(version, 2) && is_hex(trace, 32) && is_hex(span, 16) && is_hex(flags, 2);
    let known = version != "ff" && (version != "00" || parts.next().is_none());
    let named = trace.bytes().any(|b| b != b'0') && span.bytes().any(|b| b != b'0');
    (spelled && known && named).then(|| trace.to_owned())
}

/// The layer.
pub(super) async fn layer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let trace = TraceId::of(request.headers(), || app.house().ports.random());
    let span = tracing::info_span!("request", traceId = %trace.0);
    let proves = request.headers().contains_key(caller::DPOP);
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    request.extensions_mut().insert(trace.clone());
    async move {
        let mut response = next.run(request).await;
        let mut wants_proof = false;
        if let Some(Refused(error)) = response.extensions_mut().remove() {
            response = tell(&app, &path, &trace, &error, response).await;
            wants_proof = error.met_oauth().is_some_and(dpop::is_about_proofs);
        }
        if proves || wants_proof {
            offer_nonce(&app, response.headers_mut());
        }
        set_headers(&app, response.headers_mut());
        let (status, micros) = (response.status().as_u16(), began.elapsed().as_micros());
        tracing::info!(target: "vestibule::http", %method, path = %log_path(&path), status, micros, "answered");
        response
    }
    .instrument(span)
    .await
}

/// Fills in a refusal's body, keeping the headers that inner layers set.
async fn tell(app: &App, path: &str, trace: &TraceId, error: &Error, marked: Response) -> Response {
    if let Some(cause) = error.cause() {
        tracing::error!(error = error.code().row().name, cause = %cause.chain(), "a part of the server failed");
    } else {
        tracing::info!(error = error.code().row().name, description = %error.description(), "refused");
    }
    let place = place(path);
    let tenant = place.tenant.unwrap_or_else(TenantId::root);
    let face = Face::of(place.rest);
    // The other faces have the names of their standards.
    let style = match face {
        Face::Native | Face::Management => app.style(&tenant).await,
        Face::Challenge | Face::OAuth | Face::Scim => app.usual_style(),
    };
    let links = caller::authn_url(app, &tenant, place.qualified);
    let realm = tenant.as_str();
    let mut response = render(error, face, style, &links, &trace.0, realm);
    for (name, value) in marked.headers() {
        if name != header::CONTENT_LENGTH && name != header::CONTENT_TYPE {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    response
}

/// The nonce that the next proof should carry (RFC 9449 §8.2).
fn offer_nonce(app: &App, headers: &mut HeaderMap) {
    if let Ok(nonce) = HeaderValue::from_str(&app.house().proofs.nonce()) {
        headers.insert("dpop-nonce", nonce);
    }
}

/// Headers of every answer; an endpoint that sets one of them keeps its own.
fn set_headers(app: &App, headers: &mut HeaderMap) {
    let always = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ];
    for (name, value) in always {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if app.house().urls.is_https() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(year);
    }
}

/// A path fit for the log: bounded and printable. Queries are never logged.
fn log_path(path: &str) -> String {
    path.chars().take(200).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_valid_traceparent_is_kept_and_another_is_not() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        assert_eq!(parent(&format!("00-{trace}-b7ad6b7169203331-01")).as_deref(), Some(trace));
        assert_eq!(parent(&format!("01-{trace}-b7ad6b7169203331-01-more")).as_deref(), Some(trace));
        for bad in [
            format!("00-{trace}-b7ad6b7169203331-01-more"),
            format!("ff-{trace}-b7ad6b7169203331-01"),
            format!("00-{trace}-0000000000000000-01"),
            format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            format!("00-{}-b7ad6b7169203331-01", trace.to_uppercase()),
            format!("00-{trace}-b7ad6b7169203331"),
            String::new(),
        ] {
            assert_eq!(parent(&bad), None, "{bad}");
        }
    }
}
