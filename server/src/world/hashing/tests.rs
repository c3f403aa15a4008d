//! The pool as its callers see it. Hashes are made at 8 KiB, so that the tests are quick.

use std::pin::pin;
use std::sync::{Mutex, mpsc};
use std::task::{Context, Poll, Waker};

use super::*;
use crate::world::SystemEntropy;

fn cheap() -> HashConfig {
    HashConfig { memory_kib: 8, iterations: 1, threads: 1, queue: 1, ..HashConfig::default() }
}

fn pool(config: &HashConfig) -> HashingPool {
    HashingPool::start(config, Arc::new(SystemEntropy)).unwrap()
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

#[tokio::test]
async fn the_right_password_is_right_and_any_other_is_wrong() {
    let pool = pool(&cheap());
    let hash = pool.hash(&secret("correct horse")).await.unwrap().unwrap();
    assert!(hash.0.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{}", hash.0);
    let right = pool.verify(&secret("correct horse"), Some(&hash)).await.unwrap();
    assert_eq!(right, Verdict::Right { rehash: None });
    for other in ["correct horse ", "Correct horse", ""] {
        assert_eq!(pool.verify(&secret(other), Some(&hash)).await.unwrap(), Verdict::Wrong, "{other}");
    }
}

// Checklist 8.
#[tokio::test]
async fn two_hashes_of_one_password_differ() {
    let pool = pool(&cheap());
    assert_ne!(pool.hash(&secret("pw")).await.unwrap(), pool.hash(&secret("pw")).await.unwrap());
}

// Checklist 7.
#[tokio::test]
async fn both_spellings_of_a_letter_are_one_password() {
    let pool = pool(&cheap());
    let hash = pool.hash(&secret("caf\u{e9}")).await.unwrap().unwrap();
    let verdict = pool.verify(&secret("cafe\u{301}"), Some(&hash)).await.unwrap();
    assert_eq!(verdict, Verdict::Right { rehash: None });
}

#[tokio::test]
async fn nothing_to_compare_with_is_wrong() {
    assert_eq!(pool(&cheap()).verify(&secret("pw"), None).await.unwrap(), Verdict::Wrong);
}

// Checklist 8.
#[tokio::test]
async fn a_hash_of_other_settings_is_made_anew() {
    let (old, new) = (pool(&HashConfig { memory_kib: 16, ..cheap() }), pool(&cheap()));
    let hash = old.hash(&secret("pw")).await.unwrap().unwrap();
    let Verdict::Right { rehash: Some(rehashed) } = new.verify(&secret("pw"), Some(&hash)).await.unwrap() else {
        panic!("no new hash")
    };
    assert_eq!(new.verify(&secret("pw"), Some(&rehashed)).await.unwrap(), Verdict::Right { rehash: None });
    assert_eq!(new.verify(&secret("wrong"), Some(&hash)).await.unwrap(), Verdict::Wrong);
}

#[tokio::test]
async fn an_unknown_algorithm_is_a_fault_and_not_a_wrong_password() {
    let hash = PasswordHash("$1$abcdefgh$ABCDEFGHIJKLMNOPQRSTUV".to_owned());
    assert!(pool(&cheap()).verify(&secret("pw"), Some(&hash)).await.is_err());
}

/// Stops the thread that asks for a salt until it is let go.
struct Gate {
    reached: mpsc::Sender<()>,
    opened: Mutex<mpsc::Receiver<()>>,
}

impl Entropy for Gate {
    fn fill(&self, bytes: &mut [u8]) {
        self.reached.send(()).unwrap();
        self.opened.lock().unwrap().recv().unwrap();
        bytes.fill(7);
    }
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_forgets_those_who_left() {
    let (reached, at_gate) = mpsc::channel();
    let (open, opened) = mpsc::channel();
    let gate = Gate { reached, opened: Mutex::new(opened) };
    let pool = HashingPool::start(&cheap(), Arc::new(gate)).unwrap();
    let password = secret("pw");
    let mut cx = Context::from_waker(Waker::noop());

    let mut working = pin!(pool.hash(&password));
    assert!(working.as_mut().poll(&mut cx).is_pending());
    at_gate.recv().unwrap();
    let mut waiting = Box::pin(pool.verify(&password, None));
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    assert!(matches!(pin!(pool.verify(&password, None)).poll(&mut cx), Poll::Ready(Ok(Verdict::Overloaded))));
    assert!(matches!(pin!(pool.hash(&password)).poll(&mut cx), Poll::Ready(Ok(None))));

    drop(waiting);
    let mut heir = pin!(pool.verify(&password, None));
    assert!(heir.as_mut().poll(&mut cx).is_pending());
    open.send(()).unwrap();
    assert!(working.await.unwrap().is_some());
    assert_eq!(heir.await.unwrap(), Verdict::Wrong);
}

/// A generator that ends the job that asks it.
struct Broken;

impl Entropy for Broken {
    fn fill(&self, _: &mut [u8]) {
        panic!("no salt");
    }
}

#[tokio::test]
async fn a_thread_outlives_a_job_that_panics() {
    let pool = HashingPool::start(&cheap(), Arc::new(Broken)).unwrap();
    assert!(pool.hash(&secret("pw")).await.is_err());
    assert_eq!(pool.verify(&secret("pw"), None).await.unwrap(), Verdict::Wrong);
}

#[test]
fn settings_that_are_none_are_refused() {
    let config = HashConfig { memory_kib: 4, ..cheap() };
    assert!(HashingPool::start(&config, Arc::new(SystemEntropy)).is_err());
}
