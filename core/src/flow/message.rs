//! What a step tells the user besides its questions. Ids and keys are those that WSO2 Identity Server sends; the
//! sentence is ours.

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
    pub text: &'static str,
    /// The message key that WSO2 Identity Server sends instead.
    pub key: &'static str,
    /// Values to show with it.
    pub context: Vec<(&'static str, String)>,
}

impl Message {
    /// The message of a failed attempt that tells nothing more.
    pub const fn failed(text: &'static str, key: &'static str) -> Self {
        Self { kind: MessageKind::Error, id: None, text, key, context: Vec::new() }
    }

    /// A failure with an id of its own.
    pub const fn error(id: &'static str, text: &'static str) -> Self {
        Self { kind: MessageKind::Error, id: Some(id), text, key: text, context: Vec::new() }
    }
}
