//! `/oidc/logout`: in direct mode 200 and an empty body; otherwise a redirect to a registered address.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use vestibule_core::error::{Code, Error};

use super::super::App;
use super::super::body::Form;
use super::super::caller::{self, Caller, Realm};
use super::super::reply::Reply;
use super::authorize::{Mode, mode};

pub(crate) async fn handle(State(app): State<App>, method: Method, caller: Caller, form: Form) -> Reply<Response> {
    let realm = caller.realm;
    let cookie = caller.source.presence.map(|presence| presence.session);
    let direct = matches!(mode(&form.params)?, Mode::Direct);
    // No state changes by a GET that any page can make a browser send: there the hint must tell whose session it is.
    let cookie = cookie.filter(|_| !direct || method == Method::POST);
    if direct && form.in_url.has("id_token_hint") {
        return Err(Error::new(Code::InvalidRequest)
            .because("The id_token_hint of a direct logout must not be sent in a URL: POST it.")
            .into());
    }
    let issuer = &app.house().issuer;
    let departure = match direct {
        true => issuer.logout_natively(&realm.tenant, &form.params, cookie).await.map(|()| None),
        false => issuer.logout_by_redirect(&realm.tenant, &form.params, cookie).await.map(Some),
    };
    let mut response = match departure? {
        None => StatusCode::OK.into_response(),
        Some(departure) => leave(departure.location.as_deref())?,
    };
    forget_session(&app, &realm, response.headers_mut());
    Ok(response)
}

fn leave(location: Option<&str>) -> Result<Response, Error> {
    let Some(location) = location else {
        return Ok((StatusCode::OK, "You are signed out.\n").into_response());
    };
    let location = HeaderValue::from_str(location).map_err(|_| Code::InvalidLogoutRequest)?;
    Ok((StatusCode::FOUND, [(header::LOCATION, location)]).into_response())
}

fn forget_session(app: &App, realm: &Realm, headers: &mut HeaderMap) {
    let name = caller::session_cookie(app, &realm.tenant);
    let secure = if app.house().urls.is_https() { "; Secure" } else { "" };
    let cookie = format!("{name}=; Path=/; HttpOnly; SameSite=Lax{secure}; Max-Age=0");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        headers.append(header::SET_COOKIE, cookie);
    }
}
