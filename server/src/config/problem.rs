//! What is wrong with a configuration, told all at once: where it stands, which key, and what is allowed.

use std::fmt;

/// Everything that is wrong with a configuration; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError(Vec<Problem>);

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// File and line, environment variable or option; absent for a default.
    pub place: Option<String>,
    /// The key, when one is meant.
    pub key: Option<String>,
    /// What is wrong and what is allowed.
    pub says: String,
}

impl Problem {
    /// Something wrong with the value of a key.
    pub(super) fn of(key: &str, says: impl Into<String>) -> Self {
        Self { place: None, key: Some(key.to_owned()), says: says.into() }
    }

    /// Something wrong at a place as a whole.
    pub(super) fn at(place: impl Into<String>, says: impl Into<String>) -> Self {
        Self { place: Some(place.into()), key: None, says: says.into() }
    }

    /// Says where the value came from.
    pub(super) fn found(mut self, place: Option<String>) -> Self {
        self.place = place;
        self
    }
}

impl ConfigError {
    /// The problems, in the order of the keys.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }

    /// `value`, if there are no problems.
    pub(super) fn unless<T>(problems: Vec<Problem>, value: T) -> Result<T, Self> {
        if problems.is_empty() { Ok(value) } else { Err(Self(problems)) }
    }
}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.place, &self.key].into_iter().flatten() {
            write!(f, "{part}: ")?;
        }
        f.write_str(&self.says)
    }
}

impl fmt::Display for ConfigError {
    /// One problem a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for ConfigError {}
