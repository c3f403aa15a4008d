//! The world of a story: a server without a port, a clock that stands still until it is told to go on, chance from a
//! seed, and callers that speak HTTP.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use serde_json::Value;
use vestibule::config::{Config, DeliveryKind};
use vestibule::http::App;
use vestibule::wiring;
use vestibule::world::{HashingPool, PresentCall, Safe};
use vestibule_attest::{Attestor, Roots};
use vestibule_authn::PasskeyVerifier;
use vestibule_core::application::{
    Application, Callback, ClientSecret, GrantType, OauthSettings, Sequence, SequenceStep, StepOption,
};
use vestibule_core::error::Fault;
use vestibule_core::flow::authenticator::Authenticator;
use vestibule_core::house::House;
use vestibule_core::ports::store::Page;
use vestibule_core::ports::{
    AppId, Attestors, Clock, Passwords, Ports, Secret, Store, TenantId, Timestamp, UserId, Vault, Web,
};
use vestibule_core::tenant::Tenant;
use vestibule_core::user::{Profile, User, canonical_name};
use vestibule_courier::{Bell, Courier, Entry};
use vestibule_store::Memory;

pub use crate::caller::{Answer, Caller, merged, spelled};
pub use crate::ports::{Nobody, SeededEntropy, SharedKeys, StillClock, Watched};

/// 2026-01-01 00:00 UTC.
pub const START: Timestamp = Timestamp::from_seconds(1_767_225_600);
pub const BASE: &str = "http://localhost:9443";
pub const REDIRECT: &str = "myapp://callback";
pub const PASSWORD: &str = "correct horse battery";
/// The secret of confidential applications.
pub const SECRET: &str = "s3cret-of-the-app";
pub const BASIC: &str = "QmFzaWNBdXRoZW50aWNhdG9yOkxPQ0FM";
pub const IDENTIFIER: &str = "SWRlbnRpZmllckV4ZWN1dG9yOkxPQ0FM";
/// The example of RFC 7636, appendix B.
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub struct World {
    pub house: Arc<House>,
    pub clock: Arc<StillClock>,
    pub entropy: Arc<SeededEntropy>,
    pub courier: Courier,
    router: Router,
}

/// How a story's world differs from the usual one.
pub struct Setting {
    pub config: Config,
    pub public_url: &'static str,
    pub store: Arc<dyn Store>,
    /// Under which master keys the store's secrets are.
    pub vault: Arc<dyn Vault>,
    /// Where keys are made: worlds over one store share it, or they would make the same ones.
    pub foundry: Arc<SharedKeys>,
    /// Ways of signing in besides the real ones.
    pub authenticators: Vec<&'static dyn Authenticator>,
    /// What other servers answer; nobody answers unless a story says so.
    pub web: Arc<dyn Web>,
    /// Sees every comparison of passwords.
    pub watched: Arc<Watched>,
    /// What believes phones; the roots of the makers unless a story forges its own.
    pub attestors: Arc<dyn Attestors>,
}

impl Default for Setting {
    fn default() -> Self {
        let mut config = Config::default();
        // The cheapest hash that Argon2 allows: stories are about the order of things, not about their cost.
        config.hash.memory_kib = 8;
        config.hash.iterations = 1;
        config.hash.threads = 2;
        config.delivery.kind = DeliveryKind::Mailbox;
        let store = Arc::new(Memory::default());
        Self {
            config,
            public_url: BASE,
            store,
            vault: safe(&[1]),
            foundry: Arc::default(),
            authenticators: Vec::new(),
            web: Arc::new(Nobody),
            watched: Arc::default(),
            attestors: Arc::new(Attestor::new(Roots::production()).unwrap()),
        }
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(Setting::default()).await
    }

    /// A world with the application `shop` and the user `kim`.
    pub async fn shop() -> Self {
        let world = Self::new().await;
        world.app("shop").await;
        world.user("kim").await;
        world
    }

    /// A world that is set up a little differently.
    pub async fn set(change: impl FnOnce(&mut Setting)) -> Self {
        let mut setting = Setting::default();
        change(&mut setting);
        Self::with(setting).await
    }

    pub async fn with(setting: Setting) -> Self {
        Self::try_with(setting).await.unwrap()
    }

    /// A world whose server may refuse to start.
    pub async fn try_with(setting: Setting) -> Result<Self, Fault> {
        let clock = Arc::new(StillClock(Mutex::new(START)));
        let entropy = Arc::new(SeededEntropy::default());
        let hashing: Arc<dyn Passwords> = Arc::new(HashingPool::start(&setting.config.hash, entropy.clone()).unwrap());
        let bell = Bell::default();
        let ports = Ports {
            store: setting.store,
            clock: clock.clone(),
            entropy: entropy.clone(),
            passwords: setting.watched.over(hashing),
            foundry: setting.foundry,
            vault: setting.vault,
            passkeys: Arc::new(PasskeyVerifier),
            attestors: setting.attestors,
            web: setting.web,
            bell: Arc::new(bell.clone()),
            calls: Arc::new(PresentCall),
        };
        let authenticators = wiring::AUTHENTICATORS.iter().copied().chain(setting.authenticators);
        let house = wiring::house(&setting.config, ports, setting.public_url, authenticators).await?;
        let house = Arc::new(house);
        let courier = wiring::courier(&setting.config.courier(&|_| None).unwrap(), &house, bell).unwrap();
        let app = App::new(house.clone(), wiring::http_settings(&setting.config, &courier).unwrap());
        let world = Self { house, clock, entropy, courier, router: vestibule::http::router(app) };
        world.tenant(TenantId::ROOT).await;
        Ok(world)
    }

