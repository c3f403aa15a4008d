//! One question to a service of the operator's, and how its answer is read. The question is signed where the operator wants
//! it (Standard Webhooks 1.0), so that the service can tell who asks; nothing in it lets the service act as the app.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use vestibule_core::connection::Connection;
use vestibule_core::error::Fault;
use vestibule_core::flow::authenticator::Context;
use vestibule_core::ports::Secret;
use vestibule_core::ports::web::{WebAnswer, WebFailure, WebRequest};
use vestibule_jose::{MacKey, base64url};

/// Headers that may carry a key.
pub(super) const KEY_HEADERS: &[&str] = &["x-api-key", "api-key", "authorization"];

/// What a service says.
pub(super) enum Said {
    /// The user is right.
    Yes(Named),
    /// The user is not.
    No,
    /// Not yet: the app opens the page, if there is one, and asks again.
    Later(Option<String>),
    /// It cannot be asked now, or what it says cannot be read.
    Unclear,
}

/// Whom a service names.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Named {
    /// The id of a user.
    pub id: Option<String>,
    /// The name of a user.
    #[serde(rename = "userName")]
    pub user_name: Option<String>,
}

impl Named {
    /// Whether it names nobody.
    pub const fn is_nobody(&self) -> bool {
        self.id.is_none() && self.user_name.is_none()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    action_status: String,
    #[serde(default)]
    data: Data,
    #[serde(default)]
    operations: Vec<Operation>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    user: Named,
}

#[derive(Deserialize)]
struct Operation {
    op: String,
    #[serde(default)]
    url: Option<String>,
}

/// Asks the option's service.
pub(super) async fn ask(cx: &Context<'_>) -> Result<Said, Fault> {
    let connection = cx.connection.ok_or(Fault::new("an option elsewhere has no connection"))?;
    let name = &connection.name;
    match cx.ports.web.fetch(request(cx, connection)?).await {
        Ok(answer) => Ok(read(&answer).unwrap_or_else(|| {
            tracing::warn!(connection = %name, status = answer.status, "a service's answer cannot be read");
            Said::Unclear
        })),
        Err(WebFailure::Forbidden(why)) => Err(Fault::from("calling an address that is not allowed", why)),
        Err(WebFailure::Unreachable(why)) => {
            tracing::warn!(connection = %name, why, "a service cannot be reached");
            Ok(Said::Unclear)
        }
        Err(WebFailure::TooLarge) => Ok(Said::Unclear),
    }
}

/// A yes needs a status of success; a no may come with one of refusal.
fn read(answer: &WebAnswer) -> Option<Said> {
    let wire: Wire = serde_json::from_slice(&answer.body).ok().filter(|_| answer.status < 500)?;
    Some(match (wire.action_status.as_str(), answer.is_success()) {
        ("SUCCESS", true) => Said::Yes(wire.data.user),
        ("FAILED", _) => Said::No,
        ("INCOMPLETE", true) => {
            let page = wire.operations.into_iter().find(|operation| operation.op == "redirect").and_then(|op| op.url);
            Said::Later(page.filter(|page| is_page(page)))
        }
        _ => return None,
    })
}

/// What the app is told to open is a page, not a script or another app.
fn is_page(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
}

fn request(cx: &Context<'_>, connection: &Connection) -> Result<WebRequest, Fault> {
    let url = connection.setting("uri").ok_or(Fault::new("a service's connection has no address"))?;
    let body = question(cx);
    let mut request = WebRequest::post_json(url, &body).with("accept", "application/json".to_owned());
    let secret = |name: &'static str| {
        let found = connection.secret(name, cx.secrets)?;
        found.ok_or_else(|| Fault::from("reading a connection's settings", format!("{name} is absent")))
    };
    match connection.setting("type").unwrap_or_default() {
        "BASIC" => {
            let pair = Secret::new(format!("{}:{}", secret("username")?.expose(), secret("password")?.expose()));
            request = request.with("authorization", format!("Basic {}", STANDARD.encode(pair.expose())));
        }
        "BEARER" => request = request.with("authorization", format!("Bearer {}", secret("accessToken")?.expose())),
        "API_KEY" => {
            let named = connection.setting("header").unwrap_or_default();
            let header = KEY_HEADERS.iter().find(|header| **header == named);
            let header = header.ok_or(Fault::new("a service's key has no header"))?;
            request = request.with(header, secret("value")?.expose().clone());
        }
        _ => {}
    }
    if let Some(secret) = connection.secret("signingSecret", cx.secrets)? {
        // Another id for every question, so that the service can refuse one that it has seen.
        let id = format!("msg_{}", base64url(&cx.ports.random::<16>()));
        let moment = cx.now.seconds().to_string();
        let signature = sign(secret.expose(), &id, &moment, body.to_string().as_bytes());
        request = request.with("webhook-id", id).with("webhook-timestamp", moment).with("webhook-signature", signature);
    }
    Ok(request)
}

