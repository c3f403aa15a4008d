//! Signing keys of the tenants: read at most once per refresh interval, kept parsed, made when first needed. An RSA key takes a
//! large part of a second, so it is made away from the start and whoever needs it first waits, for a bounded time. Law: signing
//! waits for nobody while a tenant's keys are at hand; what other nodes did to them is seen after the refresh interval.

mod life;
mod ring;
mod rotation;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use vestibule_jose::{Algorithm, Family, SigningKey, Verified, VerifyError, verify};

pub use self::life::{KeyRules, Life, RETENTION, Stage};
pub use self::ring::Published;
use self::ring::Ring;
pub use self::rotation::Rotation;
use crate::error::{Code, Error, Fault};
use crate::ports::store::StoredKey;
use crate::ports::{Ports, TenantId, Timestamp};
use crate::wrapping;

/// Kinds of keys that a tenant publishes.
pub const FAMILIES: &[Family] = &[Family::P256, Family::Rsa, Family::Ed25519];

/// Algorithms that tokens may be signed with.
pub const ALGORITHMS: &[Algorithm] = &[Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];

/// How long a request waits for a key that is being made.
const PATIENCE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(20);

/// How often a token of an unknown key makes us look for it.
const CURIOSITY: Duration = Duration::from_secs(1);

/// The tenants' signing keys.
pub struct Keyring {
    ports: Ports,
    rules: KeyRules,
    state: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    rings: HashMap<TenantId, View>,
    forging: HashSet<(TenantId, Family)>,
    /// How often anything was read.
    reads: u64,
}

/// A tenant's keys as this node sees them.
struct View {
    ring: Arc<Ring>,
    /// The number of the reading, which tells an older one from a newer one whatever clocks do.
    read: u64,
    /// When somebody last began to read them.
    looked: Timestamp,
}

impl Keyring {
    /// An empty ring over the store.
    pub fn new(ports: Ports, rules: KeyRules) -> Self {
        Self { ports, rules, state: Mutex::default() }
    }

    /// What the operator decided.
    pub fn rules(&self) -> &KeyRules {
        &self.rules
    }

    /// The tenant's key for an algorithm.
    ///
    /// # Errors
    /// The store or the vault failed, or the key was not made in time (503).
    pub async fn signer(&self, tenant: &TenantId, alg: Algorithm) -> Result<Arc<SigningKey>, Error> {
        self.key(tenant, alg.family()).await
    }

    /// The tenant's public keys.
    ///
    /// # Errors
    /// The store or the vault failed, or a key was not made in time (503).
    pub async fn published(&self, tenant: &TenantId) -> Result<Arc<Published>, Error> {
        let ring = self.view(tenant).await?;
        if ring.is_complete() {
            return Ok(Arc::clone(&ring.published));
        }
        for family in FAMILIES {
            self.key(tenant, *family).await?;
        }
        Ok(Arc::clone(&self.view(tenant).await?.published))
    }

    /// Checks a token's signature. One of a key that this node has not seen yet makes it look, once in a while.
    ///
    /// # Errors
    /// As [`Self::published`].
    pub async fn verify(
        &self,
        tenant: &TenantId,
        token: &str,
        typ: &str,
    ) -> Result<Result<Verified, VerifyError>, Error> {
        let known = verify(token, &self.published(tenant).await?.set, ALGORITHMS, Some(typ));
        if known != Err(VerifyError::UnknownKey) {
            return Ok(known);
        }
        let ring = self.seen_within(tenant, CURIOSITY).await?;
        Ok(verify(token, &ring.published.set, ALGORITHMS, Some(typ)))
    }

