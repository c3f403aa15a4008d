//! Which passwords are good enough (decision 7.20, NIST SP 800-63B-4 §3.1.1.2): long enough, not among those that
//! guessers try first, and not built on the user's own name. No rules of composition; a refusal says why.

use super::{canonical_name, normalised_password};

/// Fewest characters, counted after normalisation.
const SHORTEST: usize = 8;
/// Most bytes: hashing takes them all, so a longer one is refused before it is hashed.
const LONGEST: usize = 1024;
/// Fewest different characters; `abababab` is as good as listed.
const FEWEST_DIFFERENT: usize = 4;

/// Passwords and words that guessers try first, in lower case, one per line.
const COMMON: &str = include_str!("common_passwords.txt");

/// Why a password is not good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// More than 1,024 bytes.
    TooLong,
    /// Fewer than eight characters.
    TooShort,
    /// Listed, or nearly.
    Common,
    /// The user's name and little else.
    BuiltOnName,
}

impl Weakness {
    /// Looks for one in a password for the user of that name.
    pub fn of(password: &str, user_name: &str) -> Option<Self> {
        if password.len() > LONGEST {
            return Some(Self::TooLong);
        }
        let normalised = normalised_password(password);
        if normalised.chars().count() < SHORTEST {
            return Some(Self::TooShort);
        }
        let lower = normalised.to_lowercase();
        if is_common(&lower) {
            return Some(Self::Common);
        }
        is_built_on(&lower, user_name).then_some(Self::BuiltOnName)
    }

    /// Says so.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::TooLong => "The password is longer than 1024 bytes.",
            Self::TooShort => "The password is shorter than 8 characters.",
            Self::Common => "The password is among those that are guessed first. Choose another one.",
            Self::BuiltOnName => "The password is built on the user name. Choose another one.",
        }
    }
}

/// Also a listed word with digits or signs behind it is listed: `Dragon2024!` is one of the first guesses.
fn is_common(lower: &str) -> bool {
    let word = lower.trim_end_matches(|c: char| !c.is_alphabetic());
    let different: std::collections::BTreeSet<_> = lower.chars().collect();
    different.len() < FEWEST_DIFFERENT || COMMON.lines().any(|line| line == lower || line == word)
}

/// Whether too little is left of the password without the user's name.
fn is_built_on(lower: &str, user_name: &str) -> bool {
    let name = canonical_name(user_name);
    let own = name.split('@').next().unwrap_or_default();
    [name.as_str(), own].into_iter().filter(|word| word.chars().count() >= 3).any(|word| {
        let rest = lower.replace(word, "");
        rest.len() < lower.len() && rest.chars().count() < SHORTEST
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_needs_eight_characters_and_no_more_than_a_thousand_bytes() {
        let long = "xyzw".repeat(256);
        for good in ["kZ7 vq.p", "ünïcödé!", "correct horse battery staple", "Wso2@test123", long.as_str()] {
            assert!(Weakness::of(good, "kim").is_none(), "{good}");
        }
        // Seven characters once composed.
        for bad in ["", "kZ7 vq.", "e\u{301}kZ7 vq", &"x".repeat(1025), &format!("{long}!")] {
            assert!(Weakness::of(bad, "kim").is_some(), "{bad}");
        }
    }

    #[test]
    fn a_refusal_tells_the_bounds() {
        assert!(Weakness::TooLong.sentence().contains(&LONGEST.to_string()));
        assert!(Weakness::TooShort.sentence().contains(&SHORTEST.to_string()));
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for bad in
            ["password", "Password", "PASSWORD1!", "12345678", "qwertyuiop", "Dragon2024!", "aaaaaaaaaa", "abababab"]
        {
            assert!(Weakness::of(bad, "kim").is_some(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_not_built_on_the_name() {
        assert!(Weakness::of("Alexandra2024", "alexandra").is_some());
        assert!(Weakness::of("x-alexandra-y", "ALEXANDRA@example.com").is_some());
        assert!(Weakness::of("alexandra in wonderland", "alexandra").is_none());
        assert!(Weakness::of("skimming-the-milk", "kim").is_none());
    }

    #[test]
    fn the_list_is_in_the_form_in_which_it_is_compared() {
        let mut seen = std::collections::BTreeSet::new();
        for line in COMMON.lines() {
            assert!(!line.is_empty() && line == line.trim() && line == line.to_lowercase(), "{line}");
            assert!(seen.insert(line), "{line} is listed twice");
        }
        assert!(seen.len() >= 1000, "{}", seen.len());
    }
}
