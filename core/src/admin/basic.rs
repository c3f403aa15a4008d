//! An administrator's name and password, without a flow: compared in the time of one hash whoever is named, and counted
//! in the same tallies as a login, so that this door is no easier to guess at than the other.

use std::time::Duration;

use super::{Administration, Operator};
use crate::acquaintance::{self, Acquaintance};
use crate::attempt::{Mark, Slot, TallyKey, TallyRule};
use crate::audit::{Event, What};
use crate::budget::Cost;
use crate::error::{Code, Error, Fault};
use crate::flow::authenticator::Factor;
use crate::flow::{Approach, Source, Target, Who};
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
    /// The source address's, where addresses are counted; the user's last, unless no password of the user counts.
    tallies: Vec<(TallyKey, TallyRule)>,
    /// What a wrong password costs.
    costs: Vec<Cost>,
    /// A password of the user counts.
    is_open: bool,
}

/// What a password brings about besides its mark.
#[derive(Default)]
struct Effects<'a> {
    rehash: Option<&'a PasswordHash>,
    arrival: Vec<Acquaintance>,
    events: Vec<Event>,
}

impl Administration {
    /// The administrator of that name and password. Anybody else, also a user who gives the right password, is as wrong as
    /// an unknown name: this door takes no second factor.
    pub(super) async fn authenticate(
        &self,
        tenant: &TenantId,
        name: &str,
        password: &Secret<String>,
        source: &Source,
    ) -> Result<Operator, Error> {
        let account = self.account(tenant, name).await?;
        let claimed = self.claim(&account, tenant, source).await?;
        let open = |user: &&User| user.administrator && user.gate() == Gate::Open && claimed.is_open;
        let user = account.user.as_ref().filter(open);
        let hash = user.and_then(|user| user.password.as_ref());
        let verdict = match self.ports.passwords.verify(password, hash).await {
            Ok(verdict) => verdict,
            Err(fault) => {
                self.settle(&account, &claimed, Mark::Void, Effects::default()).await?;
                return Err(fault.into());
            }
        };
        match (verdict, user) {
            (Verdict::Right { rehash }, Some(user)) => {
                let arrival = self.arrival(user, source).await?;
                self.settle(
                    &account,
                    &claimed,
                    Mark::Right,
                    Effects { rehash: rehash.as_ref(), arrival, ..Effects::default() },
                )
                .await?;
                Ok(Operator::administrator(tenant.clone(), user.id))
            }
            (Verdict::Overloaded, _) => {
                self.settle(&account, &claimed, Mark::Void, Effects::default()).await?;
                Err(busy())
            }
            (Verdict::Right { .. } | Verdict::Wrong, _) => {
                let events = self.wrong_events(tenant, name, &account, !claimed.is_open);
                self.settle(&account, &claimed, Mark::Wrong, Effects { events, ..Effects::default() }).await?;
                Err(Error::new(Code::Unauthorized).because("The user name or the password is wrong."))
            }
        }
    }

    /// For both tenants: in whose path it was guessed, and whose user was guessed at. The one does not learn whom the other
    /// has, also not by the time that it takes: it is one write.
    fn wrong_events(&self, tenant: &TenantId, name: &str, account: &Account, locked: bool) -> Vec<Event> {
        let what = if locked { What::LoginLocked } else { What::LoginFailed };
        let event = |tenant| self.ports.event(what, tenant).with("authenticator", "administrator");
        let known = match &account.who {
            Who::Known(user) => Some(event(&account.tenant).user(*user)),
            Who::Shadow(_) => None,
        };
        let blind = || event(tenant).with("name", self.secrets.blind(tenant, &canonical_name(name)));
        let of_path = (known.is_none() || account.tenant != *tenant).then(blind);
        known.into_iter().chain(of_path).collect()
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
    async fn claim(&self, account: &Account, path: &TenantId, source: &Source) -> Result<Claimed, Error> {
        let world = (&self.ports, &*self.secrets, &self.rules);
        let (tenant, who, factor) = (&account.tenant, &account.who, Factor::Password);
        let Approach { acquainted, tallies, costs } =
            Approach::of(world, Target { tenant, path, app: None, who, factor }, source, None).await?;
        let mut claimed = Claimed { tallies: Vec::new(), costs, is_open: false };
        // The source's tally first.
        for (place, (key, rule)) in tallies.into_iter().enumerate().rev() {
            let is_users = place == 0;
            let refusal = match key.claim(&self.ports, &rule).await {
                Ok(Slot::Free) => {
                    claimed.is_open = is_users;
                    claimed.tallies.push((key, rule));
                    continue;
                }
                // No password counts, and nobody learns it.
                Ok(Slot::Locked(_)) if is_users || acquainted => continue,
                Ok(Slot::Locked(until)) => {
                    Error::new(Code::TooManyRequests).retry_after(until.since(self.ports.clock.now()))
                }
                Ok(Slot::Full) => busy(),
                Err(fault) => fault.into(),
            };
            self.settle(account, &claimed, Mark::Void, Effects::default()).await?;
            return Err(refusal);
        }
        Ok(claimed)
    }

    /// Where the administrator comes from, if that is news.
    async fn arrival(&self, user: &User, source: &Source) -> Result<Vec<Acquaintance>, Fault> {
        let pools = Factor::Password.opens();
        acquaintance::made((&self.ports, &self.secrets), (&user.tenant, user.id), source, pools).await
    }

    async fn settle(
        &self,
        account: &Account,
        claimed: &Claimed,
        mark: Mark,
        effects: Effects<'_>,
    ) -> Result<(), Fault> {
        let is_users = |place: usize| claimed.is_open && place + 1 == claimed.tallies.len();
        // A right password says nothing of the other guesses from its address.
        let of = |place| if mark == Mark::Wrong || is_users(place) { mark } else { Mark::Void };
        let marks = claimed.tallies.iter().enumerate();
        let marks: Vec<_> =
            marks.map(|(place, (key, rule))| TallyMark { key: key.clone(), rule: *rule, mark: of(place) }).collect();
        let owner = account.user.as_ref();
        let rehash = owner.zip(effects.rehash).and_then(|(user, fresh)| Edit::rehash(user, fresh));
        let settlement = Settlement {
            tallies: &marks,
            costs: if mark == Mark::Wrong && claimed.is_open { &claimed.costs } else { &[] },
            acquaintances: &effects.arrival,
            edits: rehash.as_slice(),
            events: &effects.events,
            ..Settlement::of(&account.tenant, self.ports.clock.now())
        };
        self.ports.settle(settlement).await.map(drop)
    }
}

fn busy() -> Error {
    Error::new(Code::TemporarilyUnavailable).retry_after(Duration::from_secs(1))
}
