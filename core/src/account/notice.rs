//! What a user is told by mail when the account changes, so that a change by somebody else is noticed.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::credential::{Credential, Kind};
use crate::delivery::{Channel, Dispatch, Letter, SendingRules};
use crate::error::Fault;
use crate::ports::Ports;
use crate::secrets::Secrets;
use crate::user::User;

/// How long a notice is of use.
const LIFETIME: Duration = Duration::from_secs(60 * 60 * 24);

/// A change of the account.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Notice<'a> {
    /// Another way of signing in.
    Added(&'a Credential),
    /// One way less of signing in.
    Removed(&'a Credential),
    /// Another password.
    PasswordChanged,
}

impl Notice<'_> {
    /// The letter to the user; none where there is no address.
    pub(crate) fn letter(
        &self,
        (ports, secrets, sending): (&Ports, &Secrets, &SendingRules),
        user: &User,
    ) -> Result<Option<Letter>, Fault> {
        let Some(email) = user.profile.email() else { return Ok(None) };
        let (template, values) = match self {
            Self::Added(credential) => ("factor-added", factor(credential)),
            Self::Removed(credential) => ("factor-removed", factor(credential)),
            Self::PasswordChanged => ("password-changed", BTreeMap::new()),
        };
        let dispatch = Dispatch {
            channel: Channel::Email,
            to: email.value.clone(),
            template: template.to_owned(),
            locale: user.profile.locale.clone(),
            values,
        };
        sending
            .letter((ports, secrets), (&user.tenant, Some(&user.id)), &dispatch, LIFETIME)
            .map(|letter| Some(letter.free()))
    }
}

fn factor(credential: &Credential) -> BTreeMap<String, String> {
    let kind = match credential.kind() {
        Kind::Totp => "authenticator app",
        Kind::BackupCodes => "backup codes",
        Kind::Passkey => "passkey",
        Kind::PushDevice => "device",
        Kind::Federated => "account elsewhere",
    };
    let label = &credential.label;
    let name = if label.is_empty() { kind.to_owned() } else { format!("{kind} ({label})") };
    BTreeMap::from([("factor".to_owned(), name)])
}
