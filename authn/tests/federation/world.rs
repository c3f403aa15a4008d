//! The world of these tests: a flow's place, a store that forgets, and a web that is a function.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use vestibule_attest::{Attestor, Roots};
use vestibule_core::application::{Application, Limits, MobileApps, OauthSettings, Sequence, StepOption};
use vestibule_core::audit::Origin;
use vestibule_core::budget::BudgetRule;
use vestibule_core::connection::{Connection, Provisioning};
use vestibule_core::credential::PasskeyKey;
use vestibule_core::credential::Relying;
use vestibule_core::delivery::SendingRules;
use vestibule_core::error::Fault;
use vestibule_core::flow::Source;
use vestibule_core::flow::authenticator::{Answers, Authenticator, Context, Memo, Outcome, Place, Prompt, Subject};
use vestibule_core::oauth::authorize::AuthorizationRequest;
use vestibule_core::oauth::metadata::PublicUrl;
use vestibule_core::ports::passkeys::{Asked, Flaw, Party};
use vestibule_core::ports::store::{Credentials, Users};
use vestibule_core::ports::web::{WebAnswer, WebFailure, WebRequest};
use vestibule_core::ports::{
    AppId, BadHash, Bell, Clock, ConnectionId, Entropy, FlowNumber, Foundry, Passkeys, PasswordHash, Passwords, Ports,
    Secret, TenantId, Timestamp, UserId, Vault, Verdict, Web, Wrapped,
};
use vestibule_core::secrets::Secrets;
use vestibule_core::user::{Contact, PasswordRules, Profile, User, canonical_name};
use vestibule_jose::{Algorithm, Family, SigningKey};
use vestibule_store::Memory;

pub const NOW: i64 = 1_800_000_000;
pub const CALLBACK: &str = "com.example.app://cb";

type Answerer = Box<dyn Fn(&WebRequest) -> Result<WebAnswer, WebFailure> + Send + Sync>;

/// A web that is a function, and remembers what it was asked.
pub struct FakeWeb {
    answer: Mutex<Answerer>,
    asked: Mutex<Vec<WebRequest>>,
}

#[async_trait]
impl Web for FakeWeb {
    async fn fetch(&self, request: WebRequest) -> Result<WebAnswer, WebFailure> {
        self.asked.lock().unwrap().push(request.clone());
        (self.answer.lock().unwrap())(&request)
    }
}

/// Everything that is not asked here.
struct Elsewhere;

#[async_trait]
impl Clock for Elsewhere {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(NOW)
    }

    async fn pause(&self, _: Duration) {}
}

impl Entropy for Elsewhere {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let random: [u8; 32] = vestibule_jose::random().unwrap();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    }
}

#[async_trait]
impl Passwords for Elsewhere {
    async fn verify(&self, _: &Secret<String>, _: Option<&PasswordHash>) -> Result<Verdict, Fault> {
        Err(Fault::new("no passwords here"))
    }

    async fn hash(&self, _: &Secret<String>) -> Result<Option<PasswordHash>, Fault> {
        Err(Fault::new("no passwords here"))
    }

    fn adopt(&self, _: &Secret<String>) -> Result<PasswordHash, BadHash> {
        Err(BadHash("there are no passwords here".to_owned()))
    }
}

#[async_trait]
impl Foundry for Elsewhere {
    async fn forge(&self, _: Family) -> Result<SigningKey, Fault> {
        Err(Fault::new("no keys here"))
    }
}

#[async_trait]
impl Vault for Elsewhere {
    fn keys(&self) -> Vec<String> {
        Vec::new()
    }

    async fn wrap(&self, _: &str, _: &[u8]) -> Result<Wrapped, Fault> {
        Err(Fault::new("no vault here"))
    }

    async fn unwrap(&self, _: &str, _: &Wrapped) -> Result<Secret<Vec<u8>>, Fault> {
        Err(Fault::new("no vault here"))
    }
}

impl Passkeys for Elsewhere {
    fn created(&self, _: &Party, _: &Asked<'_>, _: &Value) -> Result<PasskeyKey, Flaw> {
        Err(Flaw::Malformed)
    }

    fn proved(&self, _: &Party, _: &Asked<'_>, _: &PasskeyKey, _: &Value) -> Result<PasskeyKey, Flaw> {
        Err(Flaw::Malformed)
    }
}

