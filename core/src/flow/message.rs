//! What a step tells the user besides its questions. Ids and keys are those that WSO2 Identity Server sends; the
//! sentence is ours.

use std::borrow::Cow;

/// Whether a message informs or tells of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// Something happened.
    Info,
    /// Something failed.
    Error,
}

impl MessageKind {
    /// As it stands in the answer's `type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Error => "ERROR",
        }
    }
}

/// One message of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Informs or tells of a failure.
    pub kind: MessageKind,
    /// The `messageId`; `None` for that of 60003, which has two spellings.
    pub id: Option<&'static str>,
    /// A readable sentence.
    pub text: Cow<'static, str>,
    /// The message key that WSO2 Identity Server sends instead; `None` where it sends the sentence.
    pub key: Option<&'static str>,
    /// Values to show with it.
    pub context: Vec<(&'static str, String)>,
    /// Why the attempt failed, for the audit log alone; it is never sent.
    pub why: Option<Cow<'static, str>>,
}

impl Message {
    /// The message of a failed attempt that tells nothing more.
    pub const fn failed(text: &'static str, key: &'static str) -> Self {
        Self {
            kind: MessageKind::Error,
            id: None,
            text: Cow::Borrowed(text),
            key: Some(key),
            context: Vec::new(),
            why: None,
        }
    }

    /// A failure with an id of its own.
    pub const fn error(id: &'static str, text: &'static str) -> Self {
        Self {
            kind: MessageKind::Error,
            id: Some(id),
            text: Cow::Borrowed(text),
            key: None,
            context: Vec::new(),
            why: None,
        }
    }

    /// Something that happened.
    pub const fn info(id: &'static str, text: Cow<'static, str>) -> Self {
        Self { kind: MessageKind::Info, id: Some(id), text, key: None, context: Vec::new(), why: None }
    }

    /// The message of an attempt that failed for a reason which the audit log tells.
    #[must_use]
    pub fn noting(mut self, why: impl Into<Cow<'static, str>>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// The message with a value to show.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.context.push((name, value));
        self
    }
}
