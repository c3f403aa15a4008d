//! Arriving at a step: what is needless is passed in silence, and where a user holds nothing that a step asks for, the
//! step enrols instead. Law: enrolment is offered only after another factor has been proved, and only where none of the
//! step's options can be answered, so that a stolen password cannot be made into a second factor.

use super::authenticator::Authenticator;
use super::engine::{Engine, Scene};
use super::identify::Identity;
use super::state::{Progress, State, Turn, Who};
use super::steps::Spot;
use crate::error::{Error, Fault};

impl Engine {
    /// The state of a flow that has come to a new step.
    pub(super) async fn arrive(&self, scene: Scene<'_>, mut state: State, identity: &Identity) -> Result<State, Error> {
        let plan = &scene.ticket.plan;
        while let State::Asking(progress) = &state {
            let turn = if self.is_needless(scene, progress, identity).await? {
                let who = identity.who.clone().ok_or(Fault::new("a step was needless for nobody"))?;
                Turn::Passed { proof: None, who, remember: false, detours: Vec::new() }
            } else if self.must_enrol(scene, progress, identity).await? {
                Turn::Enrolling
            } else {
                break;
            };
            state = state.advance(plan, turn)?;
        }
        Ok(state)
    }

    /// Whether the step is one option that has nothing to ask of the flow's user.
    async fn is_needless(&self, scene: Scene<'_>, progress: &Progress, identity: &Identity) -> Result<bool, Error> {
        let options = scene.ticket.plan.options(progress, &self.registry);
        let (Some(option), 1, Some(Who::Known(_))) = (options.first(), options.len(), &progress.who) else {
            return Ok(false);
        };
        let Some(authenticator) = self.registry.known(&option.authenticator) else { return Ok(false) };
        let spot = Spot { progress, identity, option, place: 0, connection: None };
        Ok(authenticator.is_needless(&self.context(scene, spot)).await?)
    }

    /// Whether the user holds nothing that the step asks for, and may be enrolled.
    async fn must_enrol(&self, scene: Scene<'_>, progress: &Progress, identity: &Identity) -> Result<bool, Error> {
        let is_known = matches!(progress.who, Some(Who::Known(_))) && progress.proofs().next().is_some();
        if !scene.app.enrolment || !is_known || progress.enrolling || !progress.detours.is_empty() {
            return Ok(false);
        }
        let options = scene.ticket.plan.options(progress, &self.registry);
        if !options.iter().any(|option| self.registry.enroller(&option.authenticator).is_some()) {
            return Ok(false);
        }
        for (place, option) in options.iter().enumerate() {
            let Some(authenticator) = self.registry.known(&option.authenticator) else { continue };
            let spot = Spot { progress, identity, option, place, connection: None };
            if authenticator.is_usable(&self.context(scene, spot)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The detours that a step makes necessary once it is passed, of those that this build has.
    pub(super) fn detours(&self, passed: &dyn Authenticator) -> Vec<String> {
        let names = passed.spec().followed_by.iter();
        names.filter(|name| self.registry.known(name).is_some()).map(|name| (*name).to_owned()).collect()
    }
}
