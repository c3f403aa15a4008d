//! `/oauth2/userinfo` (OpenID Connect Core §5.3).

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use vestibule_core::error::{Code, Error};

use super::super::App;
use super::super::body::Form;
use super::super::caller::{self, Caller};
use super::super::reply::Reply;

pub(crate) async fn handle(State(app): State<App>, caller: Caller, headers: HeaderMap, _: Form) -> Reply<Response> {
    let token = caller::presented(&headers, &caller.shown).ok_or_else(|| {
        Error::new(Code::InvalidToken).because("The access token is missing: send it as Authorization: Bearer.")
    })?;
    let claims = app.house().issuer.userinfo(&caller.realm.tenant, &token).await?;
    Ok(Json(claims).into_response())
}
