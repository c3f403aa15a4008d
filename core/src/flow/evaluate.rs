//! Judging an answer: claim, let the authenticator compare, and do what the outcome asks for.

use std::time::Duration;

use vestibule_jose::{base64url, sha256};

use super::authenticator::{self, Answers, Context, Outcome, Subject, Then, Triage};
use super::claim::{Claim, Effects, advance};
use super::conclude::fallen;
use super::engine::{Engine, Round, Scene};
use super::identify::Identity;
use super::message::Message;
use super::prompt::Progressed;
use super::state::{Asked, Progress, Proof, State, Turn, Who};
use super::steps::Tone;
use crate::application::Application;
use crate::attempt::Mark;
use crate::audit::{Actor, Event, What, of_edits};
use crate::error::{Code, Error, Fault};
use crate::ports::PasswordHash;
use crate::ports::store::{Conclusion, Edit, Move, Settled};
use crate::user::{Guest, Shut, User};

impl Engine {
    /// Judges an answer.
    pub(super) async fn judge(
        &self,
        round: Round<'_>,
        identity: Identity,
        answers: Answers,
    ) -> Result<Progressed, Error> {
        let cx = self.context(round.scene, round.spot(&identity));
        let has_asked = match &round.asked {
            Some(asked) => identity.is_of(&round.progress, asked),
            None => round.authenticator.spec().traceless || round.authenticator.ready_prompt(&cx).is_some(),
        };
        if !has_asked {
            return self.ask(round, identity).await;
        }
        match round.authenticator.triage(&cx, &answers) {
            Triage::Judge => {}
            Triage::Ask => return self.ask(round, identity).await,
            Triage::Resend => return self.prepare(round, identity, true).await,
            Triage::Refuse(sentence) => return Err(Error::new(Code::InvalidRequest).because(sentence)),
        }
        let approach = self.approach(&round, &identity).await?;
        let claim = self.claim(&round, approach).await?;
        if let Some(until) = claim.source_locked() {
            let event = self.event(&round, &identity, What::LoginThrottled);
            self.settle_and_tell(&round, &claim, Move::Release, Mark::Void, event).await?;
            return Err(Error::new(Code::TooManyRequests).retry_after(until.since(round.scene.now)));
        }
        let barred = claim.locked().is_some();
        let cx = Context { subject: identity.subject(round.scene.app, barred), ..cx };
        let memo = round.asked.as_ref().map(|asked| asked.memo.clone()).unwrap_or_default();
        match round.authenticator.submit(&cx, memo, &answers).await {
            Ok(outcome) => self.follow(round, identity, claim, outcome).await,
            Err(fault) => {
                self.release(&round, &claim, Mark::Void).await?;
                Err(fault.into())
            }
        }
    }

    /// Does what the outcome asks for.
    async fn follow(
        &self,
        round: Round<'_>,
        identity: Identity,
        claim: Claim,
        outcome: Outcome,
    ) -> Result<Progressed, Error> {
        match outcome {
            Outcome::Proved { whose, factor, remember, effects } => {
                let spec = round.authenticator.spec();
                // Whom the answer itself names it would name again: there is nothing to try once more.
                let then = if whose.is_some() { Then::Leave } else { Then::Choose };
                let identity = whose.map_or(identity, |user| Identity::of(*user));
                let Subject::Known(_) = identity.subject(round.scene.app, claim.locked().is_some()) else {
                    let told = Message::failed("Login failed.", "login.fail.message");
                    return self.miss(round, identity, claim, (told, then)).await;
                };
                let proof = factor.or(spec.factor).map(|factor| Proof {
                    authenticator: spec.enrols.unwrap_or(&round.chosen.authenticator).to_owned(),
                    idp: round.chosen.idp.clone(),
                    factor,
                    at: round.scene.now,
                });
                self.pass(round, identity, claim, Passed { proof, remember, effects }).await
            }
            Outcome::Passed(effects) => {
                self.pass(round, identity, claim, Passed { proof: None, remember: false, effects }).await
            }
            Outcome::Wrong { message, then } => self.miss(round, identity, claim, (message, then)).await,
            Outcome::Again(begun) => {
                if begun.memo.is_some() {
                    self.remember(&round, (claim, &identity), &begun, false).await?;
                } else {
                    self.release(&round, &claim, Mark::Void).await?;
                }
                self.one(&round, &identity, begun)
            }
            Outcome::Overloaded => {
                self.release(&round, &claim, Mark::Void).await?;
                Err(Error::new(Code::TemporarilyUnavailable).retry_after(Duration::from_secs(1)))
            }
        }
    }

