//! Where a flow stands. A state holds exactly what exists then; a move takes the old one by value and gives the new one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::authenticator::{Factor, Memo};
use super::policy::Plan;
use crate::error::Code;
use crate::ports::{Timestamp, UserId};

/// A factor that a user has proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Name of the authenticator.
    pub authenticator: String,
    /// Name of the identity provider.
    pub idp: String,
    /// What kind of thing was proved.
    pub factor: Factor,
    /// When.
    pub at: Timestamp,
}

/// Of whom a flow speaks; fixed once it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// A user.
    Known(UserId),
    /// A name that no user has: it goes the same ways and proves nothing.
    Shadow(String),
}

impl Who {
    /// A name for it that does not change.
    pub fn name(&self) -> String {
        match self {
            Self::Known(user) => user.to_string(),
            Self::Shadow(name) => name.clone(),
        }
    }
}

/// A step that is behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// What it proved; nothing for a step that only names the user.
    pub proof: Option<Proof>,
}

/// How far a flow has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The steps that are behind, in order.
    pub passed: Vec<Passage>,
    /// Of whom the flow speaks.
    pub who: Option<Who>,
    /// The user asked to be remembered.
    pub remember: bool,
    /// Digest of the user's password hash when the first step was passed: a password that is changed since ends the flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// Wrong answers in this flow.
    pub misses: u32,
    /// What the authenticators remember that have asked in the current step, by the place of their option.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub asked: BTreeMap<usize, Asked>,
    /// What was tried in the current step, by the place of the option.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tries: BTreeMap<usize, Tries>,
    /// Steps after those of the plan, by the name of their one authenticator: what a passed step made necessary. They come
    /// last, so that whoever knows a password alone cannot set another.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub detours: Vec<String>,
    /// The current step enrols the user for its options instead of asking for them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enrolling: bool,
}

/// An option that has asked and waits for its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What its authenticator remembers.
    #[serde(rename = "m")]
    pub memo: Memo,
    /// Whom the option speaks of, where the flow does not speak of anybody yet.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Who>,
}

/// What was tried with an option of the current step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// Wrong answers.
    #[serde(rename = "m")]
    pub misses: u32,
    /// How often something was sent again.
    #[serde(rename = "r")]
    pub resends: u32,
}

impl Progress {
    /// Passes the steps that the session satisfied beforehand.
    #[must_use]
    pub fn skipping(mut self, plan: &Plan) -> Self {
        while let Some((proof, who)) = plan.satisfied(self.passed.len(), self.who.as_ref()) {
            self.passed.push(Passage { proof: Some(proof.clone()) });
            self.who = Some(who);
        }
        self
    }

    /// Whether every step of the plan is behind, so that only detours are left.
    pub fn is_through(&self, plan: &Plan) -> bool {
        self.passed.len() >= plan.steps.len()
    }

    /// Leaves the current step behind. A detour is no step of the plan: it proves nothing and makes nothing necessary.
    fn pass(&mut self, plan: &Plan, proof: Option<Proof>, detours: Vec<String>) {
        self.asked.clear();
        self.tries.clear();
        self.enrolling = false;
        if !self.is_through(plan) {
            self.passed.push(Passage { proof });
            for detour in detours {
                if !self.detours.contains(&detour) {
                    self.detours.push(detour);
                }
            }
        } else if !self.detours.is_empty() {
            self.detours.remove(0);
        }
    }

    /// What was tried with an option of the current step.
    pub fn tries(&self, option: usize) -> Tries {
        self.tries.get(&option).copied().unwrap_or_default()
    }

    /// What has been proved, oldest first.
    pub fn proofs(&self) -> impl Iterator<Item = &Proof> {
        self.passed.iter().filter_map(|passage| passage.proof.as_ref())
    }
}

/// Where a flow stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// An answer to the next step is awaited.
    Asking(Progress),
    /// Every step is behind: the code is out.
    Succeeded(Progress),
    /// The flow ended in failure.
    Failed,
}

