//! Guessing: how many wrong answers a user and factor, or a source address, may give. A slot is claimed before the
//! comparison and given back or used up after it, so that parallel guesses cannot outrun the count.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_jose::{base64url, sha256};

use crate::error::Fault;
use crate::flow::Who;
use crate::flow::authenticator::Factor;
use crate::ports::{Ports, Store, TenantId, Timestamp};
use crate::user::User;

/// What a tally counts: a user and factor, a shadow of an unknown user, or a source address, within a tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TallyKey(pub String);

impl TallyKey {
    /// Wrong answers of one factor for one user by strangers, or for a name that no user has.
    pub fn of_user(tenant: &TenantId, who: &Who, factor: Factor) -> Self {
        let pool = factor.pool().unwrap_or(factor.amr());
        match who {
            Who::Known(user) => Self(format!("user/{tenant}/{pool}/{user}")),
            Who::Shadow(name) => Self(format!("name/{tenant}/{pool}/{}", base64url(&sha256(name.as_bytes())))),
        }
    }

    /// The same of those whom the user is acquainted with: see [`crate::acquaintance`].
    pub fn of_acquaintances(tenant: &TenantId, who: &Who, factor: Factor) -> Self {
        Self(format!("known/{}", Self::of_user(tenant, who, factor).0))
    }

    /// Wrong answers from one address; from one /64 network where the address is IPv6, since a host may use all of it.
    pub fn of_source(tenant: &TenantId, address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(format!("source/{tenant}/{address}")),
            IpAddr::V6(address) => Self(format!("source/{tenant}/{:x}", address.to_bits() >> 64)),
        }
    }

    /// Forgets all wrong answers of one factor for one user.
    pub(crate) async fn forgive(store: &dyn Store, user: &User, factor: Factor) -> Result<(), Fault> {
        let who = Who::Known(user.id);
        store.clear_tally(&Self::of_user(&user.tenant, &who, factor)).await?;
        store.clear_tally(&Self::of_acquaintances(&user.tenant, &who, factor)).await
    }

    /// A slot of the tally outside a flow, after a wait for answers that are being compared; still full when that took too
    /// long.
    pub(crate) async fn claim(&self, ports: &Ports, rule: &TallyRule) -> Result<Slot, Fault> {
        let start = ports.clock.now();
        for rounds in 0..ROUNDS {
            let now = ports.clock.now();
            match ports.store.claim_tally(self, rule, now).await? {
                Slot::Full if now.since(start) >= QUEUE => break,
                Slot::Full => ports.clock.pause(patience(rounds)).await,
                slot => return Ok(slot),
            }
        }
        Ok(Slot::Full)
    }
}

/// How a tally reacts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TallyRule {
    /// Wrong answers before a lock.
    pub limit: u32,
    /// First lock; each further one is twice as long.
    pub lock: Duration,
    /// Longest lock.
    pub longest: Duration,
    /// Consecutive wrong answers after which only a right answer elsewhere or an administrator opens it again; zero: never.
    pub cap: u32,
}

impl TallyRule {
    /// The tally in which a wrong answer of this factor for this user counts, with its rule.
    pub(crate) fn tally(self, (tenant, who): (&TenantId, &Who), factor: Factor, acquainted: bool) -> (TallyKey, Self) {
        match acquainted {
            true => (TallyKey::of_acquaintances(tenant, who, factor), self.of_acquaintances()),
            false => (TallyKey::of_user(tenant, who, factor), self.of_strangers()),
        }
    }

    /// The rule for strangers to a user: they leave a fifth of the cap to those who are not.
    #[must_use]
    pub const fn of_strangers(self) -> Self {
        Self { cap: self.cap - self.reserve(), ..self }
    }

    /// The rule for those whom the user is acquainted with. Both together let no more than the cap be wrong in a row.
    #[must_use]
    pub const fn of_acquaintances(self) -> Self {
        Self { cap: self.reserve(), ..self }
    }

    const fn reserve(self) -> u32 {
        self.cap.div_ceil(5)
    }
}

/// The count of wrong answers of one key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Wrong answers since the last lock or right answer.
    pub misses: u32,
    /// Wrong answers since the last right answer.
    pub total: u32,
    /// Answers that are being compared now.
    pub pending: u32,
    /// When answers being compared are given up and counted as wrong, as after a crash.
    pub pending_until: Timestamp,
    /// Locks since the last right answer.
    pub locks: u32,
    /// No answer counts before this moment.
    pub locked_until: Timestamp,
    /// The last claim; a tally at rest for long is swept.
    pub touched: Timestamp,
}