/// What the service is told. `flowId` names the attempt and opens nothing: the real one would let the service go on with the
/// flow.
fn question(cx: &Context<'_>) -> Value {
    let mut event = json!({
        "tenant": { "id": cx.tenant.as_str(), "name": cx.tenant.as_str() },
        "application": { "id": cx.app.id.to_string(), "name": cx.app.name },
        "currentStepIndex": cx.place.step + 1,
        "isAuthenticated": cx.proven,
    });
    if let (Some(user), Some(event)) = (cx.subject.user(), event.as_object_mut()) {
        event.insert("user".to_owned(), json!({ "id": user.id.to_string(), "userName": user.name }));
    }
    json!({
        "flowId": base64url(&cx.derived("service request")),
        "actionType": "AUTHENTICATION",
        "event": event,
        "allowedOperations": [{ "op": "redirect" }],
    })
}

/// The signature over id, moment and body (Standard Webhooks 1.0, "Signature scheme").
fn sign(secret: &str, id: &str, moment: &str, body: &[u8]) -> String {
    let bytes = secret.strip_prefix("whsec_").and_then(|secret| STANDARD.decode(secret).ok());
    let key = Secret::new(bytes.unwrap_or_else(|| secret.as_bytes().to_vec()));
    let content = [id.as_bytes(), b".", moment.as_bytes(), b".", body].concat();
    format!("v1,{}", STANDARD.encode(MacKey::new(key.expose()).sign(&content)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str) -> Option<Said> {
        read(&WebAnswer { status, retry_after: None, body: body.as_bytes().to_vec() })
    }

    #[test]
    fn a_yes_is_one_only_with_success() {
        let yes = r#"{"actionStatus":"SUCCESS","data":{"user":{"id":"1"}}}"#;
        assert!(matches!(said(200, yes), Some(Said::Yes(named)) if named.id.as_deref() == Some("1")));
        assert!(said(401, yes).is_none() && said(500, yes).is_none() && said(302, yes).is_none());
        assert!(matches!(said(400, r#"{"actionStatus":"FAILED"}"#), Some(Said::No)));
        assert!(said(200, r#"{"actionStatus":"success"}"#).is_none() && said(200, "yes").is_none());
    }

    #[test]
    fn only_a_page_is_opened() {
        let later = |url: &str| {
            said(
                200,
                &json!({ "actionStatus": "INCOMPLETE", "operations": [{ "op": "redirect", "url": url }] }).to_string(),
            )
        };
        assert!(matches!(later("https://id.example.com/pin"), Some(Said::Later(Some(_)))));
        assert!(matches!(later("javascript:alert(1)"), Some(Said::Later(None))));
    }

    #[test]
    fn requests_are_signed_over_id_moment_and_body() {
        let signature = sign("whsec_a2V5", "msg_1", "1", b"{}");
        assert_eq!(signature, sign("key", "msg_1", "1", b"{}"));
        let expected = STANDARD.encode(MacKey::new(b"key").sign(b"msg_1.1.{}"));
        assert_eq!(signature, format!("v1,{expected}"));
        assert_ne!(signature, sign("key", "msg_1", "2", b"{}"));
    }
}