    /// Whether the tenant's keys are at hand, which tells that there is such a tenant without asking the store.
    pub fn has(&self, tenant: &TenantId) -> bool {
        self.held(|held| held.rings.get(tenant).is_some_and(|view| view.ring.is_complete()))
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
            let now = self.ports.clock.now();
            if let Some(key) = self.view(tenant).await?.signer(family, now) {
                return Ok(key);
            }
            if self.held(|held| held.forging.insert(name.clone())) {
                let turn = Turn { ring: self, name: &name };
                let ring = self.first(tenant, family).await?;
                drop(turn);
                let key = ring.signer(family, now);
                return key.ok_or_else(|| Fault::new("a signing key that was just made is not there").into());
            }
            if now.since(start) >= PATIENCE {
                return Err(Error::new(Code::TemporarilyUnavailable)
                    .because("The signing key is still being made. Try again later.")
                    .retry_after(Duration::from_secs(2)));
            }
            self.ports.clock.pause(GLANCE).await;
        }
    }

    /// Keys are made for tenants that exist, else anybody could fill the store with keys of made-up ones.
    async fn first(&self, tenant: &TenantId, family: Family) -> Result<Arc<Ring>, Error> {
        if self.ports.store.tenant(tenant).await?.is_none() {
            return Err(Code::NotFound.into());
        }
        let stored = self.ports.store.keys(tenant).await?;
        if life::newest(&stored, family).is_none() {
            // Whoever comes second finds the first one's.
            self.forge(tenant, family, (None, self.ports.clock.now())).await?;
        }
        Ok(self.read(tenant).await?)
    }

    /// The tenant's keys, not older than the refresh interval while the store answers.
    async fn view(&self, tenant: &TenantId) -> Result<Arc<Ring>, Fault> {
        self.seen_within(tenant, self.rules.refresh).await
    }

    /// The tenant's keys. Of those who find them too old one reads; the others go on with what is there, and so does everybody
    /// while the store is down.
    async fn seen_within(&self, tenant: &TenantId, age: Duration) -> Result<Arc<Ring>, Fault> {
        let now = self.ports.clock.now();
        let (held, is_due) = self.held(|held| match held.rings.get_mut(tenant) {
            Some(view) => {
                // A clock that went back must not keep old keys alive.
                let is_due = now < view.looked || now.since(view.looked) >= age;
                if is_due {
                    view.looked = now;
                }
                (Some(Arc::clone(&view.ring)), is_due)
            }
            None => (None, true),
        });
        match held {
            Some(ring) if !is_due => Ok(ring),
            Some(ring) => Ok(self.read(tenant).await.unwrap_or_else(|fault| {
                tracing::error!(cause = %fault.chain(), %tenant, "signing keys could not be read again");
                ring
            })),
            None => self.read(tenant).await,
        }
    }

    /// Reads the tenant's keys now. Those that are known are not opened again.
    async fn read(&self, tenant: &TenantId) -> Result<Arc<Ring>, Fault> {
        let (now, number) = (self.ports.clock.now(), self.held(Held::next));
        let stored = self.ports.store.keys(tenant).await?;
        let known = self.held(|held| held.rings.get(tenant).map(|view| Arc::clone(&view.ring)));
        let mut keys = Vec::with_capacity(stored.len());
        for (kept, life) in life::alive(&stored, now) {
            let key = match known.as_ref().and_then(|ring| ring.named(&kept.kid)) {
                Some(key) => key,
                None => Arc::new(self.parse(kept).await?),
            };
            keys.push(ring::Held { key, life, created: kept.created });
        }
        let ring = Arc::new(Ring::of(keys, now)?);
        // Of a tenant without keys, which may be made up, nothing is kept.
        if !stored.is_empty() {
            let view = View { ring: Arc::clone(&ring), read: number, looked: now };
            self.held(|held| held.keep(tenant, view));
        }
        Ok(ring)
    }

    async fn parse(&self, key: &StoredKey) -> Result<SigningKey, Fault> {
        let private = wrapping::open_key(&self.ports, key).await?;
        SigningKey::from_pkcs8(key.family, private.expose())
            .map_err(|error| Fault::from("reading a stored signing key", error))
    }

    fn held<T>(&self, look: impl FnOnce(&mut Held) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Held {
    /// The number of a reading that begins.
    fn next(&mut self) -> u64 {
        self.reads += 1;
        self.reads
    }

    /// Keeps what was read, unless somebody began later and was quicker.
    fn keep(&mut self, tenant: &TenantId, view: View) {
        if self.rings.get(tenant).is_none_or(|kept| kept.read < view.read) {
            self.rings.insert(tenant.clone(), view);
        }
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