/// How a claim ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The answer may be compared.
    Free,
    /// No answer counts until then.
    Locked(Timestamp),
    /// As many answers as may be wrong are being compared: wait for one of them.
    Full,
}

/// What a compared answer was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Right: the count begins anew.
    Right,
    /// Wrong: it counts.
    Wrong,
    /// Not compared after all: as if never claimed.
    Void,
    /// Nothing was claimed, but the user proved the same from elsewhere: the count begins anew if nobody guessed for a day.
    Elsewhere,
}

/// How long a comparison may take before it counts as wrong.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long an answer waits for others of the same user that are being compared, and how often it looks.
pub(crate) const QUEUE: Duration = Duration::from_secs(5);
/// See [`QUEUE`].
pub(crate) const ROUNDS: u32 = 64;

/// How long to wait before looking again: longer each time, so that a crowd before one name does not keep the store busy.
pub(crate) fn patience(rounds: u32) -> Duration {
    Duration::from_millis(10 << rounds.min(4))
}

/// How long a tally is kept after its last claim.
pub const MEMORY: Duration = Duration::from_secs(60 * 60 * 24 * 30);

/// How long nobody may have guessed for a proof from elsewhere to open a tally again.
const QUIET: Duration = Duration::from_secs(60 * 60 * 24);

/// A lock that ends only by an administrator or a proof elsewhere.
const SEALED: Timestamp = Timestamp::from_micros(i64::MAX);

impl Tally {
    /// Claims a slot: pure, so that every store settles it alike.
    pub fn claim(&mut self, now: Timestamp, rule: &TallyRule) -> Slot {
        self.expire(now, rule);
        if now < self.locked_until {
            return Slot::Locked(self.locked_until);
        }
        let is_last = rule.cap > 0 && self.pending > 0 && self.total.saturating_add(self.pending) >= rule.cap;
        if is_last || self.misses.saturating_add(self.pending) >= rule.limit {
            return Slot::Full;
        }
        self.pending += 1;
        self.pending_until = now + PATIENCE;
        self.touched = now;
        Slot::Free
    }

    /// Settles a claimed slot.
    pub fn settle(&mut self, now: Timestamp, mark: Mark, rule: &TallyRule) {
        if mark == Mark::Elsewhere {
            if self.pending == 0 && self.total > 0 && now.since(self.touched) >= QUIET {
                *self = Self { touched: self.touched, ..Self::default() };
            }
            return;
        }
        self.pending = self.pending.saturating_sub(1);
        match mark {
            Mark::Void | Mark::Elsewhere => {}
            Mark::Right => {
                let pending = self.pending;
                *self = Self { pending, pending_until: self.pending_until, touched: now, ..Self::default() };
            }
            Mark::Wrong => self.miss(now, 1, rule),
        }
    }

    /// Whether the cap is reached.
    pub fn is_sealed(&self) -> bool {
        self.locked_until == SEALED
    }

    /// Wrong answers that are still allowed before a lock.
    pub const fn remaining(&self, rule: &TallyRule) -> u32 {
        rule.limit.saturating_sub(self.misses)
    }

    fn expire(&mut self, now: Timestamp, rule: &TallyRule) {
        if self.pending > 0 && now >= self.pending_until {
            let lost = std::mem::take(&mut self.pending);
            self.miss(now, lost, rule);
        }
    }

