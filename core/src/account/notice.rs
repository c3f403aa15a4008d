//! What a user is told by mail when the account changes or is guessed at, so that a change by somebody else is noticed.

use std::collections::BTreeMap;

use crate::credential::{Credential, Kind};
use crate::delivery::{Letter, SendingRules};
use crate::error::Fault;
use crate::ports::Ports;
use crate::secrets::Secrets;
use crate::user::User;

/// What happened to the account.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Notice<'a> {
    /// Another way of signing in.
    Added(&'a Credential),
    /// One way less of signing in.
    Removed(&'a Credential),
    /// Another password.
    PasswordChanged,
    /// Wrong answers by somebody who may be somebody else.
    WrongAnswers,
}

impl Notice<'_> {
    /// The letter to the user; none where there is no address.
    pub(crate) fn letter(
        &self,
        (ports, secrets, sending): (&Ports, &Secrets, &SendingRules),
        user: &User,
    ) -> Result<Option<Letter>, Fault> {
        let (template, values) = match self {
            Self::Added(credential) => ("factor-added", factor(credential)),
            Self::Removed(credential) => ("factor-removed", factor(credential)),
            Self::PasswordChanged => ("password-changed", BTreeMap::new()),
            Self::WrongAnswers => ("wrong-answers", BTreeMap::new()),
        };
        sending.notice((ports, secrets), (user, user.profile.locale.clone()), (template, values))
    }
}

fn factor(credential: &Credential) -> BTreeMap<&'static str, String> {
    let kind = match credential.kind() {
        Kind::Totp => "authenticator app",
        Kind::BackupCodes => "backup codes",
        Kind::Passkey => "passkey",
        Kind::PushDevice => "device",
        Kind::Federated => "account elsewhere",
    };
    let label = &credential.label;
    let name = if label.is_empty() { kind.to_owned() } else { format!("{kind} ({label})") };
    BTreeMap::from([("factor", name)])
}
