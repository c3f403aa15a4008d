//! `POST /oauth2/token`, `/oauth2/introspect`, `/oauth2/revoke`.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::App;
use super::super::body::Form;
use super::super::caller::Caller;
use super::super::reply::Reply;

/// RFC 6749 §5.1.
pub(crate) async fn token(State(app): State<App>, caller: Caller, form: Form) -> Reply<Response> {
    let tokens = app.house().issuer.exchange(&caller.realm.tenant, &caller.shown, &form.params).await?;
    Ok(([(header::PRAGMA, "no-cache")], Json(tokens)).into_response())
}

/// RFC 7662 §2.2.
pub(crate) async fn introspect(State(app): State<App>, caller: Caller, form: Form) -> Reply<Response> {
    let found = app.house().issuer.introspect(&caller.realm.tenant, &caller.shown, &form.params).await?;
    Ok(Json(found).into_response())
}

/// RFC 7009 §2.2: 200 once it is written down.
pub(crate) async fn revoke(State(app): State<App>, caller: Caller, form: Form) -> Reply<StatusCode> {
    app.house().issuer.revoke(&caller.realm.tenant, &caller.shown, &form.params).await?;
    Ok(StatusCode::OK)
}
