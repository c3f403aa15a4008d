//! When a wrong answer is told to the user by mail: when it locks, and when whoever has the password fails at the second factor
//! from somewhere that the user never signed in from. Once a day at most, so that a guesser cannot flood a mailbox.

use std::time::Duration;

use super::claim::Claim;
use super::engine::{Engine, Round};
use super::identify::Identity;
use crate::account::Notice;
use crate::attempt::Slot;
use crate::budget::{BudgetKey, BudgetRule};
use crate::delivery::Letter;
use crate::error::Fault;
use crate::flow::authenticator::Class;

/// How often.
const DAILY: BudgetRule = BudgetRule { limit: 1, span: Duration::from_secs(60 * 60 * 24) };

/// The wrong answer in a flow from which on it is no slip of the fingers.
const SUSPICIOUS: u32 = 3;

impl Engine {
    /// The letter that a wrong answer makes necessary, if it does and the user has an address.
    pub(super) fn warning(
        &self,
        round: &Round<'_>,
        identity: &Identity,
        claim: &Claim,
    ) -> Result<Option<Letter>, Fault> {
        let Some(user) = identity.user.as_ref().filter(|_| identity.shut(round.scene.app).is_none()) else {
            return Ok(None);
        };
        if !locks(claim) && !is_half_way(round, claim) {
            return Ok(None);
        }
        let world = (&self.ports, &*self.secrets, &self.rules.sending);
        let letter = Notice::WrongAnswers.letter(world, user)?;
        let budgets = || vec![(BudgetKey::of_user(&user.tenant, "warning", &user.id), DAILY)];
        Ok(letter.map(|letter| Letter { budgets: budgets(), ..letter }))
    }
}

/// Whether one more wrong answer locks the user's tally.
fn locks(claim: &Claim) -> bool {
    claim.slots.first().is_some_and(|(_, rule, slot, tally)| *slot == Slot::Free && tally.misses + 1 >= rule.limit)
}

/// Whether a stranger has the password and guesses at what comes after it.
fn is_half_way(round: &Round<'_>, claim: &Claim) -> bool {
    let has_password = round.progress.proofs().any(|proof| proof.factor.class() == Some(Class::Known));
    let is_counted = !claim.approach.tallies.is_empty() && !claim.approach.acquainted;
    has_password && is_counted && round.progress.misses + 1 >= SUSPICIOUS
}
