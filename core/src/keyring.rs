//! Signing keys of the tenants: read once, kept parsed, made when first needed. An RSA key takes a large part of a
//! second, so it is made away from the start and whoever needs it first waits, for a bounded time.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use vestibule_jose::{Algorithm, Family, JwkSet, SigningKey};

use crate::error::{Code, Error, Fault};
use crate::ports::store::StoredKey;
use crate::ports::{Ports, Secret, TenantId};

/// Kinds of keys that a tenant publishes.
pub const FAMILIES: &[Family] = &[Family::P256, Family::Rsa, Family::Ed25519];

/// Algorithms that tokens may be signed with.
pub const ALGORITHMS: &[Algorithm] = &[Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];

/// How long a request waits for a key that is being made.
const PATIENCE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(20);

/// The tenants' signing keys.
pub struct Keyring {
    ports: Ports,
    state: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    keys: HashMap<(TenantId, Family), Arc<SigningKey>>,
    published: HashMap<TenantId, Arc<JwkSet>>,
    forging: HashSet<(TenantId, Family)>,
}

impl Keyring {
    /// An empty ring over the store.
    pub fn new(ports: Ports) -> Self {
        Self { ports, state: Mutex::default() }
    }

    /// The tenant's key for an algorithm.
    ///
    /// # Errors
    /// The store failed, or the key was not made in time (503).
    pub async fn signer(&self, tenant: &TenantId, alg: Algorithm) -> Result<Arc<SigningKey>, Error> {
        self.key(tenant, alg.family()).await
    }

    /// The tenant's public keys.
    ///
    /// # Errors
    /// The store failed, or a key was not made in time (503).
    pub async fn published(&self, tenant: &TenantId) -> Result<Arc<JwkSet>, Error> {
        if let Some(set) = self.held(|held| held.published.get(tenant).cloned()) {
            return Ok(set);
        }
        let mut keys = Vec::with_capacity(FAMILIES.len());
        for family in FAMILIES {
            keys.push(self.key(tenant, *family).await?.jwk().clone());
        }
        let set = Arc::new(JwkSet { keys });
        self.held(|held| held.published.insert(tenant.clone(), Arc::clone(&set)));
        Ok(set)
    }

    /// Whether the tenant's keys are at hand, which tells that there is such a tenant without asking the store.
    pub fn has(&self, tenant: &TenantId) -> bool {
        self.held(|held| held.published.contains_key(tenant))
    }

    /// Makes the tenant's keys ahead of need.
    ///
    /// # Errors
    /// As [`Self::published`].
    pub async fn prepare(&self, tenant: &TenantId) -> Result<(), Error> {
        self.published(tenant).await.map(drop)
    }

    async fn key(&self, tenant: &TenantId, family: Family) -> Result<Arc<SigningKey>, Error> {
        let name = (tenant.clone(), family);
        let start = self.ports.clock.now();
        loop {
            let (held, ours) = self.held(|held| match held.keys.get(&name) {
                Some(key) => (Some(Arc::clone(key)), false),
                None => (None, held.forging.insert(name.clone())),
            });
            if let Some(key) = held {
                return Ok(key);
            }
            if ours {
                let turn = Turn { ring: self, name: &name };
                let key = Arc::new(self.read_or_forge(tenant, family).await?);
                self.held(|held| held.keys.insert(name.clone(), Arc::clone(&key)));
                drop(turn);
                return Ok(key);
            }
            if self.ports.clock.now().since(start) >= PATIENCE {
                return Err(Error::new(Code::TemporarilyUnavailable)
                    .because("The signing key is still being made. Try again later.")
                    .retry_after(Duration::from_secs(2)));
            }
            self.ports.clock.pause(GLANCE).await;
        }
    }

    /// Keys are made for tenants that exist, else anybody could fill the store with keys of made-up ones.
    async fn read_or_forge(&self, tenant: &TenantId, family: Family) -> Result<SigningKey, Error> {
        if self.ports.store.tenant(tenant).await?.is_none() {
            return Err(Code::NotFound.into());
        }
        let stored = self.ports.store.keys(tenant).await?;
        if let Some(key) = stored.iter().rev().find(|key| key.family == family) {
            return Ok(parse(key)?);
        }
        let fresh = self.ports.foundry.forge(family).await?;
        let pkcs8 = fresh.to_pkcs8().map_err(|error| Fault::from("writing a signing key", error))?;
        let fresh = StoredKey {
            tenant: tenant.clone(),
            kid: fresh.kid().to_owned(),
            family,
            pkcs8: Secret::new(pkcs8.to_vec()),
            created: self.ports.clock.now(),
        };
        Ok(parse(&self.ports.store.first_key(&fresh).await?)?)
    }

    fn held<T>(&self, look: impl FnOnce(&mut Held) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whoever makes a key gives the turn back, also when the request is dropped halfway.
struct Turn<'a> {
    ring: &'a Keyring,
    name: &'a (TenantId, Family),
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.ring.held(|held| held.forging.remove(self.name));
    }
}

fn parse(key: &StoredKey) -> Result<SigningKey, Fault> {
    SigningKey::from_pkcs8(key.family, key.pkcs8.expose())
        .map_err(|error| Fault::from("reading a stored signing key", error))
}
