//! What costs the server something without being a guess: flow starts, selections, wrong client secrets. Each node counts on its
//! own and writes nothing, in a table that never grows; sources whose hashes fall together share a cell, so a crowd is slowed
//! down a little early and never too late.

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::budget::{Budget, BudgetRule};
use crate::ports::Timestamp;
use crate::secrets::Secrets;

/// Cells of the table: half a megabyte.
const CELLS: usize = 1 << 16;

/// Counts what sources cost.
pub struct Throttle {
    rule: BudgetRule,
    cells: Box<[AtomicI64]>,
}

/// A source's place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(usize);

impl Throttle {
    /// One by this rule; a limit of zero is none.
    pub fn new(rule: BudgetRule) -> Self {
        let cells = if rule.limit == 0 { 0 } else { CELLS };
        Self { rule, cells: std::iter::repeat_with(AtomicI64::default).take(cells).collect() }
    }

    /// The place of an address; of a /64 network where it is IPv6. Nobody can tell who shares it.
    pub fn place(&self, secrets: &Secrets, address: IpAddr) -> Place {
        let digest = match address.to_canonical() {
            IpAddr::V4(address) => secrets.digest(&[b"throttle", &address.octets()]),
            IpAddr::V6(address) => secrets.digest(&[b"throttle", &(address.to_bits() >> 64).to_be_bytes()]),
        };
        let [first, second, ..] = digest;
        Place(usize::from(u16::from_be_bytes([first, second])))
    }

    /// How long a source must wait before it may ask for anything; nothing if it need not.
    pub fn wait(&self, place: Place, now: Timestamp) -> Option<Duration> {
        let cell = self.cells.get(place.0)?;
        let left = Budget { whole_at: Timestamp::from_micros(cell.load(Ordering::Relaxed)) };
        Some(left.wait(now, &self.rule)).filter(|wait| !wait.is_zero())
    }

    /// Counts what a source asked for.
    pub fn charge(&self, place: Place, now: Timestamp, shares: u32) {
        let Some(cell) = self.cells.get(place.0) else { return };
        let charged = |whole_at| {
            let mut left = Budget { whole_at: Timestamp::from_micros(whole_at) };
            left.charge(now, &self.rule, shares);
            Some(left.whole_at.micros())
        };
        // It always gives a new value, so it never fails.
        let _ = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, charged);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: BudgetRule = BudgetRule { limit: 10, span: Duration::from_secs(10) };
    const HERE: Place = Place(7);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + seconds)
    }

    fn admitted(throttle: &Throttle, place: Place, now: Timestamp) -> u32 {
        let mut count = 0;
        while throttle.wait(place, now).is_none() && count < 100 {
            throttle.charge(place, now, 1);
            count += 1;
        }
        count
    }

    #[test]
    fn a_source_may_ask_so_often_at_once_and_then_as_its_budget_grows_back() {
        let throttle = Throttle::new(RULE);
        assert_eq!(admitted(&throttle, HERE, at(0)), 10);
        assert_eq!(throttle.wait(HERE, at(0)), Some(Duration::from_secs(1)));
        assert_eq!(admitted(&throttle, HERE, at(3)), 3);
        assert_eq!(admitted(&throttle, Place(8), at(3)), 10);
    }

    #[test]
    fn what_is_dear_is_never_dearer_than_the_whole_budget() {
        let throttle = Throttle::new(RULE);
        throttle.charge(HERE, at(0), 1_000);
        assert_eq!(admitted(&throttle, HERE, at(10)), 10);
    }

    #[test]
    fn a_limit_of_zero_is_none() {
        let throttle = Throttle::new(BudgetRule { limit: 0, ..RULE });
        assert_eq!(admitted(&throttle, HERE, at(0)), 100);
    }
}
