//! An identity provider and a service of the operator's, as far as a story needs them: they speak the protocols and are as
//! strict as real ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use serde_json::{Value, json};
use vestibule_core::ports::Web;
use vestibule_core::ports::web::{WebAnswer, WebFailure, WebRequest};
use vestibule_jose::{Algorithm, Family, SigningKey, base64url, sha256};

use crate::world::START;

pub const ISSUER: &str = "https://id.example.com";
pub const CLIENT: &str = "vestibule-at-the-provider";
pub const CLIENT_SECRET: &str = "s3cret-at-the-provider";

/// What was asked for, and who said yes.
type Agreed = (BTreeMap<String, String>, Value);

/// A provider that signs people in.
pub struct Provider {
    key: SigningKey,
    codes: Mutex<BTreeMap<String, Agreed>>,
    /// Where its keys lie: at an address of each story's own, since keys are remembered by address.
    jwks: String,
    /// What the service says next.
    pub said: Mutex<Value>,
}

impl Provider {
    pub fn new(story: &str) -> Arc<Self> {
        Arc::new(Self {
            key: SigningKey::generate(Family::P256).unwrap(),
            codes: Mutex::default(),
            jwks: format!("{ISSUER}/{story}/jwks"),
            said: Mutex::default(),
        })
    }

    /// The connection to it, as an operator posts it.
    pub fn connection(&self, name: &str, jit: Value) -> Value {
        let property = |key: &str, value: &str| json!({"key": key, "value": value});
        json!({
            "name": name, "idpIssuerName": ISSUER, "certificate": {"jwksUri": self.jwks},
            "federatedAuthenticators": {
                "authenticators": [{
                    "authenticatorId": base64url(b"OpenIDConnectAuthenticator"),
                    "properties": [
                        property("ClientId", CLIENT), property("ClientSecret", CLIENT_SECRET),
                        property("OAuth2AuthzEPUrl", "https://id.example.com/authorize"),
                        property("OAuth2TokenEPUrl", "https://id.example.com/token"),
                    ],
                }],
            },
            "provisioning": {"jit": jit},
        })
    }

    /// What the app posts after its user said yes on the page.
    pub fn agree(&self, page: &str, person: Value) -> Value {
        let url = url::Url::parse(page).unwrap();
        assert!(page.starts_with("https://id.example.com/authorize?"), "{page}");
        let asked: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        assert_eq!((asked["response_type"].as_str(), asked["client_id"].as_str()), ("code", CLIENT));
        let state = asked["state"].clone();
        let mut codes = self.codes.lock().unwrap();
        let code = format!("code-{}", codes.len());
        codes.insert(code.clone(), (asked, person));
        json!({"code": code, "state": state, "iss": ISSUER})
    }

    fn exchange(&self, request: &WebRequest) -> Option<Value> {
        let body = request.body.as_ref()?.expose();
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
        let (asked, person) = self.codes.lock().unwrap().insert(form.get("code")?.clone(), Default::default())?;
        let is_bound = base64url(&sha256(form.get("code_verifier")?.as_bytes())) == *asked.get("code_challenge")?;
        let is_same = form.get("redirect_uri") == asked.get("redirect_uri");
        let is_client = form.get("client_id")? == CLIENT && form.get("client_secret")? == CLIENT_SECRET;
        if !(is_bound && is_same && is_client) {
            return None;
        }
        let mut claims = json!({
            "iss": ISSUER, "aud": CLIENT, "exp": START.seconds() + 600, "iat": START.seconds(), "nonce": asked.get("nonce")?,
        });
        claims.as_object_mut()?.extend(person.as_object()?.clone());
        let token = self.key.sign(Algorithm::ES256, "JWT", &claims).ok()?;
        Some(json!({"access_token": "at", "token_type": "Bearer", "id_token": token}))
    }
}

#[async_trait]
impl Web for Provider {
    async fn fetch(&self, request: WebRequest) -> Result<WebAnswer, WebFailure> {
        let (status, body) = match request.url.as_str() {
            "https://id.example.com/token" => match self.exchange(&request) {
                Some(tokens) => (200, tokens),
                None => (400, json!({"error": "invalid_grant"})),
            },
            "https://pin.example.com/check" => (200, self.said.lock().unwrap().clone()),
            url if url == self.jwks => (200, json!({"keys": [self.key.jwk()]})),
            other => return Err(WebFailure::Unreachable(format!("nobody answers at {other}"))),
        };
        Ok(WebAnswer { status, retry_after: None, body: body.to_string().into_bytes() })
    }
}
