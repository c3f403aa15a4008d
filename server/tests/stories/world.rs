//! The world of a story: a server without a port, a clock that stands still until it is told to go on, chance from a
//! seed, and callers that speak HTTP.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use vestibule::config::Config;
use vestibule::http::App;
use vestibule::wiring;
use vestibule::world::{HashingPool, Threads};
use vestibule_core::application::{Application, Callback, GrantType, OauthSettings, Sequence, SequenceStep, StepOption};
use vestibule_core::flow::authenticator::Authenticator;
use vestibule_core::house::House;
use vestibule_core::ports::store::Page;
use vestibule_core::ports::{AppId, Clock, Entropy, Ports, Secret, Store, TenantId, Timestamp, UserId};
use vestibule_core::tenant::Tenant;
use vestibule_core::user::{Profile, User, canonical_name};
use vestibule_store::Memory;

/// 2026-01-01 00:00 UTC.
pub const START: Timestamp = Timestamp::from_seconds(1_767_225_600);
pub const REDIRECT: &str = "myapp://callback";
pub const PASSWORD: &str = "correct horse battery";
pub const BASIC: &str = "QmFzaWNBdXRoZW50aWNhdG9yOkxPQ0FM";
pub const IDENTIFIER: &str = "SWRlbnRpZmllckV4ZWN1dG9yOkxPQ0FM";
/// The example of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub struct World {
    pub house: Arc<House>,
    pub clock: Arc<StillClock>,
    router: Router,
}

/// How a story's world differs from the usual one.
pub struct Setting {
    pub config: Config,
    pub store: Arc<dyn Store>,
    /// Ways of signing in besides the real ones.
    pub authenticators: Vec<&'static dyn Authenticator>,
}

impl Default for Setting {
    fn default() -> Self {
        let mut config = Config::default();
        // The cheapest hash that Argon2 allows: stories are about the order of things, not about their cost.
        config.hash.memory_kib = 8;
        config.hash.iterations = 1;
        config.hash.threads = 2;
        Self { config, store: Arc::new(Memory::default()), authenticators: Vec::new() }
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(Setting::default()).await
    }

    pub async fn with(setting: Setting) -> Self {
        let clock = Arc::new(StillClock(Mutex::new(START)));
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::default());
        let ports = Ports {
            store: setting.store,
            clock: clock.clone(),
            entropy: entropy.clone(),
            passwords: Arc::new(HashingPool::start(&setting.config.hash, entropy).unwrap()),
            foundry: Arc::new(Threads::default()),
        };
        let authenticators = wiring::AUTHENTICATORS.iter().copied().chain(setting.authenticators);
        let house = wiring::house(&setting.config, ports, "http://localhost:9443", authenticators).await.unwrap();
        let house = Arc::new(house);
        let app = App::new(house.clone(), wiring::http_settings(&setting.config));
        let world = Self { house, clock, router: vestibule::http::router(app) };
        world.tenant(TenantId::ROOT).await;
        world
    }

    pub fn wait(&self, span: Duration) {
        let mut now = self.clock.0.lock().unwrap();
        *now = *now + span;
    }

    pub fn store(&self) -> &dyn Store {
        &*self.house.ports.store
    }

    pub async fn tenant(&self, handle: &str) -> TenantId {
        let id: TenantId = handle.parse().unwrap();
        let tenant = Tenant {
            id: id.clone(), name: handle.to_owned(), error_codes: None, messages: None, created: self.clock.now(),
        };
        self.store().add_tenant(&tenant).await.unwrap();
        id
    }

    /// A public application with native login, PKCE and ES256 tokens.
    pub async fn app(&self, client_id: &str) -> Application {
        self.app_with(client_id, |_| ()).await
    }

    pub async fn app_with(&self, client_id: &str, change: impl FnOnce(&mut Application)) -> Application {
        let mut app = Application {
            id: AppId::random(&*self.house.ports.entropy),
            tenant: TenantId::root(),
            revision: 1,
            name: client_id.to_owned(),
            description: String::new(),
            enabled: true,
            native: true,
            client_id: client_id.to_owned(),
            secrets: Vec::new(),
            oauth: OauthSettings {
                public: true,
                grants: GrantType::ALL.iter().copied().collect(),
                callbacks: vec![Callback::parse(REDIRECT).unwrap()],
                pkce_required: true,
                id_token_alg: "ES256".parse().unwrap(),
                ..OauthSettings::default()
            },
            sequence: Sequence::default(),
            management_scopes: Default::default(),
            created: self.clock.now(),
            modified: self.clock.now(),
        };
        change(&mut app);
        self.store().add_app(&app).await.unwrap();
        app
    }

    /// Changes an application that is already there.
    pub async fn change_app(&self, app: &Application, change: impl FnOnce(&mut Application)) {
        let mut now = self.store().app(&app.tenant, &app.id).await.unwrap().unwrap();
        let seen = now.revision;
        now.revision += 1;
        change(&mut now);
        self.store().save_app(&now, seen).await.unwrap();
    }

    /// A user of the root tenant with the usual password.
    pub async fn user(&self, name: &str) -> User {
        self.user_with(name, |_| ()).await
    }

    pub async fn user_with(&self, name: &str, change: impl FnOnce(&mut User)) -> User {
        let password = Secret::new(PASSWORD.to_owned());
        let mut user = User {
            id: UserId::random(&*self.house.ports.entropy),
            tenant: TenantId::root(),
            revision: 1,
            name: name.to_owned(),
            canonical: canonical_name(name),
            password: self.house.ports.passwords.hash(&password).await.unwrap(),
            administrator: false,
            active: true,
            locked: false,
            profile: Profile::default(),
            created: self.clock.now(),
            modified: self.clock.now(),
        };
        change(&mut user);
        self.store().add_user(&user).await.unwrap();
        user
    }

    pub async fn users(&self) -> usize {
        let page = Page { offset: 0, limit: 1 };
        let filter = vestibule_core::ports::store::UserFilter::All;
        self.store().users(&TenantId::root(), &filter, page).await.unwrap().1
    }

    /// A caller without credentials.
    pub fn anonymous(&self) -> Caller {
        Caller { router: self.router.clone(), base: String::new(), headers: HeaderMap::new() }
    }

    /// Starts a login as the application with the usual parameters and `more`, which replace those of the same name.
    pub async fn authorize(&self, client_id: &str, more: &[(&str, &str)]) -> Answer {
        self.anonymous().authorize(client_id, more).await
    }

    /// A whole login with the usual password: the tokens.
    pub async fn login(&self, client_id: &str, user: &str) -> Answer {
        let start = self.authorize(client_id, &[]).await;
        let done = self.anonymous().answer(&start.flow_id(), BASIC, json!({"username": user, "password": PASSWORD})).await;
        self.anonymous().exchange(client_id, &done.code()).await
    }
}

