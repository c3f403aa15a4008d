//! The one dispatcher of login flows. It opens the flow, checks its time and application, finds the option that is
//! meant, and lets its authenticator ask or judge; whatever comes of it is saved in one transaction.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use super::answers::RawParams;
use super::approach::MissRules;
use super::authenticator::{Answers, Authenticator};
use super::claim::FORMAT;
use super::identify::Identity;
use super::policy::{Plan, Registry};
use super::prompt::Progressed;
use super::state::{Asked, Progress, State};
use super::ticket::Ticket;
use crate::application::{Application, StepOption, read_authenticator_id};
use crate::attempt::TallyRule;
use crate::budget::BudgetRule;
use crate::connection::Connection;
use crate::credential::Relying;
use crate::delivery::SendingRules;
use crate::error::{Code, Error, Fault};
use crate::oauth::admission::Admitted;
use crate::oauth::authorize::{AuthorizationRequest, PromptRule};
use crate::oauth::client_auth::{Shown, unavailable};
use crate::oauth::dpop::{ProofRules, Proofs};
use crate::oauth::metadata::PublicUrl;
use crate::ports::store::FlowVersion;
use crate::ports::{FlowNumber, Ports, TenantId, Timestamp};
use crate::secrets::Secrets;
use crate::session::{Presence, Session};
use crate::user::{Guest, PasswordRules, User};

/// Runs login flows.
pub struct Engine {
    pub(crate) ports: Ports,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) proofs: Arc<Proofs>,
    pub(crate) urls: PublicUrl,
    pub(crate) registry: Registry,
    pub(crate) rules: Rules,
}

/// What an operator decides about flows.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Wrong answers per user and factor.
    pub user: TallyRule,
    /// Wrong answers per source address.
    pub source: TallyRule,
    /// Wrong answers over all users.
    pub misses: MissRules,
    /// Requests per source address, node by node.
    pub requests: BudgetRule,
    /// Who asks for passkeys.
    pub relying: Relying,
    /// How much may be sent.
    pub sending: SendingRules,
    /// Which passwords are good enough, and for how long.
    pub passwords: PasswordRules,
    /// Proofs of possession.
    pub proofs: ProofRules,
    /// Tell why an attempt failed (`show_auth_failure_reason`): reveals which users exist and are locked.
    pub tell_reason: bool,
    /// Send retryable failures as HTTP 400 (`retryable_failure = "error"`).
    pub failure_as_error: bool,
}

/// Where a call came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The operator exempts it from the limits of addresses.
    pub exempt: bool,
    /// What the app says of itself (`User-Agent`).
    pub agent: Option<String>,
    /// The session that the caller shows.
    pub presence: Option<Presence>,
}

/// One call of `/oauth2/authn`.
#[derive(Debug)]
pub struct Submission<'a> {
    /// The realm of the path.
    pub tenant: &'a TenantId,
    /// The flow.
    pub flow_id: &'a str,
    /// The option that is meant.
    pub authenticator_id: Option<&'a str>,
    /// What is answered.
    pub params: RawParams,
    /// What the client shows with this call.
    pub shown: &'a Shown,
    /// The call began the flow too, and whatever proof it brought was looked at then.
    pub begins: bool,
    /// Where it came from.
    pub source: Source,
}

/// What stays the same throughout one call.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub ticket: &'a Ticket,
    pub flow_id: &'a str,
    pub app: &'a Application,
    pub source: &'a Source,
    pub now: Timestamp,
}

/// An open flow at the moment of a call.
pub(super) struct Round<'a> {
    pub scene: Scene<'a>,
    pub version: FlowVersion,
    pub progress: Progress,
    /// What is remembered of the chosen option, if it has asked.
    pub asked: Option<Asked>,
    /// Its place, and how many there are.
    pub place: usize,
    pub among: usize,
    pub chosen: &'a StepOption,
    pub connection: Option<Connection>,
    pub authenticator: &'static dyn Authenticator,
}