    pub fn wait(&self, span: Duration) {
        let mut now = self.clock.0.lock().unwrap();
        *now = *now + span;
    }

    /// Carries every letter that is due: all messages of the mailbox so far, oldest first.
    pub async fn mail(&self) -> Vec<Entry> {
        self.courier.deliver_due().await.unwrap();
        self.courier.mailbox().entries()
    }

    pub fn store(&self) -> &dyn Store {
        &*self.house.ports.store
    }

    pub async fn tenant(&self, handle: &str) -> TenantId {
        self.tenant_with(handle, |_| ()).await
    }

    pub async fn tenant_with(&self, handle: &str, change: impl FnOnce(&mut Tenant)) -> TenantId {
        let id: TenantId = handle.parse().unwrap();
        let mut tenant = Tenant {
            id: id.clone(),
            name: handle.to_owned(),
            error_codes: None,
            messages: None,
            created: self.clock.now(),
        };
        change(&mut tenant);
        self.store().add_tenant(&tenant).await.unwrap();
        id
    }

    /// A public application with native login, PKCE and ES256 tokens.
    pub async fn app(&self, client_id: &str) -> Application {
        self.app_with(client_id, |_| ()).await
    }

    /// An application with a secret; PKCE is left to it.
    pub async fn confidential_app(&self, client_id: &str) -> Application {
        self.app_with(client_id, |app| {
            app.oauth.public = false;
            app.oauth.pkce_required = false;
            app.secrets = vec![ClientSecret::new(vestibule_jose::sha256(SECRET.as_bytes()), START)];
        })
        .await
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
            enrolment: false,
            mobile: Default::default(),
            attestation: Default::default(),
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
            renew_password: false,
            password_set: None,
            profile: Profile::default(),
            created: self.clock.now(),
            modified: self.clock.now(),
        };
        change(&mut user);
        self.store().add_user(&user).await.unwrap();
        user
    }

    /// Changes a user who is already there, behind the back of the API: sessions and tokens are not ended.
    pub async fn change_user(&self, user: &User, change: impl FnOnce(&mut User)) {
        let mut now = self.store().user(&user.tenant, &user.id).await.unwrap().unwrap();
        let seen = now.revision;
        now.revision += 1;
        change(&mut now);
        self.store().save_user(&now, seen, false, self.clock.now()).await.unwrap();
    }

    pub async fn users(&self) -> usize {
        let page = Page { offset: 0, limit: 1 };
        let filter = vestibule_core::ports::store::UserFilter::All;
        self.store().users(&TenantId::root(), &filter, page).await.unwrap().1
    }

    /// A caller without credentials.
    pub fn anonymous(&self) -> Caller {
        Caller::new(self.router.clone())
    }

    /// Starts a login as the application: see [`Caller::authorize`].
    pub async fn authorize(&self, client_id: &str, more: &[(&str, &str)]) -> Answer {
        self.anonymous().authorize(client_id, more).await
    }

    /// A whole login with the usual password: the tokens.
    pub async fn login(&self, client_id: &str, user: &str) -> Answer {
        self.login_with(client_id, user, &[]).await
    }

    /// A whole login with the usual password and more in the authorization request: the tokens.
    pub async fn login_with(&self, client_id: &str, user: &str, more: &[(&str, &str)]) -> Answer {
        let done = self.anonymous().sign_in(client_id, user, more).await;
        self.anonymous().exchange(client_id, &done.code()).await
    }
}

/// A vault over master keys that are told apart by a number; its chance is its own.
pub fn safe(masters: &[u8]) -> Arc<dyn Vault> {
    let masters: Vec<_> = masters.iter().map(|number| Secret::new([*number; 32])).collect();
    Arc::new(Safe::new(&masters, Arc::new(SeededEntropy::default())).unwrap())
}

/// The claims of a token, unverified: stories about signatures check them elsewhere.
pub fn claims(token: &str) -> Value {
    part(token, 1)
}

/// The header of a token.
pub fn token_header(token: &str) -> Value {
    part(token, 0)
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&vestibule_jose::from_base64url(part).unwrap()).unwrap()
}

/// Steps of an application: the names of the options of each.
pub fn steps(steps: &[&[&str]]) -> Sequence {
    let step =
        |options: &&[&str]| SequenceStep { options: options.iter().map(|name| StepOption::local(name)).collect() };
    Sequence { user_defined: true, steps: steps.iter().map(step).collect(), ..Sequence::default() }
}

/// The id by which a client names a way of signing in.
pub fn id_of(authenticator: &str) -> String {
    vestibule_jose::base64url(format!("{authenticator}:LOCAL").as_bytes())
}

pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub const fn minutes(count: u64) -> Duration {
    seconds(60 * count)
}

pub const fn hours(count: u64) -> Duration {
    minutes(60 * count)
}

pub const fn days(count: u64) -> Duration {
    hours(24 * count)
}