    /// The step is behind: shows the next one or finishes the login.
    async fn pass(
        &self,
        round: Round<'_>,
        identity: Identity,
        claim: Claim,
        passed: Passed,
    ) -> Result<Progressed, Error> {
        let who = identity.who.clone().ok_or(Fault::new("an answer was right of nobody"))?;
        let scene = round.scene;
        let Some(credential) = unchanged(&round, &identity, &passed.effects.edits) else {
            return self.end(round, claim, fallen()).await;
        };
        let progress = Progress { credential, ..round.progress.clone() };
        let detours = self.detours(round.authenticator);
        let turn = Turn::Passed { proof: passed.proof.clone(), who, remember: passed.remember, detours };
        let state = match State::Asking(progress).advance(&scene.ticket.plan, turn) {
            Ok(state) => self.arrive(scene, state, &identity).await,
            Err(code) => Err(code.into()),
        };
        match (state, &identity.user) {
            (Ok(State::Succeeded(progress)), Some(user)) => {
                let user = user.clone();
                self.finish(round, (identity, &user, &progress), claim, passed.effects).await
            }
            (Ok(State::Asking(progress)), _) => self.next(round, identity, claim, (progress, passed.effects)).await,
            (Ok(_), _) => self.end(round, claim, Code::AuthenticationFailed.into()).await,
            (Err(error), _) => {
                self.release(&round, &claim, Mark::Right).await?;
                Err(error)
            }
        }
    }

    /// Every step is behind.
    async fn finish(
        &self,
        round: Round<'_>,
        (identity, user, progress): (Identity, &User, &Progress),
        claim: Claim,
        effects: authenticator::Effects,
    ) -> Result<Progressed, Error> {
        let scene = round.scene;
        let end = match self.session_of(scene.ticket, progress).await {
            Ok(session) => match Guest::admit(user, scene.app) {
                Ok(guest) => self.conclude(scene, guest, progress, session),
                Err(_) => Err(fallen()),
            },
            Err(refusal) => Err(refusal),
        };
        let (mut conclusion, completion) = match end {
            Ok(end) => end,
            Err(refusal) => return self.end(round, claim, refusal).await,
        };
        if effects.edits.iter().any(|edit| matches!(edit, Edit::Provision(_))) {
            // A user who is made in the same moment was at no revision before.
            conclusion.premise.user_revision = None;
        }
        let arrival = match self.arrival(scene, user, progress).await {
            Ok(arrival) => arrival,
            Err(fault) => {
                self.release(&round, &claim, Mark::Void).await?;
                return Err(fault.into());
            }
        };
        let state = State::Succeeded(Progress::default());
        let mut events = of_edits(|what| self.told_of(scene, what), &effects.edits);
        events.push(self.success(scene, What::LoginSucceeded, &conclusion));
        let all = Effects {
            conclusion: Some(&conclusion),
            arrival: Some(&arrival),
            edits: &effects.edits,
            letters: &effects.letters,
            events: &events,
        };
        if self.try_settle(&round, &claim, advance(&state)?, right(&round), all).await? == Settled::Overtaken {
            return self.overtaken(round, identity, claim).await;
        }
        Ok(Progressed::Done(completion))
    }

