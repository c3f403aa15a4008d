//! Budgets: how often something may be done within a span of time. One moment per budget is enough (the generic cell rate
//! algorithm), so a store keeps one number per key.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_jose::{base64url, sha256};

use crate::acquaintance::network;
use crate::ports::{AppId, TenantId, Timestamp, UserId};

/// What a budget is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BudgetKey(pub String);

impl BudgetKey {
    /// Messages to one address or number.
    pub fn of_destination(tenant: &TenantId, to: &str) -> Self {
        Self(format!("to/{tenant}/{}", base64url(&sha256(to.as_bytes()))))
    }

    /// Messages of one kind to one user, wherever they go.
    pub fn of_user(tenant: &TenantId, kind: &str, user: &UserId) -> Self {
        Self(format!("for/{tenant}/{kind}/{user}"))
    }

    /// Wrong answers from one network.
    pub fn of_network(tenant: &TenantId, address: IpAddr) -> Self {
        Self(format!("misses/{tenant}/network/{}", network(address)))
    }

    /// Wrong answers by way of one application.
    pub fn of_app(tenant: &TenantId, app: &AppId) -> Self {
        Self(format!("misses/{tenant}/app/{app}"))
    }

    /// Wrong answers in a tenant.
    pub fn of_tenant(tenant: &TenantId) -> Self {
        Self(format!("misses/{tenant}"))
    }

    /// The part of another budget that may be spent on what strangers ask for.
    #[must_use]
    pub fn of_strangers(&self) -> Self {
        Self(format!("strangers/{}", self.0))
    }

    /// Messages to all numbers that begin alike: against calls to premium numbers that are sold in blocks.
    pub fn of_prefix(tenant: &TenantId, prefix: &str) -> Self {
        Self(format!("prefix/{tenant}/{prefix}"))
    }
}

/// How much there is to spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetRule {
    /// How often within `span`, and at once.
    pub limit: u32,
    /// How long it takes for a spent budget to be whole again.
    pub span: Duration,
}

/// Something that is spent whether there is enough or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// What is spent from.
    pub key: BudgetKey,
    /// How much there is.
    pub rule: BudgetRule,
    /// How many shares.
    pub shares: u32,
}

/// What is left of a budget: the moment at which it is whole again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// In the past for one of which nothing is spent.
    pub whole_at: Timestamp,
}

impl Budget {
    /// Whether there is something left to spend.
    pub fn allows(&self, now: Timestamp, rule: &BudgetRule) -> bool {
        self.whole_at.max(now).since(now) + rule.share() <= rule.span
    }

    /// Spends one share.
    pub fn spend(&mut self, now: Timestamp, rule: &BudgetRule) {
        self.whole_at = self.whole_at.max(now) + rule.share();
    }

    /// Spends so many shares, or all that is left: there are no debts, so a budget is whole again after its span at the latest.
    pub fn charge(&mut self, now: Timestamp, rule: &BudgetRule, shares: u32) {
        self.whole_at = (self.whole_at.max(now) + rule.share() * shares).min(now + rule.span);
    }

    /// How long until there is something left to spend.
    pub fn wait(&self, now: Timestamp, rule: &BudgetRule) -> Duration {
        (self.whole_at.max(now).since(now) + rule.share()).saturating_sub(rule.span)
    }
}

impl BudgetRule {
    /// Three of five shares, as strangers may spend them.
    #[must_use]
    pub const fn of_strangers(self) -> Self {
        let limit = self.limit - self.limit * 2 / 5;
        Self { limit, ..self }
    }

    fn share(&self) -> Duration {
        self.span / self.limit.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: BudgetRule = BudgetRule { limit: 5, span: Duration::from_secs(3600) };

    fn spent(budget: &mut Budget, now: Timestamp) -> u32 {
        let mut count = 0;
        while budget.allows(now, &RULE) {
            budget.spend(now, &RULE);
            count += 1;
        }
        count
    }

    #[test]
    fn a_charge_makes_no_debts() {
        let mut budget = Budget::default();
        let now = Timestamp::from_seconds(1_000_000);
        budget.charge(now, &RULE, 2);
        assert_eq!((budget.allows(now, &RULE), budget.wait(now, &RULE)), (true, Duration::ZERO));
        budget.charge(now, &RULE, 500);
        assert_eq!((budget.allows(now, &RULE), budget.wait(now, &RULE)), (false, Duration::from_secs(720)));
        assert!(budget.allows(now + Duration::from_secs(720), &RULE));
    }

    #[test]
    fn strangers_leave_something_of_every_budget_of_more_than_two() {
        let of = |limit| BudgetRule { limit, ..RULE }.of_strangers().limit;
        assert_eq!([of(1), of(2), of(3), of(5), of(10)], [1, 2, 2, 3, 6]);
    }

    #[test]
    fn a_budget_is_spent_at_once_and_grows_back_evenly() {
        let mut budget = Budget::default();
        let start = Timestamp::from_seconds(1_000_000);
        assert_eq!(spent(&mut budget, start), 5);
        assert_eq!(spent(&mut budget, start + Duration::from_secs(719)), 0);
        assert_eq!(spent(&mut budget, start + Duration::from_secs(720)), 1);
        assert_eq!(spent(&mut budget, start + Duration::from_secs(720 + 3600)), 5);
    }
}
