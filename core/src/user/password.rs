//! Which passwords are good enough (decision 7.20, NIST SP 800-63B-4 §3.1.1.2): long enough, not among those that are
//! guessed first or were breached, and not built on words of the place. No rules of composition; a refusal says why. Law:
//! every password that is set is judged here.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::{Blocklist, Profile, canonical_name, normalised_password};
use crate::application::Application;
use crate::error::Fault;
use crate::ports::{Ports, TenantId};

/// What the operator decided about passwords.
#[derive(Clone, Debug)]
pub struct PasswordRules {
    /// Fewest characters, counted after normalisation.
    pub shortest: usize,
    /// Fewest characters where the password is the only factor of a login.
    pub shortest_alone: usize,
    /// Passwords that the operator does not want.
    pub blocked: Option<Arc<Blocklist>>,
    /// The host under which people know the server.
    pub host: String,
    /// Age at which a password must be renewed; zero: never.
    pub max_age: Duration,
}

/// Whose password is judged, and where it is to be used.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    /// The realm.
    pub tenant: &'a TenantId,
    /// The user's name.
    pub name: &'a str,
    /// What is known of the person.
    pub profile: &'a Profile,
    /// The application through which it is set.
    pub app: Option<&'a Application>,
    /// It is the only factor of the login in which it is set.
    pub alone: bool,
}

/// Why a password is not good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// More than 1,024 bytes.
    TooLong,
    /// Fewer characters than this.
    TooShort(usize),
    /// Listed, or nearly.
    Common,
    /// On the operator's own list.
    Blocked,
    /// A word of the place and little else; says whose word.
    BuiltOn(&'static str),
}

/// Most bytes: hashing takes them all, so a longer one is refused before it is hashed.
const LONGEST: usize = 1024;
/// Fewest different characters; `abababab` is as good as listed.
const FEWEST_DIFFERENT: usize = 4;
/// Fewest characters that must be left of a password without the words that it is built on.
const FEWEST_LEFT: usize = 8;
/// Fewest letters of a word, and of a part of one.
const SHORTEST_WORD: usize = 3;
const SHORTEST_PART: usize = 4;

/// Words that guessers try first, also with digits and signs behind them, in lower case, one per line.
const WORDS: &str = include_str!("common_words.txt");

/// Eighty thousand passwords of eight characters or more that are common or were breached; `core/examples/blocklist.rs`
/// makes it.
static COMMON: Blocklist = Blocklist::from_bytes(include_bytes!("common_passwords.bin"));

impl PasswordRules {
    /// Looks for a weakness in a new password.
    ///
    /// # Errors
    /// The store failed.
    pub async fn judge(&self, ports: &Ports, password: &str, whose: Whose<'_>) -> Result<Option<Weakness>, Fault> {
        let tenant = ports.store.tenant(whose.tenant).await?.map(|tenant| tenant.name).unwrap_or_default();
        Ok(self.weakness(password, whose.alone, &self.words(whose, &tenant)))
    }

    /// Whether a password is too short to be the only factor of a login.
    pub fn is_short_alone(&self, password: &str) -> bool {
        normalised_password(password).chars().count() < self.shortest_alone
    }

    fn weakness(&self, password: &str, alone: bool, words: &[(String, &'static str)]) -> Option<Weakness> {
        if password.len() > LONGEST {
            return Some(Weakness::TooLong);
        }
        let normalised = normalised_password(password);
        let least = if alone { self.shortest_alone.max(self.shortest) } else { self.shortest };
        if normalised.chars().count() < least {
            return Some(Weakness::TooShort(least));
        }
        let lower = normalised.to_lowercase();
        if is_common(&lower) {
            return Some(Weakness::Common);
        }
        if self.blocked.as_ref().is_some_and(|blocked| blocked.contains(&normalised)) {
            return Some(Weakness::Blocked);
        }
        built_on(lower, words).map(Weakness::BuiltOn)
    }

    /// The words of the place, the longest first, and whose they are.
    fn words(&self, whose: Whose<'_>, tenant: &str) -> Vec<(String, &'static str)> {
        let host = self.host.rsplit_once('.').map_or(self.host.as_str(), |(host, _)| host);
        let emails = whose.profile.emails.iter().map(|email| (email.value.as_str(), "an email address"));
        let mut texts = vec![(whose.name, "the user name")];
        texts.extend(emails);
        texts.extend([(tenant, "the name of the tenant"), (whose.tenant.as_str(), "the name of the tenant")]);
        texts.extend(whose.app.map(|app| (app.name.as_str(), "the name of the application")));
        texts.extend([(self.host.as_str(), "the server's address"), (host, "the server's address")]);
        let mut words = Vec::new();
        for (text, of) in texts {
            let text = canonical_name(text);
            let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() >= SHORTEST_PART);
            let wholes = [text.as_str(), text.split('@').next().unwrap_or_default()];
            let wholes = wholes.into_iter().filter(|word| word.chars().count() >= SHORTEST_WORD);
            words.extend(wholes.chain(parts).map(|word| (word.to_owned(), of)));
        }
        words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        words
    }
}

impl Default for PasswordRules {
    /// NIST SP 800-63B-4 §3.1.1.2: eight characters beside another factor, fifteen alone.
    fn default() -> Self {
        Self { shortest: 8, shortest_alone: 15, blocked: None, host: String::new(), max_age: Duration::ZERO }
    }
}

impl Weakness {
    /// Says so.
    pub fn sentence(self) -> Cow<'static, str> {
        match self {
            Self::TooLong => "The password is longer than 1024 bytes.".into(),
            Self::TooShort(least) => format!("The password is shorter than {least} characters.").into(),
            Self::Common => "The password is among those that are guessed first. Choose another one.".into(),
            Self::Blocked => "The password is on this server's list of refused passwords. Choose another one.".into(),
            Self::BuiltOn(what) => format!("The password is built on {what}. Choose another one.").into(),
        }
    }
}

/// Also a listed word with digits or signs behind it is listed: `Dragon2024!` is one of the first guesses.
fn is_common(lower: &str) -> bool {
    let word = lower.trim_end_matches(|c: char| !c.is_alphabetic());
    let different: BTreeSet<_> = lower.chars().collect();
    different.len() < FEWEST_DIFFERENT
        || WORDS.lines().any(|line| line == lower || line == word)
        || COMMON.has(super::BlockKey::of(lower))
}

/// Whose words they are that leave too little of the password.
fn built_on(lower: String, words: &[(String, &'static str)]) -> Option<&'static str> {
    let (mut rest, mut first) = (lower, None);
    for (word, of) in words {
        if rest.contains(word) {
            rest = rest.replace(word, "");
            first = first.or(Some(*of));
        }
    }
    first.filter(|_| rest.chars().count() < FEWEST_LEFT)
}

#[cfg(test)]
mod tests;
