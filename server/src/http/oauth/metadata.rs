//! Where everything is and which keys sign: discovery (OpenID Connect Discovery §4, RFC 8414 §3) and the JWK set.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
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
pub(crate) async fn jwks(State(app): State<App>, realm: Realm) -> Reply<Response> {
    exists(&app, &realm).await?;
    let keys = app.house().keyring.published(&realm.tenant).await?;
    Ok(([(header::CACHE_CONTROL, HOUR)], Json(&*keys)).into_response())
}

/// Keys at hand are enough: what verifiers need is served also while the store is down.
async fn exists(app: &App, realm: &Realm) -> Result<(), Refusal> {
    if app.house().keyring.has(&realm.tenant) {
        return Ok(());
    }
    match app.house().ports.store.tenant(&realm.tenant).await? {
        Some(_) => Ok(()),
        None => Err(Code::NotFound.into()),
    }
}
