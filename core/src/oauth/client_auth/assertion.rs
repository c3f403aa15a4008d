//! A client assertion: a token of the client's about itself, signed with its key or made with its secret (RFC 7523 §3,
//! OpenID Connect Core §9). It is for this server alone, short-lived, and good for one request.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use vestibule_jose::{JwkSet, VerifyError, base64url, from_base64url, sha256, verify, verify_hs256};

use super::{Clients, SEALED_SECRET, WRONG, refused};
use crate::application::{ASSERTION_ALGORITHMS, Application};
use crate::error::{Code, Error, Fault};
use crate::oauth::Params;
use crate::ports::web::{WebFailure, WebRequest};
use crate::ports::{Secret, Timestamp};

/// The only type of assertion that is taken (RFC 7523 §2.2).
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far ahead of now an assertion may end, in seconds.
const LONGEST: f64 = 300.0;

/// How far the client's clock may be ahead, in seconds.
const AHEAD: f64 = 10.0;

/// How long a `jti` is remembered: no assertion lasts longer.
const REMEMBERED: Duration = Duration::from_secs(310);

/// Longest `jti` in bytes.
const LONGEST_JTI: usize = 512;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Value,
    exp: f64,
    iat: Option<f64>,
    nbf: Option<f64>,
    jti: Option<String>,
}

/// The assertion among the parameters.
///
/// # Errors
/// It or its type is missing, or of another type (401).
pub(super) fn of(params: &Params) -> Result<&str, Error> {
    match (params.get("client_assertion_type"), params.get("client_assertion")) {
        (Some(TYPE), Some(assertion)) => Ok(assertion),
        (Some(TYPE), None) => Err(refused("The parameter client_assertion is missing.")),
        _ => Err(refused("The client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer.")),
    }
}

/// The client that an assertion speaks of, unverified: whom to check it against.
pub(super) fn subject(assertion: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    let payload = assertion.split('.').nth(1).filter(|payload| payload.len() <= 16 * 1024)?;
    let claims: Subject = serde_json::from_slice(&from_base64url(payload)?).ok()?;
    Some(claims.sub)
}

impl Clients {
    /// An assertion that is signed with a key of the client's (`private_key_jwt`).
    pub(super) async fn check_signed(&self, app: &Application, assertion: &str) -> Result<(), Error> {
        let registered = app.oauth.client_auth.alg.map(|alg| [alg]);
        let allowed = registered.as_ref().map_or(ASSERTION_ALGORITHMS, |alg| alg.as_slice());
        let verified = self
            .with_keys_of(app, |keys| match verify(assertion, keys, allowed, None) {
                // A client with few keys need not name them (RFC 7515 §4.1.4); its key may be new all the same.
                Err(VerifyError::UnknownKey) => {
                    verify(assertion, &nameless(keys), allowed, None).map_err(|_| VerifyError::UnknownKey)
                }
                verified => verified,
            })
            .await?
            .map_err(wrong)?;
        let claims = verified.claims().map_err(wrong)?;
        self.accept(app, verified.header.typ.as_deref(), claims).await
    }

    /// An assertion with a keyed hash that is made with the client's secret (`client_secret_jwt`).
    pub(super) async fn check_keyed(&self, app: &Application, assertion: &str) -> Result<(), Error> {
        let now = self.ports.clock.now();
        let good = app.secrets.iter().filter(|kept| kept.is_good(now)).filter_map(|kept| kept.sealed.as_deref());
        let opened = good.map(|sealed| {
            let secret = self.secrets.open(SEALED_SECRET, sealed);
            secret
                .map(|secret| Secret::new(secret.as_ref().to_vec()))
                .ok_or(Fault::new("a client secret does not open"))
        });
        let secrets = opened.collect::<Result<Vec<_>, _>>()?;
        let exposed: Vec<&[u8]> = secrets.iter().map(|secret| secret.expose().as_slice()).collect();
        let (typ, payload) = verify_hs256(assertion, &exposed).map_err(wrong)?;
        let claims = serde_json::from_slice(&payload).map_err(|_| wrong(VerifyError::Claims))?;
        self.accept(app, typ.as_deref(), claims).await
    }

