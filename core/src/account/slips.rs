//! What is remembered between two requests of a user: notes in the store that are short-lived and answered once.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Accounts, Owner};
use crate::admin::moved;
use crate::error::{Error, Fault};
use crate::ports::store::Slip;

/// A note with the version at which it was read.
pub(super) struct Note<T> {
    pub says: T,
    slip: Slip,
}

impl Accounts {
    /// The note of that key, if it is not over.
    pub(super) async fn note<T: DeserializeOwned>(&self, key: &str) -> Result<Option<Note<T>>, Fault> {
        let now = self.ports.clock.now();
        let slip = self.ports.store.slip(key).await?.filter(|slip| now < slip.expires);
        let read = |slip: Slip| match serde_json::from_slice(&slip.body) {
            Ok(says) => Ok(Note { says, slip }),
            Err(error) => Err(Fault::from("reading a slip", error)),
        };
        slip.map(read).transpose()
    }

    /// Leaves a note in the place of an older one.
    pub(super) async fn write_note(
        &self,
        owner: Owner<'_>,
        key: &str,
        says: &(impl Serialize + Sync),
        lifetime: Duration,
    ) -> Result<(), Error> {
        let seen = self.ports.store.slip(key).await?.map_or(0, |slip| slip.version);
        let expires = self.ports.clock.now() + lifetime;
        let (key, tenant, body) = (key.to_owned(), owner.user.tenant.clone(), written(says)?);
        let slip = Slip { key, tenant, version: seen.saturating_add(1), body, expires };
        if self.ports.store.leave(&slip, seen).await? { Ok(()) } else { Err(moved()) }
    }

    /// Changes a note, unless somebody else did meanwhile.
    pub(super) async fn rewrite_note<T: Serialize + Sync>(&self, note: &Note<T>) -> Result<(), Error> {
        let seen = note.slip.version;
        let slip = Slip { version: seen.saturating_add(1), body: written(&note.says)?, ..note.slip.clone() };
        if self.ports.store.leave(&slip, seen).await? { Ok(()) } else { Err(moved()) }
    }

    /// Takes a note away; of many who do so one succeeds.
    pub(super) async fn take_note(&self, key: &str) -> Result<bool, Fault> {
        Ok(self.ports.store.take(key).await?.is_some())
    }
}

fn written(says: &impl Serialize) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(says).map_err(|error| Fault::from("writing a slip", error))
}
