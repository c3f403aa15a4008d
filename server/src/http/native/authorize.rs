//! `/oauth2/authorize`: starts a login, which answers here where it is asked for in direct mode.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use vestibule_core::error::{Code, Error};
use vestibule_core::flow::{Completion, Progressed, Step};
use vestibule_core::oauth::Params;

use super::super::App;
use super::super::body::Form;
use super::super::caller::{self, Caller, Realm};
use super::super::cors::NoCors;
use super::super::reply::Reply;
use super::wire::{CompletionBody, StepBody};

/// Which kind of answer a request wants.
pub(super) enum Mode {
    /// JSON, step by step.
    Direct,
    /// A redirect.
    Redirect,
}

pub(crate) async fn handle(State(app): State<App>, caller: Caller, form: Form) -> Reply<Response> {
    // What was pushed says how it is answered, and only direct requests can be pushed.
    let pushed = form.params.get("request_uri").is_some() && form.params.get("response_mode").is_none();
    match if pushed { Mode::Direct } else { mode(&form.params)? } {
        Mode::Redirect => Ok(not_direct()),
        Mode::Direct => {
            let Caller { realm, source, shown } = caller;
            let progressed = app.house().authorize_natively(&realm.tenant, &shown, &form.params, &source).await?;
            answer(&app, &realm, progressed).await
        }
    }
}

/// How a login went on, as it is sent.
pub(super) async fn answer(app: &App, realm: &Realm, progressed: Progressed) -> Reply<Response> {
    match progressed {
        Progressed::Step(step) => Ok(Json(step_body(app, realm, &step).await).into_response()),
        Progressed::Done(completion) => Ok(concluded(app, realm, &completion, CompletionBody::of(&completion))),
    }
}

/// A step as it is sent at either face. How the tenant spells its messages is looked up where there is one.
pub(crate) async fn step_body(app: &App, realm: &Realm, step: &Step) -> StepBody {
    let style = match step.messages.is_empty() {
        true => app.usual_style(),
        false => app.style(&realm.tenant).await,
    };
    StepBody::of(step, style, &caller::authn_url(app, &realm.tenant, realm.qualified))
}

/// The end of a login at either face: its body, and the cookie of its session.
pub(crate) fn concluded(app: &App, realm: &Realm, completion: &Completion, body: impl Serialize) -> Response {
    let mut response = Json(body).into_response();
    if let Some(cookie) = session_cookie(app, realm, completion) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Which kind of answer a request wants.
///
/// # Errors
/// Another spelling of direct.
pub(super) fn mode(params: &Params) -> Result<Mode, Error> {
    match params.get("response_mode") {
        Some("direct") => Ok(Mode::Direct),
        // Another spelling of it is neither: whoever sent it would lose the checks that direct mode has.
        Some(mode) if mode.eq_ignore_ascii_case("direct") => {
            Err(Error::new(Code::InvalidRequest).because("The response_mode is spelled direct."))
        }
        Some(_) | None => Ok(Mode::Redirect),
    }
}

/// What a request gets that is not direct, for as long as there are no pages.
fn not_direct() -> Response {
    const TEXT: &str = "This server signs users in inside the app: send the request with response_mode=direct.\n";
    let plain = [(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"))];
    let mut response = (StatusCode::NOT_IMPLEMENTED, plain, TEXT).into_response();
    response.extensions_mut().insert(NoCors);
    response
}

/// The cookie of single sign-on: gone with the browser, unless the user asked to be remembered.
fn session_cookie(app: &App, realm: &Realm, completion: &Completion) -> Option<HeaderValue> {
    let name = caller::session_cookie(app, &realm.tenant);
    let secure = if app.house().urls.is_https() { "; Secure" } else { "" };
    let age = completion.remembered_until.map(|until| until.since(app.house().ports.clock.now()).as_secs());
    let age = age.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{name}={}; Path=/; HttpOnly; SameSite=Lax{secure}{age}", completion.cookie)).ok()
}
