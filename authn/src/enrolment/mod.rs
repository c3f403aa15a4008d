//! Enrolment inside a login, as further steps of the same flow. It is asked for only of a user who is proven, and never
//! replaces what the user holds already.

mod backup_codes;
mod passkey;
mod totp;

use std::borrow::Cow;

use vestibule_core::delivery::Letter;
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{Authenticator, Begun, Context};
use vestibule_core::user::User;

use crate::sent::preferred_locale;

/// Enrols a key for time-based codes.
pub(crate) const TOTP: &str = "totp-enroll";
/// Enrols a passkey.
pub(crate) const PASSKEY: &str = "passkey-enroll";
/// Gives out backup codes after the first enrolment.
pub(crate) const BACKUP_CODES: &str = "backup-code-enroll";

/// The registration of the enrolment of a key for time-based codes.
pub const TOTP_KIND: &dyn Authenticator = totp::KIND;
/// The registration of the enrolment of a passkey.
pub const PASSKEY_KIND: &dyn Authenticator = passkey::KIND;
/// The registration of the giving out of backup codes.
pub const BACKUP_CODES_KIND: &dyn Authenticator = backup_codes::KIND;

/// The user who may be enrolled.
fn candidate<'a>(cx: &Context<'a>) -> Option<&'a User> {
    cx.subject.user().filter(|_| cx.proven)
}

/// Nobody may be enrolled: no other factor was proved.
fn nobody() -> Begun {
    let text = "Something can be enrolled only after another factor has been proved.";
    Begun::nothing(Message { key: None, text: Cow::Borrowed(text), ..Message::failed(text, "") })
}

/// Tells the user of a new factor, so that an enrolment by somebody else does not stay unseen.
pub(crate) fn notice(cx: &Context<'_>, user: &User, factor: &str) -> Result<Vec<Letter>, Fault> {
    let locale = preferred_locale(cx, Some(user));
    let values = [("factor", factor.to_owned())].into();
    let letter = cx.sending.notice((cx.ports, cx.secrets), (user, locale), ("factor-added", values))?;
    Ok(letter.into_iter().collect())
}
