//! `POST /oauth2/authorize-challenge` (draft-ietf-oauth-first-party-apps-04): the second face of the login. What it sends is
//! described for clients in `docs/first-party.md`.

pub(super) mod wire;

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use vestibule_core::error::{Code, Error};
use vestibule_core::flow::{Progressed, RawParams};
use vestibule_core::oauth::Params;
use vestibule_core::oauth::first_party::{Challenged, Given};

use self::wire::{CodeBody, InsufficientBody};
use super::App;
use super::body::{Form, Object};
use super::caller::Caller;
use super::native::authn::ParamsBody;
use super::native::authorize::{concluded, step_body};
use super::reply::Reply;

pub(crate) async fn handle(State(app): State<App>, caller: Caller, form: Form) -> Reply<Response> {
    let Caller { realm, source, shown } = caller;
    let given = given(&form.params)?;
    let challenged = Challenged { tenant: &realm.tenant, shown: &shown, params: &form.params, given, source };
    match app.house().authorize_by_challenge(challenged).await? {
        Progressed::Step(step) => {
            let body = InsufficientBody::of(&step, step_body(&app, &realm, &step).await);
            Ok((StatusCode::FORBIDDEN, Json(body)).into_response())
        }
        Progressed::Done(completion) => Ok(concluded(&app, &realm, &completion, CodeBody::of(&completion))),
    }
}

/// The answer in a request: `authenticator_id`, and `params` as a JSON object in one form field, so that the parameters of
/// an authenticator never mix with those of the request.
fn given(params: &Params) -> Result<Option<Given>, Error> {
    let answers = match params.get("params") {
        None => BTreeMap::new(),
        Some(text) => read(text)?,
    };
    match params.owned("authenticator_id") {
        Some(authenticator_id) => Ok(Some(Given { authenticator_id, params: answers })),
        None if params.has("params") => {
            Err(invalid("The parameter authenticator_id is missing: it says whose params these are."))
        }
        None => Ok(None),
    }
}

fn read(text: &str) -> Result<RawParams, Error> {
    let body: Result<Object<ParamsBody>, _> = serde_json::from_str(text);
    body.map(|Object(ParamsBody(params))| params).map_err(|_| {
        invalid(
            "The parameter params must be a JSON object whose members are texts, numbers, switches or lists of them.",
        )
    })
}

fn invalid(description: &'static str) -> Error {
    Error::new(Code::InvalidRequest).because(description).oauth("invalid_request")
}

/// How the draft names a refusal (§5.3.1), and its status.
pub(super) fn told(error: &Error) -> (u16, &'static str) {
    let status = error.code().row().status;
    match error.code() {
        Code::InvalidFlowId | Code::FlowTimeout | Code::UnknownFlowStatus => (400, "invalid_session"),
        Code::AuthenticatorNotSupported => (400, "redirect_to_web"),
        _ if error.oauth_name() == "redirect_to_web" => (400, "redirect_to_web"),
        // Not evaluated: the same request may be sent again.
        Code::AuthenticationFailedRetry => (status, "temporarily_unavailable"),
        _ => (status, error.oauth_name()),
    }
}
