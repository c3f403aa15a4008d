//! The life of a signing key: published, signing, retired, over. It follows from the moments that the store keeps, so that all
//! nodes agree about it without telling each other.

use std::time::Duration;

use vestibule_jose::Family;

use crate::application::Lifetimes;
use crate::ports::Timestamp;
use crate::ports::store::StoredKey;

/// How far clocks of verifiers may be apart from ours.
const SKEW: Duration = Duration::from_secs(300);

/// How long a retired key still verifies: no token that an application may be given lives longer.
pub const RETENTION: Duration = Lifetimes::LONGEST_TOKEN.saturating_add(SKEW);

/// What an operator decided about signing keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRules {
    /// Age at which a key that signs is replaced; zero: never.
    pub rotate_after: Duration,
    /// For how long a key is published before it signs.
    pub publish_ahead: Duration,
    /// For how long verifiers may keep the published keys.
    pub max_age: Duration,
    /// How old the view of a node may be.
    pub refresh: Duration,
}

impl Default for KeyRules {
    fn default() -> Self {
        const fn minutes(n: u64) -> Duration {
            Duration::from_secs(60 * n)
        }
        Self {
            rotate_after: minutes(60 * 24 * 90),
            publish_ahead: minutes(120),
            max_age: minutes(60),
            refresh: Duration::from_secs(10),
        }
    }
}

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Verifiers may learn of it; it does not sign yet.
    Published,
    /// It signs.
    Signing,
    /// Another one signs; what it signed still verifies.
    Retired,
    /// Nothing that it signed can still be good.
    Over,
}

/// The moments of a key's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// From when on it signs.
    pub active_from: Timestamp,
    /// From when on another one signs in its place, if that is known.
    pub retired_from: Option<Timestamp>,
}

impl Life {
    /// The life of a key among all keys of its tenant.
    pub fn of(key: &StoredKey, all: &[StoredKey]) -> Self {
        let later = all.iter().filter(|other| other.family == key.family && order(other) > order(key));
        Self { active_from: key.active_from, retired_from: later.map(|other| other.active_from).min() }
    }

    /// When nothing that it signed can still be good, if it is to retire.
    pub fn ends(&self) -> Option<Timestamp> {
        self.retired_from.map(|retired| retired + RETENTION)
    }

    /// Where the key is in its life.
    pub fn stage(&self, now: Timestamp) -> Stage {
        match self.retired_from {
            _ if self.ends().is_some_and(|end| end <= now) => Stage::Over,
            Some(retired) if retired <= now => Stage::Retired,
            _ if self.active_from <= now => Stage::Signing,
            _ => Stage::Published,
        }
    }
}

/// Keys of a family in the order in which they sign.
fn order(key: &StoredKey) -> (Timestamp, Timestamp, &str) {
    (key.active_from, key.created, &key.kid)
}

/// The keys that are not over, with their lives.
pub(super) fn alive(all: &[StoredKey], now: Timestamp) -> Vec<(&StoredKey, Life)> {
    let lives = all.iter().map(|key| (key, Life::of(key, all)));
    lives.filter(|(_, life)| life.stage(now) != Stage::Over).collect()
}

/// The key of the family that was made last, which whoever adds one must have seen.
pub(super) fn newest(all: &[StoredKey], family: Family) -> Option<&StoredKey> {
    all.iter().filter(|key| key.family == family).max_by_key(|key| (key.created, &key.kid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{TenantId, Wrapped};

    fn key(kid: &str, created: i64, active_from: i64) -> StoredKey {
        StoredKey {
            tenant: TenantId::root(),
            kid: kid.to_owned(),
            family: Family::P256,
            private: Wrapped { key: "m".to_owned(), bytes: Vec::new() },
            created: Timestamp::from_seconds(created),
            active_from: Timestamp::from_seconds(active_from),
        }
    }

    fn stages(all: &[StoredKey], now: Timestamp) -> Vec<Stage> {
        all.iter().map(|key| Life::of(key, all).stage(now)).collect()
    }

    #[test]
    fn a_key_is_published_then_signs_then_retires_then_is_over() {
        let all = [key("a", 0, 0), key("b", 10, 100)];
        let at = Timestamp::from_seconds;
        assert_eq!(stages(&all, at(99)), [Stage::Signing, Stage::Published]);
        assert_eq!(stages(&all, at(100)), [Stage::Retired, Stage::Signing]);
        assert_eq!(stages(&all, at(99) + RETENTION), [Stage::Retired, Stage::Signing]);
        assert_eq!(stages(&all, at(100) + RETENTION), [Stage::Over, Stage::Signing]);
    }

    #[test]
    fn a_key_that_signs_at_once_does_not_keep_a_published_one_from_its_turn() {
        let all = [key("a", 0, 0), key("b", 10, 100), key("c", 20, 20)];
        assert_eq!(stages(&all, Timestamp::from_seconds(20)), [Stage::Retired, Stage::Published, Stage::Signing]);
        assert_eq!(stages(&all, Timestamp::from_seconds(100)), [Stage::Retired, Stage::Signing, Stage::Retired]);
        assert_eq!(newest(&all, Family::P256).map(|key| key.kid.as_str()), Some("c"));
    }

    #[test]
    fn keys_of_other_families_retire_nothing() {
        let all = [key("a", 0, 0), StoredKey { family: Family::Rsa, ..key("b", 10, 10) }];
        assert_eq!(stages(&all, Timestamp::from_seconds(20)), [Stage::Signing, Stage::Signing]);
        assert_eq!(newest(&all, Family::Ed25519), None);
    }
}
