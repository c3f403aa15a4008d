//! Where everything is and which keys sign: discovery (OpenID Connect Discovery §4, RFC 8414 §3) and the JWK set.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use vestibule_core::error::Code;
use vestibule_core::oauth::metadata::Metadata;

use super::super::App;
use super::super::caller::Realm;
use super::super::reply::{Refusal, Reply};

const HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// The tenant's metadata.
pub(crate) async fn metadata(State(app): State<App>, realm: Realm) -> Reply<Response> {
    exists(&app, &realm).await?;
    let document = Metadata::of(&app.house().urls, &realm.tenant, app.settings().certificates.are_seen());
    Ok(([(header::CACHE_CONTROL, HOUR)], Json(document)).into_response())
}

/// The tenant's public keys (RFC 7517 §5).
pub(crate) async fn jwks(State(app): State<App>, realm: Realm, headers: HeaderMap) -> Reply<Response> {
    exists(&app, &realm).await?;
    let keyring = &app.house().keyring;
    let keys = keyring.published(&realm.tenant).await?;
    let caching = format!("public, max-age={}", keyring.rules().max_age.as_secs());
    let caching = [(header::CACHE_CONTROL, caching), (header::ETAG, keys.tag.clone())];
    if is_known(&headers, &keys.tag) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    Ok((caching, [(header::CONTENT_TYPE, "application/json")], keys.json.clone()).into_response())
}

/// Whether the caller has the representation with that tag (If-None-Match, RFC 9110 §13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let shown = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut shown = shown.flat_map(|value| value.split(',')).map(str::trim);
    shown.any(|shown| shown == "*" || shown.strip_prefix("W/").unwrap_or(shown) == tag)
}

/// Keys at hand are enough: what verifiers need is served also while the store is down.
pub(super) async fn exists(app: &App, realm: &Realm) -> Result<(), Refusal> {
    if app.house().keyring.has(&realm.tenant) {
        return Ok(());
    }
    match app.house().ports.store.tenant(&realm.tenant).await? {
        Some(_) => Ok(()),
        None => Err(Code::NotFound.into()),
    }
}