    /// Shows the step that comes next.
    async fn next(
        &self,
        round: Round<'_>,
        identity: Identity,
        claim: Claim,
        (progress, effects): (Progress, authenticator::Effects),
    ) -> Result<Progressed, Error> {
        let mut shown = match self.show(round.scene, progress, &identity, Tone::default()).await {
            Ok(shown) => shown,
            Err(error) => {
                self.release(&round, &claim, Mark::Right).await?;
                return Err(error);
            }
        };
        shown.letters.extend(effects.letters);
        let events = of_edits(|what| self.told_of(round.scene, what), &effects.edits);
        let all = Effects { edits: &effects.edits, letters: &shown.letters, events: &events, ..Effects::default() };
        if self.try_settle(&round, &claim, advance(&shown.state)?, right(&round), all).await? == Settled::Overtaken {
            return self.overtaken(round, identity, claim).await;
        }
        Ok(Progressed::Step(shown.step))
    }

    /// What the answer stood on was used or changed at the same moment elsewhere: a code that was right is right no more.
    async fn overtaken(&self, round: Round<'_>, identity: Identity, claim: Claim) -> Result<Progressed, Error> {
        let told = Message::failed("Login failed. Please try again.", "login.fail.message");
        self.miss(round, identity, claim, (told, Then::Choose)).await
    }

    /// The answer is wrong: it counts, and the step goes on as its authenticator says.
    async fn miss(
        &self,
        round: Round<'_>,
        identity: Identity,
        claim: Claim,
        (message, then): (Message, Then),
    ) -> Result<Progressed, Error> {
        let scene = round.scene;
        let what = if claim.locked().is_some() { What::LoginLocked } else { What::LoginFailed };
        let events = [self.event(&round, &identity, what).explained(message.why.as_deref())];
        let warning = self.warning(&round, &identity, &claim)?;
        let is_told_locked = self.rules.tell_reason && claim.locked().is_some();
        if let Some(code) = ending(&round, &then).filter(|_| !is_told_locked) {
            let ended = self.event(&round, &identity, What::LoginEnded).because(code.row().name);
            let [missed] = events;
            let effects = Effects { letters: warning.as_slice(), events: &[missed, ended], ..Effects::default() };
            self.settle(&round, &claim, advance(&State::Failed)?, Mark::Wrong, effects).await?;
            return Err(code.into());
        }
        let message = if self.rules.tell_reason { reason_of(round.scene.app, &identity, &claim) } else { message };
        let who = identity.who.clone().filter(|_| round.progress.who.is_none());
        let asked = match then {
            Then::Repeat(memo) => Some(Asked { memo, who }),
            Then::Choose | Then::Leave => None,
        };
        let turn = Turn::Missed { option: round.place, asked };
        let progress = State::Asking(round.progress.clone()).advance(&scene.ticket.plan, turn)?.open()?;
        let tone = Tone { failed: true, messages: vec![message] };
        let before = identity_before(&round, identity);
        let mut shown = match self.show(scene, progress, &before, tone).await {
            Ok(shown) => shown,
            Err(error) => {
                let [missed] = events;
                self.settle_and_tell(&round, &claim, Move::Release, Mark::Wrong, missed).await?;
                return Err(error);
            }
        };
        shown.letters.extend(warning);
        let effects = Effects { letters: &shown.letters, events: &events, ..Effects::default() };
        self.settle(&round, &claim, advance(&shown.state)?, Mark::Wrong, effects).await?;
        if self.rules.failure_as_error {
            return Err(Error::new(Code::AuthenticationFailedRetry).with_step(shown.step));
        }
        Ok(Progressed::Step(shown.step))
    }

    /// The flow ends in failure.
    pub(super) async fn end(&self, round: Round<'_>, claim: Claim, refusal: Error) -> Result<Progressed, Error> {
        let user = round.progress.who.as_ref().and_then(Who::user);
        let ended = self.told_of(round.scene, What::LoginEnded).user(user).because(refusal.code().row().name);
        self.settle_and_tell(&round, &claim, advance(&State::Failed)?, Mark::Void, ended).await?;
        Err(refusal)
    }
}

impl Engine {
    /// Something that happens in a flow.
    pub(super) fn told_of(&self, scene: Scene<'_>, what: What) -> Event {
        self.ports.event(what, &scene.ticket.tenant).app(scene.app.id).flow(scene.ticket.number)
    }

