//! Acquaintances: networks from which a user signed in lately, and devices with a session of the user. Their wrong answers are
//! counted apart from those of strangers, so that a stranger who guesses cannot lock the user out. Law: whoever is acquainted
//! by one factor is a stranger to the others, so that a stolen password does not make its thief familiar with the codes.

use std::net::IpAddr;
use std::time::Duration;

use vestibule_jose::base64url;

use crate::error::Fault;
use crate::flow::{Proof, Source, Who};
use crate::ports::{Ports, TenantId, Timestamp, UserId};
use crate::secrets::Secrets;
use crate::session::{Presence, Session};

/// Somewhere that a user signed in from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquaintance {
    /// Whose it is.
    pub user: UserId,
    /// Keyed hash of what it is, of one user and one pool of factors.
    pub mark: String,
    /// When the user last signed in from there, up to a day ago.
    pub seen: Timestamp,
}

/// How long somewhere is remembered after the last login from there.
pub const MEMORY: Duration = Duration::from_secs(60 * 60 * 24 * 90);

/// How many of a user are kept; the oldest go.
pub const MOST: usize = 64;

/// How old the note of a login may be before it is written anew: the usual login writes none.
const FRESH: Duration = Duration::from_secs(60 * 60 * 24);

/// Which pool of whose factors is meant.
#[derive(Clone, Copy)]
pub(crate) struct Familiar<'a> {
    pub tenant: &'a TenantId,
    pub user: UserId,
    pub pool: &'static str,
}

impl Acquaintance {
    /// When it is forgotten.
    pub fn due(&self) -> Timestamp {
        self.seen + MEMORY
    }
}

impl<'a> Familiar<'a> {
    /// A name that no user has is looked up like a user's.
    pub fn of(tenant: &'a TenantId, who: &Who, pool: &'static str) -> Self {
        let user = match who {
            Who::Known(user) => *user,
            Who::Shadow(_) => UserId::from_bytes([0; 16]),
        };
        Self { tenant, user, pool }
    }

    /// Whether the source is one from which the user gave a right answer of that pool lately. `begun`: the session that the flow
    /// began with.
    ///
    /// # Errors
    /// The store failed.
    pub async fn knows(
        &self,
        (ports, secrets): (&Ports, &Secrets),
        source: &Source,
        begun: Option<Presence>,
    ) -> Result<bool, Fault> {
        let now = ports.clock.now();
        for presence in [source.presence, begun].into_iter().flatten() {
            let session = ports.store.session(&presence.session).await?;
            if session.is_some_and(|session| presence.is_of(&session) && session.is_alive(now) && self.owns(&session)) {
                return Ok(true);
            }
        }
        let traits = traits(source);
        if traits.is_empty() {
            return Ok(false);
        }
        let kept = ports.store.acquaintances(&self.user).await?;
        let digests = traits.iter().flat_map(|of| self.parts(of, |parts| secrets.digests(parts)));
        let marks: Vec<String> = digests.map(|digest| base64url(&digest)).collect();
        Ok(kept.iter().any(|kept| now < kept.due() && marks.contains(&kept.mark)))
    }

    fn owns(&self, session: &Session) -> bool {
        session.user == self.user && session.tenant == *self.tenant && pools(session.proofs.iter()).contains(&self.pool)
    }

    fn parts<T>(&self, (kind, value): &Trait, take: impl FnOnce(&[&[u8]]) -> T) -> T {
        let (tenant, pool) = (self.tenant.as_str().as_bytes(), self.pool.as_bytes());
        take(&[b"acquaintance", tenant, self.user.as_bytes(), pool, kind.as_bytes(), value])
    }
}

/// What is to be remembered of where somebody gave right answers of these pools: nothing, if that is remembered already.
///
/// # Errors
/// The store failed.
pub(crate) async fn made(
    (ports, secrets): (&Ports, &Secrets),
    (tenant, user): (&TenantId, UserId),
    source: &Source,
    pools: &[&'static str],
) -> Result<Vec<Acquaintance>, Fault> {
    let traits = traits(source);
    if traits.is_empty() {
        return Ok(Vec::new());
    }
    let seen = ports.clock.now();
    let kept = ports.store.acquaintances(&user).await?;
    let is_fresh = |mark: &str| kept.iter().any(|kept| kept.mark == mark && seen.since(kept.seen) < FRESH);
    let familiar = pools.iter().map(|pool| Familiar { tenant, user, pool });
    let mark = |of: Familiar<'_>, is: &Trait| of.parts(is, |parts| base64url(&secrets.digest(parts)));
    let marks = familiar.flat_map(|of| traits.iter().map(move |is| mark(of, is)));
    Ok(marks.filter(|mark| !is_fresh(mark)).map(|mark| Acquaintance { user, mark, seen }).collect())
}

/// The pools that proofs are of.
pub(crate) fn pools<'a>(proofs: impl Iterator<Item = &'a Proof>) -> Vec<&'static str> {
    let mut pools: Vec<_> = proofs.flat_map(|proof| proof.factor.opens()).copied().collect();
    pools.sort_unstable();
    pools.dedup();
    pools
}

/// A kind and a value.
type Trait = (&'static str, Vec<u8>);

/// By what a source is known again. A key that the app proves to hold belongs here too.
fn traits(source: &Source) -> Vec<Trait> {
    // Everybody comes from the machine itself who comes through a proxy that nobody told the server of.
    let network = source.address.filter(|address| !address.to_canonical().is_loopback()).map(network);
    network.map(|network| ("network", network.into_bytes())).into_iter().collect()
}

/// The network of an address as it is counted and remembered: the /24 of IPv4, the /48 of IPv6.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => format!("4-{:x}", address.to_bits() >> 8),
        IpAddr::V6(address) => format!("6-{:x}", address.to_bits() >> 80),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_network_and_ipv4_is_the_same_in_its_mapped_form() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("203.0.113.9"), of("::ffff:203.0.113.200"));
        assert_ne!(of("203.0.113.9"), of("203.0.112.9"));
        assert_eq!(of("2001:db8:1:2::3"), of("2001:db8:1:ffff::1"));
        assert_ne!(of("2001:db8:1::3"), of("2001:db8:2::3"));
    }

    #[test]
    fn the_machine_itself_is_no_acquaintance() {
        let at = |text: &str| traits(&Source { address: text.parse().ok(), ..Source::default() }).len();
        assert_eq!([at("127.0.0.1"), at("::1"), at("::ffff:127.0.0.1"), at("203.0.113.9")], [0, 0, 0, 1]);
    }
}
