//! What a step shows, and how its questions are prepared.

use super::approach::Approach;
use super::authenticator::{Begun, Context, Place, Prompt};
use super::claim::Effects;
use super::conclude::is_strong;
use super::engine::{Engine, Round, Scene};
use super::identify::Identity;
use super::message::{Message, MessageKind};
use super::prompt::{Offer, Progressed, Step};
use super::state::{Asked, Progress, State, Turn};
use crate::application::StepOption;
use crate::attempt::Mark;
use crate::budget::BudgetKey;
use crate::connection::Connection;
use crate::delivery::Letter;
use crate::error::{Code, Error, Fault};
use crate::secrets::Secrets;

/// A step to show and the flow's state while it is shown.
pub(super) struct Shown {
    pub state: State,
    pub step: Step,
    /// What asking sends.
    pub letters: Vec<Letter>,
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

/// Where an authenticator asks or judges.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub progress: &'a Progress,
    pub identity: &'a Identity,
    pub option: &'a StepOption,
    pub place: usize,
    pub connection: Option<&'a Connection>,
}

impl<'a> Round<'a> {
    /// Where the chosen option stands.
    pub(super) fn spot<'b>(&'b self, identity: &'b Identity) -> Spot<'b> {
        let (option, place, connection) = (self.chosen, self.place, self.connection.as_ref());
        Spot { progress: &self.progress, identity, option, place, connection }
    }
}

impl Engine {
    /// The first step of a flow. It is kept only if asking left something to remember or to send.
    pub(super) async fn first_step(&self, scene: Scene<'_>, identity: &Identity) -> Result<Progressed, Error> {
        let flow_id = scene.ticket.seal(&self.ports, &self.secrets)?;
        let scene = Scene { flow_id: &flow_id, ..scene };
        let shown = self.show(scene, scene.ticket.progress.clone(), identity, Tone::default()).await?;
        if shown.is_new || !shown.letters.is_empty() {
            self.keep_first(scene, &shown.state, &shown.letters).await?;
        }
        Ok(Progressed::Step(shown.step))
    }

    /// The step at which a flow stands: its one option begun, or all of them to choose from.
    pub(super) async fn show(
        &self,
        scene: Scene<'_>,
        progress: Progress,
        identity: &Identity,
        tone: Tone,
    ) -> Result<Shown, Error> {
        let options = scene.ticket.plan.options(&progress, &self.registry);
        let mut step = Step {
            flow_id: scene.flow_id.to_owned(),
            failed: tone.failed,
            choice: options.len() > 1,
            offers: Vec::with_capacity(options.len()),
            messages: tone.messages,
        };
        let (mut asked, mut letters) = (None, Vec::new());
        for (place, option) in options.iter().enumerate() {
            let connection = self.connection(&scene.ticket.tenant, option).await?;
            let spot = Spot { progress: &progress, identity, option, place, connection: connection.as_ref() };
            let begun = self.questions(scene, spot, step.choice).await?;
            step.offers.push(self.offer(scene, spot, begun.prompt)?);
            step.failed |= begun.messages.iter().any(|message| message.kind == MessageKind::Error);
            step.messages.splice(0..0, begun.messages);
            letters.extend(begun.letters);
            if let Some(memo) = begun.memo {
                asked = Some((place, Asked { memo, who: None }));
            }
        }
        if options.is_empty() {
            return Err(Fault::new("a flow stands beyond its plan").into());
        }
        drop(options);
        let is_new = asked.is_some();
        let mut state = State::Asking(progress);
        if let Some((option, asked)) = asked {
            state = state.advance(&scene.ticket.plan, Turn::Asked { option, asked, again: false })?;
        }
        Ok(Shown { state, step, letters, is_new })
    }

    /// The questions of an option as its step shows them: again if it has asked, at once if it is the only one.
    async fn questions(&self, scene: Scene<'_>, spot: Spot<'_>, choice: bool) -> Result<Begun, Error> {
        let Some(authenticator) = self.registry.known(&spot.option.authenticator) else { return Ok(Begun::default()) };
        let cx = self.context(scene, spot);
        if let Some(asked) = spot.progress.asked.get(&spot.place) {
            return Ok(authenticator.repeat(&cx, &asked.memo)?);
        }
        match authenticator.ready_prompt(&cx) {
            Some(prompt) => Ok(Begun::of(prompt)),
            None if choice => Ok(Begun::default()),
            None if authenticator.spec().connected && cx.connection.is_none() => {
                Err(Error::filled(Code::AuthenticatorNotFound, &[("authenticator_name", &spot.option.authenticator)]))
            }
            None => Ok(authenticator.begin(&cx).await?),
        }
    }

