//! The routes, once below `/` and once below `/t/{tenant}`.

use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use tracing::Instrument as _;
use vestibule_core::error::{Code, Error, Fault};

use super::reply::Refusal;
use super::{
    App, association, caller, cors, first_party, health, mailbox, management, native, oauth, openapi, threshold, trace,
};
use crate::world::PresentCall;

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
        .route("/dev/mailbox", get(mailbox::page))
        .route("/dev/mailbox/messages", get(mailbox::messages))
        .fallback(nowhere)
        .method_not_allowed_fallback(otherwise)
        .layer(middleware::from_fn_with_state(app.clone(), threshold::layer))
        .layer(middleware::from_fn_with_state(app.clone(), run))
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
        .route("/oauth2/authorize-challenge", post(first_party::handle))
        .route("/oidc/logout", logout)
        .route("/oauth2/par", post(oauth::par::push))
        .route("/oauth2/token", post(oauth::token::token))
        .route("/oauth2/introspect", post(oauth::token::introspect))
        .route("/oauth2/revoke", post(oauth::token::revoke))
        .route("/oauth2/userinfo", userinfo)
        .route("/oauth2/attestation", post(oauth::attestation::issue))
        .route("/oauth2/attestation/challenge", post(oauth::attestation::challenge))
        .route("/oauth2/jwks", get(oauth::metadata::jwks))
        .route("/oauth2/token/.well-known/openid-configuration", get(oauth::metadata::metadata))
        .route("/.well-known/openid-configuration", get(oauth::metadata::metadata))
        .route("/.well-known/oauth-authorization-server", get(oauth::metadata::metadata))
        .route("/.well-known/assetlinks.json", get(association::android))
        .route("/.well-known/apple-app-site-association", get(association::apple))
        .route("/.well-known/webauthn", get(association::origins))
        .merge(management::router())
}

async fn nowhere() -> Refusal {
    Refusal(Code::NotFound.into())
}

async fn otherwise() -> Refusal {
    Refusal(Code::MethodNotAllowed.into())
}

/// Runs a request as a task of its own and ends the wait for it with 503 before its caller gives up. The task runs to its
/// end also when the caller hangs up, so a claimed flow is settled and a refusal is charged; if it panics, that is an answer
/// like any other fault.
async fn run(State(app): State<App>, mut request: Request, next: Next) -> Result<Response, Refusal> {
    let source = caller::source_of(&app, request.extensions(), request.headers());
    let origin = caller::origin(&source, request.extensions());
    request.extensions_mut().insert(source);
    let task = tokio::spawn(PresentCall::answer(origin, next.run(request)).in_current_span());
    match tokio::time::timeout(app.settings().timeout, task).await {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(lost)) => Err(Fault::from("running a request", lost).into()),
        Err(_) => Err(Error::new(Code::TemporarilyUnavailable)
            .because("The request took too long.")
            .retry_after(Duration::from_secs(1))
            .into()),
    }
}
