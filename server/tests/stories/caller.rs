//! Those who call the server, and what comes back.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use vestibule::serve::{Peer, PeerCertificates};

use crate::prover::Prover;
use crate::world::{BASIC, CHALLENGE, PASSWORD, REDIRECT, VERIFIER};

/// Somebody who calls.
#[derive(Clone)]
pub struct Caller {
    router: Router,
    base: String,
    headers: HeaderMap,
    peer: Option<IpAddr>,
    certificates: Option<PeerCertificates>,
    prover: Option<Arc<Prover>>,
}

impl Caller {
    /// Somebody without credentials.
    pub fn new(router: Router) -> Self {
        Self { router, base: String::new(), headers: HeaderMap::new(), peer: None, certificates: None, prover: None }
    }

    /// The same caller below a tenant's path.
    pub fn at(mut self, base: &str) -> Self {
        self.base = base.to_owned();
        self
    }

    /// The same caller at an address.
    pub fn from(mut self, address: &str) -> Self {
        self.peer = Some(address.parse().unwrap());
        self
    }

    /// The same caller on a connection with the client certificate of that name.
    pub fn certificate(mut self, name: &str) -> Self {
        self.certificates = Some(PeerCertificates([certificate(name)].into()));
        self
    }

    /// The same caller without its headers.
    pub fn without_headers(&self) -> Self {
        Self { headers: HeaderMap::new(), ..self.clone() }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().unwrap());
        self
    }

    pub fn basic(self, name: &str, password: &str) -> Self {
        use base64::Engine as _;
        let pair = base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
        self.header("authorization", &format!("Basic {pair}"))
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Shows an access token that is bound to a key.
    pub fn dpop(self, token: &str) -> Self {
        self.header("authorization", &format!("DPoP {token}"))
    }

    /// The same caller, who proves the possession of a key with each call.
    pub fn proving(mut self, prover: &Arc<Prover>) -> Self {
        self.prover = Some(Arc::clone(prover));
        self
    }

    /// The proof that goes with a call.
    fn proof(&self, method: &Method, path: &str) -> Option<String> {
        let prover = self.prover.as_ref()?;
        let shown = self.headers.get("authorization").and_then(|value| value.to_str().ok());
        let claims = match shown.and_then(|value| value.strip_prefix("DPoP ")) {
            Some(token) => prover.claims_for(method.as_str(), path, token),
            None => prover.claims(method.as_str(), path),
        };
        Some(prover.sign(&prover.header(), &claims))
    }

    /// With the cookie that an answer set.
    pub fn cookie(mut self, answer: &Answer) -> Self {
        let (pair, _) = answer.header("set-cookie").unwrap().split_once(';').unwrap();
        self.headers.remove("cookie");
        self.header("cookie", pair)
    }

    /// Starts a login as the application with the usual parameters and `more`, which replace those of the same name; an
    /// empty one leaves the parameter out.
    pub async fn authorize(&self, client_id: &str, more: &[(&str, &str)]) -> Answer {
        let usual = [
            ("client_id", client_id),
            ("response_type", "code"),
            ("response_mode", "direct"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid"),
            ("state", "s1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        self.form("/oauth2/authorize", &merged(&usual, more)).await
    }

    pub async fn answer(&self, flow_id: &str, authenticator: &str, params: Value) -> Answer {
        let selected = json!({"authenticatorId": authenticator, "params": params});
        self.authn(&json!({"flowId": flow_id, "selectedAuthenticator": selected})).await
    }

    /// Selects an option without answering it.
    pub async fn select(&self, flow_id: &str, authenticator: &str) -> Answer {
        let selected = json!({"authenticatorId": authenticator});
        self.authn(&json!({"flowId": flow_id, "selectedAuthenticator": selected})).await
    }

    /// Answers with name and password.
    pub async fn password(&self, flow_id: &str, user: &str, password: &str) -> Answer {
        self.answer(flow_id, BASIC, json!({"username": user, "password": password})).await
    }

    /// A whole login with the usual password: the last answer.
    pub async fn sign_in(&self, client_id: &str, user: &str, more: &[(&str, &str)]) -> Answer {
        let start = self.authorize(client_id, more).await;
        self.password(&start.flow_id(), user, PASSWORD).await
    }

    pub async fn authn(&self, body: &Value) -> Answer {
        self.json(Method::POST, "/oauth2/authn", body).await
    }

    pub async fn exchange(&self, client_id: &str, code: &str) -> Answer {
        self.exchange_with(client_id, code, &[]).await
    }

    /// Exchanges a code with the usual parameters and `more`, as in [`Self::authorize`].
    pub async fn exchange_with(&self, client_id: &str, code: &str, more: &[(&str, &str)]) -> Answer {
        let usual = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.form("/oauth2/token", &merged(&usual, more)).await
    }

    pub async fn refresh(&self, client_id: &str, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("client_id", client_id), ("refresh_token", token)];
        self.form("/oauth2/token", &form).await
    }

    pub async fn userinfo(&self, access_token: &str) -> Answer {
        self.clone().bearer(access_token).get("/oauth2/userinfo").await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, Vec::new()).await
    }

    pub async fn form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = spelled(form).into_bytes();
        self.send(Method::POST, path, Some("application/x-www-form-urlencoded"), body).await
    }

    pub async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.send(method, path, Some("application/json"), serde_json::to_vec(body).unwrap()).await
    }

    pub async fn send(&self, method: Method, path: &str, kind: Option<&str>, body: Vec<u8>) -> Answer {
        let path = format!("{}{path}", self.base);
        let proof = self.proof(&method, &path);
        let mut request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
        *request.headers_mut() = self.headers.clone();
        if let Some(proof) = proof {
            request.headers_mut().append("dpop", proof.parse().unwrap());
        }
        if let Some(kind) = kind {
            request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
        }
        if let Some(address) = self.peer {
            request.extensions_mut().insert(Peer((address, 40_000).into()));
        }
        if let Some(certificates) = &self.certificates {
            request.extensions_mut().insert(certificates.clone());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: bytes.to_vec() }
    }
}

