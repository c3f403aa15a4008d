//! The routes, once below `/` and once below `/t/{tenant}`.

use axum::Router;
use axum::extract::State;
use axum::middleware;
use axum::routing::{get, post};
use vestibule_core::error::{Code, Error};

use super::reply::Refusal;
use super::{App, cors, health, management, native, oauth, openapi, trace};

/// The whole of the server's HTTP side.
pub fn router(app: App) -> Router {
    let well_known = "/.well-known/oauth-authorization-server/oauth2/token";
    let qualified_well_known = "/.well-known/oauth-authorization-server/t/{tenant}/oauth2/token";
    Router::new()
        .merge(of_tenant())
        .nest("/t/{tenant}", of_tenant())
        .route(well_known, get(oauth::metadata::metadata))
        .route(qualified_well_known, get(oauth::metadata::metadata))
        .route("/openapi.json", get(openapi::handle))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .fallback(nowhere)
        .method_not_allowed_fallback(otherwise)
        .layer(middleware::from_fn_with_state(app.clone(), deadline))
        .layer(middleware::from_fn_with_state(app.clone(), cors::layer))
        .layer(middleware::from_fn_with_state(app.clone(), trace::layer))
        .with_state(app)
}

/// Routes that every tenant has.
fn of_tenant() -> Router<App> {
    let authorize = get(native::authorize::handle).post(native::authorize::handle);
    let logout = get(native::logout::handle).post(native::logout::handle);
    let userinfo = get(oauth::userinfo::handle).post(oauth::userinfo::handle);
    Router::new()
        .route("/oauth2/authorize", authorize.clone())
        .route("/oauth2/authorize/", authorize)
        .route("/oauth2/authn", post(native::authn::handle))
        .route("/oauth2/authn/", post(native::authn::handle))
        .route("/oidc/logout", logout)
        .route("/oauth2/token", post(oauth::token::token))
        .route("/oauth2/introspect", post(oauth::token::introspect))
        .route("/oauth2/revoke", post(oauth::token::revoke))
        .route("/oauth2/userinfo", userinfo)
        .route("/oauth2/jwks", get(oauth::metadata::jwks))
        .route("/oauth2/token/.well-known/openid-configuration", get(oauth::metadata::metadata))
        .route("/.well-known/openid-configuration", get(oauth::metadata::metadata))
        .route("/.well-known/oauth-authorization-server", get(oauth::metadata::metadata))
        .merge(management::router())
}

async fn nowhere() -> Refusal {
    Refusal(Code::NotFound.into())
}

async fn otherwise() -> Refusal {
    Refusal(Code::MethodNotAllowed.into())
}

/// Ends a request that takes too long with 503, before its caller gives up.
async fn deadline(
    State(app): State<App>,
    request: axum::extract::Request,
    next: middleware::Next,
) -> Result<axum::response::Response, Refusal> {
    let limit = app.settings().timeout;
    tokio::time::timeout(limit, next.run(request)).await.map_err(|_| {
        let error = Error::new(Code::TemporarilyUnavailable).retry_after(std::time::Duration::from_secs(1));
        Refusal(error.because("The request took too long."))
    })
}
