//! CORS: pages of registered origins may call, with credentials, and nobody else (never `*`). Refusals carry the headers
//! too; without them a page sees only that the call failed.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::App;
use super::face::place;

/// Marks an answer that no page may read.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoCors;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, accept, x-client-attestation, x-client-attestation-challenge, x-client-platform, oauth-client-attestation, oauth-client-attestation-pop, dpop, traceparent",
);
const EXPOSED: HeaderValue =
    HeaderValue::from_static("www-authenticate, dpop-nonce, oauth-client-attestation-challenge, retry-after");
const TEN_MINUTES: HeaderValue = HeaderValue::from_static("600");

/// The layer.
pub(super) async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let asks =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let known = match &origin {
        Some(_) if is_navigation(&request) => false,
        Some(origin) => is_registered(&app, request.uri().path(), origin).await,
        None => false,
    };
    let mut response = if asks { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    let readable = response.extensions_mut().remove::<NoCors>().is_none();
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    if let (Some(origin), true, true) = (origin, known, readable) {
        allow(headers, origin, asks);
    }
    response
}

/// Whether a request is one that browsers make by going somewhere: an authorization request that is not direct is never
/// a page's business (RFC 9700 §2.1).
fn is_navigation(request: &Request) -> bool {
    let is_authorize = place(request.uri().path()).rest.trim_end_matches('/') == "/oauth2/authorize";
    let query = request.uri().query().unwrap_or_default().as_bytes();
    let is_direct =
        url::form_urlencoded::parse(query).any(|(name, value)| name == "response_mode" && value == "direct");
    is_authorize && request.method() == Method::GET && !is_direct
}

fn allow(headers: &mut HeaderMap, origin: HeaderValue, asks: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    if asks {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, TEN_MINUTES);
    }
}

/// Whether some application of the path's tenant lists the origin; a store that fails knows none.
async fn is_registered(app: &App, path: &str, origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    let Some(tenant) = place(path).tenant else { return false };
    app.house().ports.store.knows_origin(&tenant, origin).await.unwrap_or(false)
}