/// A certificate among the fixtures of the server.
pub fn certificate(name: &str) -> CertificateDer<'static> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/fixtures");
    CertificateDer::from_pem_file(folder.join(format!("{name}.crt.pem"))).unwrap()
}

/// Parameters as one text.
pub fn spelled(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// The usual parameters with others in their place; an empty value leaves one out.
pub fn merged<'a>(usual: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut form = usual.to_vec();
    form.retain(|(name, _)| !more.iter().any(|(other, _)| name == other));
    form.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    form
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {} {}", self.status, self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body without what differs from call to call.
    #[track_caller]
    pub fn shape(&self) -> Value {
        let mut body = self.json();
        for name in ["traceId", "flowId"] {
            if let Some(value) = body.get_mut(name) {
                assert!(value.as_str().is_some_and(|text| !text.is_empty()), "{name} is empty");
                *value = "…".into();
            }
        }
        body
    }

    /// A member of the body, by its path; null if it is not there.
    #[track_caller]
    pub fn member(&self, pointer: &str) -> Value {
        self.json().pointer(pointer).cloned().unwrap_or_default()
    }

    /// A text member of the body, by its path.
    #[track_caller]
    pub fn at(&self, pointer: &str) -> String {
        let member = self.member(pointer);
        member.as_str().unwrap_or_else(|| panic!("no {pointer} in {} {}", self.status, self.text())).to_owned()
    }

    #[track_caller]
    pub fn flow_id(&self) -> String {
        self.at("/flowId")
    }

    #[track_caller]
    pub fn code(&self) -> String {
        self.at("/authData/code")
    }

    /// The options of the step: their ids.
    #[track_caller]
    pub fn options(&self) -> Vec<String> {
        let offers = self.member("/nextStep/authenticators");
        let ids = offers.as_array().unwrap_or_else(|| panic!("no options in {}", self.text())).iter();
        ids.map(|offer| offer["authenticatorId"].as_str().unwrap().to_owned()).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// An open step: 200 and its status.
    #[track_caller]
    pub fn is_step(&self, status: &str) -> &Self {
        assert_eq!(self.is(200).member("/flowStatus"), status, "{}", self.text());
        self
    }

    /// A refusal of the native contract: status, code and name.
    #[track_caller]
    pub fn is_refused(&self, status: u16, code: &str, name: &str) -> &Self {
        self.is(status);
        let body = self.json();
        assert_eq!((body["code"].as_str(), body["error"].as_str()), (Some(code), Some(name)), "{body}");
        for member in ["message", "description", "traceId"] {
            assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "no {member} in {body}");
        }
        self
    }

    /// A refusal in OAuth's words: status and name.
    #[track_caller]
    pub fn is_oauth_refusal(&self, status: u16, name: &str) -> &Self {
        self.is(status);
        let body = self.json();
        assert_eq!(body["error"], name, "{body}");
        for member in ["error_description", "traceId"] {
            assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "no {member} in {body}");
        }
        self
    }

    /// The token does not hold: 401 in the words of RFC 6750.
    #[track_caller]
    pub fn is_unauthorized_token(&self) -> &Self {
        let challenge = self.is_oauth_refusal(401, "invalid_token").header("www-authenticate").unwrap_or_default();
        assert!(challenge.starts_with("Bearer "), "{challenge}");
        self
    }
}
