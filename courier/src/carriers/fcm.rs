//! Firebase Cloud Messaging, HTTP v1: a service account's signed assertion is exchanged for an access token (RFC 7523),
//! which is kept until shortly before its end. The message is data for the app, and an alert where a phone would not wake
//! the app for data alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use vestibule_core::error::Fault;
use vestibule_core::ports::web::{WebAnswer, WebRequest};
use vestibule_core::ports::{Clock, Secret, Timestamp, Web};
use vestibule_jose::{Algorithm, Family, SigningKey, pkcs8_of_pem};

use super::answer::{ask, judge, later};
use super::{Carrier, Undelivered};
use crate::{Fcm, Rendered};

/// How long before its end a token is no longer used.
const MARGIN: Duration = Duration::from_secs(60);

pub(super) struct FcmCarrier {
    url: String,
    account: Account,
    key: SigningKey,
    token: Mutex<Option<Token>>,
    clock: Arc<dyn Clock>,
    web: Arc<dyn Web>,
}

/// The service account's key file.
#[derive(Deserialize)]
struct Account {
    project_id: String,
    client_email: String,
    private_key_id: String,
    private_key: Secretive,
    token_uri: String,
}

#[derive(Clone)]
struct Token {
    value: Secret<String>,
    until: Timestamp,
}

impl FcmCarrier {
    pub(super) fn new(fcm: &Fcm, clock: Arc<dyn Clock>, web: Arc<dyn Web>) -> Result<Self, Fault> {
        let account: Account = serde_json::from_str(fcm.service_account.expose())
            // The parser's error may quote the file, so only its place is told.
            .map_err(|error| Fault::from("reading the service account of FCM", format!("line {}", error.line())))?;
        let der = pkcs8_of_pem(account.private_key.0.expose());
        let der = der.ok_or(Fault::new("the private key of FCM's account is no PEM"))?;
        let key = SigningKey::from_pkcs8(Family::Rsa, &der)
            .map_err(|error| Fault::from("reading the private key of FCM's account", error))?
            .named(&account.private_key_id);
        let url = format!("{}/v1/projects/{}/messages:send", fcm.base.trim_end_matches('/'), account.project_id);
        Ok(Self { url, account, key, token: Mutex::new(None), clock, web })
    }

    /// The access token, a new one when there is none that lasts.
    async fn token(&self) -> Result<Secret<String>, Undelivered> {
        let mut kept = self.token.lock().await;
        let now = self.clock.now();
        if let Some(token) = kept.as_ref().filter(|token| token.until > now) {
            return Ok(token.value.clone());
        }
        let claims = json!({
            "iss": self.account.client_email,
            "scope": "https://www.googleapis.com/auth/firebase.messaging",
            "aud": self.account.token_uri,
            "iat": now.seconds(),
            "exp": now.seconds() + 3600,
        });
        let assertion = self.key.sign(Algorithm::RS256, "JWT", &claims);
        let assertion = assertion.map_err(|error| Undelivered::temporary(error.to_string()))?;
        let fields = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
        let answer = ask(&*self.web, WebRequest::post_form(&self.account.token_uri, &fields)).await?;
        if !answer.is_success() {
            // Whatever is wrong with the account, the letter is not at fault.
            return Err(later(&answer, format!("no access token for FCM: HTTP {}", answer.status)));
        }
        let given: Given = serde_json::from_slice(&answer.body)
            .map_err(|_| Undelivered::temporary("the answer with FCM's access token is not understood"))?;
        let until = now + Duration::from_secs(given.expires_in).saturating_sub(MARGIN);
        Ok(kept.insert(Token { value: given.access_token.0, until }).value.clone())
    }

    fn message(&self, letter: &Rendered) -> Value {
        let (title, body) = (letter.content.subject().unwrap_or_default(), letter.content.text());
        let mut data: BTreeMap<&str, &str> =
            letter.values.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        data.extend([("title", title), ("body", body), ("template", &letter.template)]);
        let left = letter.expires.since(self.clock.now()).as_secs();
        json!({ "message": {
            "token": letter.to,
            "data": data,
            "android": { "priority": "high", "ttl": format!("{left}s") },
            "apns": {
                "headers": { "apns-priority": "10", "apns-expiration": letter.expires.seconds().to_string() },
                "payload": { "aps": { "alert": { "title": title, "body": body }, "mutable-content": 1 } },
            },
        }})
    }
}

#[async_trait]
impl Carrier for FcmCarrier {
    async fn carry(&self, letter: &Rendered) -> Result<(), Undelivered> {
        let token = self.token().await?;
        let request = WebRequest::post_json(&self.url, &self.message(letter))
            .with("authorization", format!("Bearer {}", token.expose()));
        let answer = ask(&*self.web, request).await?;
        if answer.status == 401 {
            // It was taken back before its time; the next carrying asks for another.
            *self.token.lock().await = None;
        }
        meaning(&answer)
    }
}

/// What FCM says: a device that is gone, or that belongs to another sender, stays so.
fn meaning(answer: &WebAnswer) -> Result<(), Undelivered> {
    let code = serde_json::from_slice::<Value>(&answer.body).ok().and_then(|body| {
        let details = body.pointer("/error/details")?.as_array()?;
        details.iter().find_map(|detail| detail.get("errorCode")?.as_str().map(str::to_owned))
    });
    match code.as_deref() {
        Some("UNREGISTERED") => Err(Undelivered::permanent("FCM does not know the device any more")),
        Some("SENDER_ID_MISMATCH") => Err(Undelivered::permanent("the device belongs to another sender at FCM")),
        _ => judge(answer),
    }
}

#[derive(Deserialize)]
struct Given {
    access_token: Secretive,
    expires_in: u64,
}

/// A text that is hidden as soon as it is read.
#[derive(Deserialize)]
#[serde(from = "String")]
struct Secretive(Secret<String>);

impl From<String> for Secretive {
    fn from(text: String) -> Self {
        Self(Secret::new(text))
    }
}
