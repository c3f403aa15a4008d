//! Which apps on phones an application may name. What is written here is believed by phones, so it has the form that they
//! read.

use super::super::invalid;
use crate::application::MobileApps;
use crate::error::Error;

/// Most certificates: one signs, a few wait to take its place.
const MOST_DIGESTS: usize = 10;
const LONGEST: usize = 255;

/// Refuses what is no app.
pub(super) fn check(mobile: &MobileApps) -> Result<(), Error> {
    let MobileApps { android_package, android_digests, apple_app } = mobile;
    if android_package.as_ref().is_some_and(|package| !is_package(package)) {
        return Err(invalid("trustedAppConfiguration.androidPackageName must be a package name, as com.example.app."));
    }
    if android_digests.len() > MOST_DIGESTS {
        return Err(invalid(format!("trustedAppConfiguration.androidThumbprints must be at most {MOST_DIGESTS}.")));
    }
    if android_package.is_some() == android_digests.is_empty() {
        return Err(invalid(
            "trustedAppConfiguration: androidPackageName and androidThumbprints must be given together.",
        ));
    }
    if apple_app.as_ref().is_some_and(|app| !is_apple_app(app)) {
        return Err(invalid("trustedAppConfiguration.appleAppId must be an app id, as ABCDE12345.com.example.app."));
    }
    Ok(())
}

/// Two or more words of letters, digits and underscores, each beginning with a letter.
pub(super) fn is_package(text: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_alphabetic())
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    text.len() <= LONGEST && text.contains('.') && text.split('.').all(is_word)
}

/// The team's ten characters, then the bundle's name.
pub(super) fn is_apple_app(text: &str) -> bool {
    let Some((team, bundle)) = text.split_once('.') else { return false };
    let is_team = team.len() == 10 && team.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    text.len() <= LONGEST && is_team && bundle.split('.').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_are_named_as_phones_name_them() {
        for good in ["com.example.app", "a.b", "com.example_2.App"] {
            assert!(is_package(good), "{good}");
        }
        for bad in ["", "app", "com..app", ".com", "com.2app", "com.ex-ample", "com.example.app\"", "com.\u{e4}"] {
            assert!(!is_package(bad), "{bad}");
        }
        for good in ["ABCDE12345.com.example.app", "0123456789.x-y"] {
            assert!(is_apple_app(good), "{good}");
        }
        for bad in ["", "com.example.app", "ABCDE12345.", "abcde12345.com.example", "ABCDE12345.*", "ABCDE12345"] {
            assert!(!is_apple_app(bad), "{bad}");
        }
    }
}
