//! The ground floor: time, chance, ids, secrets, password hashing and the store, as the rest of the workspace sees
//! them. Everything stands on these traits and they stand on nothing; the server hands in the real ones, stories hand
//! in fixed ones.

pub mod attest;
mod calls;
mod id;
pub mod passkeys;
mod password;
mod secret;
pub mod store;
mod time;
mod vault;
pub mod web;

use std::sync::Arc;

use async_trait::async_trait;
use vestibule_jose::{Family, SigningKey};

pub use attest::Attestors;
pub use calls::Calls;
pub use id::{
    AppId, BadTenantId, ConnectionId, CredentialId, FlowNumber, GrantId, HookId, LetterId, SessionId, TenantId, UserId,
};
pub use passkeys::Passkeys;
pub use password::{BadHash, PasswordHash, Passwords, Verdict};
pub use secret::Secret;
pub use store::Store;
pub use time::{Clock, Timestamp};
pub use vault::{Vault, Wrapped};
pub use web::Web;

use self::store::{Settled, Settlement};
use crate::audit::{Event, What};
use crate::credential::{Credential, Kind};
use crate::delivery::Letter;
use crate::error::Fault;
use crate::user::User;

/// A source of random bytes fit for secrets.
pub trait Entropy: Send + Sync {
    /// Overwrites `bytes` with random ones.
    fn fill(&self, bytes: &mut [u8]);
}

/// Makes signing keys away from the threads that serve requests: an RSA key takes a large part of a second.
#[async_trait]
pub trait Foundry: Send + Sync {
    /// A new key of the family.
    ///
    /// # Errors
    /// The machine could not make one.
    async fn forge(&self, family: Family) -> Result<SigningKey, Fault>;
}

/// Tells the courier that there are letters in the outbox; without it they wait for the courier's next round.
pub trait Bell: Send + Sync {
    /// There are letters.
    fn ring(&self);
}

/// Everything that the rules ask of the world.
#[derive(Clone)]
pub struct Ports {
    /// Where things are kept.
    pub store: Arc<dyn Store>,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// Password hashing in its bounded pool.
    pub passwords: Arc<dyn Passwords>,
    /// New signing keys.
    pub foundry: Arc<dyn Foundry>,
    /// The master key over what the store keeps.
    pub vault: Arc<dyn Vault>,
    /// Checks of passkeys.
    pub passkeys: Arc<dyn Passkeys>,
    /// Checks of what phones say about apps.
    pub attestors: Arc<dyn Attestors>,
    /// Calls to other servers.
    pub web: Arc<dyn Web>,
    /// The courier's bell.
    pub bell: Arc<dyn Bell>,
    /// Which call is being answered.
    pub calls: Arc<dyn Calls>,
}

impl Ports {
    /// Puts a letter into the outbox, as far as its budgets allow, and tells the courier. Answers whether it did.
    ///
    /// # Errors
    /// The store failed.
    pub async fn post(&self, letter: &Letter) -> Result<bool, Fault> {
        let is_kept = self.store.post(letter, self.clock.now()).await?;
        if is_kept {
            self.bell.ring();
        }
        Ok(is_kept)
    }

    /// Something that happens now, in answer to the present call. It is told by [`Self::record`] or as part of a settlement.
    pub fn event(&self, what: What, tenant: &TenantId) -> Event {
        Event::new(what, tenant, self.clock.now(), self.calls.origin())
    }

    /// Adds an event to the audit log and tells the log. For what is not settled as an answer is: the event is kept after its
    /// effect, so that the end of the process between the two loses it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn record(&self, event: Event) -> Result<(), Fault> {
        self.store.append(std::slice::from_ref(&event)).await?;
        event.log();
        Ok(())
    }

    /// Records an event as [`Self::record`] does, without waiting for the disk: it may be forgotten by a loss of power.
    ///
    /// # Errors
    /// The store failed.
    pub async fn mention(&self, event: Event) -> Result<(), Fault> {
        self.store.mention(std::slice::from_ref(&event)).await?;
        event.log();
        Ok(())
    }

    /// Settles, tells the courier if there are letters, and tells the log what happened.
    ///
    /// # Errors
    /// The store failed.
    pub async fn settle(&self, settlement: Settlement<'_>) -> Result<Settled, Fault> {
        let (writes, events) = (!settlement.letters.is_empty(), settlement.events);
        let settled = self.store.settle(settlement).await?;
        if settled == Settled::Kept {
            events.iter().for_each(Event::log);
            if writes {
                self.bell.ring();
            }
        }
        Ok(settled)
    }

    /// The one thing of a kind of which a user has one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn single(&self, user: &User, kind: Kind) -> Result<Option<Credential>, Fault> {
        self.store.credential(&user.tenant, kind, &user.id.to_string()).await
    }

    /// `N` random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.entropy.fill(&mut bytes);
        bytes
    }

    /// A code of `digits` decimal digits, each as likely as the other.
    pub fn digits(&self, digits: usize) -> String {
        let mut code = String::with_capacity(digits);
        while code.len() < digits {
            let bytes: [u8; 32] = self.random();
            // Of 256 values the last six would favour the digits 0 to 5.
            let fair = bytes.iter().filter(|byte| **byte < 250).map(|byte| char::from(b'0' + byte % 10));
            code.extend(fair.take(digits - code.len()));
        }
        code
    }
}
