//! Parameters of an answer, held against what the authenticator takes. They have a namespace of their own: nothing in
//! it reaches the flow (CVE-2024-7487 and its kin came from parameters that overlaid the server's own).

use std::collections::BTreeMap;

use super::authenticator::{Answers, Param, ParamKind, Spec};
use crate::error::{Code, Error};
use crate::ports::Secret;

/// Longest value of a parameter in bytes.
const LONGEST: usize = 16 * 1024;

/// Longest name of a user in bytes: names have at most 255 characters, and a flow remembers the name it was given.
const LONGEST_NAME: usize = 1024;

/// Parameters as they came, each with one or several values.
pub type RawParams = BTreeMap<String, Vec<Secret<String>>>;

impl Spec {
    /// The answers in `raw`.
    ///
    /// # Errors
    /// An unknown parameter, one sent under two spellings, several values where one is taken, or a value too long (60001).
    pub(super) fn read(&self, raw: RawParams) -> Result<Answers, Error> {
        let mut answers = BTreeMap::new();
        for (name, values) in raw {
            let Some(param) = self.params.iter().find(|param| param.is_called(&name)) else {
                return Err(invalid(format!("The parameter {} is unknown to this authenticator.", printable(&name))));
            };
            if param.kind != ParamKind::MultiValued && values.len() != 1 {
                return Err(invalid(format!("The parameter {} takes one value.", param.name)));
            }
            let longest = if Some(param.name) == self.identifier { LONGEST_NAME } else { LONGEST };
            if values.iter().any(|value| value.expose().len() > longest) {
                return Err(invalid(format!("The parameter {} is longer than {longest} bytes.", param.name)));
            }
            if param.kind == ParamKind::Integer && values.iter().any(|value| value.expose().parse::<i64>().is_err()) {
                return Err(invalid(format!("The parameter {} is a whole number.", param.name)));
            }
            if answers.insert(param.name, values).is_some() {
                return Err(invalid(format!("The parameter {} was sent under two spellings.", param.name)));
            }
        }
        Ok(Answers::new(answers))
    }
}

impl Param {
    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

fn invalid(description: String) -> Error {
    Error::new(Code::InvalidRequest).because(description)
}

/// A name from the outside, fit for a sentence: short, and letters only.
fn printable(name: &str) -> String {
    name.chars().take(40).map(|c| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '?' }).collect()
}
