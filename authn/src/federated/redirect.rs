//! Redirect mode: the address that the app opens, and what comes back from it. The redirect address is the app's own, so no
//! answer passes through a page of this server.

use url::Url;
use url::form_urlencoded::parse;
use vestibule_core::error::Fault;
use vestibule_core::flow::authenticator::{Answers, Context, Prompt, PromptKind};
use vestibule_core::ports::Secret;
use vestibule_jose::{base64url, equal, sha256};

use super::{Line, Provider, Refusal, issuer};

/// Parameters that no setting replaces.
const OWN: [&str; 11] = [
    "response_type",
    "redirect_uri",
    "client_id",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
    "request",
    "request_uri",
];

/// The state of this attempt.
pub(super) fn state(provider: &impl Provider, cx: &Context<'_>) -> String {
    format!("{}{}", base64url(&cx.derived("federated state")), provider.suffix())
}

/// The nonce of this attempt.
pub(super) fn nonce(cx: &Context<'_>) -> String {
    base64url(&cx.derived("federated nonce"))
}

/// The PKCE verifier of this attempt; none where the connection does without.
pub(super) fn verifier(line: &Line<'_>) -> Option<Secret<String>> {
    line.is_on("IsPKCEEnabled").then(|| Secret::new(base64url(&line.cx.derived("federated verifier"))))
}

/// Asks the app to open the provider's page.
pub(super) fn prompt(provider: &impl Provider, line: &Line<'_>) -> Result<Prompt, Fault> {
    let broken = |error| Fault::from("reading a provider's authorization endpoint", error);
    let mut url = Url::parse(line.demand("OAuth2AuthzEPUrl")?).map_err(broken)?;
    let state = state(provider, &line.cx);
    let scopes = line.text("Scopes").unwrap_or_default();
    let has_nonce = scopes.split(' ').any(|scope| scope == "openid");
    {
        let mut query = url.query_pairs_mut();
        query.append_pair("response_type", "code");
        query.append_pair("redirect_uri", &line.cx.request.redirect_uri);
        if has_nonce {
            query.append_pair("nonce", &nonce(&line.cx));
        }
        query.append_pair("state", &state);
        query.append_pair("client_id", line.demand("ClientId")?);
        if !scopes.is_empty() {
            query.append_pair("scope", scopes);
        }
        if let Some(verifier) = verifier(line) {
            query.append_pair("code_challenge", &base64url(&sha256(verifier.expose().as_bytes())));
            query.append_pair("code_challenge_method", "S256");
        }
        query.extend_pairs(provider.query(line));
        let more = parse(line.text("commonAuthQueryParams").unwrap_or_default().as_bytes());
        query.extend_pairs(more.filter(|(name, _)| !OWN.contains(&&**name)));
    }
    let prompt = provider.spec().demand(PromptKind::Redirection, &["code", "state"]);
    Ok(prompt.with("state", state).with("redirectUrl", url.into()))
}

/// The code of an answer that is one to this attempt's question, by this provider (RFC 9700 §2.1, RFC 9207 §2.4).
pub(super) fn code<'a>(
    provider: &impl Provider,
    line: &Line<'_>,
    answers: &'a Answers,
) -> Result<&'a Secret<String>, Refusal> {
    let given = answers.text("state").unwrap_or_default();
    // A state of another attempt, provider or flow: somebody else's code is being pushed into this one.
    if !equal(given.as_bytes(), state(provider, &line.cx).as_bytes()) {
        return Err(Refusal::Wrong("the state is not the one of this attempt"));
    }
    match (answers.text("iss"), line.text("idpIssuerName")) {
        (None, _) if line.is_on("IsIssParameterRequired") => return Err(Refusal::Wrong("the answer names no issuer")),
        (Some(given), Some(wanted)) if issuer::matched(wanted, given, provider.other_issuers()).is_none() => {
            return Err(Refusal::Wrong("the answer is another issuer's"));
        }
        (Some(_), None) => return Err(Refusal::Wrong("the answer names an issuer where none is known")),
        _ => {}
    }
    if answers.text("error").is_some() {
        return Err(Refusal::Denied);
    }
    answers.secret("code").filter(|code| !code.expose().is_empty()).ok_or(Refusal::Wrong("the code is empty"))
}
