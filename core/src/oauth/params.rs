//! Parameters of a request, each at most once (RFC 6749 §3.1).

use std::collections::BTreeMap;

use crate::ports::Secret;

/// Parameters by name. Values stay hidden until they are asked for: some are secrets.
#[derive(Debug, Default)]
pub struct Params(BTreeMap<String, Secret<String>>);

/// A parameter was sent twice.
#[derive(Debug, PartialEq, Eq)]
pub struct RepeatedParameter(pub String);

impl Params {
    /// Takes in pairs.
    ///
    /// # Errors
    /// A name comes twice.
    pub fn read(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, RepeatedParameter> {
        let mut params = BTreeMap::new();
        for (name, value) in pairs {
            if params.contains_key(&name) {
                return Err(RepeatedParameter(name));
            }
            params.insert(name, Secret::new(value));
        }
        Ok(Self(params))
    }

    /// The value of a parameter; one sent without a value is as if not sent (RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.expose().as_str()).filter(|value| !value.is_empty())
    }

    /// The value of a parameter as its own text.
    pub fn owned(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// All parameters in the order of their names.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.expose().as_str()))
    }

    /// Whether the parameter was sent, with or without a value.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}
