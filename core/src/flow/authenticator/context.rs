//! What an authenticator is told: of whom the flow speaks, where it stands, and the world.

use std::time::Duration;

use vestibule_jose::{base64url, from_base64url};

use crate::application::{Application, StepOption};
use crate::audit::{Event, What};
use crate::connection::Connection;
use crate::credential::Relying;
use crate::credential::{Credential, Kind};
use crate::delivery::{AskedBy, Dispatch, Letter, SendingRules};
use crate::error::Fault;
use crate::flow::Source;
use crate::flow::state::Who;
use crate::oauth::authorize::AuthorizationRequest;
use crate::oauth::metadata::PublicUrl;
use crate::ports::{FlowNumber, Ports, SessionId, TenantId, Timestamp};
use crate::secrets::Secrets;
use crate::user::{PasswordRules, User};

/// Of whom a question or answer speaks.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// Nobody yet.
    Nobody,
    /// A user who may sign in.
    Known(&'a User),
    /// A name that no user has, or a user who may not sign in: everything takes its usual time and nothing is right.
    Shadow,
}

impl<'a> Subject<'a> {
    /// Whether the flow speaks of somebody.
    pub const fn is_named(&self) -> bool {
        !matches!(self, Self::Nobody)
    }

    /// The user who may sign in, if it speaks of one.
    pub const fn user(&self) -> Option<&'a User> {
        match self {
            Self::Known(user) => Some(user),
            Self::Nobody | Self::Shadow => None,
        }
    }
}

/// Where a flow stands.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// The flow.
    pub flow: FlowNumber,
    /// Steps that are behind.
    pub step: usize,
    /// The option's place in the step.
    pub option: usize,
    /// Wrong answers in the flow so far: what is derived for one attempt is no good for the next.
    pub turn: u32,
    /// The server secret that sealed the flow, which stays the same while the flow lasts.
    pub secret: [u8; 4],
}

/// What an authenticator is told.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The present moment.
    pub now: Timestamp,
    /// Of whom the flow speaks, or whom the answer names.
    pub subject: Subject<'a>,
    /// The same, by name: also of a name that no user has.
    pub who: Option<&'a Who>,
    /// Whether the flow already spoke of somebody before this answer.
    pub identified: bool,
    /// Whether another factor has been proved in this flow: only then may anything be told of the user.
    pub proven: bool,
    /// Whether two factors have been proved in this flow.
    pub strong: bool,
    /// The option as it was configured.
    pub option: &'a StepOption,
    /// Where the flow stands.
    pub place: Place,
    /// The realm.
    pub tenant: &'a TenantId,
    /// The application.
    pub app: &'a Application,
    /// What was asked for.
    pub request: &'a AuthorizationRequest,
    /// The connection that the option speaks with.
    pub connection: Option<&'a Connection>,
    /// Where the server is.
    pub urls: &'a PublicUrl,
    /// Who asks for passkeys.
    pub relying: &'a Relying,
    /// The session that the flow began with and, if it is the user's, will use again.
    pub session: Option<SessionId>,
    /// Where the call came from.
    pub source: &'a Source,
    /// How much may be sent.
    pub sending: &'a SendingRules,
    /// Which passwords are good enough, and for how long.
    pub passwords: &'a PasswordRules,
    /// The server's secrets.
    pub secrets: &'a Secrets,
    /// The world.
    pub ports: &'a Ports,
}

impl Context<'_> {
    /// Something that happens in the flow.
    pub fn event(&self, what: What) -> Event {
        self.ports.event(what, self.tenant).app(self.app.id).flow(self.place.flow)
    }

    /// Bytes that only this server can make, of this attempt at this option of this flow: for challenges and states that need
    /// not be kept.
    pub fn derived(&self, label: &str) -> [u8; 32] {
        let Place { flow, step, option, turn, secret } = self.place;
        let (step, option) = ((step as u64).to_be_bytes(), (option as u64).to_be_bytes());
        let turn = turn.to_be_bytes();
        self.secrets.digest_by(secret, &[b"derived", label.as_bytes(), flow.as_bytes(), &step, &option, &turn])
    }

    /// Keyed hash of a code: of this flow, step, option and user, so that it is no good elsewhere.
    pub fn digest(&self, code: &str) -> String {
        self.with_parts(code, |parts| base64url(&self.secrets.digest(parts)))
    }

    /// Whether a keyed hash is that of the code, in constant time.
    pub fn is_digest(&self, code: &str, digest: &str) -> bool {
        let Some(digest) = from_base64url(digest) else { return false };
        self.with_parts(code, |parts| self.secrets.is_digest(parts, &digest))
    }

    fn with_parts<T>(&self, code: &str, take: impl FnOnce(&[&[u8]]) -> T) -> T {
        let name = self.option.authenticator.as_bytes();
        let step = (self.place.step as u64).to_be_bytes();
        let who = self.who.map(Who::name).unwrap_or_default();
        take(&[b"one-time", self.place.flow.as_bytes(), &step, name, who.as_bytes(), code.as_bytes()])
    }

    /// A code of `digits` decimal digits, each as likely as the other.
    pub fn digits(&self, digits: usize) -> String {
        self.ports.digits(digits)
    }

    /// The one thing of a kind of which the flow's user has one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn single(&self, kind: Kind) -> Result<Option<Credential>, Fault> {
        let Some(user) = self.subject.user() else { return Ok(None) };
        self.ports.single(user, kind).await
    }

    /// The letter that carries a message to the flow's user.
    ///
    /// # Errors
    /// It could not be sealed.
    pub fn letter(&self, dispatch: &Dispatch, lifetime: Duration) -> Result<Letter, Fault> {
        let user = self.subject.user().map(|user| &user.id);
        let by = if self.proven { AskedBy::Proven } else { AskedBy::Stranger };
        self.sending.letter((self.ports, self.secrets), (self.tenant, user, by), dispatch, lifetime)
    }
}
