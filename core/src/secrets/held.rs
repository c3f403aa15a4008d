//! The secrets as a node holds them: read from the store, read again every now and then, rotated. A new one is kept well
//! before anything is made with it, so that every node can read what any other makes.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use vestibule_jose::{MacKey, SealKey, derive};

use super::Secrets;
use crate::error::{Code, Error, Fault};
use crate::ports::store::StoredSecret;
use crate::ports::{Ports, Secret, Timestamp};
use crate::wrapping;

/// Most secrets: each keyed hash that is checked may be any one's.
const MOST: usize = 32;

/// How many times a node may miss its turn to read before it meets what it cannot read.
const TURNS: u32 = 3;

/// Secrets with what is derived from them, oldest first.
pub(super) struct Held {
    all: Vec<Arc<Derived>>,
    /// The one that new things are made with.
    newest: Arc<Derived>,
}

/// What is derived from a secret.
pub(super) struct Derived {
    id: [u8; 4],
    pub seal: SealKey,
    pub names: MacKey,
}

impl Secrets {
    /// Reads the server's secrets, making the first one if there is none.
    ///
    /// # Errors
    /// The store or the vault failed.
    pub async fn load(ports: &Ports) -> Result<Self, Fault> {
        if ports.store.secrets().await?.is_empty() {
            // Whoever comes second finds the first one's.
            add(ports, None, ports.clock.now()).await?;
        }
        let held = Held::read(ports, None).await?;
        Ok(Self { held: RwLock::new(Arc::new(held)) })
    }

    /// Reads them again: to be done once per refresh interval at every node.
    ///
    /// # Errors
    /// The store or the vault failed; what was known stays.
    pub async fn reload(&self, ports: &Ports) -> Result<(), Fault> {
        let held = Held::read(ports, Some(&self.held())).await?;
        self.replace(held);
        Ok(())
    }

    /// Adds a secret that becomes the newest once all nodes, which read every `refresh`, have had time to know it. While one
    /// waits for its turn, no other is made. Answers when the newest's turn is.
    ///
    /// # Errors
    /// There are too many (409), or the store or the vault failed.
    pub async fn rotate(&self, ports: &Ports, refresh: Duration) -> Result<Timestamp, Error> {
        let (now, all) = (ports.clock.now(), ports.store.secrets().await?);
        if let Some(waits) = all.iter().find(|secret| secret.active_from > now) {
            return Ok(waits.active_from);
        }
        if all.len() >= MOST {
            return Err(Error::new(Code::Conflict).because(format!("There are {MOST} server secrets already.")));
        }
        // Whoever is overtaken has the other's.
        let turn = now + refresh * TURNS;
        add(ports, all.last(), turn).await?;
        self.reload(ports).await?;
        let newest = ports.store.secrets().await?.into_iter().next_back();
        Ok(newest.map_or(turn, |newest| newest.active_from))
    }
}

impl Held {
    pub(super) fn only(only: Derived) -> Self {
        let only = Arc::new(only);
        Self { all: vec![Arc::clone(&only)], newest: only }
    }

    /// What the store keeps; secrets that are known are not opened again.
    async fn read(ports: &Ports, known: Option<&Self>) -> Result<Self, Fault> {
        let now = ports.clock.now();
        let (mut all, mut newest) = (Vec::new(), None);
        for stored in ports.store.secrets().await? {
            let derived = match known.and_then(|known| known.all.iter().find(|derived| derived.id == stored.id)) {
                Some(derived) => Arc::clone(derived),
                None => Arc::new(Derived::of(stored.id, wrapping::open_secret(ports, &stored).await?.expose())?),
            };
            // The first one counts at once, also where its maker's clock is ahead of ours.
            if stored.active_from <= now || newest.is_none() {
                newest = Some(Arc::clone(&derived));
            }
            all.push(derived);
        }
        let newest = newest.ok_or(Fault::new("the store kept no server secret"))?;
        Ok(Self { all, newest })
    }

    pub(super) fn newest(&self) -> &Derived {
        &self.newest
    }

    pub(super) fn oldest(&self) -> &Derived {
        self.all.first().unwrap_or(&self.newest)
    }

    pub(super) fn named(&self, id: [u8; 4]) -> Option<&Derived> {
        self.all().find(|derived| derived.id == id)
    }

    /// All of them, newest first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Derived> {
        self.all.iter().rev().map(|derived| &**derived)
    }
}

impl Derived {
    pub(super) fn of(id: [u8; 4], secret: &[u8; 32]) -> Result<Self, Fault> {
        let broken = |error| Fault::from("deriving keys from the server's secret", error);
        let seal = SealKey::new(id, &*derive(secret, "flow seal").map_err(broken)?).map_err(broken)?;
        let names = MacKey::new(&*derive(secret, "names").map_err(broken)?);
        Ok(Self { id, seal, names })
    }
}

/// Adds a random secret after the newest one. Answers whether it was the first to follow.
async fn add(ports: &Ports, newest: Option<&StoredSecret>, active_from: Timestamp) -> Result<bool, Fault> {
    let (id, secret) = (ports.random(), Secret::new(ports.random::<32>()));
    let secret = wrapping::wrap_secret(ports, id, secret.expose()).await?;
    let now = ports.clock.now();
    let created = newest.map_or(now, |newest| now.max(newest.created + Duration::from_micros(1)));
    let fresh = StoredSecret { id, secret, created, active_from };
    ports.store.add_secret(&fresh, newest.map(|newest| newest.id)).await
}
