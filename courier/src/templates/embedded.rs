//! The built-in templates: one folder per language, beside the source so that an operator can copy them.

/// The language of those whose own there is not.
pub(super) const DEFAULT: &str = "en";

/// The text of a built-in template.
pub(super) fn find(name: &str) -> Option<&'static str> {
    all().find(|(known, _)| *known == name).map(|(_, text)| text)
}

/// The name of every built-in template.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|(name, _)| name)
}

fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    let layout = ("layout.html", include_str!("../../templates/layout.html"));
    std::iter::once(layout).chain([EN, DE, ES, FR].into_iter().flatten().copied())
}

type Files = &'static [(&'static str, &'static str)];

macro_rules! files {
    ($language:literal: $($file:literal),+) => {
        &[$((concat!($language, "/", $file), include_str!(concat!("../../templates/", $language, "/", $file)))),+]
    };
}

macro_rules! language {
    ($language:literal) => {
        files!(
            $language: "otp.subject", "otp.txt", "otp.html", "otp.sms", "magic-link.subject", "magic-link.txt",
            "magic-link.html", "verify-email.subject", "verify-email.txt", "verify-email.html", "verify-phone.sms",
            "push-login.push", "password-changed.subject", "password-changed.txt", "password-changed.html",
            "wrong-answers.subject", "wrong-answers.txt", "wrong-answers.html", "factor-added.subject", "factor-added.txt", "factor-added.html", "factor-removed.subject",
            "factor-removed.txt", "factor-removed.html"
        )
    };
}

const EN: Files = language!("en");
const DE: Files = language!("de");
const ES: Files = language!("es");
const FR: Files = language!("fr");
