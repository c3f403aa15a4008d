//! What the edits of an answer amount to, so that no answer can change what users hold without a record of it.

use super::{Event, What};
use crate::credential::Held;
use crate::ports::store::Edit;

/// The events of an answer's edits. Uses are none, but that of the last backup code; a password hashed anew is the same one.
/// `event` makes one as the place where they are made tells it.
pub(crate) fn of_edits(event: impl Fn(What) -> Event, edits: &[Edit]) -> Vec<Event> {
    edits.iter().filter_map(|edit| of_edit(&event, edit)).collect()
}

fn of_edit(event: impl Fn(What) -> Event, edit: &Edit) -> Option<Event> {
    match edit {
        Edit::Rehash { .. } => None,
        Edit::Save { user, expel, .. } => {
            // Of what answers change, only a new password ends sessions.
            let what = if *expel { What::PasswordChanged } else { What::UserChanged };
            Some(event(what).user(user.id))
        }
        Edit::Provision(user) => Some(event(What::AccountProvisioned).user(user.id)),
        Edit::Enrol(credential) => {
            let what =
                if matches!(credential.held, Held::Federated(_)) { What::AccountLinked } else { What::FactorEnrolled };
            Some(event(what).factor(credential))
        }
        Edit::Use { credential, .. } => match &credential.held {
            Held::BackupCodes(codes) if codes.digests.is_empty() => Some(event(What::FactorUsedUp).factor(credential)),
            _ => None,
        },
    }
}