impl Engine {
    /// The ways of signing in.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Starts a login, or finishes it at once when a session is good enough.
    ///
    /// # Errors
    /// A refusal of the catalogue.
    pub async fn start(
        &self,
        admitted: &Admitted,
        request: AuthorizationRequest,
        (presence, source): (Option<Presence>, &Source),
    ) -> Result<Progressed, Error> {
        let (app, now) = (admitted.app(), self.ports.clock.now());
        let session = self.usable_session(app, &request, presence, now).await?;
        let plan = Plan::of(&app.sequence, &self.registry, session.as_ref().map(|(session, _)| session))?;
        let ticket = Ticket {
            number: FlowNumber::random(&*self.ports.entropy),
            tenant: app.tenant.clone(),
            app: app.id,
            expires: now + app.oauth.lifetimes.flow,
            session: session.as_ref().map(|(session, _)| session.id),
            binding: admitted.binding().clone(),
            request,
            progress: Progress::default().skipping(&plan),
            plan,
        };
        let (session, user) = session.map_or((None, None), |(session, user)| (Some(session), Some(user)));
        let identity = Identity { who: ticket.progress.who.clone(), user };
        let scene = Scene { ticket: &ticket, flow_id: "", app, source, now };
        let state = self.arrive(scene, State::at(ticket.progress.clone(), &ticket.plan), &identity).await?;
        match (state, session, &identity.user) {
            (State::Succeeded(progress), Some(session), Some(user)) => {
                match self.conclude_at_once(scene, user, progress, session).await? {
                    Some(progressed) => Ok(progressed),
                    // The session ended just now: the login begins as if there had been none.
                    None => Box::pin(self.start(admitted, ticket.request, (None, source))).await,
                }
            }
            _ if ticket.request.prompt == PromptRule::None => Err(Error::new(Code::AuthenticationFailed)
                .because("There is no session, and the prompt none forbids to ask the user.")
                .oauth("login_required")),
            (state, ..) => {
                let progress = state.open()?;
                let ticket = Ticket { progress, ..ticket };
                self.first_step(Scene { ticket: &ticket, flow_id: "", app, source, now }, &identity).await
            }
        }
    }

    /// Takes an answer, or the selection of an option.
    ///
    /// # Errors
    /// A refusal of the catalogue.
    pub async fn submit(&self, submission: Submission<'_>) -> Result<Progressed, Error> {
        let now = self.ports.clock.now();
        let ticket = Ticket::open(submission.flow_id, submission.tenant, now, &self.secrets)?;
        let app = self.app_of(&ticket).await?;
        // A proof is good once, so that of a call which does both is not asked for again.
        if !submission.begins || submission.shown.proofs.is_empty() {
            self.proofs.continues(submission.shown, ticket.binding.jkt).await?;
        }
        let (version, state) = self.load(&ticket, now).await?;
        let progress = state.open()?;
        let options = ticket.plan.options(&progress, &self.registry);
        let (place, chosen) = choose(&options, submission.authenticator_id)?;
        let authenticator = self.registry.find(&chosen.authenticator)?;
        let answers = authenticator.spec().read(submission.params)?;
        let asked = progress.asked.get(&place).cloned();
        let connection = self.connection(&ticket.tenant, chosen).await?;
        if authenticator.spec().connected && connection.is_none() {
            return Err(Error::filled(Code::AuthenticatorNotFound, &[("authenticator_name", &chosen.authenticator)]));
        }
        let (flow_id, source) = (submission.flow_id, &submission.source);
        let scene = Scene { ticket: &ticket, flow_id, app: &app, source, now };
        let among = options.len();
        let round = Round { scene, version, progress, asked, place, among, chosen, connection, authenticator };
        self.answer(round, answers).await
    }

    /// The application of an open flow.
    ///
    /// # Errors
    /// As [`Self::submit`].
    pub async fn application(&self, tenant: &TenantId, flow_id: &str) -> Result<Application, Error> {
        let ticket = Ticket::open(flow_id, tenant, self.ports.clock.now(), &self.secrets)?;
        self.app_of(&ticket).await
    }

    async fn answer(&self, round: Round<'_>, answers: Answers) -> Result<Progressed, Error> {
        let identity = self.identify(&round, &answers).await?;
        let polls = round.authenticator.spec().polls && round.asked.is_some();
        if answers.is_empty() && !polls {
            return self.ask(round, identity).await;
        }
        self.judge(round, identity, answers).await
    }

