//! Questions, and what is remembered of asking them.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Param;
use crate::delivery::Letter;
use crate::error::Fault;
use crate::flow::message::Message;

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

impl Prompt {
    /// The prompt with something else that the client needs.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.additional.insert(name, value);
        self
    }
}

/// Questions that were prepared.
#[derive(Debug, Default)]
pub struct Begun {
    /// The questions; `None` when there is nothing that the user could answer here, which a message explains.
    pub prompt: Option<Prompt>,
    /// What to remember until the answer; `None` when asking left no trace and writes nothing.
    pub memo: Option<Memo>,
    /// What to tell the user.
    pub messages: Vec<Message>,
    /// What to send.
    pub letters: Vec<Letter>,
}

impl Begun {
    /// Questions that left no trace.
    pub fn of(prompt: Prompt) -> Self {
        Self { prompt: Some(prompt), ..Self::default() }
    }

    /// Nothing that the user could answer here.
    pub fn nothing(why: Message) -> Self {
        Self { messages: vec![why], ..Self::default() }
    }
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
