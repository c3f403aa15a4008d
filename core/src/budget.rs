//! Budgets: how often something may be done within a span of time. One moment per budget is enough (the generic cell rate
//! algorithm), so a store keeps one number per key.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_jose::{base64url, sha256};

use crate::ports::{TenantId, Timestamp, UserId};

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
}

impl BudgetRule {
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
    fn a_budget_is_spent_at_once_and_grows_back_evenly() {
        let mut budget = Budget::default();
        let start = Timestamp::from_seconds(1_000_000);
        assert_eq!(spent(&mut budget, start), 5);
        assert_eq!(spent(&mut budget, start + Duration::from_secs(719)), 0);
        assert_eq!(spent(&mut budget, start + Duration::from_secs(720)), 1);
        assert_eq!(spent(&mut budget, start + Duration::from_secs(720 + 3600)), 5);
    }
}
