//! What happened that somebody may have to answer for: typed events, the chain in which they are kept, and its signed
//! checkpoints. Law: an event names people and things by their ids and never carries a password, a code, a token, an
//! address of a user or a name that nobody has.

mod chain;
mod checkpoint;
mod edits;
mod hooks;
mod lines;
mod query;
mod verify;
mod what;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Serialize, Serializer};

pub use chain::{Hash, ORIGIN, Record, link};
pub use checkpoint::{Keeping, Statement};
pub(crate) use edits::of_edits;
pub use hooks::{CreatedHook, NewHook};
pub use query::{Filter, Found, Shown, is_pattern};
pub use verify::{Checked, Finding, Flaw, Summary, Walker, check};
pub use what::What;

use crate::credential::{Credential, Held};
use crate::error::Fault;
use crate::ports::{AppId, FlowNumber, GrantId, SessionId, TenantId, Timestamp, UserId};

/// Particulars that an event has at most.
const MOST_DETAILS: usize = 8;

/// Characters that a particular or a reason has at most.
const LONGEST: usize = 200;

/// By whom something was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Actor {
    /// Nobody who is known.
    #[default]
    Nobody,
    /// The user, with the own account.
    User(UserId),
    /// An application.
    App(AppId),
    /// An administrator.
    Administrator(UserId),
    /// The server itself.
    Server,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("nobody"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::App(id) => write!(f, "app:{id}"),
            Self::Administrator(id) => write!(f, "administrator:{id}"),
            Self::Server => f.write_str("server"),
        }
    }
}

/// The call that is being answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// What the app says of itself (`User-Agent`).
    pub agent: Option<String>,
    /// The request's trace id.
    pub trace: Option<String>,
}

/// Something that happened. Its JSON is what the chain keeps: members in this order, absent ones left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When, to the millisecond.
    #[serde(serialize_with = "spelled")]
    at: Timestamp,
    #[serde(serialize_with = "named")]
    what: What,
    tenant: TenantId,
    #[serde(serialize_with = "spelled")]
    actor: Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app: Option<AppId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<GrantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow: Option<FlowNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    details: BTreeMap<&'static str, String>,
}

impl Event {
    /// Something that happens now in a tenant, in answer to a call. [`crate::ports::Ports::event`] knows both.
    pub fn new(what: What, tenant: &TenantId, at: Timestamp, origin: Origin) -> Self {
        let millis = at.micros() - at.micros().rem_euclid(1_000);
        Self {
            at: Timestamp::from_micros(millis),
            what,
            tenant: tenant.clone(),
            actor: Actor::Nobody,
            user: None,
            app: None,
            session: None,
            grant: None,
            flow: None,
            source: origin.address,
            agent: origin.agent.map(Cow::Owned).map(bounded).map(Cow::into_owned),
            trace: origin.trace,
            reason: None,
            details: BTreeMap::new(),
        }
    }

    /// Who did it.
    #[must_use]
    pub fn by(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// Whom it is about.
    #[must_use]
    pub fn user(mut self, user: impl Into<Option<UserId>>) -> Self {
        self.user = user.into();
        self
    }

    /// With which application.
    #[must_use]
    pub fn app(mut self, app: impl Into<Option<AppId>>) -> Self {
        self.app = app.into();
        self
    }

    /// In which session.
    #[must_use]
    pub fn session(mut self, session: impl Into<Option<SessionId>>) -> Self {
        self.session = session.into();
        self
    }

    /// Under which grant.
    #[must_use]
    pub fn grant(mut self, grant: impl Into<Option<GrantId>>) -> Self {
        self.grant = grant.into();
        self
    }

    /// In which flow.
    #[must_use]
    pub fn flow(mut self, flow: impl Into<Option<FlowNumber>>) -> Self {
        self.flow = flow.into();
        self
    }

    /// Why: the name of an error, or a sentence that names nobody.
    #[must_use]
    pub fn because(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.reason = Some(bounded(reason.into()));
        self
    }

    /// Why, where it is known.
    #[must_use]
    pub fn explained(self, why: Option<&str>) -> Self {
        match why {
            Some(why) => self.because(why.to_owned()),
            None => self,
        }
    }

    /// A particular: an id, a number, a word; nothing that somebody typed. Too many are left out and long ones are cut.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        if self.details.len() < MOST_DETAILS {
            self.details.insert(name, bounded(value.to_string().into()).into_owned());
        }
        self
    }

    /// Something that a user holds, and so whom it is about.
    #[must_use]
    pub fn factor(self, credential: &Credential) -> Self {
        let event = self.user(credential.user).with("kind", credential.kind().as_str()).with("factor", credential.id);
        match &credential.held {
            Held::Federated(account) => event.with("connection", &account.connection),
            _ => event,
        }
    }

    /// What happened.
    pub const fn what(&self) -> What {
        self.what
    }

    /// When.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Where.
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// To whom.
    pub const fn whom(&self) -> Option<UserId> {
        self.user
    }

    /// The JSON that the chain keeps.
    ///
    /// # Errors
    /// It could not be written.
    pub fn body(&self) -> Result<String, Fault> {
        serde_json::to_string(self).map_err(|error| Fault::from("writing an audit record", error))
    }

    /// Tells the log: one line, whatever happened.
    pub fn log(&self) {
        let Self { what, tenant, actor, user, app, session, grant, source, reason, details, .. } = self;
        let (event, reason) = (what.name(), reason.as_deref());
        if what.is_alarm() {
            tracing::warn!(target: "vestibule::audit", event, %tenant, by = %actor, user = ?user, app = ?app, session = ?session, grant = ?grant, source = ?source, reason, ?details);
        } else {
            tracing::info!(target: "vestibule::audit", event, %tenant, by = %actor, user = ?user, app = ?app, session = ?session, grant = ?grant, source = ?source, reason, ?details);
        }
    }
}

/// At most [`LONGEST`] characters of a text.
fn bounded(text: Cow<'static, str>) -> Cow<'static, str> {
    let is_long = text.len() > LONGEST && text.chars().count() > LONGEST;
    if is_long { Cow::Owned(text.chars().take(LONGEST).collect()) } else { text }
}

fn spelled<S: Serializer>(value: &impl fmt::Display, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

fn named<S: Serializer>(what: &What, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(what.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        let origin = Origin { address: "192.0.2.7".parse().ok(), agent: Some("curl".to_owned()), trace: None };
        Event::new(What::LoginFailed, &TenantId::root(), Timestamp::from_micros(1_500_999), origin)
    }

    #[test]
    fn a_body_has_its_members_in_order_and_leaves_absent_ones_out() {
        let event = event().by(Actor::User(UserId::from_bytes([1; 16]))).because("wrong").with("b", 2).with("a", 1);
        let expected = "{\"at\":\"1970-01-01T00:00:01.500Z\",\"what\":\"login.failed\",\"tenant\":\"carbon.super\",\
            \"actor\":\"user:01010101-0101-0101-0101-010101010101\",\"source\":\"192.0.2.7\",\"agent\":\"curl\",\
            \"reason\":\"wrong\",\"details\":{\"a\":\"1\",\"b\":\"2\"}}";
        assert_eq!(event.body().unwrap(), expected);
    }

    #[test]
    fn particulars_and_reasons_are_bounded() {
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let event = names
            .into_iter()
            .fold(event().because("ü".repeat(1_000)), |event, name| event.with(name, "ü".repeat(300)));
        assert_eq!(event.details.len(), MOST_DETAILS);
        assert!(event.body().unwrap().len() < 2 * LONGEST * (MOST_DETAILS + 1) + 400);
    }
}
