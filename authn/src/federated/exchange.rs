//! A code becomes tokens (RFC 6749 §4.1.3, RFC 7636 §4.5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;
use vestibule_core::error::Fault;
use vestibule_core::ports::Secret;
use vestibule_core::ports::web::WebRequest;

use super::{Line, Provider, Refusal, Tokens, redirect};

/// What a token endpoint answers, in success or not: some providers send errors with status 200.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Wire {
    access_token: Option<String>,
    id_token: Option<String>,
    error: Option<serde_json::Value>,
}

/// Exchanges a code.
pub(super) async fn tokens(
    provider: &impl Provider,
    line: &Line<'_>,
    code: &Secret<String>,
) -> Result<Tokens, Refusal> {
    let answer = line.fetch(request(provider, line, code)?).await?;
    let wire: Wire = serde_json::from_slice(&answer.body).unwrap_or_default();
    match wire.error.as_ref().and_then(|error| error.as_str()) {
        // The operator's mistake, not the user's: another attempt would fail too.
        Some("invalid_client" | "unauthorized_client" | "incorrect_client_credentials") => {
            return Err(Fault::new("a provider refused the client of a connection").into());
        }
        Some(_) => return Err(Refusal::Wrong("the provider refused the code")),
        None if wire.error.is_some() || !answer.is_success() => {
            return Err(Refusal::Wrong("the provider refused the code"));
        }
        None => {}
    }
    let tokens =
        Tokens { access: wire.access_token.map(Secret::new), id: wire.id_token.map(Secret::new), native: false };
    if tokens.access.is_none() && tokens.id.is_none() {
        return Err(Refusal::Wrong("the provider gave no token"));
    }
    Ok(tokens)
}

fn request(provider: &impl Provider, line: &Line<'_>, code: &Secret<String>) -> Result<WebRequest, Fault> {
    let (id, secret) = (line.demand("ClientId")?, provider.client_secret(line)?);
    let verifier = redirect::verifier(line);
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code.expose().as_str()),
        ("redirect_uri", line.cx.request.redirect_uri.as_str()),
    ];
    if let Some(verifier) = &verifier {
        form.push(("code_verifier", verifier.expose()));
    }
    let basic = secret.as_ref().filter(|_| line.is_on("IsBasicAuthEnabled"));
    if basic.is_none() {
        form.push(("client_id", id));
    }
    if let (Some(secret), None) = (&secret, basic) {
        form.push(("client_secret", secret.expose()));
    }
    let request = WebRequest::post_form(line.demand("OAuth2TokenEPUrl")?, &form)
        .with("accept", "application/json".to_owned())
        .with("user-agent", "Vestibule".to_owned());
    let Some(secret) = basic else { return Ok(request) };
    // RFC 6749 §2.3.1: both halves are form-encoded first.
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Secret::new(format!("{}:{}", encoded(id), encoded(secret.expose())));
    Ok(request.with("authorization", format!("Basic {}", STANDARD.encode(pair.expose()))))
}
