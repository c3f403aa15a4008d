//! Which passwords are good enough (decision 7.20, NIST SP 800-63B-4 §3.1.1.2): long enough, not among those that
//! guessers try first, and not built on the user's own name. No rules of composition; a refusal says why.

use super::invalid;
use crate::error::Error;
use crate::user::{canonical_name, normalised_password};

/// Fewest characters, counted after normalisation.
const SHORTEST: usize = 8;
/// Most bytes: hashing takes them all, so a longer one is refused before it is hashed.
const LONGEST: usize = 1024;
/// Fewest different characters; `abababab` is as good as listed.
const FEWEST_DIFFERENT: usize = 4;

/// Passwords and words that guessers try first, in lower case, one per line.
const COMMON: &str = include_str!("common_passwords.txt");

/// Refuses a password that is not good enough for the user of that name.
pub(super) fn check(password: &str, user_name: &str) -> Result<(), Error> {
    if password.len() > LONGEST {
        return Err(invalid(format!("The password is longer than {LONGEST} bytes.")));
    }
    let normalised = normalised_password(password);
    if normalised.chars().count() < SHORTEST {
        return Err(invalid(format!("The password is shorter than {SHORTEST} characters.")));
    }
    let lower = normalised.to_lowercase();
    if is_common(&lower) {
        return Err(invalid("The password is among those that are guessed first. Choose another one."));
    }
    if is_built_on(&lower, user_name) {
        return Err(invalid("The password is built on the user name. Choose another one."));
    }
    Ok(())
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
            assert!(check(good, "kim").is_ok(), "{good}");
        }
        // Seven characters once composed.
        for bad in ["", "kZ7 vq.", "e\u{301}kZ7 vq", &"x".repeat(1025), &format!("{long}!")] {
            assert!(check(bad, "kim").is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_guessed_first_is_refused() {
        for bad in
            ["password", "Password", "PASSWORD1!", "12345678", "qwertyuiop", "Dragon2024!", "aaaaaaaaaa", "abababab"]
        {
            assert!(check(bad, "kim").is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_is_not_built_on_the_name() {
        assert!(check("Alexandra2024", "alexandra").is_err());
        assert!(check("x-alexandra-y", "ALEXANDRA@example.com").is_err());
        assert!(check("alexandra in wonderland", "alexandra").is_ok());
        assert!(check("skimming-the-milk", "kim").is_ok());
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
