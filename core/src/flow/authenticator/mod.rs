//! What a way of signing in is: a description, how it asks, and how it judges an answer. Counting, waiting, locking,
//! sending again, expiry and saving are the engine's.

mod answers;
mod context;
mod factor;
mod outcome;
mod prompt;
mod setting;
mod spec;

use async_trait::async_trait;

pub use answers::Answers;
pub use context::{Context, Place, Subject};
pub use factor::{Class, Factor};
pub use outcome::{Effects, Outcome, Then, Triage};
pub use prompt::{Begun, Memo, Prompt, PromptKind};
pub use setting::{Setting, SettingKind};
pub use spec::{Param, ParamKind, Sending, Spec};

use crate::connection::Connection;
use crate::error::Fault;

/// A way of signing in.
#[async_trait]
pub trait Authenticator: Send + Sync {
    /// What it is called and what it takes.
    fn spec(&self) -> &'static Spec;

    /// Its questions, for whoever the flow speaks of, when asking them needs no preparation: nothing sent, nothing kept.
    /// `None`: the option must be selected first.
    fn ready_prompt(&self, cx: &Context<'_>) -> Option<Prompt> {
        let _ = cx;
        Some(self.spec().form(PromptKind::User))
    }

    /// Prepares its questions: sends a code, makes a challenge. Asked only when they are not ready.
    ///
    /// # Errors
    /// A part of the server failed.
    async fn begin(&self, cx: &Context<'_>) -> Result<Begun, Fault> {
        let _ = cx;
        Err(Fault::new("an authenticator prepares no questions"))
    }

    /// Its questions again, from what it remembers of preparing them: nothing is sent or made anew. Asked only of an
    /// authenticator that remembered something.
    ///
    /// # Errors
    /// A part of the server failed.
    fn repeat(&self, cx: &Context<'_>, memo: &Memo) -> Result<Begun, Fault> {
        let _ = memo;
        let prompt = self.ready_prompt(cx).ok_or(Fault::new("an authenticator cannot repeat its questions"))?;
        Ok(Begun::of(prompt))
    }

    /// What is to be done with an answer, before anything is counted.
    fn triage(&self, cx: &Context<'_>, answers: &Answers) -> Triage;

    /// Judges an answer that [`Self::triage`] let through. What it remembers from asking is in `memo`.
    ///
    /// # Errors
    /// A part of the server failed; nothing is counted.
    async fn submit(&self, cx: &Context<'_>, memo: Memo, answers: &Answers) -> Result<Outcome, Fault>;

    /// Whether a step of this alone has nothing to ask of the flow's user, and is passed in silence.
    ///
    /// # Errors
    /// A part of the server failed.
    async fn is_needless(&self, cx: &Context<'_>) -> Result<bool, Fault> {
        let _ = cx;
        Ok(false)
    }

    /// Whether the flow's user holds what this needs. Where none of a step's options is usable, the app may offer enrolment.
    ///
    /// # Errors
    /// A part of the server failed.
    async fn is_usable(&self, cx: &Context<'_>) -> Result<bool, Fault> {
        let _ = cx;
        Ok(true)
    }

    /// What a connection for this may be set to.
    fn settings(&self) -> &'static [Setting] {
        &[]
    }

    /// What is wrong with a connection for this, as a sentence for the operator. Ways of signing in that are the server's own
    /// take no connection.
    ///
    /// # Errors
    /// The sentence.
    fn check(&self, connection: &Connection) -> Result<(), String> {
        let _ = connection;
        Err(format!("{} takes no connection.", self.spec().name))
    }
}
