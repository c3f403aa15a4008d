//! Rotation: a new key is published before it signs, the old one verifies until nothing that it signed can be good. Nodes that
//! rotate at once agree through the store, where one of them adds the key after the newest.

use std::time::Duration;

use vestibule_jose::Family;

use super::life::{Life, Stage, alive, newest};
use super::{FAMILIES, Keyring};
use crate::audit::What;
use crate::error::{Code, Error, Fault};
use crate::ports::store::StoredKey;
use crate::ports::{TenantId, Timestamp};
use crate::wrapping;

/// Most keys of a family, so that what is published stays short.
const MOST: usize = 8;

/// Rounds of a rotation that others overtake.
const ROUNDS: usize = 3;

/// A rotation by command.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// Kind of keys to rotate; all of them when absent.
    pub family: Option<Family>,
    /// Sign with the new keys at once, although verifiers may not know them yet.
    pub at_once: bool,
}

impl Keyring {
    /// The tenant's keys with their lives, oldest first, without those that are over.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list(&self, tenant: &TenantId) -> Result<Vec<(StoredKey, Life)>, Fault> {
        let now = self.ports.clock.now();
        let all = self.ports.store.keys(tenant).await?;
        Ok(alive(&all, now).into_iter().map(|(key, life)| (key.clone(), life)).collect())
    }

    /// Gives the tenant new keys. A family of which a key waits to sign already gets no other, unless it is to sign at once.
    ///
    /// # Errors
    /// A family has too many keys already (409), or the store, the vault or the foundry failed.
    pub async fn rotate(&self, tenant: &TenantId, rotation: Rotation) -> Result<(), Error> {
        for family in FAMILIES.iter().copied().filter(|family| rotation.family.is_none_or(|only| only == *family)) {
            self.rotate_family(tenant, (family, MOST), rotation.at_once).await?;
        }
        self.read(tenant).await?;
        Ok(())
    }

    /// At most `most` keys of the family are there afterwards.
    async fn rotate_family(
        &self,
        tenant: &TenantId,
        (family, most): (Family, usize),
        at_once: bool,
    ) -> Result<(), Error> {
        let mut seen: Option<Option<String>> = None;
        for _ in 0..ROUNDS {
            let (now, all) = (self.ports.clock.now(), self.ports.store.keys(tenant).await?);
            let of_family = || all.iter().filter(|key| key.family == family);
            let newest = newest(&all, family);
            let kid = newest.map(|newest| newest.kid.clone());
            let is_done = match at_once {
                // Somebody else was quicker.
                true => {
                    seen.as_ref().is_some_and(|seen| *seen != kid) && newest.is_some_and(|key| key.active_from <= now)
                }
                false => of_family().any(|key| key.active_from > now),
            };
            if is_done {
                return Ok(());
            }
            if of_family().count() >= most {
                return Err(Error::new(Code::Conflict)
                    .because(format!("There are {most} keys of this kind. Revoke retired ones first.")));
            }
            let wait = if at_once || newest.is_none() { Duration::ZERO } else { self.rules.publish_ahead };
            if self.forge(tenant, family, (newest, now + wait)).await? {
                return Ok(());
            }
            seen.get_or_insert(kid);
        }
        Err(Error::new(Code::Conflict).because("Others rotate these keys right now. List them, and repeat if need be."))
    }

    /// Takes a key back: it is no longer published and what it signed fails, here at once and at other nodes after the refresh
    /// interval. If it is the one that signs, another one does so at once. Answers whether there was such a key.
    ///
    /// # Errors
    /// As [`Self::rotate`].
    pub async fn revoke(&self, tenant: &TenantId, kid: &str) -> Result<bool, Error> {
        let all = self.ports.store.keys(tenant).await?;
        let Some(key) = all.iter().find(|key| key.kid == kid) else { return Ok(false) };
        if Life::of(key, &all).stage(self.ports.clock.now()) == Stage::Signing {
            // The number of keys does not grow in the end, so the limit must not keep a stolen key alive.
            self.rotate_family(tenant, (key.family, usize::MAX), true).await?;
        }
        let was_there = self.ports.store.remove_key(tenant, kid).await?;
        self.read(tenant).await?;
        Ok(was_there)
    }

    /// What is due by the calendar: keys that are old enough get a successor, keys that are over are removed. Nodes may do so
    /// at once.
    ///
    /// # Errors
    /// The store, the vault or the foundry failed.
    pub async fn tend(&self, tenant: &TenantId) -> Result<(), Fault> {
        let (now, all) = (self.ports.clock.now(), self.ports.store.keys(tenant).await?);
        for key in all.iter().filter(|key| Life::of(key, &all).stage(now) == Stage::Over) {
            if self.ports.store.remove_key(tenant, &key.kid).await? {
                self.ports.record(self.ports.event(What::KeyRetired, tenant).with("kid", &key.kid)).await?;
            }
        }
        for family in FAMILIES {
            let Some(newest) = newest(&all, *family).filter(|_| !self.rules.rotate_after.is_zero()) else { continue };
            let last = all.iter().filter(|key| key.family == *family).map(|key| key.active_from).max();
            let due = last.unwrap_or(newest.active_from) + self.rules.rotate_after;
            let earliest = now + self.rules.publish_ahead;
            if due <= earliest {
                self.forge(tenant, *family, (Some(newest), earliest)).await?;
            }
        }
        Ok(())
    }

    /// Makes a key that follows the newest one and signs from a moment on. Answers whether it was the first to follow.
    pub(super) async fn forge(
        &self,
        tenant: &TenantId,
        family: Family,
        (newest, active_from): (Option<&StoredKey>, Timestamp),
    ) -> Result<bool, Fault> {
        let fresh = self.ports.foundry.forge(family).await?;
        let pkcs8 = fresh.to_pkcs8().map_err(|error| Fault::from("writing a signing key", error))?;
        let private = wrapping::wrap_key(&self.ports, (tenant, fresh.kid()), &pkcs8).await?;
        let now = self.ports.clock.now();
        // Later than the newest, also where the clock of the node that made that one is ahead of ours.
        let created = newest.map_or(now, |newest| now.max(newest.created + Duration::from_micros(1)));
        let (tenant, kid) = (tenant.clone(), fresh.kid().to_owned());
        let key = StoredKey { tenant, kid, family, private, created, active_from };
        let is_kept = self.ports.store.add_key(&key, newest.map(|newest| newest.kid.as_str())).await?;
        if is_kept {
            let event = self.ports.event(What::KeyCreated, &key.tenant).with("kid", &key.kid);
            self.ports.record(event.with("signs_from", active_from)).await?;
        }
        Ok(is_kept)
    }
}
