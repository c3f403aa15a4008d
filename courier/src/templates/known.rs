//! The messages that there are: which templates, in which forms, over which values. Every file of an operator's is tried
//! at the start with the sample values here, so that a template that asks for something else never meets a letter.

use vestibule_core::delivery::Channel;

/// A message that there is.
pub(super) struct Known {
    pub name: &'static str,
    pub channels: &'static [Channel],
    /// Values that are always there, with samples.
    pub values: &'static [(&'static str, &'static str)],
    /// Values that may be there.
    pub optional: &'static [(&'static str, &'static str)],
}

const APP: (&str, &str) = ("app", "Example");
const CODE: (&str, &str) = ("code", "123456");
const FACTOR: (&str, &str) = ("factor", "Example");
const HOST: (&str, &str) = ("host", "example.com");
const LINK: (&str, &str) = ("link", "https://example.com/");
const MINUTES: (&str, &str) = ("minutes", "5");

/// All of them.
pub(super) const KNOWN: &[Known] = &[
    known("otp", &[Channel::Email, Channel::Sms], &[CODE, MINUTES, APP], &[HOST]),
    known("magic-link", &[Channel::Email], &[LINK, MINUTES, APP], &[]),
    known("verify-email", &[Channel::Email], &[CODE, MINUTES], &[APP]),
    known("verify-phone", &[Channel::Sms], &[CODE, MINUTES], &[APP, HOST]),
    known("push-login", &[Channel::Push], &[APP, ("pushAuthId", "1"), ("challenge", "1")], &[("number", "42")]),
    known("password-changed", &[Channel::Email], &[], &[APP]),
    known("wrong-answers", &[Channel::Email], &[], &[APP]),
    known("factor-added", &[Channel::Email], &[FACTOR], &[APP]),
    known("factor-removed", &[Channel::Email], &[FACTOR], &[APP]),
];

const fn known(
    name: &'static str,
    channels: &'static [Channel],
    values: &'static [(&'static str, &'static str)],
    optional: &'static [(&'static str, &'static str)],
) -> Known {
    Known { name, channels, values, optional }
}

/// The files of which a message on that channel is made.
pub(super) const fn forms(channel: Channel) -> &'static [&'static str] {
    match channel {
        Channel::Email => &["subject", "txt", "html"],
        Channel::Sms => &["sms"],
        Channel::Push => &["push"],
    }
}
