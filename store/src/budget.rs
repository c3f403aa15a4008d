//! The pure part of putting a letter in, alike in every backend: whether its budgets allow it, and what it leaves of them.

use std::collections::BTreeMap;

use vestibule_core::budget::{Budget, BudgetKey};
use vestibule_core::delivery::Letter;
use vestibule_core::error::Fault;
use vestibule_core::ports::Timestamp;

/// The letter's budgets after it is paid for, or nothing if one of them does not allow it. One that is named twice pays twice.
pub(crate) fn pay(
    letter: &Letter,
    now: Timestamp,
    read: impl Fn(&BudgetKey) -> Result<Budget, Fault>,
) -> Result<Option<BTreeMap<BudgetKey, Budget>>, Fault> {
    let mut left = BTreeMap::new();
    for (key, rule) in &letter.budgets {
        let mut budget = left.get(key).copied().map_or_else(|| read(key), Ok)?;
        if !budget.allows(now, rule) {
            return Ok(None);
        }
        budget.spend(now, rule);
        left.insert(key.clone(), budget);
    }
    Ok(Some(left))
}
