//! Judging an answer: claim the flow and the tallies, let the authenticator compare, settle everything that comes of it
//! in one transaction. The claim comes before the comparison, so parallel guesses cannot outrun the count.

use std::time::Duration;

use super::authenticator::{Answers, Context, Factor, Outcome, Subject, Triage};
use super::engine::{Engine, Round, busy};
use super::identify::Identity;
use super::message::Message;
use super::prompt::Progressed;
use super::state::{Progress, Proof, State, Turn};
use super::steps::Tone;
use super::ticket::Ticket;
use crate::attempt::{Mark, PATIENCE, Slot, Tally, TallyKey, TallyRule};
use crate::error::{Code, Error, Fault};
use crate::ports::store::{ClaimRequest, Claimed, Conclusion, FlowVersion, Move, Settlement, TallyMark};
use crate::ports::{PasswordHash, Timestamp};
use crate::user::{Shut, User};

/// Shape of the states that this version writes.
pub(super) const FORMAT: u16 = 1;

/// How long an answer waits for others of the same user that are being compared.
const QUEUE: Duration = Duration::from_secs(5);
const GLANCE: Duration = Duration::from_millis(10);

/// A claimed flow with its tallies.
pub(super) struct Claim {
    pub version: FlowVersion,
    slots: Vec<(TallyKey, TallyRule, Slot, Tally)>,
}

/// What a judged answer brings about.
#[derive(Default)]
struct Effects<'a> {
    conclusion: Option<&'a Conclusion>,
    rehash: Option<(&'a User, &'a PasswordHash)>,
}

impl Claim {
    /// Until when the user's answers do not count.
    fn locked(&self) -> Option<Timestamp> {
        self.slots.first().and_then(|(.., slot, _)| until(*slot))
    }

    /// Until when answers from the source address do not count.
    fn source_locked(&self) -> Option<Timestamp> {
        self.slots.get(1).and_then(|(.., slot, _)| until(*slot))
    }

    /// How the claimed slots are settled.
    fn marks(&self, user: Mark, source: Mark) -> Vec<TallyMark> {
        let marks = [user, source].into_iter().zip(&self.slots);
        marks
            .filter(|(_, (.., slot, _))| *slot == Slot::Free)
            .map(|(mark, (key, rule, ..))| TallyMark { key: key.clone(), rule: *rule, mark })
            .collect()
    }
}

