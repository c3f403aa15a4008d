//! What was answered.

use std::collections::BTreeMap;

use crate::ports::Secret;

/// The parameters of an answer, each known to the authenticator's [`super::Spec`].
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

    /// The values of a parameter that takes several.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.get(name).into_iter().flatten().map(|value| value.expose().as_str())
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
