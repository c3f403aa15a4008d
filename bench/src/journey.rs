//! One journey: authorize, authn, token; or the first one or two of them, to tell the cost of each.

use anyhow::{Context as _, bail};
use hyper::{Method, StatusCode};
use serde_json::Value;

use crate::connection::{Body, Connection};
use crate::setup::{PASSWORD, REDIRECT, Scene};

/// The example of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const BASIC: &str = "QmFzaWNBdXRoZW50aWNhdG9yOkxPQ0FM";

/// How far a journey goes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Authorize,
    Authn,
    Token,
}

impl Part {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Authn => "authn",
            Self::Token => "token",
        }
    }
}

/// Runs one journey as far as `part`.
pub(crate) async fn run(connection: &mut Connection, scene: &Scene, user: &str, part: Part) -> anyhow::Result<()> {
    let flow = start(connection, scene).await?;
    if part == Part::Authorize {
        return Ok(());
    }
    let done = send(connection, "/oauth2/authn", Body::Text(answer(&flow, user, PASSWORD))).await?;
    let code = text(&done, "/authData/code")?;
    if part == Part::Authn {
        return Ok(());
    }
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", scene.client_id.as_str()),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let tokens = send(connection, "/oauth2/token", Body::Form(&form)).await?;
    text(&tokens, "/id_token").map(drop)
}

/// Starts a login: its flowId.
pub(crate) async fn start(connection: &mut Connection, scene: &Scene) -> anyhow::Result<String> {
    let form = [
        ("client_id", scene.client_id.as_str()),
        ("response_type", "code"),
        ("response_mode", "direct"),
        ("redirect_uri", REDIRECT),
        ("scope", "openid"),
        ("state", "bench"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let start = send(connection, "/oauth2/authorize", Body::Form(&form)).await?;
    Ok(text(&start, "/flowId")?.to_owned())
}

/// The body that answers the password form.
pub(crate) fn answer(flow: &str, user: &str, password: &str) -> String {
    format!(
        r#"{{"flowId":"{flow}","selectedAuthenticator":{{"authenticatorId":"{BASIC}","params":{{"username":"{user}","password":"{password}"}}}}}}"#
    )
}

async fn send(connection: &mut Connection, path: &str, body: Body<'_>) -> anyhow::Result<Value> {
    let (status, document) = connection.send(Method::POST, path, None, body).await?;
    if status != StatusCode::OK {
        bail!("{path} answered {status}: {document}");
    }
    Ok(document)
}

fn text<'a>(document: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    document.pointer(pointer).and_then(Value::as_str).with_context(|| format!("no {pointer} in {document}"))
}