/// Somebody who calls.
#[derive(Clone)]
pub struct Caller {
    router: Router,
    base: String,
    headers: HeaderMap,
}

impl Caller {
    /// The same caller below a tenant's path.
    pub fn at(mut self, base: &str) -> Self {
        self.base = base.to_owned();
        self
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

    pub async fn authorize(&self, client_id: &str, more: &[(&str, &str)]) -> Answer {
        let mut form = vec![
            ("client_id", client_id),
            ("response_type", "code"),
            ("response_mode", "direct"),
            ("redirect_uri", REDIRECT),
            ("scope", "openid"),
            ("state", "s1"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        form.retain(|(name, _)| !more.iter().any(|(other, _)| name == other));
        form.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        self.form("/oauth2/authorize", &form).await
    }

    pub async fn answer(&self, flow_id: &str, authenticator: &str, params: Value) -> Answer {
        let body = json!({
            "flowId": flow_id, "selectedAuthenticator": {"authenticatorId": authenticator, "params": params},
        });
        self.json(Method::POST, "/oauth2/authn", &body).await
    }

    pub async fn exchange(&self, client_id: &str, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client_id),
            ("code", code),
            ("redirect_uri", REDIRECT),
            ("code_verifier", VERIFIER),
        ];
        self.form("/oauth2/token", &form).await
    }

    pub async fn refresh(&self, client_id: &str, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("client_id", client_id), ("refresh_token", token)];
        self.form("/oauth2/token", &form).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, Vec::new()).await
    }

    pub async fn form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        self.send(Method::POST, path, Some("application/x-www-form-urlencoded"), body.finish().into_bytes()).await
    }

    pub async fn json(&self, method: Method, path: &str, body: &Value) -> Answer {
        self.send(method, path, Some("application/json"), serde_json::to_vec(body).unwrap()).await
    }

    pub async fn send(&self, method: Method, path: &str, kind: Option<&str>, body: Vec<u8>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base)).body(Body::from(body)).unwrap();
        *request.headers_mut() = self.headers.clone();
        if let Some(kind) = kind {
            request.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: bytes.to_vec() }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body without what differs from call to call.
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

    /// A text member of the body, by its path.
    pub fn at(&self, pointer: &str) -> String {
        self.json().pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no {pointer} in {}", self.text())).to_owned()
    }

    pub fn flow_id(&self) -> String {
        self.at("/flowId")
    }

    pub fn code(&self) -> String {
        self.at("/authData/code")
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.text());
        self
    }

    /// A refusal of the native contract: status, code and name.
    #[track_caller]
    pub fn is_refused(&self, status: u16, code: &str, name: &str) -> &Self {
        self.is(status);
        let body = self.json();
        assert_eq!((body["code"].as_str(), body["error"].as_str()), (Some(code), Some(name)), "{body}");
        self
    }
}

/// The claims of a token, unverified: stories about signatures check them elsewhere.
pub fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&vestibule_jose::from_base64url(payload).unwrap()).unwrap()
}

/// Steps of an application: the names of the options of each.
pub fn steps(steps: &[&[&str]]) -> Sequence {
    let step = |options: &&[&str]| SequenceStep { options: options.iter().map(|name| StepOption::local(name)).collect() };
    Sequence { user_defined: true, steps: steps.iter().map(step).collect(), ..Sequence::default() }
}

/// A clock that stands still until it is told to go on.
pub struct StillClock(Mutex<Timestamp>);

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    /// Lets the hashing threads and the other tasks run; the story's time does not pass.
    async fn pause(&self, _: Duration) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The same chance in every run.
#[derive(Default)]
struct SeededEntropy(AtomicU64);

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = vestibule_jose::sha256(&self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}