    /// A selection round: the chosen option's questions, prepared once. Nothing is counted.
    pub(super) async fn ask(&self, round: Round<'_>, identity: Identity) -> Result<Progressed, Error> {
        let cx = self.context(round.scene, round.spot(&identity));
        let is_other = round.asked.as_ref().is_some_and(|asked| !identity.is_of(&round.progress, asked));
        let begun = match &round.asked {
            Some(asked) if !is_other => round.authenticator.repeat(&cx, &asked.memo)?,
            Some(_) => return self.prepare(round, identity, true).await,
            None => match round.authenticator.ready_prompt(&cx) {
                Some(prompt) => Begun::of(prompt),
                None => return self.prepare(round, identity, false).await,
            },
        };
        self.one(&round, &identity, begun)
    }

    /// Prepares the chosen option's questions. The flow is claimed first, so that of many selections at once one sends.
    pub(super) async fn prepare(&self, round: Round<'_>, identity: Identity, again: bool) -> Result<Progressed, Error> {
        // A wrong answer may have made void what was sent: then this is no first sending either.
        let sends = round.authenticator.spec().sending.is_some();
        let again = again || (sends && round.progress.tries(round.place).misses > 0);
        if again && self.is_exhausted(&round) {
            return self.exhausted(round, identity).await;
        }
        if round.authenticator.spec().traceless {
            let begun = round.authenticator.begin(&self.context(round.scene, round.spot(&identity))).await?;
            return self.one(&round, &identity, begun);
        }
        let claim = self.claim(&round, Approach::default()).await?;
        let begun = match self.begin(&round, &identity).await {
            Ok(begun) => begun,
            Err(fault) => {
                self.release(&round, &claim, Mark::Void).await?;
                return Err(fault.into());
            }
        };
        self.remember(&round, (claim, &identity), &begun, again).await?;
        self.one(&round, &identity, begun)
    }

    /// Prepares the chosen option's questions. Where the budgets do not allow to send something again, they are those that were
    /// asked before: what was sent last still counts, and nobody can tell.
    async fn begin(&self, round: &Round<'_>, identity: &Identity) -> Result<Begun, Fault> {
        let cx = self.context(round.scene, round.spot(identity));
        let begun = round.authenticator.begin(&cx).await?;
        let same = |asked: &&Asked| identity.is_of(&round.progress, asked);
        let Some(asked) = round.asked.as_ref().filter(same).filter(|_| !begun.letters.is_empty()) else {
            return Ok(begun);
        };
        let budgets = || begun.letters.iter().flat_map(|letter| &letter.budgets);
        let keys: Vec<&BudgetKey> = budgets().map(|(key, _)| key).collect();
        let left = self.ports.store.budgets(&keys).await?;
        if budgets().zip(&left).all(|((_, rule), left)| left.allows(cx.now, rule)) {
            return Ok(begun);
        }
        Ok(Begun { memo: Some(asked.memo.clone()), ..round.authenticator.repeat(&cx, &asked.memo)? })
    }

    /// Keeps what was prepared and sends its letters.
    pub(super) async fn remember(
        &self,
        round: &Round<'_>,
        (claim, identity): (super::claim::Claim, &Identity),
        begun: &Begun,
        again: bool,
    ) -> Result<(), Error> {
        let Some(memo) = begun.memo.clone() else { return self.release(round, &claim, Mark::Void).await };
        let who = identity.who.clone().filter(|_| round.progress.who.is_none());
        let turn = Turn::Asked { option: round.place, asked: Asked { memo, who }, again };
        let state = State::Asking(round.progress.clone()).advance(&round.scene.ticket.plan, turn)?;
        let effects = Effects { letters: &begun.letters, ..Effects::default() };
        self.settle(round, &claim, super::claim::advance(&state)?, Mark::Void, effects).await
    }

