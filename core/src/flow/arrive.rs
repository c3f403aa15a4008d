//! Arriving at a step: what is needless is passed in silence, and where a user holds nothing that a step asks for, the
//! step enrols instead. Law: enrolment is offered only after another factor has been proved, only where none of the step's
//! options can be answered, and only after a second one to whoever holds one or has to prove two, so that a stolen password
//! cannot be made into a second factor.

use super::authenticator::Authenticator;
use super::conclude::is_strong;
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
        if !scene.app.enrolment || !is_known || progress.enrolling || progress.is_through(&scene.ticket.plan) {
            return Ok(false);
        }
        let options = scene.ticket.plan.options(progress, &self.registry);
        let is_enrollable = |name: &str| self.registry.enroller(name).is_some();
        // What was proved in this flow is held, also if it was enrolled just now and is not kept yet.
        let is_proved = |name: &str| progress.proofs().any(|proof| proof.authenticator == name);
        let names = || options.iter().map(|option| option.authenticator.as_str());
        if !names().any(is_enrollable) || names().any(is_proved) {
            return Ok(false);
        }
        for (place, option) in options.iter().enumerate() {
            let Some(authenticator) = self.registry.known(&option.authenticator) else { continue };
            let spot = Spot { progress, identity, option, place, connection: None };
            if authenticator.is_usable(&self.context(scene, spot)).await? {
                return Ok(false);
            }
        }
        Ok(!self.owes_a_factor(scene, progress).await?)
    }

    /// Whether the user holds a second factor and has not proved one in this flow (NIST SP 800-63B-4 §4.1.2.1): another
    /// application may not take it, and would give whoever has the password alone one that opens this user's every door. A
    /// login that steps up owes two factors that were there before it.
    async fn owes_a_factor(&self, scene: Scene<'_>, progress: &Progress) -> Result<bool, Fault> {
        let Some(Who::Known(user)) = &progress.who else { return Ok(true) };
        if is_strong(progress) {
            return Ok(false);
        }
        if scene.ticket.binding.step_up {
            return Ok(true);
        }
        let held = self.ports.store.credentials(&scene.ticket.tenant, user).await?;
        Ok(held.iter().any(|held| held.kind().is_second_factor()))
    }

    /// The detours that a step makes necessary once it is passed, of those that this build has.
    pub(super) fn detours(&self, passed: &dyn Authenticator) -> Vec<String> {
        let names = passed.spec().followed_by.iter();
        names.filter(|name| self.registry.known(name).is_some()).map(|name| (*name).to_owned()).collect()
    }
}