/// What a judged answer does to a flow.
#[derive(Clone, Debug)]
pub enum Turn {
    /// The step is behind.
    Passed {
        /// What it proved, if anything.
        proof: Option<Proof>,
        /// Whose it is.
        who: Who,
        /// The user asked to be remembered.
        remember: bool,
        /// Steps that this one makes necessary, by the name of their authenticator.
        detours: Vec<String>,
    },
    /// An option waits for an answer; the others that have asked still do.
    Asked {
        /// The option, counted from zero.
        option: usize,
        /// What is remembered of it.
        asked: Asked,
        /// It had asked before, and what it sent was sent again.
        again: bool,
    },
    /// The answer was wrong.
    Missed {
        /// The option, counted from zero.
        option: usize,
        /// What is remembered of it from now on; nothing: it is to be selected again.
        asked: Option<Asked>,
    },
    /// The step enrols the user for its options instead of asking for them.
    Enrolling,
    /// The flow is over.
    Ended,
}

impl State {
    /// How far an open flow has come.
    ///
    /// # Errors
    /// The flow is over: 60009.
    pub fn open(self) -> Result<Progress, Code> {
        match self {
            Self::Asking(progress) => Ok(progress),
            Self::Succeeded(_) | Self::Failed => Err(Code::InvalidFlowId),
        }
    }

    /// The next state: pure. Steps that a session satisfied beforehand are passed on the way.
    ///
    /// # Errors
    /// The flow is over, or the answer speaks of somebody else than the flow: both end nothing and change nothing.
    pub fn advance(self, plan: &Plan, turn: Turn) -> Result<Self, Code> {
        let mut progress = self.open()?;
        Ok(match turn {
            Turn::Passed { proof, who, remember, detours } => {
                if progress.who.as_ref().is_some_and(|known| *known != who) {
                    return Err(Code::AuthenticationFailed);
                }
                progress.who = Some(who);
                progress.remember |= remember;
                progress.pass(plan, proof, detours);
                Self::at(progress.skipping(plan), plan)
            }
            Turn::Asked { option, asked, again } => {
                progress.asked.insert(option, asked);
                if again {
                    progress.tries.entry(option).or_default().resends += 1;
                }
                Self::Asking(progress)
            }
            Turn::Missed { option, asked } => {
                progress.misses = progress.misses.saturating_add(1);
                let tries = progress.tries.entry(option).or_default();
                tries.misses = tries.misses.saturating_add(1);
                match asked {
                    Some(asked) => progress.asked.insert(option, asked),
                    None => progress.asked.remove(&option),
                };
                Self::Asking(progress)
            }
            Turn::Enrolling => {
                progress.enrolling = true;
                progress.asked.clear();
                Self::Asking(progress)
            }
            Turn::Ended => Self::Failed,
        })
    }

