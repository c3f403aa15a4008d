//! The end of a login: every step is behind, so the session is made or used again and the grant with its code is given,
//! in the transaction that finishes the flow.

use std::collections::BTreeSet;
use std::time::Duration;

use url::Url;
use vestibule_jose::{base64url, sha256};

use super::authenticator::{Class, Factor};
use super::claim::Arrival;
use super::engine::{Engine, Scene};
use super::prompt::{Completion, Progressed};
use super::state::{Progress, Proof, Who};
use super::ticket::Ticket;
use crate::acquaintance;
use crate::audit::What;
use crate::error::{Code, Error, Fault};
use crate::grant::{Grant, Phase, Terms};
use crate::ports::store::{Conclusion, Premise, Settled, Settlement};
use crate::ports::{GrantId, SessionId, Timestamp};
use crate::secrets::Shown;
use crate::session::Session;
use crate::user::{Guest, User};

/// How long a session lives, however much it is used.
const SESSION_END: Duration = Duration::from_secs(60 * 60 * 24 * 30);

/// Authentication context classes, the weaker first: one factor, and two of different kinds (NIST SP 800-63B-4 §2).
pub const ACR: [&str; 2] = ["aal1", "aal2"];

impl Engine {
    /// Finishes a login that a session satisfies: nothing was asked, so there is no flow to finish. `None`: the session or the
    /// user changed meanwhile.
    pub(super) async fn conclude_at_once(
        &self,
        scene: Scene<'_>,
        user: &User,
        progress: Progress,
        session: Session,
    ) -> Result<Option<Progressed>, Error> {
        let Ok(guest) = Guest::admit(user, scene.app) else { return Ok(None) };
        let (conclusion, completion) = self.conclude(scene, guest, &progress, Some(session))?;
        let events = [self.success(scene, What::LoginResumed, &conclusion)];
        let settlement = Settlement {
            conclusion: Some(&conclusion),
            events: &events,
            ..Settlement::of(&scene.ticket.tenant, scene.now)
        };
        if self.ports.settle(settlement).await? != Settled::Kept {
            return Ok(None);
        }
        Ok(Some(Progressed::Done(completion)))
    }

    /// The session that a flow began with, if it still holds.
    ///
    /// # Errors
    /// It does not, and a step was passed on the strength of it.
    pub(super) async fn session_of(&self, ticket: &Ticket, progress: &Progress) -> Result<Option<Session>, Error> {
        let Some(id) = &ticket.session else { return Ok(None) };
        let session = self.ports.store.session(id).await?;
        let session = session.filter(|session| session.is_alive(self.ports.clock.now()));
        if session.is_none() && ticket.plan.leans_on_session(progress.who.as_ref()) {
            return Err(fallen());
        }
        Ok(session)
    }

    /// What is noted of where a login came from.
    pub(super) async fn arrival(&self, scene: Scene<'_>, user: &User, progress: &Progress) -> Result<Arrival, Fault> {
        let (tenant, pools) = (&scene.ticket.tenant, acquaintance::pools(progress.proofs()));
        let world = (&self.ports, &*self.secrets);
        let acquaintances = acquaintance::made(world, (tenant, user.id), scene.source, &pools).await?;
        Ok(Arrival { acquaintances, marks: self.elsewhere(tenant, &Who::Known(user.id), &pools) })
    }

    /// What a finished login leaves behind.
    ///
    /// # Errors
    /// Another user or a stronger login was asked for.
    pub(super) fn conclude(
        &self,
        scene: Scene<'_>,
        guest: Guest<'_>,
        progress: &Progress,
        session: Option<Session>,
    ) -> Result<(Conclusion, Completion), Error> {
        let Scene { ticket, now, .. } = scene;
        let (user, app) = (guest.user(), guest.app());
        let proofs: Vec<&Proof> = progress.proofs().collect();
        let acr = acr(&proofs);
        is_whom_and_how_it_was_asked(ticket, user, acr)?;
        let session = session.filter(|session| session.user == user.id);
        let premise = Premise { user_revision: Some(user.revision), session_is_there: session.is_some() };
        let session = self.session(scene, user, progress, session);
        let grant = Grant {
            id: GrantId::ordered(now, &*self.ports.entropy),
            tenant: ticket.tenant.clone(),
            app: app.id,
            user: user.id,
            session: session.id,
            salt: self.ports.random(),
            phase: Phase::Code,
            expires: now + app.oauth.lifetimes.code,
            ends: now + app.oauth.lifetimes.refresh_absolute,
            created: now,
            terms: Terms {
                scopes: ticket.request.scopes.clone(),
                redirect_uri: ticket.request.redirect_uri.clone(),
                redirect_implied: ticket.request.redirect_implied,
                challenge: ticket.request.challenge.clone(),
                nonce: ticket.request.nonce.clone(),
                authenticated: session.authenticated,
                amr: amr(&proofs),
                acr: acr.to_owned(),
                id_token_claims: ticket.request.claims.id_token.clone(),
                userinfo_claims: ticket.request.claims.userinfo.clone(),
                binding: ticket.binding.clone(),
            },
        };
        let completion = self.completion(scene, &session, &grant, progress.remember);
        Ok((Conclusion { session, grant, premise }, completion))
    }

