//! The built-in templates: one folder per language, beside the source so that an operator can copy them.

/// The language of those whose own there is not.
pub(super) const DEFAULT: &str = "en";

/// Name and text of every built-in template.
pub(super) fn all() -> impl Iterator<Item = (String, &'static str)> {
    let layout = ("layout.html".to_owned(), include_str!("../../templates/layout.html"));
    let languages = [("en", EN), ("de", DE), ("es", ES), ("fr", FR)];
    std::iter::once(layout).chain(
        languages
            .into_iter()
            .flat_map(|(language, files)| files.iter().map(move |(file, text)| (format!("{language}/{file}"), *text))),
    )
}

type Files = &'static [(&'static str, &'static str)];

macro_rules! files {
    ($language:literal: $($file:literal),+) => {
        &[$(($file, include_str!(concat!("../../templates/", $language, "/", $file)))),+]
    };
}

macro_rules! language {
    ($language:literal) => {
        files!(
            $language: "otp.subject", "otp.txt", "otp.html", "otp.sms", "magic-link.subject", "magic-link.txt",
            "magic-link.html", "verify-email.subject", "verify-email.txt", "verify-email.html", "verify-phone.sms",
            "push-login.push", "password-changed.subject", "password-changed.txt", "password-changed.html",
            "factor-added.subject", "factor-added.txt", "factor-added.html", "factor-removed.subject",
            "factor-removed.txt", "factor-removed.html"
        )
    };
}

const EN: Files = language!("en");
const DE: Files = language!("de");
const ES: Files = language!("es");
const FR: Files = language!("fr");
