//! The keys of providers: those that a connection holds, or those at its JWKS address.

use vestibule_core::error::Fault;
use vestibule_core::ports::web::WebRequest;
use vestibule_core::remote_keys::RemoteKeys;
use vestibule_jose::{Algorithm, JwkSet, Verified, VerifyError, verify};

use super::{Line, Refusal};

static REMEMBERED: RemoteKeys = RemoteKeys::new();

/// Checks the signature of a provider's token. What signs is an asymmetric key of the provider's; the algorithms of `jose`
/// have neither `none` nor HMAC among them (RFC 8725 §3.1).
pub(super) async fn check(line: &Line<'_>, token: &str) -> Result<Verified, Refusal> {
    let check = |keys: &JwkSet| verify(token, keys, &Algorithm::ALL, None);
    let checked = match line.text("jwks") {
        Some(text) => {
            let keys = serde_json::from_str(text).map_err(|error| Fault::from("reading a connection's keys", error))?;
            check(&keys)
        }
        None => {
            let url = line.demand("jwksUri")?;
            let found = REMEMBERED.check((url, line.cx.now), || read(line, url), check).await?;
            found.ok_or(Refusal::Unreachable("the provider's keys cannot be read"))?
        }
    };
    checked.map_err(|error| Refusal::Wrong(reason(error)))
}

async fn read(line: &Line<'_>, url: &str) -> Result<Option<JwkSet>, Refusal> {
    match line.fetch(WebRequest::get(url).with("accept", "application/json".to_owned())).await {
        Ok(answer) => Ok(serde_json::from_slice(&answer.body).ok().filter(|_| answer.is_success())),
        Err(Refusal::Unreachable(_)) => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

const fn reason(error: VerifyError) -> &'static str {
    match error {
        VerifyError::Malformed => "the ID token is no signed token",
        VerifyError::Algorithm => "the ID token's algorithm is not allowed",
        VerifyError::UnknownKey => "the ID token's key is unknown",
        VerifyError::Signature => "the ID token's signature is wrong",
        VerifyError::Type => "the ID token is of another type",
        VerifyError::Claims => "the ID token's claims cannot be read",
    }
}
