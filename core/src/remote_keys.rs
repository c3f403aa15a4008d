//! Public keys at addresses of others: identity providers' and clients'. They are remembered for some minutes; a token may
//! make the server look once for a key that it does not know, and not more often than every ten seconds, else anybody
//! could make it call others at will. A failed look is remembered as long, and meanwhile keys of the last ten minutes do. Those
//! who come while an address is read for the first time after long read it too.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use vestibule_jose::{JwkSet, VerifyError};

use crate::ports::Timestamp;

/// How long keys are taken for their owner's present ones.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// How long they do while their owner cannot be reached.
const STALE: Duration = Duration::from_secs(10 * 60);
/// How long after a look the next one may follow.
const PAUSE: Duration = Duration::from_secs(10);
/// Addresses that are remembered at a time.
const MOST: usize = 256;

/// Keys as they were found at addresses.
#[derive(Debug, Default)]
pub struct RemoteKeys(Mutex<BTreeMap<String, Found>>);

#[derive(Debug)]
struct Found {
    /// The keys, and when they were fetched.
    keys: Option<(Arc<JwkSet>, Timestamp)>,
    /// When the last look began, or ended.
    looked: Timestamp,
    /// Nothing came of the last look that ended.
    vain: bool,
}

/// What to do about an address.
enum Plan {
    Use(Arc<JwkSet>),
    /// Look, and make do with these if nothing comes of it.
    Fetch(Option<Arc<JwkSet>>),
    /// The last look failed just now.
    Wait,
}

impl RemoteKeys {
    /// Nothing is remembered yet.
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Checks something with the keys at an address; with the present ones if a key is unknown. `fetch` reads the address;
    /// `None` from it says that it cannot be read, and so does `Ok(None)` here.
    ///
    /// # Errors
    /// `fetch` failed for another reason.
    pub async fn check<T, E, F: Future<Output = Result<Option<JwkSet>, E>>>(
        &self,
        (url, now): (&str, Timestamp),
        fetch: impl Fn() -> F,
        check: impl Fn(&JwkSet) -> Result<T, VerifyError>,
    ) -> Result<Option<Result<T, VerifyError>>, E> {
        let keys = match self.plan(url, now) {
            Plan::Use(keys) => keys,
            Plan::Wait => return Ok(None),
            Plan::Fetch(stale) => match self.fetched(url, now, fetch()).await?.or(stale) {
                Some(keys) => keys,
                None => return Ok(None),
            },
        };
        match check(&keys) {
            Err(VerifyError::UnknownKey) if self.may_look(url, now) => {
                Ok(self.fetched(url, now, fetch()).await?.map(|keys| check(&keys)))
            }
            checked => Ok(Some(checked)),
        }
    }

    fn plan(&self, url: &str, now: Timestamp) -> Plan {
        let mut all = self.all();
        let Some(found) = all.get_mut(url) else { return Plan::Fetch(None) };
        let of_age = |age: Duration| {
            let young = found.keys.as_ref().filter(|(_, fetched)| now.since(*fetched) < age);
            young.map(|(keys, _)| keys.clone())
        };
        if let Some(keys) = of_age(FRESH) {
            return Plan::Use(keys);
        }
        let stale = of_age(STALE);
        if now.since(found.looked) < PAUSE {
            return match stale {
                Some(keys) => Plan::Use(keys),
                None if found.vain => Plan::Wait,
                // Somebody looks at this moment, and there is nothing to make do with.
                None => Plan::Fetch(None),
            };
        }
        found.looked = now;
        Plan::Fetch(stale)
    }

    /// Whether the server may look for an unknown key now; of many tokens at once, one may.
    fn may_look(&self, url: &str, now: Timestamp) -> bool {
        let mut all = self.all();
        let Some(found) = all.get_mut(url).filter(|found| now.since(found.looked) >= PAUSE) else { return false };
        found.looked = now;
        true
    }

    async fn fetched<E>(
        &self,
        url: &str,
        now: Timestamp,
        fetching: impl Future<Output = Result<Option<JwkSet>, E>>,
    ) -> Result<Option<Arc<JwkSet>>, E> {
        let (keys, failure) = match fetching.await {
            Ok(keys) => (keys.map(Arc::new), None),
            Err(error) => (None, Some(error)),
        };
        let mut all = self.all();
        if all.len() >= MOST && !all.contains_key(url) {
            let oldest = all.iter().min_by_key(|(_, found)| found.looked).map(|(url, _)| url.clone());
            oldest.map(|oldest| all.remove(&oldest));
        }
        let found = all.entry(url.to_owned()).or_insert(Found { keys: None, looked: now, vain: false });
        found.looked = now;
        found.vain = keys.is_none();
        if let Some(keys) = &keys {
            found.keys = Some((keys.clone(), now));
        }
        failure.map_or(Ok(keys), Err)
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Found>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    const URL: &str = "https://id.example.com/keys";

    /// An address that answers when it is let to.
    #[derive(Default)]
    struct Slow {
        looks: Cell<u32>,
        answers: RefCell<Option<JwkSet>>,
    }

    impl Slow {
        async fn fetch(&self) -> Result<Option<JwkSet>, ()> {
            self.looks.set(self.looks.get() + 1);
            std::future::poll_fn(|_| match self.answers.borrow().clone() {
                Some(keys) => Poll::Ready(Ok(Some(keys))),
                None => Poll::Pending,
            })
            .await
        }
    }

    fn step<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn whoever_comes_while_old_keys_are_fetched_anew_is_not_sent_away() {
        let (keys, slow) = (RemoteKeys::new(), Slow::default());
        let ask = |now| keys.check((URL, at(now)), || slow.fetch(), |_| Ok(()));
        slow.answers.replace(Some(JwkSet::default()));
        assert_eq!(step(pin!(ask(0))), Poll::Ready(Ok(Some(Ok(())))));
        slow.answers.replace(None);
        // Long after they were good for anything.
        let (mut first, mut second) = (pin!(ask(3_600)), pin!(ask(3_601)));
        assert_eq!(step(first.as_mut()), Poll::Pending);
        assert_eq!(step(second.as_mut()), Poll::Pending, "it looks as well");
        slow.answers.replace(Some(JwkSet::default()));
        assert_eq!(step(second), Poll::Ready(Ok(Some(Ok(())))));
        assert_eq!(step(first), Poll::Ready(Ok(Some(Ok(())))));
        assert_eq!(slow.looks.get(), 3);
    }

    #[test]
    fn a_look_in_vain_is_remembered_for_a_while() {
        let keys = RemoteKeys::new();
        let looks = Cell::new(0);
        let ask = |now| {
            let fetch = || async {
                looks.set(looks.get() + 1);
                Ok::<_, ()>(None)
            };
            step(pin!(keys.check((URL, at(now)), fetch, |_| Ok(()))))
        };
        for (now, expected) in [(0, 1), (1, 1), (9, 1), (10, 2), (19, 2), (20, 3)] {
            assert_eq!(ask(now), Poll::Ready(Ok(None)));
            assert_eq!(looks.get(), expected, "after {now} s");
        }
    }
}
