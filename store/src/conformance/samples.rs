//! Things to keep. Each is told from others of its kind by a number; whole ones have a value in every field, so that a
//! backend that forgets one is caught.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use vestibule_core::application::{
    Application, AuthMethod, Callback, CertificateName, ClientAuthentication, ClientSecret, Limits, MobileApps,
    OauthSettings, Sequence, SequenceStep, StepOption,
};
use vestibule_core::attempt::{Mark, TallyKey, TallyRule};
use vestibule_core::attestation::{AttestationPolicy, Device, Unattestable};
use vestibule_core::budget::{BudgetKey, BudgetRule};
use vestibule_core::connection::{Connection, Provisioning};
use vestibule_core::credential::{Credential, Held, TotpKey};
use vestibule_core::delivery::{Channel, Letter};
use vestibule_core::flow::Proof;
use vestibule_core::flow::authenticator::Factor;
use vestibule_core::grant::{Challenge, Grant, Phase, Terms};
use vestibule_core::ports::store::{
    ClaimRequest, Claimed, Conclusion, FlowVersion, Move, Premise, Settled, Settlement, Slip, Store, TallyMark,
};
use vestibule_core::ports::{
    AppId, ConnectionId, CredentialId, FlowNumber, GrantId, LetterId, PasswordHash, SessionId, TenantId, Timestamp,
    UserId, Wrapped,
};
use vestibule_core::session::Session;
use vestibule_core::tenant::Tenant;
use vestibule_core::user::{Contact, Profile, User};

/// Three wrong answers lock for a minute, ten seal.
pub const RULE: TallyRule =
    TallyRule { limit: 3, lock: Duration::from_secs(60), longest: Duration::from_secs(600), cap: 10 };

/// Two letters at once, one more every half hour.
pub const BUDGET: BudgetRule = BudgetRule { limit: 2, span: Duration::from_secs(3_600) };

/// So many seconds after the moment at which everything is made.
pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_800_000_000 + seconds)
}

/// The tenant in which everything is made.
pub fn acme() -> TenantId {
    "acme".parse().unwrap()
}

/// Another tenant.
pub fn globex() -> TenantId {
    "globex".parse().unwrap()
}

/// A tenant.
pub fn tenant(id: &str) -> Tenant {
    Tenant { id: id.parse().unwrap(), name: format!("The {id}"), error_codes: None, messages: None, created: at(0) }
}

/// An application.
pub fn app(number: u8) -> Application {
    Application {
        id: AppId::from_bytes([number; 16]),
        tenant: acme(),
        revision: 1,
        name: format!("App {number}"),
        description: "Sells things".to_owned(),
        enabled: true,
        native: true,
        client_id: format!("client-{number}"),
        secrets: vec![ClientSecret {
            id: "first".to_owned(),
            sealed: Some("sealed".to_owned()),
            expires: Some(at(9)),
            ..ClientSecret::new([number; 32], at(1))
        }],
        oauth: OauthSettings {
            public: true,
            client_auth: ClientAuthentication {
                method: Some(AuthMethod::TlsClientAuth),
                jwks_uri: Some("https://app.example/keys".to_owned()),
                subject: Some(CertificateName::SanIp([192, 0, 2, 1].into())),
                bound_tokens: true,
                ..ClientAuthentication::default()
            },
            pushed_only: true,
            callbacks: vec![Callback::parse("https://app.example/cb").unwrap()],
            origins: ["https://app.example".to_owned()].into(),
            repeat_window: Some(Duration::from_secs(5)),
            ..OauthSettings::default()
        },
        sequence: Sequence {
            user_defined: true,
            steps: vec![SequenceStep {
                options: vec![StepOption {
                    limits: Limits { maximum_allowed_failure_attempts: Some(3), ..Limits::default() },
                    ..StepOption::local("BasicAuthenticator")
                }],
            }],
            ..Sequence::default()
        },
        enrolment: true,
        mobile: MobileApps {
            android_package: Some("com.example.app".to_owned()),
            android_digests: vec![[number; 32]],
            apple_app: Some("TEAM.com.example.app".to_owned()),
        },
        attestation: AttestationPolicy {
            required: true,
            unattestable: [(Device::Ios, Unattestable::StepUp)].into(),
            ..AttestationPolicy::default()
        },
        management_scopes: ["internal_user_mgt_view".to_owned()].into(),
        created: at(i64::from(number)),
        modified: at(20),
    }
}

