//! How an answer was judged, and what it brings about.

use super::{Begun, Factor, Memo};
use crate::delivery::Letter;
use crate::flow::message::Message;
use crate::ports::store::Edit;
use crate::user::User;

/// What is to be done with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triage {
    /// It is complete: judge it.
    Judge,
    /// What counts in it is absent: ask again, count nothing.
    Ask,
    /// What was sent is to be sent again: counted as a sending.
    Resend,
    /// It lacks or contradicts something; the sentence is public.
    Refuse(&'static str),
}

/// How an answer was judged.
#[derive(Debug)]
pub enum Outcome {
    /// It is right.
    Proved {
        /// Whose proof it is, where the answer itself names the user; else it is the flow's user's.
        whose: Option<Box<User>>,
        /// What was proved, where that depends on the answer; else what the [`super::Spec`] says.
        factor: Option<Factor>,
        /// The user asked to be remembered.
        remember: bool,
        /// What it brings about.
        effects: Effects,
    },
    /// It names the user or does what was asked for, and proves nothing.
    Passed(Effects),
    /// It is wrong, and counted.
    Wrong {
        /// What to tell the user.
        message: Message,
        /// How the step goes on.
        then: Then,
    },
    /// It is not ready to be judged: asked again, not counted.
    Again(Begun),
    /// It could not be judged now: not counted, 503.
    Overloaded,
}

impl Outcome {
    /// The flow's user has proved what the authenticator is for.
    pub const fn proved(effects: Effects) -> Self {
        Self::Proved { whose: None, factor: None, remember: false, effects }
    }
}

/// What a right answer brings about, in the transaction that passes the step. Where an edit is overtaken (a code used at the
/// same moment elsewhere), the answer is wrong after all.
#[derive(Debug, Default)]
pub struct Effects {
    /// Changes of what users are and hold.
    pub edits: Vec<Edit>,
    /// What is sent.
    pub letters: Vec<Letter>,
}

impl From<Edit> for Effects {
    fn from(edit: Edit) -> Self {
        Self { edits: vec![edit], letters: Vec::new() }
    }
}

/// How a step goes on after a wrong answer.
#[derive(Debug)]
pub enum Then {
    /// The options of the step are open again.
    Choose,
    /// The same questions again; the memo is what to remember from now on.
    Repeat(Memo),
    /// The other options of the step; where there are none, the flow ends.
    Leave,
}