impl Bell for Elsewhere {
    fn ring(&self) {}
}

/// A flow that stands at one option.
pub struct World {
    pub way: &'static dyn Authenticator,
    pub connection: Connection,
    pub option: StepOption,
    pub place: Place,
    pub app: Application,
    pub now: i64,
    pub user: Option<User>,
    pub shadow: bool,
    pub proven: bool,
    pub store: Arc<Memory>,
    pub secrets: Secrets,
    tenant: TenantId,
    request: AuthorizationRequest,
    urls: PublicUrl,
    passwords: PasswordRules,
    sending: SendingRules,
    web: Arc<FakeWeb>,
    ports: Ports,
    source: Source,
    relying: Relying,
}

impl World {
    /// At an option of this way of signing in, with a connection of that name and these settings.
    pub fn new(name: &str, idp: &str, settings: &[(&str, &str)]) -> Self {
        let way = *vestibule_authn::ALL.iter().find(|way| way.spec().is_called(name)).unwrap();
        let store = Arc::new(Memory::default());
        let answer: Answerer = Box::new(|request| panic!("nobody should be asked: {}", request.url));
        let web = Arc::new(FakeWeb { answer: Mutex::new(answer), asked: Mutex::default() });
        let ports = Ports {
            store: store.clone(),
            clock: Arc::new(Elsewhere),
            entropy: Arc::new(Elsewhere),
            passwords: Arc::new(Elsewhere),
            foundry: Arc::new(Elsewhere),
            vault: Arc::new(Elsewhere),
            passkeys: Arc::new(Elsewhere),
            attestors: Arc::new(Attestor::new(Roots::production()).unwrap()),
            web: web.clone(),
            bell: Arc::new(Elsewhere),
            calls: Arc::new(Origin::default()),
        };
        let rule = BudgetRule { limit: 1, span: Duration::from_secs(1) };
        let is_custom = name.starts_with("custom-");
        Self {
            way,
            connection: connection(if is_custom { name } else { idp }, name, settings),
            option: StepOption { authenticator: name.to_owned(), idp: idp.to_owned(), limits: Limits::default() },
            place: Place { flow: FlowNumber::from_bytes([3; 16]), step: 0, option: 0, turn: 0, secret: [1; 4] },
            app: app(),
            now: NOW,
            user: None,
            shadow: false,
            proven: false,
            store,
            secrets: Secrets::only([1; 4], &Secret::new([7; 32])).unwrap(),
            tenant: TenantId::root(),
            request: AuthorizationRequest { redirect_uri: CALLBACK.to_owned(), ..AuthorizationRequest::default() },
            urls: PublicUrl::new("https://login.example.com"),
            passwords: PasswordRules::default(),
            sending: SendingRules { destination: rule, user: rule, prefix: rule },
            source: Source::default(),
            relying: Relying { id: String::new(), name: String::new(), origins: Vec::new() },
            web,
            ports,
        }
    }

