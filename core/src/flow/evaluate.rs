//! Judging an answer: claim, let the authenticator compare, and do what the outcome asks for.

use std::time::Duration;

use vestibule_jose::{base64url, sha256};

use super::authenticator::{Answers, Context, Outcome, Subject, Then, Triage};
use super::claim::{Claim, Effects, advance};
use super::conclude::fallen;
use super::engine::{Engine, Round};
use super::identify::Identity;
use super::message::Message;
use super::prompt::Progressed;
use super::state::{Progress, Proof, State, Turn};
use super::steps::Tone;
use crate::attempt::Mark;
use crate::error::{Code, Error, Fault};
use crate::ports::PasswordHash;
use crate::user::Shut;

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
            self.release(&round, &claim, Mark::Void).await?;
            return Err(Error::new(Code::TooManyRequests).retry_after(until.since(round.now)));
        }
        let barred = claim.locked().is_some();
        let cx = Context { subject: identity.subject(barred), ..cx };
        let memo = round.memo.clone().unwrap_or_default();
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
                Subject::Nobody | Subject::Shadow => {
                    let told = Message::failed("Login failed.", "login.fail.message");
                    self.miss(round, identity, claim, (told, Then::Choose)).await
                }
            },
            Outcome::Named => self.pass(round, identity, claim, None, false, None).await,
            Outcome::Wrong { message, then } => self.miss(round, identity, claim, (message, then)).await,
            Outcome::Again(begun) => {
                self.release(&round, &claim, Mark::Void).await?;
                let tone = Tone { failed: false, messages: begun.messages };
                let shown = self.show(round.ticket, round.flow_id, round.progress, &identity, tone).await?;
                Ok(Progressed::Step(shown.step))
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
        proof: Option<Proof>,
        remember: bool,
        rehash: Option<PasswordHash>,
    ) -> Result<Progressed, Error> {
        let who = identity.who.clone().ok_or(Fault::new("an answer was right of nobody"))?;
        let plan = &round.ticket.plan;
        let Some(credential) = unchanged(&round, &identity, rehash.as_ref()) else {
            return self.end(round, claim, fallen()).await;
        };
        let progress = Progress { credential, ..round.progress.clone() };
        let state = State::Asking(progress).advance(plan, Turn::Passed { proof, who, remember })?;
        let rehash = identity.user.as_ref().zip(rehash.as_ref());
        match (state, &identity.user) {
            (State::Succeeded(progress), Some(user)) => {
                let end = match self.session_of(round.ticket, &progress).await {
                    Ok(session) => self.conclude(round.ticket, round.app, user, &progress, session, round.now),
                    Err(refusal) => Err(refusal),
                };
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
            (State::Asking(progress), _) => {
                let shown = self.show(round.ticket, round.flow_id, progress, &identity, Tone::default()).await;
                let shown = match shown {
                    Ok(shown) => shown,
                    Err(error) => {
                        self.release(&round, &claim, Mark::Right).await?;
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

    /// The answer is wrong: it counts, and the step goes on as its authenticator says.
    async fn miss(
        &self,
        round: Round<'_>,
        identity: Identity,
        claim: Claim,
        (message, then): (Message, Then),
    ) -> Result<Progressed, Error> {
        let reason = if claim.locked().is_some() { "locked" } else { "wrong" };
        tracing::info!(target: "vestibule::audit", event = "login", outcome = reason, tenant = %round.ticket.tenant, app = %round.app.id, user = ?identity.user.as_ref().map(|user| user.id), source = ?round.source.address, authenticator = %round.chosen.authenticator);
        let message = if self.rules.tell_reason { reason_of(&identity, &claim) } else { message };
        if matches!(then, Then::Leave) && is_only_option(&round) {
            self.settle(&round, &claim, advance(&State::Failed)?, Mark::Wrong, Effects::default()).await?;
            return Err(Code::AuthenticationFailed.into());
        }
        let plan = &round.ticket.plan;
        let mut progress = State::Asking(round.progress.clone()).advance(plan, Turn::Missed)?.open()?;
        progress.asked.remove(&round.option);
        if let Then::Repeat(memo) = then {
            progress.asked.insert(round.option, memo);
        }
        let tone = Tone { failed: true, messages: vec![message] };
        let before = identity_before(&round, identity);
        let shown = match self.show(round.ticket, round.flow_id, progress, &before, tone).await {
            Ok(shown) => shown,
            Err(error) => {
                self.release(&round, &claim, Mark::Wrong).await?;
                return Err(error);
            }
        };
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
}

/// The digest of the user's password hash from now on; nothing if it is no longer the one with which the flow began.
fn unchanged(round: &Round<'_>, identity: &Identity, rehash: Option<&PasswordHash>) -> Option<Option<String>> {
    let digest = |hash: &PasswordHash| base64url(&sha256(hash.0.as_bytes()));
    let now = identity.user.as_ref().map(|user| user.password.as_ref().map(digest).unwrap_or_default());
    let same = round.progress.credential.is_none() || round.progress.credential == now;
    same.then(|| rehash.map(digest).or(now))
}

fn is_only_option(round: &Round<'_>) -> bool {
    let step = round.ticket.plan.steps.get(round.progress.passed.len());
    step.is_some_and(|step| step.options.len() == 1)
}

/// After a wrong answer a flow speaks of whom it spoke before it.
fn identity_before(round: &Round<'_>, identity: Identity) -> Identity {
    let who = round.progress.who.clone();
    let user = identity.user.filter(|_| who.is_some());
    Identity { who, user }
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