    /// The connection that an option speaks with, if it is there and switched on.
    pub(super) async fn connection(&self, tenant: &TenantId, option: &StepOption) -> Result<Option<Connection>, Fault> {
        if !option.is_elsewhere() {
            return Ok(None);
        }
        let connection = self.ports.store.connection_named(tenant, option.connection()).await?;
        Ok(connection.filter(|connection| connection.enabled && connection.authenticator == option.authenticator))
    }

    /// The application of a flow, asked anew at every call: it may have been switched off meanwhile.
    async fn app_of(&self, ticket: &Ticket) -> Result<Application, Error> {
        let app = self.ports.store.app(&ticket.tenant, &ticket.app).await;
        let name = ticket.app.to_string();
        let names = [("client_id", name.as_str()), ("tenant_domain", ticket.tenant.as_str())];
        let app = app
            .map_err(|fault| unavailable(fault, &name, &ticket.tenant))?
            .ok_or_else(|| Error::filled(Code::ApplicationNotFound, &names))?;
        if !app.enabled {
            return Err(Code::ApplicationDisabled.into());
        }
        if !app.native {
            return Err(Error::filled(Code::AppNativeNotEnabled, &[("client_id", &app.client_id)]));
        }
        Ok(app)
    }

    /// Where the flow stands: what is kept of it, or how it started.
    pub(super) async fn load(&self, ticket: &Ticket, now: Timestamp) -> Result<(FlowVersion, State), Error> {
        let Some(stored) = self.ports.store.flow(&ticket.number).await? else {
            return Ok((FlowVersion::default(), State::Asking(ticket.progress.clone())));
        };
        if stored.busy_until.is_some_and(|until| now < until) {
            return Err(busy());
        }
        let state = match stored.format {
            0 => State::Asking(ticket.progress.clone()),
            FORMAT => serde_json::from_slice(&stored.body).map_err(|error| {
                unknown_status(stored.format).caused_by(Fault::from("reading a flow's state", error))
            })?,
            newer => return Err(unknown_status(newer)),
        };
        Ok((stored.version, state))
    }

    /// The session that a login may use again, with its user.
    async fn usable_session(
        &self,
        app: &Application,
        request: &AuthorizationRequest,
        presence: Option<Presence>,
        now: Timestamp,
    ) -> Result<Option<(Session, User)>, Error> {
        let (Some(presence), PromptRule::Any | PromptRule::None) = (presence, request.prompt) else {
            return Ok(None);
        };
        let Some(session) = self.ports.store.session(&presence.session).await? else { return Ok(None) };
        let fresh = request.max_age.is_none_or(|age| now.since(session.authenticated).as_secs() < u64::from(age));
        let wanted = request.only_user.is_none_or(|user| user == session.user);
        if session.tenant != app.tenant || !session.is_alive(now) || !presence.is_of(&session) || !fresh || !wanted {
            return Ok(None);
        }
        let user = self.ports.store.user(&session.tenant, &session.user).await?;
        Ok(user.filter(|user| Guest::admit(user, app).is_ok()).map(|user| (session, user)))
    }
}

/// The option that an id names, among those of the current step.
fn choose<'a>(options: &'a [Cow<'_, StepOption>], id: Option<&str>) -> Result<(usize, &'a StepOption), Error> {
    let id = id
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Error::new(Code::InvalidAuthenticatorId).because("Authenticator id is not provided."))?;
    let (authenticator, idp) = read_authenticator_id(id).ok_or_else(|| {
        let shown: String = id.chars().take(100).filter(|c| c.is_ascii_graphic()).collect();
        Error::filled(Code::InvalidAuthenticatorId, &[("authenticator_id", &shown)])
    })?;
    let named = |option: &StepOption| option.authenticator == authenticator && option.idp == idp;
    let found = options.iter().map(|option| &**option).enumerate().find(|(_, option)| named(option));
    found.ok_or_else(|| Code::InvalidAuthenticator.into())
}

/// Another answer of the flow is being judged: this one was not looked at.
pub(super) fn busy() -> Error {
    Error::new(Code::AuthenticationFailedRetry)
        .because("Another submission of this flow is being processed; this one was not evaluated. Please retry.")
}

fn unknown_status(format: u16) -> Error {
    Error::filled(Code::UnknownFlowStatus, &[("flow_status", &format!("format {format}"))])
}