/// A user.
pub fn user(number: u8) -> User {
    let contact =
        |value: &str| Contact { value: value.to_owned(), kind: Some("work".to_owned()), primary: true, verified: true };
    User {
        id: UserId::from_bytes([number; 16]),
        tenant: acme(),
        revision: 1,
        name: format!("User{number}"),
        canonical: format!("user{number}"),
        password: Some(PasswordHash("$argon2id$one".to_owned())),
        administrator: true,
        active: true,
        locked: true,
        renew_password: true,
        password_set: Some(at(-7)),
        profile: Profile {
            formatted: Some("Kim \"K\" Ödegård".to_owned()),
            given_name: Some("Kim".to_owned()),
            family_name: Some("Ödegård".to_owned()),
            display_name: Some("Kim".to_owned()),
            nick_name: Some("K".to_owned()),
            locale: Some("sv-SE".to_owned()),
            zone: Some("Europe/Stockholm".to_owned()),
            emails: vec![contact("kim@example.com"), contact("k@example.com")],
            phones: vec![contact("+4670000000")],
        },
        created: at(i64::from(number)),
        modified: at(20),
    }
}

/// Something that a user holds: a key for time-based codes.
pub fn credential(number: u8, user: u8) -> Credential {
    Credential {
        id: CredentialId::from_bytes([number; 16]),
        tenant: acme(),
        user: UserId::from_bytes([user; 16]),
        revision: 1,
        handle: format!("handle-{number}"),
        label: "Kim's \"phone\"".to_owned(),
        held: totp(i64::from(number)),
        created: at(i64::from(number)),
        used: Some(at(21)),
    }
}

/// A key of which the code of that time step was used.
pub fn totp(last_step: i64) -> Held {
    Held::Totp(TotpKey { sealed: "sealed".to_owned(), last_step })
}

/// A connection.
pub fn connection(number: u8) -> Connection {
    let map = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
    Connection {
        id: ConnectionId::from_bytes([number; 16]),
        tenant: acme(),
        revision: 1,
        name: format!("Connection {number}"),
        description: "Staff".to_owned(),
        image: Some("https://idp.example/logo.png".to_owned()),
        enabled: true,
        authenticator: "OpenIDConnectAuthenticator".to_owned(),
        display: Some("Sign in with it".to_owned()),
        settings: map("issuer", "https://idp.example"),
        secrets: map("client_secret", "sealed"),
        provisioning: Provisioning { just_in_time: true, link_by_email: true },
        mapping: vec![("given_name".to_owned(), "name.givenName".to_owned())],
        created: at(i64::from(number)),
        modified: at(20),
    }
}

/// A letter that is of no use after five minutes and is paid for from those budgets.
pub fn letter(number: u8, budgets: &[&str]) -> Letter {
    Letter {
        id: LetterId::from_bytes([number; 16]),
        tenant: acme(),
        channel: Channel::Sms,
        body: format!("sealed {number}"),
        budgets: budgets.iter().map(|name| (BudgetKey((*name).to_owned()), BUDGET)).collect(),
        created: at(i64::from(number)),
        expires: at(300),
    }
}

/// A slip that is over after a minute.
pub fn slip(key: &str, version: u64) -> Slip {
    Slip { key: key.to_owned(), tenant: acme(), version, body: vec![0, 1, 255], expires: at(60) }
}

