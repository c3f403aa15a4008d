//! Backup codes: how many are left, a new sheet, none at all.

use super::{Accounts, Effects, Notice, Owner, absent};
use crate::audit::What;
use crate::credential::{BackupCodes, Held, Kind, backup};
use crate::error::Error;
use crate::ports::Secret;

impl Accounts {
    /// How many backup codes are left.
    ///
    /// # Errors
    /// The store failed.
    pub async fn backup_codes(&self, owner: Owner<'_>) -> Result<usize, Error> {
        Ok(match self.ports.single(owner.user, Kind::BackupCodes).await?.map(|credential| credential.held) {
            Some(Held::BackupCodes(codes)) => codes.digests.len(),
            _ => 0,
        })
    }

    /// A new sheet of backup codes, shown this once; codes of an older one are void.
    ///
    /// # Errors
    /// The login is too old (401), or somebody else did the same at the same time (409).
    pub async fn renew_backup_codes(&self, owner: Owner<'_>) -> Result<Vec<Secret<String>>, Error> {
        owner.demand_trust(&self.ports).await?;
        let sheet = backup::sheet(&self.ports);
        let held = Held::BackupCodes(BackupCodes::of(&sheet, &owner.user.id, &self.secrets));
        let before = self.ports.single(owner.user, Kind::BackupCodes).await?;
        let (edit, credential) = self.renewed(owner, before, held);
        let letters = self.letters(owner, Notice::Added(&credential))?;
        let events = vec![owner.told(&self.ports, What::FactorEnrolled).factor(&credential)];
        self.settle(owner, Effects { edits: vec![edit], letters, events, ..Effects::default() }).await?;
        Ok(sheet)
    }

    /// Voids all backup codes.
    ///
    /// # Errors
    /// There are none (404), or the login is too old (401).
    pub async fn remove_backup_codes(&self, owner: Owner<'_>) -> Result<(), Error> {
        owner.demand_trust(&self.ports).await?;
        let credential = self.ports.single(owner.user, Kind::BackupCodes).await?;
        self.remove(owner, &credential.ok_or_else(|| absent("There are no backup codes."))?).await
    }
}
