//! From where an answer is guessed at, found before it is compared: whether the user is acquainted with the source, in which
//! tallies and from which budgets a wrong answer counts, and whether strangers are listened to at all. Law: what strangers
//! used up stops strangers only.

use std::time::Duration;

use super::claim::Claim;
use super::engine::{Engine, Round, Rules, Source};
use super::identify::Identity;
use crate::acquaintance::Familiar;
use crate::attempt::{Mark, TallyKey, TallyRule};
use crate::budget::{BudgetKey, BudgetRule, Cost};
use crate::error::{Code, Error};
use crate::flow::Who;
use crate::flow::authenticator::Factor;
use crate::ports::store::TallyMark;
use crate::ports::{AppId, Ports, TenantId};
use crate::secrets::Secrets;
use crate::session::Presence;

/// How many wrong answers there may be within an hour, over all users; a limit of zero is none.
#[derive(Clone, Copy, Debug)]
pub struct MissRules {
    /// From one network.
    pub network: BudgetRule,
    /// By way of one application.
    pub app: BudgetRule,
    /// In one tenant.
    pub tenant: BudgetRule,
}

/// What the first wrong answer for a user costs its network, who has no other ones: to try one password with many users is
/// dearer than to mistype one's own.
const FIRST_MISS: u32 = 5;

/// From where an answer is guessed at.
#[derive(Default)]
pub(crate) struct Approach {
    /// The user gave right answers from there lately.
    pub acquainted: bool,
    /// The tallies in which a wrong answer counts: first the user's, then the source address's.
    pub tallies: Vec<(TallyKey, TallyRule)>,
    /// What the first wrong answer for a user costs.
    pub costs: Vec<Cost>,
}

/// What is guessed at.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// Whose it is.
    pub tenant: &'a TenantId,
    /// In whose path it is guessed at: addresses and budgets are counted there, so that they do not tell whose it is.
    pub path: &'a TenantId,
    /// None for the management API.
    pub app: Option<&'a AppId>,
    pub who: &'a Who,
    pub factor: Factor,
}

impl Approach {
    /// Finds it out.
    ///
    /// # Errors
    /// The source is a stranger's and strangers guessed too often (429), or the store failed.
    pub async fn of(
        (ports, secrets, rules): (&Ports, &Secrets, &Rules),
        target: Target<'_>,
        source: &Source,
        begun: Option<Presence>,
    ) -> Result<Self, Error> {
        let Target { tenant, path, app, who, factor } = target;
        let Some(pool) = factor.pool() else { return Ok(Self::default()) };
        let acquainted = Familiar::of(tenant, who, pool).knows((ports, secrets), source, begun).await?;
        // Who used up what is left to acquaintances is a stranger like any other.
        let acquainted =
            acquainted && !ports.store.tally(&TallyKey::of_acquaintances(tenant, who, factor)).await?.is_sealed();
        let mut tallies = vec![rules.user.tally((tenant, who), factor, acquainted)];
        let counted = source.address.filter(|_| !source.exempt);
        tallies.extend(counted.map(|address| (TallyKey::of_source(path, address), rules.source)));
        let costs = [
            counted.map(|address| (BudgetKey::of_network(path, address), rules.misses.network, FIRST_MISS)),
            app.map(|app| (BudgetKey::of_app(path, app), rules.misses.app, 1)),
            Some((BudgetKey::of_tenant(path), rules.misses.tenant, 1)),
        ];
        let costs = costs.into_iter().flatten().filter(|(_, rule, _)| rule.limit > 0);
        let costs = costs.map(|(key, rule, shares)| Cost { key, rule, shares }).collect();
        let approach = Self { acquainted, tallies, costs };
        if !acquainted && !source.exempt {
            approach.is_affordable(ports).await?;
        }
        Ok(approach)
    }

    /// Several answers that are compared at once may overdraw a budget, each by its own cost.
    async fn is_affordable(&self, ports: &Ports) -> Result<(), Error> {
        let keys: Vec<&BudgetKey> = self.costs.iter().map(|cost| &cost.key).collect();
        let (now, left) = (ports.clock.now(), ports.store.budgets(&keys).await?);
        let waits = self.costs.iter().zip(&left).map(|(cost, left)| left.wait(now, &cost.rule));
        match waits.max().unwrap_or_default() {
            Duration::ZERO => Ok(()),
            span => Err(Error::new(Code::TooManyRequests).retry_after(span)),
        }
    }
}

impl Claim {
    /// What a wrong answer costs, now that it is known how often the user's were wrong before: nothing if it was not compared,
    /// since then it told nothing, and guesses at one locked user must not close the door to the others.
    pub fn costs(&self) -> Vec<Cost> {
        if self.locked().is_some() {
            return Vec::new();
        }
        let is_first = self.slots.first().is_some_and(|(.., tally)| tally.total == 0);
        let shares = |cost: &Cost| if is_first { cost.shares } else { 1 };
        self.approach.costs.iter().map(|cost| Cost { shares: shares(cost), ..cost.clone() }).collect()
    }
}

impl Engine {
    /// From where the answer is guessed at.
    pub(super) async fn approach(&self, round: &Round<'_>, identity: &Identity) -> Result<Approach, Error> {
        let (Some(who), Some(factor)) = (&identity.who, round.authenticator.spec().factor) else {
            return Ok(Approach::default());
        };
        let scene = round.scene;
        let tenant = &scene.ticket.tenant;
        let target = Target { tenant, path: tenant, app: Some(&scene.app.id), who, factor };
        let begun = scene.ticket.session.map(|session| Presence { session, as_of: None, key: None });
        Approach::of((&self.ports, &self.secrets, &self.rules), target, scene.source, begun).await
    }

    /// What a finished login means to the tallies in which nothing was claimed.
    pub(super) fn elsewhere(&self, tenant: &TenantId, who: &Who, pools: &[&str]) -> Vec<TallyMark> {
        let factors = pools.iter().copied().filter_map(Factor::of_pool);
        let tallies = |factor| [false, true].map(|acquainted| self.rules.user.tally((tenant, who), factor, acquainted));
        factors.flat_map(tallies).map(|(key, rule)| TallyMark { key, rule, mark: Mark::Elsewhere }).collect()
    }
}
