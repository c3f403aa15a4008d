//! Letters by id, and the budgets that they are paid from.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vestibule_core::budget::{Budget, BudgetKey};
use vestibule_core::delivery::Letter;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Carried, Delivery, Outbox};
use vestibule_core::ports::{LetterId, Timestamp};

use super::{Kept, Memory};
use crate::budget;

/// A letter in the outbox.
pub(super) struct Waiting {
    pub letter: Letter,
    tries: u32,
    /// Counts the carryings, so that each is told from others.
    lease: u64,
    is_carried: bool,
    /// When it may be carried (again).
    ready: Timestamp,
}

/// Letters that are paid for, and what they leave of the budgets; not kept yet.
#[derive(Default)]
pub(super) struct Mail {
    letters: BTreeMap<LetterId, Waiting>,
    budgets: BTreeMap<BudgetKey, Budget>,
}

#[async_trait]
impl Outbox for Memory {
    async fn post(&self, letter: &Letter, now: Timestamp) -> Result<bool, Fault> {
        let kept = &mut *self.kept();
        let mail = Mail::of(kept, std::slice::from_ref(letter), now)?;
        let is_paid = !mail.letters.is_empty();
        mail.put(kept);
        Ok(is_paid)
    }

    async fn carry(&self, now: Timestamp, until: Timestamp, most: usize) -> Result<Vec<Carried>, Fault> {
        let letters = &mut self.kept().letters;
        let is_free = |waiting: &&mut Waiting| waiting.ready <= now && now < waiting.letter.expires;
        let mut free: Vec<&mut Waiting> = letters.values_mut().filter(is_free).collect();
        free.sort_by_key(|waiting| (waiting.ready, waiting.letter.created, waiting.letter.id));
        Ok(free.into_iter().take(most).map(|waiting| waiting.carry(until)).collect())
    }

    async fn carried(&self, id: &LetterId, lease: u64, how: Delivery) -> Result<bool, Fault> {
        let letters = &mut self.kept().letters;
        let Some(waiting) = letters.get_mut(id).filter(|waiting| waiting.is_carried && waiting.lease == lease) else {
            return Ok(false);
        };
        match how {
            Delivery::Again(ready) => {
                (waiting.is_carried, waiting.ready) = (false, ready);
            }
            Delivery::Arrived | Delivery::Undeliverable => drop(letters.remove(id)),
        }
        Ok(true)
    }

    async fn waiting(&self) -> Result<(usize, Option<Timestamp>), Fault> {
        let letters = &self.kept().letters;
        Ok((letters.len(), letters.values().map(|waiting| waiting.letter.created).min()))
    }
}

impl Waiting {
    fn carry(&mut self, until: Timestamp) -> Carried {
        let tries = self.tries;
        self.tries = tries.saturating_add(1);
        self.lease = self.lease.saturating_add(1);
        (self.is_carried, self.ready) = (true, until);
        Carried { letter: self.letter.clone(), tries, lease: self.lease }
    }
}

impl Mail {
    /// Of the letters those that their budgets allow, one after the other.
    pub fn of(kept: &Kept, letters: &[Letter], now: Timestamp) -> Result<Self, Fault> {
        let mut mail = Self::default();
        for letter in letters {
            let read =
                |key: &BudgetKey| Ok(mail.budgets.get(key).or(kept.budgets.get(key)).copied().unwrap_or_default());
            let Some(left) = budget::pay(letter, now, read)? else { continue };
            if mail.letters.contains_key(&letter.id) || kept.letters.contains_key(&letter.id) {
                return Err(Fault::new("a letter's id is taken"));
            }
            mail.budgets.extend(left);
            let ready = letter.created;
            let letter = Letter { budgets: Vec::new(), ..letter.clone() };
            mail.letters.insert(letter.id, Waiting { letter, tries: 0, lease: 0, is_carried: false, ready });
        }
        Ok(mail)
    }

    /// Keeps it all.
    pub fn put(self, kept: &mut Kept) {
        kept.letters.extend(self.letters);
        kept.budgets.extend(self.budgets);
    }
}
