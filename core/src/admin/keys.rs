//! Signing keys and the server's secrets, as operators see and rotate them. No private half ever leaves.

use super::{Administration, Operator, Permission};
use crate::audit::What;
use crate::error::{Code, Error};
use crate::keyring::{Life, Rotation, Stage};
use crate::ports::Timestamp;
use crate::ports::store::StoredKey;
use crate::wrapping;

/// A signing key without its private half.
#[derive(Debug)]
pub struct ShownKey {
    /// What is kept of it; its private half is wrapped.
    pub key: StoredKey,
    /// Where it is in its life now.
    pub stage: Stage,
    /// When it will be removed, if that is known.
    pub ends: Option<Timestamp>,
}

impl Administration {
    /// The tenant's signing keys, oldest first.
    ///
    /// # Errors
    /// The caller may not, or the store failed.
    pub async fn keys(&self, by: &Operator) -> Result<Vec<ShownKey>, Error> {
        by.demand(Permission::ViewKeys)?;
        self.shown_keys(by).await
    }

    /// Gives the tenant new signing keys. Answers all that there are then.
    ///
    /// # Errors
    /// The caller may not, there are too many already (409), or the store, the vault or the foundry failed.
    pub async fn rotate_keys(&self, by: &Operator, rotation: Rotation) -> Result<Vec<ShownKey>, Error> {
        by.demand(Permission::RotateKeys)?;
        let event = self.told(by, What::KeyRotated).with("at_once", rotation.at_once);
        self.keyring.rotate(by.tenant(), rotation).await?;
        self.ports.record(event).await?;
        self.shown_keys(by).await
    }

    /// Takes a signing key back: tokens that it signed fail.
    ///
    /// # Errors
    /// The caller may not, there is no such key (404), or the store, the vault or the foundry failed.
    pub async fn revoke_key(&self, by: &Operator, kid: &str) -> Result<(), Error> {
        by.demand(Permission::RevokeKeys)?;
        if !self.keyring.revoke(by.tenant(), kid).await? {
            return Err(Error::new(Code::NotFound).because("The tenant has no key of that kid."));
        }
        self.ports.record(self.told(by, What::KeyRevoked).with("kid", kid)).await?;
        Ok(())
    }

    /// Adds a server secret. Answers from when on new things are made with it.
    ///
    /// # Errors
    /// The caller may not, there are too many already (409), or the store or the vault failed.
    pub async fn rotate_secret(&self, by: &Operator) -> Result<Timestamp, Error> {
        by.demand(Permission::KeepSecrets)?;
        let turn = self.secrets.rotate(&self.ports, self.keyring.rules().refresh).await?;
        self.ports.record(self.told(by, What::SecretCreated).with("made_with_from", turn)).await?;
        Ok(turn)
    }

    /// Wraps everything under the first master key. Answers how much was not.
    ///
    /// # Errors
    /// The caller may not, or the store or the vault failed.
    pub async fn rewrap(&self, by: &Operator) -> Result<usize, Error> {
        by.demand(Permission::KeepSecrets)?;
        let count = wrapping::rewrap(&self.ports).await?;
        self.ports.record(self.told(by, What::SecretsRewrapped).with("count", count)).await?;
        Ok(count)
    }

    async fn shown_keys(&self, by: &Operator) -> Result<Vec<ShownKey>, Error> {
        let now = self.ports.clock.now();
        let shown = |(key, life): (StoredKey, Life)| ShownKey { key, stage: life.stage(now), ends: life.ends() };
        Ok(self.keyring.list(by.tenant()).await?.into_iter().map(shown).collect())
    }
}
