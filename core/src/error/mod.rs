//! The two kinds of "no" that travel as `Err`: an [`Error`] is an answer from the catalogue, a [`Fault`] is a part of
//! the server that failed. A wrong password is neither; it is an outcome.

mod catalogue;
mod fault;

use std::borrow::Cow;
use std::time::Duration;

pub use catalogue::{Code, Row, Spelling};
pub use fault::Fault;

use crate::flow::Step;

/// A refusal: a code of the catalogue with a public sentence, and a private cause for the log.
#[derive(Debug)]
pub struct Error {
    code: Code,
    detail: Box<Detail>,
}

#[derive(Debug, Default)]
struct Detail {
    description: Option<Cow<'static, str>>,
    oauth: Option<&'static str>,
    retry_after: Option<Duration>,
    step: Option<Step>,
    challenge: Option<String>,
    cause: Option<Fault>,
}

impl Error {
    /// The refusal with the catalogue's own sentence.
    pub fn new(code: Code) -> Self {
        Self { code, detail: Box::default() }
    }

    /// Says more exactly what is wrong. The text is public: no user names, no internals.
    #[must_use]
    pub fn because(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.detail.description = Some(description.into());
        self
    }

    /// Adds the OAuth error that the request met (RFC 6749 §4.1.2.1 and its extensions).
    #[must_use]
    pub fn oauth(mut self, name: &'static str) -> Self {
        self.detail.oauth = Some(name);
        self
    }

    /// Says when to try again (`Retry-After`, RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_after(mut self, span: Duration) -> Self {
        self.detail.retry_after = Some(span);
        self
    }

    /// Shows the open step beside the error (`retryable_failure = "error"`).
    #[must_use]
    pub fn with_step(mut self, step: Step) -> Self {
        self.detail.step = Some(step);
        self
    }

    /// Gives a fresh challenge for another attempt (`OAuth-Client-Attestation-Challenge`).
    #[must_use]
    pub fn challenge(mut self, challenge: String) -> Self {
        self.detail.challenge = Some(challenge);
        self
    }

    /// Keeps the fault behind the refusal for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: Fault) -> Self {
        self.detail.cause = Some(cause);
        self
    }

    /// The code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// The public sentence: the exact one when there is one, else the catalogue's.
    pub fn description(&self) -> &str {
        self.detail.description.as_deref().unwrap_or(self.code.row().description)
    }

    /// The OAuth name of the refusal: the one met, else the catalogue's.
    pub fn oauth_name(&self) -> &'static str {
        self.detail.oauth.unwrap_or(self.code.row().oauth)
    }

    /// The OAuth error that the flow met, when it met one.
    pub fn met_oauth(&self) -> Option<&'static str> {
        self.detail.oauth
    }

    /// How long to wait before trying again.
    pub fn waits(&self) -> Option<Duration> {
        self.detail.retry_after
    }

    /// The open step to show beside the error.
    pub fn step(&self) -> Option<&Step> {
        self.detail.step.as_ref()
    }

    /// A fresh challenge for another attempt.
    pub fn fresh_challenge(&self) -> Option<&str> {
        self.detail.challenge.as_deref()
    }

    /// Takes the fault behind the refusal, to tell it under another code.
    pub fn take_cause(&mut self) -> Option<Fault> {
        self.detail.cause.take()
    }

    /// The fault behind the refusal, for the log alone.
    pub fn cause(&self) -> Option<&Fault> {
        self.detail.cause.as_ref()
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl From<Fault> for Error {
    fn from(cause: Fault) -> Self {
        Self::new(Code::UnableToProceed).caused_by(cause)
    }
}

/// The text of a description template with `{{name}}` replaced by its value.
pub(crate) fn fill(template: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

impl Error {
    /// The refusal with the placeholders of the catalogue's sentence filled.
    pub fn filled(code: Code, values: &[(&str, &str)]) -> Self {
        Self::new(code).because(fill(code.row().description, values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled() {
        let error = Error::filled(Code::ApplicationNotFound, &[("client_id", "abc"), ("tenant_domain", "acme")]);
        assert_eq!(error.description(), "Unable to find application for clientId abc in tenant domain acme.");
    }
}
