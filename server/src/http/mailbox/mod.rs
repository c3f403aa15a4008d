//! `/dev/mailbox`: messages that would have been sent, for development. It shows codes and links, so there is nothing here
//! unless the operator chose the mailbox, and for callers beyond loopback nothing unless that was said as well.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use url::Url;
use vestibule_core::error::Code;
use vestibule_courier::{Entry, Mailbox};

use super::App;
use super::caller::Caller;
use super::cors::NoCors;
use super::reply::Refusal;

/// The page; `{nonce}` stands where its script says that it is ours.
const PAGE: &str = include_str!("page.html");

/// What proxies add to a request.
const FORWARDED: [&str; 5] = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];

/// The mailbox of development, and who may see it.
#[derive(Clone, Debug)]
pub struct ShownMailbox {
    /// What lies in it.
    pub messages: Arc<Mailbox>,
    /// Not only callers of this machine see it.
    pub to_all: bool,
}

/// A mailbox before a caller who may see it. For anybody else there is nothing at its path.
pub(super) struct Seen {
    messages: Arc<Mailbox>,
    nonce: String,
}

/// Which messages are asked for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    since: Option<String>,
}

/// Messages, oldest first.
#[derive(Serialize)]
pub(super) struct Messages {
    messages: Vec<Entry>,
}

/// `GET /dev/mailbox`.
pub(super) async fn page(seen: Seen) -> Response {
    let nonce = &seen.nonce;
    // The frame of a mail inherits this, and mails bring styles of their own; nothing that a style names is fetched.
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    let mut response = Html(PAGE.replace("{nonce}", nonce)).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response.extensions_mut().insert(NoCors);
    response
}

/// `GET /dev/mailbox/messages`: all, or those that came after one.
pub(super) async fn messages(seen: Seen, Query(wanted): Query<Wanted>) -> Response {
    let since = wanted.since.and_then(|id| id.parse().ok());
    let messages = since.map_or_else(|| seen.messages.entries(), |id| seen.messages.since(&id));
    let mut response = Json(Messages { messages }).into_response();
    response.extensions_mut().insert(NoCors);
    response
}

impl FromRequestParts<App> for Seen {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let shown = app.settings().mailbox.as_ref().ok_or(Code::NotFound)?;
        let caller = Caller::from_request_parts(parts, app).await?;
        let is_near = is_near(caller.source.address, &parts.headers) && is_named_here(parts, app);
        if !shown.to_all && !is_near {
            return Err(Code::NotFound.into());
        }
        let nonce = vestibule_jose::base64url(&app.house().ports.random::<18>());
        Ok(Self { messages: Arc::clone(&shown.messages), nonce })
    }
}

/// Whether a caller is on this machine. One who comes through a proxy may be anybody, although the proxy is here.
fn is_near(source: Option<IpAddr>, headers: &HeaderMap) -> bool {
    let is_direct = !FORWARDED.iter().any(|name| headers.contains_key(*name));
    is_direct && source.is_some_and(|address| address.to_canonical().is_loopback())
}

/// Whether the server was called by a name of its own: a page whose name was made to lead here (DNS rebinding) would
/// otherwise read the mailbox as its own.
fn is_named_here(parts: &Parts, app: &App) -> bool {
    let named = parts.headers.get(header::HOST).map(|value| value.to_str().unwrap_or_default());
    let Some(named) = named.or_else(|| parts.uri.authority().map(|authority| authority.as_str())) else { return true };
    let host = |url: &str| Url::parse(url).ok().and_then(|url| url.host().map(|host| host.to_owned()));
    match host(&format!("http://{named}")) {
        Some(url::Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => true,
        Some(url::Host::Ipv4(address)) if address.is_loopback() => true,
        Some(url::Host::Ipv6(address)) if address.is_loopback() => true,
        other => other.is_some() && other == host(app.house().urls.as_str()),
    }
}
