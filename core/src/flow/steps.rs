//! What a step shows, and how its questions are prepared.

use super::authenticator::{Context, Prompt};
use super::engine::{Engine, Round};
use super::identify::Identity;
use super::message::Message;
use super::prompt::{Offer, Progressed, Step};
use super::state::{Progress, State, Turn};
use super::ticket::Ticket;
use crate::application::StepOption;
use crate::attempt::Mark;
use crate::error::{Code, Error, Fault};
use crate::ports::Timestamp;
use crate::user::User;

/// A step to show and the flow's state while it is shown.
pub(super) struct Shown {
    pub state: State,
    pub step: Step,
    /// The state differs from the one kept: there is something to remember.
    pub is_new: bool,
}

/// How a step is shown.
#[derive(Default)]
pub(super) struct Tone {
    /// The last answer was wrong.
    pub failed: bool,
    /// What to tell besides the questions.
    pub messages: Vec<Message>,
}

impl Engine {
    /// The first step of a flow. It is kept only if asking left something to remember.
    pub(super) async fn first_step(
        &self,
        ticket: &Ticket,
        user: Option<User>,
        now: Timestamp,
    ) -> Result<Progressed, Error> {
        let flow_id = ticket.seal(&self.ports, &self.secrets)?;
        let identity = Identity { who: ticket.progress.who.clone(), user };
        let shown = self.show(ticket, &flow_id, ticket.progress.clone(), &identity, Tone::default()).await?;
        if shown.is_new {
            self.keep_first(ticket, &shown.state, now).await?;
        }
        Ok(Progressed::Step(shown.step))
    }

    /// A selection round: the chosen option's questions, prepared once. Nothing is counted.
    pub(super) async fn ask(&self, round: Round<'_>, identity: &Identity) -> Result<Progressed, Error> {
        let cx = self.context(&round.progress, identity, round.chosen, round.now);
        let prompt = match (&round.memo, round.authenticator.ready_prompt(&cx)) {
            (Some(memo), _) => round.authenticator.repeat(&cx, memo)?,
            (None, Some(prompt)) => prompt,
            (None, None) => return self.prepare(round, identity).await,
        };
        self.one(&round, prompt, Vec::new())
    }

    /// Prepares the chosen option's questions. The flow is claimed first, so that of many selections at once one sends.
    async fn prepare(&self, round: Round<'_>, identity: &Identity) -> Result<Progressed, Error> {
        let claim = self.claim(&round, &[]).await?;
        let cx = self.context(&round.progress, identity, round.chosen, round.now);
        let begun = match round.authenticator.begin(&cx).await {
            Ok(begun) => begun,
            Err(fault) => {
                self.release(&round, &claim, Mark::Void).await?;
                return Err(fault.into());
            }
        };
        let turn = Turn::Asked { option: round.option, memo: begun.memo.unwrap_or_default() };
        let state = State::Asking(round.progress.clone()).advance(&round.ticket.plan, turn)?;
        self.keep(round.ticket, claim.version, &state, round.now).await?;
        self.one(&round, begun.prompt, begun.messages)
    }

    /// The step with the chosen option alone.
    fn one(&self, round: &Round<'_>, prompt: Prompt, messages: Vec<Message>) -> Result<Progressed, Error> {
        let offer = self.offer(round.ticket, &round.progress, round.chosen, Some(prompt))?;
        let flow_id = round.flow_id.to_owned();
        Ok(Progressed::Step(Step { flow_id, failed: false, choice: false, offers: vec![offer], messages }))
    }

    /// The step at which a flow stands: its one option begun, or all of them to choose from.
    pub(super) async fn show(
        &self,
        ticket: &Ticket,
        flow_id: &str,
        progress: Progress,
        identity: &Identity,
        tone: Tone,
    ) -> Result<Shown, Error> {
        let step = ticket.plan.steps.get(progress.passed.len()).ok_or(Fault::new("a flow stands beyond its plan"))?;
        let mut shown = Step {
            flow_id: flow_id.to_owned(),
            failed: tone.failed,
            choice: step.options.len() > 1,
            offers: Vec::with_capacity(step.options.len()),
            messages: tone.messages,
        };
        let now = self.ports.clock.now();
        let mut state = State::Asking(progress.clone());
        let mut is_new = false;
        for (place, option) in step.options.iter().enumerate() {
            let cx = self.context(&progress, identity, option, now);
            let authenticator = self.registry.find(&option.authenticator).ok();
            let prompt = match (authenticator, progress.asked.get(&place)) {
                (None, _) => None,
                (Some(authenticator), Some(memo)) => Some(authenticator.repeat(&cx, memo)?),
                (Some(authenticator), None) if shown.choice => authenticator.ready_prompt(&cx),
                // The only option asks at once.
                (Some(authenticator), None) => {
                    let begun = authenticator.begin(&cx).await?;
                    shown.messages.splice(0..0, begun.messages);
                    if let Some(memo) = begun.memo {
                        state = state.advance(&ticket.plan, Turn::Asked { option: place, memo })?;
                        is_new = true;
                    }
                    Some(begun.prompt)
                }
            };
            shown.offers.push(self.offer(ticket, &progress, option, prompt)?);
        }
        Ok(Shown { state, step: shown, is_new })
    }

    /// What an authenticator is told when it asks.
    pub(super) fn context<'a>(
        &'a self,
        progress: &Progress,
        identity: &'a Identity,
        option: &'a StepOption,
        now: Timestamp,
    ) -> Context<'a> {
        let subject = identity.subject(false);
        Context { now, subject, identified: progress.who.is_some(), option, ports: &self.ports }
    }

    fn offer(
        &self,
        ticket: &Ticket,
        progress: &Progress,
        option: &StepOption,
        prompt: Option<Prompt>,
    ) -> Result<Offer, Error> {
        let spec = match self.registry.find(&option.authenticator) {
            Ok(authenticator) => Some(authenticator.spec()),
            Err(error) if error.code() == Code::AuthenticatorNotSupported => None,
            Err(error) => return Err(error),
        };
        let prompt = prompt.map(|mut prompt| {
            let names_user = spec.and_then(|spec| spec.identifier);
            let hint = ticket.request.login_hint.as_ref().filter(|_| progress.who.is_none());
            if let (Some(hint), Some(name)) = (hint, names_user)
                && prompt.params.iter().any(|param| param.name == name)
            {
                prompt.additional.insert("loginHint", hint.clone());
            }
            prompt
        });
        Ok(Offer {
            id: option.id(),
            authenticator: spec.map_or(option.authenticator.as_str(), |spec| spec.display).to_owned(),
            idp: option.idp.clone(),
            i18n_key: spec.map(|spec| spec.i18n_key),
            prompt,
        })
    }
}
