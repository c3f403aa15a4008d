//! What a way of signing in is: a description, how it asks, and how it judges an answer. Counting, waiting, locking,
//! expiry and saving are the engine's.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::message::Message;
use crate::application::StepOption;
use crate::error::Fault;
use crate::ports::{PasswordHash, Ports, Secret, Timestamp};
use crate::user::User;

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

    /// Prepares its questions: sends a code, makes a challenge. One whose questions are ready has nothing to prepare.
    ///
    /// # Errors
    /// A part of the server failed.
    async fn begin(&self, cx: &Context<'_>) -> Result<Begun, Fault> {
        let prompt = self.ready_prompt(cx).ok_or(Fault::new("an authenticator prepares no questions"))?;
        Ok(Begun { prompt, memo: None, messages: Vec::new() })
    }

    /// Its questions again, from what it remembers of preparing them: nothing is sent or made anew. Asked only of an
    /// authenticator that remembered something.
    ///
    /// # Errors
    /// A part of the server failed.
    fn repeat(&self, cx: &Context<'_>, memo: &Memo) -> Result<Prompt, Fault> {
        let _ = memo;
        self.ready_prompt(cx).ok_or(Fault::new("an authenticator cannot repeat its questions"))
    }

    /// What is to be done with an answer, before anything is counted.
    fn triage(&self, cx: &Context<'_>, answers: &Answers) -> Triage;

    /// Judges an answer that [`Self::triage`] let through. What it remembers from asking is in `memo`.
    ///
    /// # Errors
    /// A part of the server failed; nothing is counted.
    async fn submit(&self, cx: &Context<'_>, memo: Memo, answers: &Answers) -> Result<Outcome, Fault>;
}

/// What a way of signing in is called and what it takes.
#[derive(Debug)]
pub struct Spec {
    /// Name, as in an application's steps.
    pub name: &'static str,
    /// Display name, which shipped clients compare literally.
    pub display: &'static str,
    /// Translation key of the display name.
    pub i18n_key: &'static str,
    /// A sentence for the API's documentation.
    pub summary: &'static str,
    /// Every parameter it may take in some phase.
    pub params: &'static [Param],
    /// What it proves; nothing when it only names the user.
    pub factor: Option<Factor>,
    /// The parameter that names the user, when it can.
    pub identifier: Option<&'static str>,
}

impl Spec {
    /// The form of every parameter that is asked for.
    pub fn form(&'static self, kind: PromptKind) -> Prompt {
        let params: Vec<_> = self.params.iter().filter(|param| param.asked).collect();
        let required = params.iter().map(|param| param.name).collect();
        Prompt { kind, params, required, additional: BTreeMap::new() }
    }
}

/// A parameter of an authenticator.
#[derive(Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name, which shipped clients compare literally.
    pub name: &'static str,
    /// Other spellings that are accepted.
    pub aliases: &'static [&'static str],
    /// Its type.
    pub kind: ParamKind,
    /// Its place in the form.
    pub order: u32,
    /// Translation key of the display name.
    pub i18n_key: &'static str,
    /// Display name.
    pub display: &'static str,
    /// To be masked on the screen.
    pub confidential: bool,
    /// Shown in the prompt; others are accepted without being asked for.
    pub asked: bool,
}

/// Type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Several texts.
    MultiValued,
}

impl ParamKind {
    /// As it stands in the prompt's `type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "STRING",
            Self::Integer => "INTEGER",
            Self::MultiValued => "MULTI_VALUED",
        }
    }
}

/// What kind of thing a proof is of. Wrong answers of each kind are counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Factor {
    /// Something known: a password.
    Password,
    /// Something received or computed: a one-time code.
    Otp,
    /// A key held by a device.
    Key,
    /// Another identity provider's word.
    Federated,
}

impl Factor {
    /// Authentication method reference (RFC 8176 §2).
    pub const fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Otp => "otp",
            Self::Key => "hwk",
            Self::Federated => "fed",
        }
    }
}

