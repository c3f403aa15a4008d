//! The nature of a story's world: time that stands still, chance from a seed, keys that are made once for all worlds, and
//! password hashing that can be watched or be out of service.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Notify;
use vestibule::world::Threads;
use vestibule_core::error::Fault;
use vestibule_core::ports::web::{WebAnswer, WebFailure, WebRequest};
use vestibule_core::ports::{
    BadHash, Clock, Entropy, Foundry, PasswordHash, Passwords, Secret, Timestamp, Verdict, Web,
};
use vestibule_jose::{Family, SigningKey};

/// A clock that stands still until it is told to go on.
pub struct StillClock(pub Mutex<Timestamp>);

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    /// Lets the hashing threads and the other tasks run; the story's time does not pass.
    async fn pause(&self, _: Duration) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A world in which no other server answers.
pub struct Nobody;

#[async_trait]
impl Web for Nobody {
    async fn fetch(&self, request: WebRequest) -> Result<WebAnswer, WebFailure> {
        Err(WebFailure::Unreachable(format!("nobody answers at {}", request.url)))
    }
}

/// The same chance in every run. Something may happen while the server throws its dice, which puts it at any moment of a
/// request that a story likes.
#[derive(Default)]
pub struct SeededEntropy {
    drawn: AtomicU64,
    interruption: Mutex<Option<(usize, Interruption)>>,
}

/// What happens in the middle of a request.
pub type Interruption = Pin<Box<dyn Future<Output = ()> + Send>>;

impl SeededEntropy {
    /// Lets something happen at the `count`-th throw from now on. It must not have to wait.
    pub fn interrupt(&self, count: usize, what: impl Future<Output = ()> + Send + 'static) {
        *self.interruption.lock().unwrap() = Some((count, Box::pin(what)));
    }

    /// Leaves out so many throws: a server that is started again does not throw what its predecessor threw.
    pub fn skip(&self, count: u64) {
        self.drawn.fetch_add(count, Ordering::Relaxed);
    }

    /// Whether what was to happen has happened.
    pub fn has_happened(&self) -> bool {
        self.interruption.lock().unwrap().is_none()
    }

    fn due(&self) -> Option<Interruption> {
        let mut interruption = self.interruption.lock().unwrap();
        match interruption.as_mut() {
            Some((count, _)) if *count > 1 => {
                *count -= 1;
                None
            }
            _ => interruption.take().map(|(_, what)| what),
        }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if let Some(mut what) = self.due() {
            let polled = what.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(polled.is_ready(), "an interruption cannot wait");
        }
        for chunk in bytes.chunks_mut(32) {
            let block = vestibule_jose::sha256(&self.drawn.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// Makes real keys, but only once for all worlds: the first RSA key of each world is the same one. Within a world no key
/// is given out twice.
#[derive(Default)]
pub struct SharedKeys(Mutex<HashMap<Family, usize>>);

type Made = tokio::sync::Mutex<HashMap<(Family, usize), Vec<u8>>>;

#[async_trait]
impl Foundry for SharedKeys {
    async fn forge(&self, family: Family) -> Result<SigningKey, Fault> {
        static MADE: LazyLock<Made> = LazyLock::new(Made::default);
        let number = {
            let mut given = self.0.lock().unwrap();
            let count = given.entry(family).or_default();
            *count += 1;
            *count
        };
        let mut made = MADE.lock().await;
        if let Some(pkcs8) = made.get(&(family, number)) {
            return Ok(SigningKey::from_pkcs8(family, pkcs8).unwrap());
        }
        let key = Threads::default().forge(family).await?;
        made.insert((family, number), key.to_pkcs8().unwrap().to_vec());
        Ok(key)
    }
}

/// Password hashing that counts its comparisons and can be put out of service.
#[derive(Default)]
pub struct Watched {
    compared: AtomicUsize,
    full: AtomicBool,
    held: AtomicBool,
    arrived: Notify,
    go: Notify,
}

impl Watched {
    /// Puts the watch before the real hashing.
    pub fn over(self: &Arc<Self>, real: Arc<dyn Passwords>) -> Arc<dyn Passwords> {
        Arc::new(Watch { seen: Arc::clone(self), real })
    }

    /// How many passwords were compared so far.
    pub fn compared(&self) -> usize {
        self.compared.load(Ordering::SeqCst)
    }

    /// Whether the queue is full from now on.
    pub fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::SeqCst);
    }

    /// Holds the next comparison, once it is done, until it is let go.
    pub fn hold(&self) {
        self.held.store(true, Ordering::SeqCst);
    }

    /// Returns once a comparison is held.
    pub async fn holds(&self) {
        self.arrived.notified().await;
    }

    /// Lets the held comparison go on.
    pub fn let_go(&self) {
        self.go.notify_one();
    }
}

struct Watch {
    seen: Arc<Watched>,
    real: Arc<dyn Passwords>,
}

#[async_trait]
impl Passwords for Watch {
    async fn verify(&self, password: &Secret<String>, hash: Option<&PasswordHash>) -> Result<Verdict, Fault> {
        if self.seen.full.load(Ordering::SeqCst) {
            return Ok(Verdict::Overloaded);
        }
        // Only comparisons that could have been right are guesses: a locked user is compared with nothing.
        if hash.is_some() {
            self.seen.compared.fetch_add(1, Ordering::SeqCst);
        }
        let verdict = self.real.verify(password, hash).await;
        if self.seen.held.swap(false, Ordering::SeqCst) {
            self.seen.arrived.notify_one();
            self.seen.go.notified().await;
        }
        verdict
    }

    async fn hash(&self, password: &Secret<String>) -> Result<Option<PasswordHash>, Fault> {
        self.real.hash(password).await
    }

    fn adopt(&self, hash: &Secret<String>) -> Result<PasswordHash, BadHash> {
        self.real.adopt(hash)
    }
}
