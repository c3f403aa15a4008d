//! A tenant's keys as a node read them: parsed, with what is published of them written out. It is never changed, only replaced.

use std::sync::Arc;

use vestibule_jose::{Family, JwkSet, SigningKey, base64url, sha256};

use super::FAMILIES;
use super::life::{Life, Stage};
use crate::error::Fault;
use crate::ports::Timestamp;

/// What verifiers get.
#[derive(Debug)]
pub struct Published {
    /// The public keys: those that sign first.
    pub set: JwkSet,
    /// The same as JSON (RFC 7517 §5).
    pub json: String,
    /// Strong entity tag of the JSON, in its quotes (RFC 9110 §8.8.3).
    pub tag: String,
}

/// The keys of a tenant at a moment.
pub(super) struct Ring {
    keys: Vec<Held>,
    /// What is published of them.
    pub published: Arc<Published>,
}

/// A parsed key.
pub(super) struct Held {
    pub key: Arc<SigningKey>,
    pub life: Life,
    pub created: Timestamp,
}

impl Ring {
    /// The keys that were read, oldest first.
    pub fn of(keys: Vec<Held>, read: Timestamp) -> Result<Self, Fault> {
        let published = Arc::new(publish(&keys, read)?);
        Ok(Self { keys, published })
    }

    /// The key that signs now: the newest whose time has come. Where none has begun, as when the clock of the node that made
    /// the first one is ahead of ours, the first to begin.
    pub fn signer(&self, family: Family, now: Timestamp) -> Option<Arc<SigningKey>> {
        let of_family = || self.keys.iter().filter(|held| held.key.family() == family);
        let order = |held: &&Held| (held.life.active_from, held.created);
        let begun = of_family().filter(|held| held.life.active_from <= now).max_by_key(order);
        begun.or_else(|| of_family().min_by_key(order)).map(|held| Arc::clone(&held.key))
    }

    /// The parsed key of that name.
    pub fn named(&self, kid: &str) -> Option<Arc<SigningKey>> {
        self.keys.iter().find(|held| held.key.kid() == kid).map(|held| Arc::clone(&held.key))
    }

    /// Whether there is a key of every family.
    pub fn is_complete(&self) -> bool {
        FAMILIES.iter().all(|family| self.keys.iter().any(|held| held.key.family() == *family))
    }
}

/// Those that sign come first, since careless verifiers take the first key that fits.
fn publish(keys: &[Held], now: Timestamp) -> Result<Published, Fault> {
    let (signing, others): (Vec<_>, Vec<_>) = keys.iter().partition(|held| held.life.stage(now) == Stage::Signing);
    let set = JwkSet { keys: signing.into_iter().chain(others).map(|held| held.key.jwk().clone()).collect() };
    let json = serde_json::to_string(&set).map_err(|error| Fault::from("writing the published keys", error))?;
    let tag = format!("\"{}\"", base64url(&sha256(json.as_bytes())));
    Ok(Published { set, json, tag })
}