/// How a client should ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptKind {
    /// A form drawn from the parameters.
    User,
    /// The app does something itself.
    Internal,
    /// A browser is opened at `redirectUrl`.
    Redirection,
}

impl PromptKind {
    /// As it stands in `promptType`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "USER_PROMPT",
            Self::Internal => "INTERNAL_PROMPT",
            Self::Redirection => "REDIRECTION_PROMPT",
        }
    }
}

/// The questions of one option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// How a client should ask.
    pub kind: PromptKind,
    /// The parameters, in the order of the form.
    pub params: Vec<&'static Param>,
    /// Names of those that must be answered.
    pub required: Vec<&'static str>,
    /// Whatever else the client needs.
    pub additional: BTreeMap<&'static str, String>,
}

/// Questions that were prepared.
#[derive(Debug)]
pub struct Begun {
    /// The questions.
    pub prompt: Prompt,
    /// What to remember until the answer; `None` when asking left no trace and writes nothing.
    pub memo: Option<Memo>,
    /// What to tell the user.
    pub messages: Vec<Message>,
}

/// What an authenticator remembers between asking and judging; only it can read it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Memo(serde_json::Value);

impl Memo {
    /// Remembers `value`.
    ///
    /// # Errors
    /// The value cannot be written down.
    pub fn of<T: Serialize>(value: &T) -> Result<Self, Fault> {
        serde_json::to_value(value).map(Self).map_err(|error| Fault::from("writing an authenticator's memo", error))
    }

    /// What was remembered.
    ///
    /// # Errors
    /// Something else was remembered.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        T::deserialize(&self.0).map_err(|error| Fault::from("reading an authenticator's memo", error))
    }
}

/// Of whom a question or answer speaks.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// Nobody yet.
    Nobody,
    /// A user who may sign in.
    Known(&'a User),
    /// A name that no user has, or a user who may not sign in: everything takes its usual time and nothing is right.
    Shadow,
}

impl Subject<'_> {
    /// Whether the flow speaks of somebody.
    pub const fn is_named(&self) -> bool {
        !matches!(self, Self::Nobody)
    }
}

/// What an authenticator is told.
pub struct Context<'a> {
    /// The present moment.
    pub now: Timestamp,
    /// Of whom the flow speaks.
    pub subject: Subject<'a>,
    /// Whether the flow already spoke of somebody before this answer.
    pub identified: bool,
    /// The option as it was configured.
    pub option: &'a StepOption,
    /// The world.
    pub ports: &'a Ports,
}

/// The parameters of an answer, each known to the authenticator's [`Spec`].
#[derive(Debug, Default)]
pub struct Answers(BTreeMap<&'static str, Vec<Secret<String>>>);

impl Answers {
    /// Answers by the names of their parameters.
    pub const fn new(values: BTreeMap<&'static str, Vec<Secret<String>>>) -> Self {
        Self(values)
    }

    /// The value of a parameter, if it was sent.
    pub fn secret(&self, name: &str) -> Option<&Secret<String>> {
        self.0.get(name)?.first()
    }

    /// The value of a parameter that is no secret.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.secret(name).map(|value| value.expose().as_str())
    }

    /// Whether a switch is on: `on`, `true`, `1`.
    pub fn is_on(&self, name: &str) -> bool {
        matches!(self.text(name), Some("on" | "true" | "1"))
    }

    /// Whether nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What is to be done with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triage {
    /// It is complete: judge it.
    Judge,
    /// What counts in it is absent: ask again, count nothing.
    Ask,
    /// It lacks or contradicts something; the sentence is public.
    Refuse(&'static str),
}

/// How an answer was judged.
#[derive(Debug)]
pub enum Outcome {
    /// It is right.
    Proved {
        /// The user's password hashed anew, when the old hash is out of date.
        rehash: Option<PasswordHash>,
        /// The user asked to be remembered.
        remember: bool,
    },
    /// It names the user and proves nothing.
    Named,
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
