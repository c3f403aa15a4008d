//! An administrator's name and password, without a flow: compared in the time of one hash whoever is named, and counted
//! in the same tallies as a login, so that this door is no easier to guess at than the other.

use std::time::Duration;

use super::{Administration, Operator};
use crate::attempt::{Mark, Slot, TallyKey};
use crate::audit::What;
use crate::error::{Code, Error, Fault};
use crate::flow::Who;
use crate::flow::authenticator::Factor;
use crate::ports::store::{Edit, Settlement, TallyMark};
use crate::ports::{PasswordHash, Secret, TenantId, Verdict};
use crate::user::{Gate, User, canonical_name};

/// Suffix by which the root tenant's administrator is named where a tenant has a user of the same name.
const OF_ROOT: &str = "@carbon.super";

/// Whom a name names.
struct Account {
    tenant: TenantId,
    who: Who,
    user: Option<User>,
}

/// Tallies that were claimed for one comparison.
struct Claimed {
    /// The source address's; `None` where addresses are not counted.
    source: Option<TallyKey>,
    /// The user's; `None` while no password of the user counts.
    user: Option<TallyKey>,
}

impl Administration {
    /// The administrator of that name and password. Anybody else, also a user who gives the right password, is as wrong as
    /// an unknown name: this door takes no second factor.
    pub(super) async fn authenticate(
        &self,
        tenant: &TenantId,
        name: &str,
        password: &Secret<String>,
        source: Option<TallyKey>,
    ) -> Result<Operator, Error> {
        let account = self.account(tenant, name).await?;
        let claimed = self.claim(&account, source).await?;
        let open = |user: &&User| user.administrator && user.gate() == Gate::Open && claimed.user.is_some();
        let user = account.user.as_ref().filter(open);
        let hash = user.and_then(|user| user.password.as_ref());
        let verdict = match self.ports.passwords.verify(password, hash).await {
            Ok(verdict) => verdict,
            Err(fault) => {
                self.settle(&account, &claimed, Mark::Void, None).await?;
                return Err(fault.into());
            }
        };
        match (verdict, user) {
            (Verdict::Right { rehash }, Some(user)) => {
                self.settle(&account, &claimed, Mark::Right, rehash.as_ref()).await?;
                Ok(Operator::administrator(tenant.clone(), user.id))
            }
            (Verdict::Overloaded, _) => {
                self.settle(&account, &claimed, Mark::Void, None).await?;
                Err(busy())
            }
            (Verdict::Right { .. } | Verdict::Wrong, _) => {
                self.settle(&account, &claimed, Mark::Wrong, None).await?;
                self.tell_wrong(tenant, &account, claimed.user.is_none()).await?;
                Err(Error::new(Code::Unauthorized).because("The user name or the password is wrong."))
            }
        }
    }

    async fn tell_wrong(&self, tenant: &TenantId, account: &Account, locked: bool) -> Result<(), Fault> {
        let what = if locked { What::LoginLocked } else { What::LoginFailed };
        let event = self.ports.event(what, tenant).with("authenticator", "administrator");
        self.ports
            .record(match &account.who {
                Who::Known(user) => event.user(*user),
                Who::Shadow(name) => event.with("name", self.secrets.blind(tenant, name)),
            })
            .await
    }

    /// The tenant's own user of that name goes before the root tenant's.
    async fn account(&self, tenant: &TenantId, name: &str) -> Result<Account, Fault> {
        let root = TenantId::root();
        let mut candidates = vec![(tenant, name), (&root, name)];
        if let Some(plain) = name.strip_suffix(OF_ROOT) {
            candidates.insert(0, (&root, plain));
        }
        for (tenant, name) in candidates {
            if let Some(user) = self.ports.store.user_by_name(tenant, &canonical_name(name)).await? {
                return Ok(Account { tenant: tenant.clone(), who: Who::Known(user.id), user: Some(user) });
            }
        }
        Ok(Account { tenant: tenant.clone(), who: Who::Shadow(canonical_name(name)), user: None })
    }

    /// Claims the tallies in which a wrong password would count.
    async fn claim(&self, account: &Account, source: Option<TallyKey>) -> Result<Claimed, Error> {
        if let Some(key) = &source {
            match key.claim(&self.ports, &self.rules.source).await? {
                Slot::Free => {}
                Slot::Locked(until) => {
                    let span = until.since(self.ports.clock.now());
                    return Err(Error::new(Code::TooManyRequests).retry_after(span));
                }
                Slot::Full => return Err(busy()),
            }
        }
        let claimed = Claimed { source, user: None };
        let key = TallyKey::of_user(&account.tenant, &account.who, Factor::Password);
        let slot = match key.claim(&self.ports, &self.rules.user).await {
            Ok(Slot::Full) => Err(busy()),
            Ok(slot) => Ok(slot),
            Err(fault) => Err(fault.into()),
        };
        match slot {
            Ok(Slot::Free) => Ok(Claimed { user: Some(key), ..claimed }),
            Ok(Slot::Locked(_) | Slot::Full) => Ok(claimed),
            Err(error) => {
                self.settle(account, &claimed, Mark::Void, None).await?;
                Err(error)
            }
        }
    }

    async fn settle(
        &self,
        account: &Account,
        claimed: &Claimed,
        mark: Mark,
        rehash: Option<&PasswordHash>,
    ) -> Result<(), Fault> {
        // A right password says nothing of the other guesses from its address.
        let of_source = if mark == Mark::Wrong { Mark::Wrong } else { Mark::Void };
        let source = claimed.source.clone().map(|key| TallyMark { key, rule: self.rules.source, mark: of_source });
        let user = claimed.user.clone().map(|key| TallyMark { key, rule: self.rules.user, mark });
        let tallies: Vec<_> = source.into_iter().chain(user).collect();
        let owner = account.user.as_ref();
        let rehash = owner.zip(rehash).and_then(|(user, fresh)| Edit::rehash(user, fresh));
        let edits = rehash.as_slice();
        let (tenant, now) = (&account.tenant, self.ports.clock.now());
        let settlement = Settlement {
            flow: None,
            tallies: &tallies,
            conclusion: None,
            edits,
            letters: &[],
            events: &[],
            tenant,
            now,
        };
        self.ports.store.settle(settlement).await.map(drop)
    }
}

fn busy() -> Error {
    Error::new(Code::TemporarilyUnavailable).retry_after(Duration::from_secs(1))
}