    fn is_exhausted(&self, round: &Round<'_>) -> bool {
        let own = round.authenticator.spec().sending.as_ref().map(|sending| sending.resends);
        let most = round.chosen.limits.resends().or(own);
        most.is_some_and(|most| round.progress.tries(round.place).resends >= most)
    }

    /// It was sent again too often: the flow ends where the application says so, else what was sent last still counts.
    async fn exhausted(&self, round: Round<'_>, identity: Identity) -> Result<Progressed, Error> {
        if round.chosen.limits.terminate_on_resend_limit_exceeded {
            let claim = self.claim(&round, Approach::default()).await?;
            return self.end(round, claim, Code::MaxResendsExceeded.into()).await;
        }
        let cx = self.context(round.scene, round.spot(&identity));
        let mut begun = match &round.asked {
            Some(asked) => round.authenticator.repeat(&cx, &asked.memo)?,
            None => Begun::default(),
        };
        let key =
            round.authenticator.spec().sending.as_ref().map_or("resend.count.exceeded", |sending| sending.exhausted);
        begun.messages.push(Message::failed("It was sent too often. The last one still counts.", key));
        self.one(&round, &identity, begun)
    }

    /// The step with the chosen option alone.
    pub(super) fn one(&self, round: &Round<'_>, identity: &Identity, begun: Begun) -> Result<Progressed, Error> {
        let offer = self.offer(round.scene, round.spot(identity), begun.prompt)?;
        let flow_id = round.scene.flow_id.to_owned();
        let failed = begun.messages.iter().any(|message| message.kind == MessageKind::Error);
        let step = Step { flow_id, failed, choice: false, offers: vec![offer], messages: begun.messages };
        if failed && self.rules.failure_as_error {
            return Err(Error::new(Code::AuthenticationFailedRetry).with_step(step));
        }
        Ok(Progressed::Step(step))
    }

    /// What an authenticator is told.
    pub(super) fn context<'a>(&'a self, scene: Scene<'a>, spot: Spot<'a>) -> Context<'a> {
        let progress = spot.progress;
        let (flow, step) = (scene.ticket.number, progress.passed.len());
        let secret = Secrets::sealer_of(scene.flow_id);
        Context {
            now: scene.now,
            subject: spot.identity.subject(scene.app, false),
            who: spot.identity.who.as_ref(),
            identified: progress.who.is_some(),
            proven: progress.proofs().next().is_some(),
            strong: is_strong(progress),
            option: spot.option,
            place: Place { flow, step, option: spot.place, turn: progress.misses, secret },
            tenant: &scene.ticket.tenant,
            app: scene.app,
            request: &scene.ticket.request,
            connection: spot.connection,
            urls: &self.urls,
            relying: &self.rules.relying,
            session: scene.ticket.session,
            source: scene.source,
            sending: &self.rules.sending,
            passwords: &self.rules.passwords,
            secrets: &self.secrets,
            ports: &self.ports,
        }
    }

    fn offer(&self, scene: Scene<'_>, spot: Spot<'_>, prompt: Option<Prompt>) -> Result<Offer, Error> {
        let option = spot.option;
        let spec = match self.registry.find(&option.authenticator) {
            Ok(authenticator) => Some(authenticator.spec()),
            Err(error) if error.code() == Code::AuthenticatorNotSupported => None,
            Err(error) => return Err(error),
        };
        let prompt = prompt.map(|mut prompt| {
            let names_user = spec.and_then(|spec| spec.identifier);
            let hint = scene.ticket.request.login_hint.as_ref().filter(|_| spot.progress.who.is_none());
            if let (Some(hint), Some(name)) = (hint, names_user)
                && prompt.params.iter().any(|param| param.name == name)
            {
                prompt.additional.insert("loginHint", hint.clone());
            }
            prompt
        });
        let own = spec.map(|spec| spec.display).filter(|display| !display.is_empty());
        let given = spot.connection.and_then(|connection| connection.display.as_deref());
        Ok(Offer {
            id: option.id(),
            authenticator: own.or(given).unwrap_or(&option.authenticator).to_owned(),
            idp: option.idp.clone(),
            i18n_key: spec.map(|spec| spec.i18n_key).filter(|key| !key.is_empty()),
            prompt,
        })
    }
}