    pub fn cx(&self) -> Context<'_> {
        Context {
            now: Timestamp::from_seconds(self.now),
            subject: match &self.user {
                Some(user) => Subject::Known(user),
                None if self.shadow => Subject::Shadow,
                None => Subject::Nobody,
            },
            who: None,
            identified: self.user.is_some() || self.shadow,
            proven: self.proven,
            strong: self.proven,
            option: &self.option,
            place: self.place,
            tenant: &self.tenant,
            app: &self.app,
            request: &self.request,
            connection: Some(&self.connection),
            urls: &self.urls,
            session: None,
            source: &self.source,
            passwords: &self.passwords,
            sending: &self.sending,
            relying: &self.relying,
            secrets: &self.secrets,
            ports: &self.ports,
        }
    }

    /// Seals a secret of the connection.
    pub fn seal(&mut self, name: &str, value: &str) {
        let sealed = self.secrets.seal("connection", self.ports.random(), value.as_bytes()).unwrap();
        self.connection.secrets.insert(name.to_owned(), sealed);
    }

    pub fn web(&self, answer: impl Fn(&WebRequest) -> Result<WebAnswer, WebFailure> + Send + Sync + 'static) {
        *self.web.answer.lock().unwrap() = Box::new(answer);
    }

    /// What was asked, oldest first.
    pub fn asked(&self) -> Vec<WebRequest> {
        self.web.asked.lock().unwrap().clone()
    }

    pub async fn prompt(&self) -> Prompt {
        self.way.begin(&self.cx()).await.unwrap().prompt.unwrap()
    }

    pub async fn answer(&self, answers: &[(&'static str, &str)]) -> Outcome {
        self.try_answer(Memo::default(), answers).await.unwrap()
    }

    pub async fn try_answer(&self, memo: Memo, answers: &[(&'static str, &str)]) -> Result<Outcome, Fault> {
        let answers = answers.iter().map(|(name, value)| (*name, vec![Secret::new((*value).to_owned())]));
        let answers = Answers::new(answers.collect::<BTreeMap<_, _>>());
        self.way.submit(&self.cx(), memo, &answers).await
    }

    /// Goes to the provider and comes back with a code.
    pub async fn come_back(&self) -> Outcome {
        let state = self.prompt().await.additional["state"].clone();
        self.answer(&[("code", "the-code"), ("state", &state)]).await
    }

    /// A user with a verified address.
    pub async fn add_user(&self, name: &str, email: &str, verified: bool) -> User {
        let contact = Contact { value: email.to_owned(), kind: None, primary: true, verified };
        let user = User {
            id: UserId::random(&Elsewhere),
            tenant: self.tenant.clone(),
            revision: 1,
            name: name.to_owned(),
            canonical: canonical_name(name),
            password: None,
            administrator: false,
            active: true,
            locked: false,
            renew_password: false,
            password_set: None,
            profile: Profile { emails: vec![contact], ..Profile::default() },
            created: Timestamp::default(),
            modified: Timestamp::default(),
        };
        self.store.add_user(&user).await.unwrap();
        user
    }

    /// Does what an outcome brings about.
    pub async fn keep(&self, outcome: &Outcome) {
        use vestibule_core::ports::store::Edit;
        let Outcome::Proved { effects, .. } = outcome else { panic!("nothing to keep: {outcome:?}") };
        for edit in &effects.edits {
            match edit {
                Edit::Provision(user) => drop(self.store.add_user(user).await.unwrap()),
                Edit::Enrol(credential) => drop(self.store.add_credential(credential).await.unwrap()),
                other => panic!("{other:?}"),
            }
        }
    }
}

pub fn answer(status: u16, body: &Value) -> Result<WebAnswer, WebFailure> {
    Ok(WebAnswer { status, retry_after: None, body: body.to_string().into_bytes() })
}

/// The fields of a request's form.
pub fn form(request: &WebRequest) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(request.body.as_ref().unwrap().expose()).into_owned().collect()
}

pub fn header<'a>(request: &'a WebRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.expose().as_str())
}

pub fn query(url: &str) -> BTreeMap<String, String> {
    url::Url::parse(url).unwrap().query_pairs().into_owned().collect()
}

pub fn sign(key: &SigningKey, claims: &Value) -> String {
    key.sign(Algorithm::ES256, "JWT", claims).unwrap()
}

/// A connection with these settings.
pub fn connection(name: &str, authenticator: &str, settings: &[(&str, &str)]) -> Connection {
    Connection {
        id: ConnectionId::from_bytes([5; 16]),
        tenant: TenantId::root(),
        revision: 1,
        name: name.to_owned(),
        description: String::new(),
        image: None,
        enabled: true,
        authenticator: authenticator.to_owned(),
        display: None,
        settings: settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        secrets: BTreeMap::new(),
        provisioning: Provisioning::default(),
        mapping: Vec::new(),
        created: Timestamp::default(),
        modified: Timestamp::default(),
    }
}

fn app() -> Application {
    Application {
        id: AppId::from_bytes([4; 16]),
        tenant: TenantId::root(),
        revision: 1,
        name: "Shop".to_owned(),
        description: String::new(),
        enabled: true,
        native: true,
        client_id: "shop".to_owned(),
        secrets: Vec::new(),
        oauth: OauthSettings::default(),
        sequence: Sequence::default(),
        enrolment: false,
        mobile: MobileApps::default(),
        attestation: Default::default(),
        management_scopes: [].into(),
        created: Timestamp::default(),
        modified: Timestamp::default(),
    }
}