    fn miss(&mut self, now: Timestamp, count: u32, rule: &TallyRule) {
        self.touched = now;
        self.misses = self.misses.saturating_add(count);
        self.total = self.total.saturating_add(count);
        if self.misses >= rule.limit {
            let lock = rule.lock.saturating_mul(1 << self.locks.min(16)).min(rule.longest);
            self.locked_until = now + lock;
            self.locks = self.locks.saturating_add(1);
            self.misses = 0;
        }
        if rule.cap > 0 && self.total >= rule.cap {
            self.locked_until = SEALED;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULE: TallyRule =
        TallyRule { limit: 5, lock: Duration::from_secs(30), longest: Duration::from_secs(900), cap: 100 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn miss(tally: &mut Tally, now: Timestamp) -> Slot {
        let slot = tally.claim(now, &RULE);
        if slot == Slot::Free {
            tally.settle(now, Mark::Wrong, &RULE);
        }
        slot
    }

    #[test]
    fn five_misses_lock_for_thirty_seconds_and_then_for_twice_as_long() {
        let mut tally = Tally::default();
        for _ in 0..5 {
            assert_eq!(miss(&mut tally, at(1000)), Slot::Free);
        }
        assert_eq!(miss(&mut tally, at(1000)), Slot::Locked(at(1030)));
        assert_eq!(miss(&mut tally, at(1029)), Slot::Locked(at(1030)));
        for _ in 0..5 {
            assert_eq!(miss(&mut tally, at(1030)), Slot::Free);
        }
        assert_eq!(miss(&mut tally, at(1030)), Slot::Locked(at(1090)));
    }

    #[test]
    fn a_right_answer_forgets_the_misses() {
        let mut tally = Tally::default();
        miss(&mut tally, at(1));
        assert_eq!(tally.claim(at(2), &RULE), Slot::Free);
        tally.settle(at(2), Mark::Right, &RULE);
        assert_eq!((tally.misses, tally.total, tally.pending), (0, 0, 0));
    }

    #[test]
    fn an_answer_whose_comparison_was_lost_in_a_crash_counts_as_wrong() {
        let mut tally = Tally::default();
        for _ in 0..5 {
            assert_eq!(tally.claim(at(1), &RULE), Slot::Free);
        }
        assert_eq!(tally.claim(at(2), &RULE), Slot::Full);
        assert!(matches!(tally.claim(at(40), &RULE), Slot::Locked(_)));
    }

    #[test]
    fn a_hundred_misses_in_a_row_close_the_path() {
        let mut tally = Tally::default();
        let mut now = at(0);
        let mut evaluated = 0;
        for _ in 0..1000 {
            if miss(&mut tally, now) == Slot::Free {
                evaluated += 1;
            }
            now = now + Duration::from_secs(901);
        }
        assert_eq!(evaluated, 100);
    }

    #[test]
    fn answers_compared_at_once_do_not_outrun_the_cap() {
        let rule = TallyRule { limit: 7, cap: 16, ..RULE };
        let (mut tally, mut now, mut evaluated) = (Tally::default(), at(0), 0);
        for _ in 0..20 {
            let open = (0..9).filter(|_| tally.claim(now, &rule) == Slot::Free).count();
            (0..open).for_each(|_| tally.settle(now, Mark::Wrong, &rule));
            evaluated += open;
            now = now + Duration::from_secs(901);
        }
        assert_eq!((evaluated, tally.is_sealed()), (16, true));
    }

    #[test]
    fn strangers_and_acquaintances_share_the_cap() {
        for cap in 5..=200 {
            let rule = TallyRule { cap, ..RULE };
            let (strangers, acquaintances) = (rule.of_strangers().cap, rule.of_acquaintances().cap);
            assert!(strangers > 0 && acquaintances > 0);
            assert_eq!(strangers + acquaintances, cap);
        }
        let never = TallyRule { cap: 0, ..RULE };
        assert_eq!((never.of_strangers().cap, never.of_acquaintances().cap), (0, 0));
    }

    #[test]
    fn a_proof_from_elsewhere_opens_a_seal_after_a_quiet_day_alone() {
        let mut tally = Tally::default();
        let mut now = at(0);
        while tally.locked_until != SEALED {
            miss(&mut tally, now);
            now = now + Duration::from_secs(901);
        }
        let last = tally.touched;
        tally.settle(last + QUIET - Duration::from_secs(1), Mark::Elsewhere, &RULE);
        assert_eq!((tally.total, tally.locked_until), (100, SEALED));
        tally.settle(last + QUIET, Mark::Elsewhere, &RULE);
        assert_eq!(tally, Tally { touched: last, ..Tally::default() });
    }

    proptest! {
        #[test]
        fn no_order_of_claims_and_marks_lets_more_than_the_limit_be_wrong_before_a_lock(moves in prop::collection::vec(0u8..4, 1..200)) {
            let (mut tally, mut open, mut wrong) = (Tally::default(), 0, 0);
            for step in moves {
                match step {
                    0 => open += u32::from(tally.claim(at(1), &RULE) == Slot::Free),
                    1 if open > 0 => { tally.settle(at(1), Mark::Wrong, &RULE); open -= 1; wrong += 1 }
                    2 if open > 0 => { tally.settle(at(1), Mark::Void, &RULE); open -= 1 }
                    3 if open > 0 && tally.locked_until <= at(1) => { tally.settle(at(1), Mark::Right, &RULE); open -= 1; wrong = 0 }
                    _ => {}
                }
                prop_assert!(wrong <= 5);
                prop_assert_eq!(tally.pending, open);
            }
        }
    }
}