    /// What an answer brought about. A name that nobody has may be a password in the wrong field: it goes in as a keyed hash.
    fn event(&self, round: &Round<'_>, identity: &Identity, what: What) -> Event {
        let event = self.told_of(round.scene, what).with("authenticator", &round.chosen.authenticator);
        let event = match &round.connection {
            Some(connection) => event.with("connection", &connection.name),
            None => event,
        };
        match (&identity.user, &identity.who) {
            (Some(user), _) => event.user(user.id),
            (None, Some(Who::Shadow(name))) => event.with("name", self.secrets.blind(&round.scene.ticket.tenant, name)),
            (None, _) => event,
        }
    }

    /// A login that ended with a code.
    pub(super) fn success(&self, scene: Scene<'_>, what: What, conclusion: &Conclusion) -> Event {
        let Conclusion { session, grant, .. } = conclusion;
        let event = self.told_of(scene, what).by(Actor::User(grant.user)).user(grant.user);
        let terms = &grant.terms;
        event.session(session.id).grant(grant.id).with("amr", terms.amr.join(" ")).with("acr", &terms.acr)
    }
}

/// A step that is passed.
struct Passed {
    proof: Option<Proof>,
    remember: bool,
    effects: authenticator::Effects,
}

/// The digest of the user's password hash from now on; nothing if it is no longer the one with which the flow began.
fn unchanged(round: &Round<'_>, identity: &Identity, edits: &[Edit]) -> Option<Option<String>> {
    let digest = |hash: &PasswordHash| base64url(&sha256(hash.0.as_bytes()));
    let now = identity.user.as_ref().map(|user| user.password.as_ref().map(digest).unwrap_or_default());
    let same = round.progress.credential.is_none() || round.progress.credential == now;
    let renewed = edits.iter().find_map(|edit| match edit {
        Edit::Rehash { fresh, .. } => Some(digest(fresh)),
        Edit::Save { user, .. } => user.password.as_ref().map(digest),
        Edit::Provision(_) | Edit::Enrol(_) | Edit::Use { .. } => None,
    });
    same.then(|| renewed.or(now))
}

/// What a right answer is to the tally. The first code of a new device shows that a secret was received, not who the user is: it
/// forgives no wrong ones.
fn right(round: &Round<'_>) -> Mark {
    if round.authenticator.spec().enrols.is_some() { Mark::Void } else { Mark::Right }
}

/// With what a wrong answer ends the flow, if it does: one too many, or no other option to go back to.
fn ending(round: &Round<'_>, then: &Then) -> Option<Code> {
    // The built-in limit stands whatever the application says.
    let most = [round.chosen.limits.failures(), round.authenticator.spec().tries].into_iter().flatten().min();
    let misses = round.progress.tries(round.place).misses.saturating_add(1);
    if most.is_some_and(|most| misses >= most) {
        return Some(Code::MaxAttemptsExceeded);
    }
    (matches!(then, Then::Leave) && round.among == 1).then_some(Code::AuthenticationFailed)
}

/// After a wrong answer a flow speaks of whom it spoke before it.
fn identity_before(round: &Round<'_>, identity: Identity) -> Identity {
    let who = round.progress.who.clone();
    let user = identity.user.filter(|_| who.is_some());
    Identity { who, user }
}

/// Why an attempt failed, told only where the operator wants it told.
fn reason_of(app: &Application, identity: &Identity, claim: &Claim) -> Message {
    const LOCKED: &str = "The account is locked after multiple incorrect login attempts.";
    let locked = |why: &str| {
        let mut message = Message::error("17003", LOCKED);
        message.context.push(("lockedReason", why.to_owned()));
        message
    };
    match identity.shut(app) {
        Some(Shut::Disabled) => Message::error("17004", "The user account is disabled."),
        Some(Shut::Locked | Shut::Application | Shut::Tenant) => locked("ADMIN_INITIATED"),
        None if claim.locked().is_some() => locked("MAX_ATTEMPTS_EXCEEDED"),
        None => {
            let mut message = Message::error("17002", "Invalid credentials are provided.");
            if let Some((_, rule, _, tally)) = claim.slots.first() {
                let remaining = tally.remaining(rule).saturating_sub(1);
                message.context.push(("remainingAttempts", remaining.to_string()));
            }
            message
        }
    }
}