impl Engine {
    /// Judges an answer.
    pub(super) async fn judge(
        &self,
        round: Round<'_>,
        identity: Identity,
        answers: Answers,
    ) -> Result<Progressed, Error> {
        let cx = self.context(&round.progress, &identity, round.chosen, round.now);
        if round.memo.is_none() && round.authenticator.ready_prompt(&cx).is_none() {
            return self.ask(round, &identity).await;
        }
        match round.authenticator.triage(&cx, &answers) {
            Triage::Judge => {}
            Triage::Ask => return self.ask(round, &identity).await,
            Triage::Refuse(sentence) => return Err(Error::new(Code::InvalidRequest).because(sentence)),
        }
        let claim = self.claim(&round, &self.tallies(&round, &identity)).await?;
        if let Some(until) = claim.source_locked() {
            self.settle(&round, &claim, Move::Release, Mark::Void, Effects::default()).await?;
            return Err(Error::new(Code::TooManyRequests).retry_after(until.since(round.now)));
        }
        let barred = claim.locked().is_some();
        let cx = Context { subject: identity.subject(barred), ..cx };
        let memo = round.memo.clone().unwrap_or_default();
        match round.authenticator.submit(&cx, memo, &answers).await {
            Ok(outcome) => self.follow(round, identity, claim, outcome).await,
            Err(fault) => {
                self.settle(&round, &claim, Move::Release, Mark::Void, Effects::default()).await?;
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
        let barred = claim.locked().is_some();
        match outcome {
            Outcome::Proved { rehash, remember } => match identity.subject(barred) {
                Subject::Known(_) => {
                    let proof = round.authenticator.spec().factor.map(|factor| Proof {
                        authenticator: round.chosen.authenticator.clone(),
                        idp: round.chosen.idp.clone(),
                        factor,
                        at: round.now,
                    });
                    self.pass(round, identity, claim, proof, remember, rehash).await
                }
                _ => self.miss(round, identity, claim, Message::failed("Login failed.", "login.fail.message")).await,
            },
            Outcome::Named => self.pass(round, identity, claim, None, false, None).await,
            Outcome::Wrong(message) => self.miss(round, identity, claim, message).await,
            Outcome::Again(begun) => {
                self.settle(&round, &claim, Move::Release, Mark::Void, Effects::default()).await?;
                let tone = Tone { failed: false, messages: begun.messages };
                let shown = self.show(round.ticket, round.flow_id, round.progress, &identity, tone).await?;
                Ok(Progressed::Step(shown.step))
            }
            Outcome::Overloaded => {
                self.settle(&round, &claim, Move::Release, Mark::Void, Effects::default()).await?;
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
        proof: Option<Proof>,
        remember: bool,
        rehash: Option<PasswordHash>,
    ) -> Result<Progressed, Error> {
        let who = identity.who.clone().ok_or(Fault::new("an answer was right of nobody"))?;
        let plan = &round.ticket.plan;
        let state = State::Choosing(round.progress.clone()).advance(plan, Turn::Passed { proof, who, remember })?;
        let rehash = identity.user.as_ref().zip(rehash.as_ref());
        match (state, &identity.user) {
            (State::Succeeded(progress), Some(user)) => {
                let session = self.session_of(round.ticket).await?;
                let end = self.conclude(round.ticket, round.app, user, &progress, session, round.now);
                let (conclusion, completion) = match end {
                    Ok(end) => end,
                    Err(refusal) => return self.end(round, claim, refusal).await,
                };
                let state = State::Succeeded(Progress::default());
                let effects = Effects { conclusion: Some(&conclusion), rehash };
                self.settle(&round, &claim, advance(&state)?, Mark::Right, effects).await?;
                tracing::info!(target: "vestibule::audit", event = "login", outcome = "success", tenant = %round.ticket.tenant, app = %round.app.id, user = %user.id, source = ?round.source.address, amr = ?conclusion.grant.terms.amr);
                Ok(Progressed::Done(completion))
            }
            (State::Choosing(progress), _) => {
                let shown = self.show(round.ticket, round.flow_id, progress, &identity, Tone::default()).await;
                let shown = match shown {
                    Ok(shown) => shown,
                    Err(error) => {
                        self.settle(&round, &claim, Move::Release, Mark::Right, Effects::default()).await?;
                        return Err(error);
                    }
                };
                let effects = Effects { conclusion: None, rehash };
                self.settle(&round, &claim, advance(&shown.state)?, Mark::Right, effects).await?;
                Ok(Progressed::Step(shown.step))
            }
            _ => self.end(round, claim, Code::AuthenticationFailed.into()).await,
        }
    }

    /// The answer is wrong: it counts, and the step is shown again.
    async fn miss(
        &self,
        round: Round<'_>,
        identity: Identity,
        claim: Claim,
        message: Message,
    ) -> Result<Progressed, Error> {
        let reason = if claim.locked().is_some() { "locked" } else { "wrong" };
        tracing::info!(target: "vestibule::audit", event = "login", outcome = reason, tenant = %round.ticket.tenant, app = %round.app.id, user = ?identity.user.as_ref().map(|user| user.id), source = ?round.source.address, authenticator = %round.chosen.authenticator);
        let message = if self.rules.tell_reason { reason_of(&identity, &claim) } else { message };
        let state = State::Choosing(round.progress.clone()).advance(&round.ticket.plan, Turn::Missed)?;
        let (progress, _) = state.open()?;
        let tone = Tone { failed: true, messages: vec![message] };
        let shown = self.show(round.ticket, round.flow_id, progress, &identity_before(&round, identity), tone).await?;
        self.settle(&round, &claim, advance(&shown.state)?, Mark::Wrong, Effects::default()).await?;
        if self.rules.failure_as_error {
            return Err(Error::new(Code::AuthenticationFailedRetry).with_step(shown.step));
        }
        Ok(Progressed::Step(shown.step))
    }

    /// The flow ends in failure.
    async fn end(&self, round: Round<'_>, claim: Claim, refusal: Error) -> Result<Progressed, Error> {
        self.settle(&round, &claim, advance(&State::Failed)?, Mark::Void, Effects::default()).await?;
        tracing::info!(target: "vestibule::audit", event = "login", outcome = "failed", tenant = %round.ticket.tenant, app = %round.app.id, source = ?round.source.address, reason = refusal.oauth_name());
        Err(refusal)
    }

    /// Claims the flow and the tallies, waiting for answers of the same user that are being compared.
    pub(super) async fn claim(&self, round: &Round<'_>, tallies: &[(TallyKey, TallyRule)]) -> Result<Claim, Error> {
        let start = self.ports.clock.now();
        for _ in 0..QUEUE.as_millis() / GLANCE.as_millis() {
            let now = self.ports.clock.now();
            let (tenant, expires) = (&round.ticket.tenant, round.ticket.expires);
            let (flow, seen, until) = (round.ticket.number, round.version, now + PATIENCE);
            let request = ClaimRequest { flow, tenant, seen, now, until, expires, tallies };
            match self.ports.store.claim(request).await? {
                Claimed::Ours { version, slots } => {
                    let slots =
                        tallies.iter().cloned().zip(slots).map(|((key, rule), (slot, tally))| (key, rule, slot, tally));
                    return Ok(Claim { version, slots: slots.collect() });
                }
                Claimed::Busy => return Err(busy()),
                Claimed::Moved => {
                    let (_, state) = self.load(round.ticket, now).await?;
                    return Err(state.open().err().map_or_else(busy, Error::from));
                }
                Claimed::Full if now.since(start) >= QUEUE => break,
                Claimed::Full => self.ports.clock.pause(GLANCE).await,
            }
        }
        Err(Error::new(Code::TemporarilyUnavailable).retry_after(Duration::from_secs(1)))
    }

    /// The tallies in which a wrong answer would count: first the user's, then the source address's.
    fn tallies(&self, round: &Round<'_>, identity: &Identity) -> Vec<(TallyKey, TallyRule)> {
        let (Some(who), Some(factor)) = (&identity.who, round.authenticator.spec().factor) else { return Vec::new() };
        if !matches!(factor, Factor::Password | Factor::Otp) {
            return Vec::new();
        }
        let tenant = &round.ticket.tenant;
        let mut tallies = vec![(TallyKey::of_user(tenant, who, factor), self.rules.user)];
        if let (Some(address), false) = (round.source.address, round.source.exempt) {
            tallies.push((TallyKey::of_source(tenant, address), self.rules.source));
        }
        tallies
    }

    async fn settle(
        &self,
        round: &Round<'_>,
        claim: &Claim,
        flow: Move,
        mark: Mark,
        effects: Effects<'_>,
    ) -> Result<(), Error> {
        // A right answer says nothing of the other guesses from its address.
        let source = if mark == Mark::Wrong { Mark::Wrong } else { Mark::Void };
        let rehash = effects.rehash.and_then(|(user, fresh)| Some((user.id, user.password.as_ref()?, fresh)));
        let marks = claim.marks(mark, source);
        let settled = self.ports.store.settle(Settlement {
            flow: Some((round.ticket.number, claim.version, flow)),
            tallies: &marks,
            conclusion: effects.conclusion,
            rehash,
            tenant: &round.ticket.tenant,
            now: self.ports.clock.now(),
        });
        if settled.await? { Ok(()) } else { Err(busy()) }
    }

    /// Keeps the state of a claimed flow in which nothing was counted.
    pub(super) async fn keep(
        &self,
        ticket: &Ticket,
        version: FlowVersion,
        state: &State,
        now: Timestamp,
    ) -> Result<(), Error> {
        let flow = Some((ticket.number, version, advance(state)?));
        let settlement = Settlement { flow, tallies: &[], conclusion: None, rehash: None, tenant: &ticket.tenant, now };
        if self.ports.store.settle(settlement).await? { Ok(()) } else { Err(busy()) }
    }

    /// Keeps the first state of a flow that has something to remember from the start.
    pub(super) async fn keep_first(&self, ticket: &Ticket, state: &State, now: Timestamp) -> Result<(), Error> {
        let request = ClaimRequest {
            flow: ticket.number,
            tenant: &ticket.tenant,
            seen: FlowVersion::default(),
            now,
            until: now + PATIENCE,
            expires: ticket.expires,
            tallies: &[],
        };
        match self.ports.store.claim(request).await? {
            Claimed::Ours { version, .. } => self.keep(ticket, version, state, now).await,
            Claimed::Busy | Claimed::Moved | Claimed::Full => Err(busy()),
        }
    }
}

/// After a wrong answer a flow speaks of whom it spoke before it.
fn identity_before(round: &Round<'_>, identity: Identity) -> Identity {
    let who = round.progress.who.clone();
    let user = identity.user.filter(|_| who.is_some());
    Identity { who, user }
}

fn advance(state: &State) -> Result<Move, Fault> {
    let body = serde_json::to_vec(state).map_err(|error| Fault::from("writing a flow's state", error))?;
    Ok(Move::Advance { format: FORMAT, body })
}

fn until(slot: Slot) -> Option<Timestamp> {
    match slot {
        Slot::Locked(until) => Some(until),
        Slot::Free | Slot::Full => None,
    }
}

/// Why an attempt failed, told only where the operator wants it told.
fn reason_of(identity: &Identity, claim: &Claim) -> Message {
    const LOCKED: &str = "The account is locked after multiple incorrect login attempts.";
    let locked = |why: &str| {
        let mut message = Message::error("17003", LOCKED);
        message.context.push(("lockedReason", why.to_owned()));
        message
    };
    match identity.shut() {
        Some(Shut::Disabled) => Message::error("17004", "The user account is disabled."),
        Some(Shut::Locked) => locked("ADMIN_INITIATED"),
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
