//! Password hashing on threads of its own behind a bounded queue. Memory is threads times the memory of one hash,
//! however many logins come; those beyond the queue are told at once to come back later, and work that nobody waits for
//! any more is not done.

mod bench;
mod foreign;
mod phc;
mod queue;
mod stored;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use argon2::Params;
use async_trait::async_trait;
use tokio::sync::oneshot;
use vestibule_core::error::Fault;
use vestibule_core::ports::{BadHash, Entropy, PasswordHash, Passwords, Secret, Verdict};
use vestibule_core::user::normalised_password;

pub use bench::LONGEST_PASSWORD;

use crate::config::HashConfig;
use bench::Bench;
use phc::TAG;
use queue::{Full, Queue};
use stored::Stored;

/// The hashing threads.
pub struct HashingPool {
    queue: Arc<Queue<Job>>,
}

/// Work for a thread, with the passwords in the form in which they are hashed.
enum Job {
    Verify { password: Secret<String>, stored: Option<Stored>, answer: Answer<Verdict> },
    Hash { password: Secret<String>, answer: Answer<PasswordHash> },
}

type Answer<T> = oneshot::Sender<Result<T, Fault>>;

impl HashingPool {
    /// Starts the threads. Salts of new hashes come from `entropy`.
    ///
    /// # Errors
    /// The settings are no Argon2 parameters, or a thread cannot be started.
    pub fn start(config: &HashConfig, entropy: Arc<dyn Entropy>) -> Result<Self, Fault> {
        let params = Params::new(config.memory_kib, config.iterations, config.parallelism, Some(TAG));
        let params = params.map_err(|error| Fault::from("reading the settings of password hashing", error))?;
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let wanted = usize::try_from(config.threads).unwrap_or(usize::MAX);
        let threads = if wanted == 0 { cores } else { wanted };
        let seats = usize::try_from(config.queue).unwrap_or(usize::MAX).saturating_mul(threads);
        // Made first, so that threads already running end when a later one cannot be started.
        let pool = Self { queue: Arc::new(Queue::new(seats)) };
        for number in 0..threads {
            let mut bench = Bench::new(params.clone(), Arc::clone(&entropy));
            let queue = Arc::clone(&pool.queue);
            let thread = std::thread::Builder::new().name(format!("hash-{number}"));
            let work = move || {
                while let Some(job) = queue.pop() {
                    // A thread outlives what goes wrong in a job; its caller sees the answer's end drop.
                    drop(catch_unwind(AssertUnwindSafe(|| job.run(&mut bench))));
                }
            };
            thread.spawn(work).map_err(|error| Fault::from("starting a hashing thread", error))?;
        }
        Ok(pool)
    }
}

impl Job {
    fn run(self, bench: &mut Bench) {
        // Nobody may be waiting any more.
        match self {
            Self::Verify { password, stored, answer } => drop(answer.send(bench.verify(&password, stored.as_ref()))),
            Self::Hash { password, answer } => drop(answer.send(bench.hash(&password))),
        }
    }
}

impl queue::Job for Job {
    fn is_abandoned(&self) -> bool {
        match self {
            Self::Verify { answer, .. } => answer.is_closed(),
            Self::Hash { answer, .. } => answer.is_closed(),
        }
    }
}

#[async_trait]
impl Passwords for HashingPool {
    async fn verify(&self, password: &Secret<String>, hash: Option<&PasswordHash>) -> Result<Verdict, Fault> {
        let stored = hash.map(Stored::read).transpose()?;
        let (answer, verdict) = oneshot::channel();
        match self.queue.push(Job::Verify { password: normalised(password), stored, answer }) {
            Err(Full) => Ok(Verdict::Overloaded),
            Ok(()) => verdict.await.map_err(|error| Fault::from("comparing a password", error))?,
        }
    }

    async fn hash(&self, password: &Secret<String>) -> Result<Option<PasswordHash>, Fault> {
        let (answer, hash) = oneshot::channel();
        match self.queue.push(Job::Hash { password: normalised(password), answer }) {
            Err(Full) => Ok(None),
            Ok(()) => hash.await.map_err(|error| Fault::from("hashing a password", error))?.map(Some),
        }
    }

    fn adopt(&self, hash: &Secret<String>) -> Result<PasswordHash, BadHash> {
        stored::adopt(hash.expose())
    }
}

impl Drop for HashingPool {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn normalised(password: &Secret<String>) -> Secret<String> {
    Secret::new(normalised_password(password.expose()))
}

#[cfg(test)]
mod tests;