    /// Whether what a genuine assertion says holds here and now, for the first time.
    async fn accept(&self, app: &Application, typ: Option<&str>, claims: Claims) -> Result<(), Error> {
        let types = ["jwt", "client-authentication+jwt"];
        if typ.is_some_and(|typ| {
            let typ = typ.to_ascii_lowercase();
            !types.contains(&typ.strip_prefix("application/").unwrap_or(&typ))
        }) {
            return Err(refused("The client assertion is a token of another type."));
        }
        if claims.iss != app.client_id || claims.sub != app.client_id {
            return Err(refused("The iss and sub of the client assertion must be the client_id."));
        }
        if claims.aud.as_str() != Some(self.urls.issuer(&app.tenant).as_str()) {
            return Err(refused("The aud of the client assertion must be the issuer, as one text and nothing else."));
        }
        in_time(&claims, self.ports.clock.now())?;
        let jti = claims.jti.filter(|jti| (1..=LONGEST_JTI).contains(&jti.len()));
        let jti = jti.ok_or_else(|| refused("The client assertion needs a jti of 1 to 512 bytes."))?;
        let (tenant, name) = (&app.tenant, base64url(&sha256(jti.as_bytes())));
        let key = format!("client assertion:{tenant}:{}:{name}", app.client_id);
        if !self.ports.store.mark(&key, self.ports.clock.now() + REMEMBERED).await? {
            return Err(refused("The client assertion was used before: each request needs one with another jti."));
        }
        Ok(())
    }

    /// Checks something with the keys that the application registered.
    pub(super) async fn with_keys_of<T>(
        &self,
        app: &Application,
        check: impl Fn(&JwkSet) -> Result<T, VerifyError>,
    ) -> Result<Result<T, VerifyError>, Error> {
        let registered = &app.oauth.client_auth;
        let Some(url) = registered.jwks_uri.as_deref() else {
            return Ok(check(registered.keys.as_ref().unwrap_or(&JwkSet::default())));
        };
        let now = self.ports.clock.now();
        let found = self.keys.check((url, now), || self.read_keys(app, url), check).await?;
        found.ok_or_else(|| {
            Error::new(Code::TemporarilyUnavailable)
                .because("The client's keys cannot be read from its jwks_uri. Try again later.")
                .retry_after(Duration::from_secs(10))
        })
    }

    async fn read_keys(&self, app: &Application, url: &str) -> Result<Option<JwkSet>, Error> {
        let request = WebRequest::get(url).with("accept", "application/jwk-set+json, application/json".to_owned());
        let why = match self.ports.web.fetch(request).await {
            Ok(answer) => match serde_json::from_slice(&answer.body) {
                Ok(keys) if answer.is_success() => return Ok(Some(keys)),
                _ => "it answered no JWK set of public keys".to_owned(),
            },
            Err(WebFailure::Forbidden(why) | WebFailure::Unreachable(why)) => why,
            Err(WebFailure::TooLarge) => "its answer is too large".to_owned(),
        };
        tracing::warn!(tenant = %app.tenant, app = %app.id, why, "a client's jwks_uri cannot be read");
        Ok(None)
    }
}

fn in_time(claims: &Claims, now: Timestamp) -> Result<(), Error> {
    #[expect(clippy::cast_precision_loss, reason = "seconds of this era are exact in 53 bits")]
    let now = now.seconds() as f64;
    if claims.exp <= now {
        return Err(refused("The client assertion is over: its exp lies in the past."));
    }
    if claims.exp > now + LONGEST + AHEAD {
        return Err(refused("The client assertion lasts too long: its exp may lie 5 minutes ahead at most."));
    }
    if [claims.iat, claims.nbf].into_iter().flatten().any(|begins| begins > now + AHEAD) {
        return Err(refused("The client assertion is not good yet: its iat or nbf lies in the future."));
    }
    Ok(())
}

/// The keys without their names.
fn nameless(keys: &JwkSet) -> JwkSet {
    let mut keys = keys.clone();
    keys.keys.iter_mut().for_each(|key| key.kid = None);
    keys
}

/// An assertion that is not the client's looks like a wrong secret.
fn wrong(error: VerifyError) -> Error {
    refused(match error {
        VerifyError::Algorithm => "The algorithm of the client assertion is not one that the application may use.",
        VerifyError::Claims => "The client assertion needs iss, sub, aud, exp and jti.",
        _ => WRONG,
    })
}