/// A session of a user, good for a quarter of an hour without use and for an hour at most.
pub fn session(number: u8, user: u8) -> Session {
    let proof = Proof {
        authenticator: "BasicAuthenticator".to_owned(),
        idp: "LOCAL".to_owned(),
        factor: Factor::Password,
        at: at(3),
    };
    Session {
        id: SessionId::from_bytes([number; 16]),
        tenant: acme(),
        user: UserId::from_bytes([user; 16]),
        proofs: vec![proof],
        authenticated: at(3),
        created: at(2),
        seen: at(4),
        idle: Duration::from_secs(900),
        ends: at(3_600),
        agent: Some("App/1 (\"Phone\")".to_owned()),
    }
}

/// A grant of application 1 to the session's user: the code is good for a minute, the family for a day.
pub fn grant(number: u8, session: &Session) -> Grant {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    Grant {
        id: GrantId::from_bytes([number; 16]),
        tenant: acme(),
        app: app(1).id,
        user: session.user,
        session: session.id,
        salt: [number; 16],
        phase: Phase::Code,
        expires: at(60),
        ends: at(86_400),
        created: at(5),
        terms: Terms {
            scopes: set(&["openid", "email"]),
            redirect_uri: "https://app.example/cb".to_owned(),
            redirect_implied: false,
            challenge: Some(Challenge::S256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned())),
            nonce: Some("n-0S6_WzA2Mj".to_owned()),
            authenticated: at(3),
            amr: vec!["pwd".to_owned()],
            acr: "aal1".to_owned(),
            id_token_claims: set(&["email"]),
            userinfo_claims: set(&["picture"]),
            binding: vestibule_core::oauth::admission::Binding::default(),
        },
    }
}

/// A flow's number.
pub fn flow(number: u8) -> FlowNumber {
    FlowNumber::from_bytes([number; 16])
}

/// A secret under a master key.
pub fn wrapped(master: &str, number: u8) -> Wrapped {
    Wrapped { key: master.to_owned(), bytes: vec![number; 48] }
}

/// A tally's key.
pub fn key(name: &str) -> TallyKey {
    TallyKey(name.to_owned())
}

/// Claims a flow of that number, seen at that version, for half a minute; it is too old after ten minutes.
pub async fn claim(store: &dyn Store, (number, seen): (u8, u64), now: Timestamp, keys: &[&str]) -> Claimed {
    let tallies: Vec<_> = keys.iter().map(|name| (key(name), RULE)).collect();
    let request = ClaimRequest {
        flow: flow(number),
        tenant: &acme(),
        seen: FlowVersion(seen),
        now,
        until: now + Duration::from_secs(30),
        expires: at(600),
        tallies: &tallies,
    };
    store.claim(request).await.unwrap()
}

/// A settlement of a flow, to which more is added by the caller.
pub fn settlement<'a>(tenant: &'a TenantId, flow: Option<(u8, u64, Move)>, now: Timestamp) -> Settlement<'a> {
    let flow = flow.map(|(number, version, to)| (self::flow(number), FlowVersion(version), to));
    Settlement { flow, ..Settlement::of(tenant, now) }
}

/// The move to a new state.
pub fn advance(body: &[u8]) -> Move {
    Move::Advance { format: 1, body: body.to_vec() }
}

/// How a tally's slot is settled.
pub fn mark(name: &str, mark: Mark) -> TallyMark {
    TallyMark { key: key(name), rule: RULE, mark }
}

/// Ends a login that a session alone satisfies.
pub async fn give(store: &dyn Store, session: &Session, grant: &Grant) {
    let conclusion = Conclusion { session: session.clone(), grant: grant.clone(), premise: Premise::default() };
    let end = Settlement { conclusion: Some(&conclusion), ..settlement(&session.tenant, None, at(5)) };
    assert_eq!(store.settle(end).await.unwrap(), Settled::Kept);
}

/// Where a grant stands.
pub async fn phase(store: &dyn Store, grant: &Grant) -> Option<Phase> {
    store.grant(&grant.id).await.unwrap().map(|grant| grant.phase)
}
