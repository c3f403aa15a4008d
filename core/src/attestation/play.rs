//! Play Integrity tokens that Google alone can read: a service account asks for them to be decoded (`decodeIntegrityToken`). The
//! two addresses are Google's and fixed; no setting leads elsewhere. What is answered is judged like a token of our own keys.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use vestibule_jose::{Algorithm, Family, SigningKey, pkcs8_of_pem, sha256};

use super::{Attestation, No};
use crate::error::{Code, Error, Fault};
use crate::ports::web::{WebAnswer, WebFailure, WebRequest};
use crate::ports::{Secret, Timestamp};

/// Where service accounts get access tokens (RFC 7523 §2.1).
const TOKENS: &str = "https://oauth2.googleapis.com/token";
/// Where tokens of Play Integrity are decoded.
const INTEGRITY: &str = "https://playintegrity.googleapis.com/v1";
const SCOPE: &str = "https://www.googleapis.com/auth/playintegrity";
/// How long Google may take for one answer: a login waits for it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long before its end an access token is not used any more.
const MARGIN: Duration = Duration::from_secs(60);
/// Most accounts whose access tokens are remembered.
const MOST: usize = 1000;

/// Access tokens of service accounts, by a digest of the account's document.
#[derive(Default)]
pub(super) struct Accounts(Mutex<HashMap<[u8; 32], Access>>);

/// An access token, and when it is no longer used.
type Access = (Secret<String>, Timestamp);

/// What is used of a service account's document.
#[derive(Deserialize)]
struct Account {
    client_email: String,
    #[serde(default)]
    private_key_id: Option<String>,
    #[serde(deserialize_with = "secret")]
    private_key: Secret<String>,
}

/// What a service account says to get an access token.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'static str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Granted {
    #[serde(deserialize_with = "secret")]
    access_token: Secret<String>,
    expires_in: u64,
}

/// Whether a document is a service account's, with a key that signs.
pub fn is_account(document: &Secret<String>) -> bool {
    Account::read(document).is_some_and(|account| account.key().is_some())
}

impl Account {
    fn read(document: &Secret<String>) -> Option<Self> {
        serde_json::from_str(document.expose()).ok()
    }

    /// The key in the document: PKCS#8 in PEM (RFC 7468 §10).
    fn key(&self) -> Option<SigningKey> {
        let key = SigningKey::from_pkcs8(Family::Rsa, &pkcs8_of_pem(self.private_key.expose())?).ok()?;
        Some(match &self.private_key_id {
            Some(name) => key.named(name),
            None => key,
        })
    }
}

impl Attestation {
    /// What a token says, as Google tells it (`tokenPayloadExternal`).
    pub(super) async fn decode(&self, account: &Secret<String>, package: &str, token: &str) -> Result<Value, No> {
        // The name becomes a part of the address.
        if !package.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.') {
            return Err(setup("the package name is none".to_owned()).into());
        }
        let access = self.access_token(account).await?;
        let request = WebRequest::post_json(
            format!("{INTEGRITY}/{package}:decodeIntegrityToken"),
            &json!({ "integrity_token": token }),
        )
        .with("authorization", format!("Bearer {}", access.expose()));
        let answer = self.asked(request).await?;
        match answer.status {
            200..=299 => {}
            // What Google cannot decode is no token of this app's.
            400 => return Err(No::invalid("Google cannot decode the Play Integrity token.")),
            401 | 403 => {
                self.accounts.forget(account);
                return Err(setup(format!("Google refused the service account with {}", answer.status)).into());
            }
            status => return Err(unavailable(format!("Google answered {status}")).into()),
        }
        let mut body: Value = serde_json::from_slice(&answer.body).map_err(|error| unavailable(error.to_string()))?;
        body.get_mut("tokenPayloadExternal")
            .map(Value::take)
            .ok_or_else(|| No::invalid("Google's answer holds no payload of the Play Integrity token."))
    }

    /// An access token for the account: remembered, or asked for.
    async fn access_token(&self, document: &Secret<String>) -> Result<Secret<String>, Error> {
        let now = self.ports.clock.now();
        if let Some(token) = self.accounts.known(document, now) {
            return Ok(token);
        }
        let broken = || setup("the service account's document cannot be used".to_owned());
        let account = Account::read(document).ok_or_else(broken)?;
        let key = account.key().ok_or_else(broken)?;
        let (iat, exp) = (now.seconds(), (now + Duration::from_secs(3600)).seconds());
        let claims = Claims { iss: &account.client_email, scope: SCOPE, aud: TOKENS, iat, exp };
        let assertion = key.sign(Algorithm::RS256, "JWT", &claims);
        let assertion = assertion.map_err(|error| Fault::from("signing for a service account", error))?;
        let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
        let answer = self.asked(WebRequest::post_form(TOKENS, &[grant, ("assertion", &assertion)])).await?;
        match answer.status {
            200..=299 => {}
            400 | 401 | 403 => return Err(setup(format!("Google refused the service account with {}", answer.status))),
            status => return Err(unavailable(format!("Google answered {status}"))),
        }
        let granted: Granted = serde_json::from_slice(&answer.body).map_err(|error| unavailable(error.to_string()))?;
        let life = Duration::from_secs(granted.expires_in.min(3600)).saturating_sub(MARGIN);
        self.accounts.remember(document, &granted.access_token, now, now + life);
        Ok(granted.access_token)
    }

    /// An answer in time.
    async fn asked(&self, request: WebRequest) -> Result<WebAnswer, Error> {
        let mut answer = pin!(self.ports.web.fetch(request));
        let mut late = pin!(self.ports.clock.pause(PATIENCE));
        let answered = poll_fn(|context| match answer.as_mut().poll(context) {
            Poll::Ready(answered) => Poll::Ready(Some(answered)),
            Poll::Pending => late.as_mut().poll(context).map(|()| None),
        });
        match answered.await {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(WebFailure::Forbidden(why) | WebFailure::Unreachable(why))) => Err(unavailable(why)),
            Some(Err(WebFailure::TooLarge)) => Err(unavailable("Google's answer was too large".to_owned())),
            None => Err(unavailable("Google took longer than two seconds".to_owned())),
        }
    }
}

impl Accounts {
    fn known(&self, document: &Secret<String>, now: Timestamp) -> Option<Secret<String>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, expires) = held.get(&name(document))?;
        (now < *expires).then(|| Secret::new(token.expose().clone()))
    }

    fn remember(&self, document: &Secret<String>, token: &Secret<String>, now: Timestamp, expires: Timestamp) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|_, (_, expires)| now < *expires);
        if held.len() < MOST {
            held.insert(name(document), (Secret::new(token.expose().clone()), expires));
        }
    }

    fn forget(&self, document: &Secret<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&name(document));
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret<String>, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

fn name(document: &Secret<String>) -> [u8; 32] {
    sha256(document.expose().as_bytes())
}

/// Google cannot be asked now: nothing is known about the app, so nothing starts.
fn unavailable(why: String) -> Error {
    Error::new(Code::TemporarilyUnavailable)
        .because("The Play Integrity token cannot be checked with Google at the moment. Try again later.")
        .retry_after(Duration::from_secs(5))
        .caused_by(Fault::from("asking Google about a Play Integrity token", why))
}

/// The operator's settings are wrong, which the app's developer cannot mend.
fn setup(why: String) -> Error {
    Fault::from("asking Google about a Play Integrity token", why).into()
}
