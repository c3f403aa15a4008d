//! What went wrong inside: for the log and the operator, never for the caller. It has no `Display`, so that it cannot
//! slip into an answer.

use std::error::Error as StdError;

/// A part of the server that failed while doing `context`.
pub struct Fault {
    context: &'static str,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Fault {
    /// A failure that has no error value of its own.
    pub const fn new(context: &'static str) -> Self {
        Self { context, source: None }
    }

    /// A failure with the error that caused it.
    pub fn from(context: &'static str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { context, source: Some(source.into()) }
    }

    /// What was being done.
    pub const fn context(&self) -> &'static str {
        self.context
    }

    /// The chain of causes on one line, for the log.
    pub fn chain(&self) -> String {
        let mut text = self.context.to_owned();
        let mut next: Option<&dyn StdError> = self.source.as_ref().map(|source| &**source as &dyn StdError);
        while let Some(error) = next {
            text.push_str(": ");
            text.push_str(&error.to_string());
            next = error.source();
        }
        text
    }
}

impl std::fmt::Debug for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.chain())
    }
}