    /// The session that the login began with and belongs to the user, with what was proved added; else a new one.
    fn session(&self, scene: Scene<'_>, user: &User, progress: &Progress, old: Option<Session>) -> Session {
        let (lifetimes, now) = (&scene.app.oauth.lifetimes, scene.now);
        let mut session = old.unwrap_or_else(|| Session {
            id: SessionId::ordered(now, &*self.ports.entropy),
            tenant: user.tenant.clone(),
            user: user.id,
            proofs: Vec::new(),
            authenticated: Timestamp::default(),
            created: now,
            seen: now,
            idle: lifetimes.session_idle,
            ends: now + SESSION_END,
            agent: None,
        });
        for proof in progress.proofs() {
            session.authenticated = session.authenticated.max(proof.at);
            session.proofs.retain(|known| known.authenticator != proof.authenticator || known.idp != proof.idp);
            session.proofs.push(proof.clone());
        }
        if progress.remember {
            session.idle = session.idle.max(lifetimes.session_remembered);
        }
        session.seen = now;
        session.agent = scene.source.agent.clone().or(session.agent);
        session
    }

    fn completion(&self, scene: Scene<'_>, session: &Session, grant: &Grant, remember: bool) -> Completion {
        let Scene { ticket, app, .. } = scene;
        let is_openid = ticket.request.scopes.contains("openid");
        let session_state = is_openid.then(|| {
            let salt = base64url(&self.ports.random::<12>());
            let origin = Url::parse(&ticket.request.redirect_uri).map(|uri| uri.origin().ascii_serialization());
            let state = self.secrets.session(&session.id, Shown::BrowserState);
            let text = format!("{} {} {state} {salt}", app.client_id, origin.unwrap_or_default());
            format!("{}.{salt}", base64url(&sha256(text.as_bytes())))
        });
        Completion {
            code: self.secrets.code(grant),
            session_state,
            state: ticket.request.state.clone(),
            redirect_uri: ticket.request.redirect_uri.clone(),
            cookie: self.secrets.cookie(session),
            remembered_until: remember.then(|| session.expires()),
        }
    }
}

/// What a login stood on is over: it ends in failure, and the app starts another one.
pub(super) fn fallen() -> Error {
    Error::new(Code::AuthenticationFailed).because("The session or the user changed while the login was under way.")
}

/// Whether this user, and this way of signing in, is what the request asked for.
fn is_whom_and_how_it_was_asked(ticket: &Ticket, user: &User, acr: &str) -> Result<(), Error> {
    if ticket.request.only_user.is_some_and(|wanted| wanted != user.id) {
        return Err(Error::new(Code::AuthenticationFailed)
            .because("Another user signed in than the request asked for.")
            .oauth("login_required"));
    }
    let essential = &ticket.request.claims.essential_acr;
    let is_too_weak = ticket.binding.step_up && acr != ACR[1];
    if is_too_weak || !essential.is_empty() && !essential.contains(acr) {
        return Err(Error::new(Code::AuthenticationFailed)
            .because("The login does not reach the authentication context that the request asked for.")
            .oauth("unmet_authentication_requirements"));
    }
    Ok(())
}

/// Whether two factors have been proved.
pub(super) fn is_strong(progress: &Progress) -> bool {
    // A first step asks with nothing proved: no list is made for it.
    if progress.passed.is_empty() {
        return false;
    }
    let proofs: Vec<&Proof> = progress.proofs().collect();
    acr(&proofs) == ACR[1]
}

/// Two factors of different classes, or one that is both (NIST SP 800-63B-4 §2.2).
pub(super) fn acr(proofs: &[&Proof]) -> &'static str {
    let classes: BTreeSet<Class> = proofs.iter().filter_map(|proof| proof.factor.class()).collect();
    let [one, two] = ACR;
    if classes.len() > 1 || classes.contains(&Class::Both) { two } else { one }
}

/// Authentication methods (RFC 8176 §2), with `mfa` when there are two factors.
fn amr(proofs: &[&Proof]) -> Vec<String> {
    let mut methods: Vec<&str> = Vec::new();
    let kinds: BTreeSet<Factor> = proofs.iter().map(|proof| proof.factor).collect();
    for method in kinds.iter().map(|factor| factor.amr()) {
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    if acr(proofs) == ACR[1] {
        methods.push("mfa");
    }
    methods.into_iter().map(str::to_owned).collect()
}