    /// Where a flow with this progress stands.
    pub fn at(progress: Progress, plan: &Plan) -> Self {
        let is_proven = progress.proofs().next().is_some() && matches!(progress.who, Some(Who::Known(_)));
        match (progress.is_through(plan), is_proven, progress.detours.is_empty()) {
            (false, ..) | (true, true, false) => Self::Asking(progress),
            (true, true, true) => Self::Succeeded(progress),
            (true, false, _) => Self::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::application::StepOption;
    use crate::flow::PlannedStep;

    const ALICE: UserId = UserId::from_bytes([1; 16]);

    fn proof() -> Proof {
        Proof { authenticator: "a".into(), idp: "LOCAL".into(), factor: Factor::Password, at: Timestamp::default() }
    }

    fn plan(satisfied: &[bool]) -> Plan {
        let step =
            |satisfied: &bool| PlannedStep { options: vec![StepOption::local("a")], satisfied: satisfied.then(proof) };
        Plan { steps: satisfied.iter().map(step).collect(), known: Some(ALICE) }
    }

    fn passed(who: Who) -> Turn {
        Turn::Passed { proof: Some(proof()), who, remember: false, detours: Vec::new() }
    }

    fn start() -> State {
        State::Asking(Progress::default())
    }

    #[test]
    fn a_flow_succeeds_when_every_step_is_behind() {
        let plan = plan(&[false, false]);
        let state = start().advance(&plan, passed(Who::Known(ALICE))).unwrap();
        assert!(matches!(state, State::Asking(_)));
        assert!(matches!(state.advance(&plan, passed(Who::Known(ALICE))), Ok(State::Succeeded(_))));
    }

    #[test]
    fn steps_that_only_name_the_user_prove_nothing() {
        let named = Turn::Passed { proof: None, who: Who::Known(ALICE), remember: false, detours: Vec::new() };
        assert_eq!(start().advance(&plan(&[false]), named).unwrap(), State::Failed);
    }

    #[test]
    fn a_shadow_never_succeeds() {
        assert_eq!(start().advance(&plan(&[false]), passed(Who::Shadow("x".into()))).unwrap(), State::Failed);
    }

    #[test]
    fn a_flow_speaks_of_one_user_only() {
        let plan = plan(&[false, false]);
        let state = start().advance(&plan, passed(Who::Known(ALICE))).unwrap();
        assert_eq!(state.advance(&plan, passed(Who::Shadow("bob".into()))), Err(Code::AuthenticationFailed));
    }

    #[test]
    fn a_session_satisfies_steps_of_its_own_user_only() {
        let plan = plan(&[false, true]);
        let own = start().advance(&plan, passed(Who::Known(ALICE))).unwrap();
        assert!(matches!(own, State::Succeeded(_)));
        let other = start().advance(&plan, passed(Who::Known(UserId::from_bytes([2; 16])))).unwrap();
        assert!(matches!(other, State::Asking(_)));
    }

    fn turn() -> impl Strategy<Value = Turn> {
        prop_oneof![
            Just(passed(Who::Known(ALICE))),
            Just(passed(Who::Shadow("x".into()))),
            Just(Turn::Passed { proof: None, who: Who::Known(ALICE), remember: true, detours: vec!["b".into()] }),
            Just(Turn::Passed {
                proof: Some(proof()),
                who: Who::Known(ALICE),
                remember: true,
                detours: vec!["b".into()]
            }),
            Just(Turn::Asked { option: 0, asked: Asked::default(), again: true }),
            Just(Turn::Missed { option: 0, asked: None }),
            Just(Turn::Enrolling),
            Just(Turn::Ended),
        ]
    }

    proptest! {
        // Checklist 56.
        #[test]
        fn a_step_is_left_behind_by_a_passed_answer_to_it_or_by_the_session_alone(
            turns in prop::collection::vec(turn(), 0..40),
            satisfied in prop::collection::vec(any::<bool>(), 1..5),
        ) {
            let plan = plan(&satisfied);
            let mut state = start();
            for turn in turns {
                let State::Asking(before) = state.clone() else { break };
                let Ok(next) = state.clone().advance(&plan, turn.clone()) else { continue };
                let (State::Asking(after) | State::Succeeded(after)) = &next else { break };
                let old = before.passed.len();
                prop_assert_eq!(&after.passed[..old], &before.passed[..]);
                let is_passed = matches!(turn, Turn::Passed { .. });
                let answered = is_passed && !before.is_through(&plan);
                if let (true, Turn::Passed { proof, .. }) = (answered, &turn) {
                    prop_assert_eq!(&after.passed[old].proof, proof);
                }
                prop_assert!(is_passed || after.passed.len() == old);
                for index in old + usize::from(answered)..after.passed.len() {
                    prop_assert!(plan.steps[index].satisfied.is_some());
                    prop_assert_eq!(&after.passed[index].proof, &plan.steps[index].satisfied);
                }
                state = next;
            }
        }

        #[test]
        fn terminal_stays_terminal_and_proofs_only_grow(
            turns in prop::collection::vec(turn(), 0..40),
            satisfied in prop::collection::vec(any::<bool>(), 1..5),
        ) {
            let plan = plan(&satisfied);
            let mut state = start();
            let mut proofs = 0;
            for turn in turns {
                let over = matches!(state, State::Succeeded(_) | State::Failed);
                match state.clone().advance(&plan, turn) {
                    Ok(next) => {
                        prop_assert!(!over);
                        if let State::Asking(progress) | State::Succeeded(progress) = &next {
                            prop_assert!(progress.proofs().count() >= proofs);
                            proofs = progress.proofs().count();
                        }
                        if let State::Succeeded(progress) = &next {
                            prop_assert_eq!(progress.passed.len(), plan.steps.len());
                            prop_assert!(progress.detours.is_empty());
                            prop_assert!(proofs > 0 && progress.who == Some(Who::Known(ALICE)));
                        }
                        state = next;
                    }
                    Err(code) => prop_assert_eq!(over, code == Code::InvalidFlowId),
                }
            }
        }
    }
}
