//! Signing keys from a thread of their own. An RSA key takes a large part of a second of computing, so one is made at a
//! time: a burst of new tenants must not take every core.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Mutex, oneshot};
use vestibule_core::error::Fault;
use vestibule_core::ports::Foundry;
use vestibule_jose::{Family, SigningKey};

/// Makes keys on a thread named `foundry`, which lives as long as the work takes.
#[derive(Clone, Debug, Default)]
pub struct Threads {
    /// Held by the thread, not by the caller: a caller that gives up does not let a second thread start.
    turn: Arc<Mutex<()>>,
}

#[async_trait]
impl Foundry for Threads {
    async fn forge(&self, family: Family) -> Result<SigningKey, Fault> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let (answer, made) = oneshot::channel();
        let work = move || {
            // Nobody may be waiting any more.
            drop(answer.send(SigningKey::generate(family)));
            drop(turn);
        };
        let thread = std::thread::Builder::new().name("foundry".to_owned());
        thread.spawn(work).map_err(|error| Fault::from("starting the foundry's thread", error))?;
        let key = made.await.map_err(|error| Fault::from("waiting for the foundry", error))?;
        key.map_err(|error| Fault::from("making a signing key", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keys_of_every_family_are_made() {
        let foundry = Threads::default();
        for family in [Family::Rsa, Family::P256] {
            let key = foundry.forge(family).await.unwrap();
            assert!(!key.kid().is_empty());
        }
    }

    #[tokio::test]
    async fn a_caller_that_gives_up_does_not_block_the_next() {
        let foundry = Threads::default();
        let abandoned = tokio::spawn({
            let foundry = foundry.clone();
            async move { foundry.forge(Family::P256).await }
        });
        abandoned.abort();
        assert!(foundry.forge(Family::P256).await.is_ok());
    }
}
