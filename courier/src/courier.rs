//! The courier: takes letters that are due from the outbox, a bounded number at a time, and has each carried. Whoever
//! posts a letter rings the bell; without it letters are found within a second.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use vestibule_core::error::Fault;
use vestibule_core::secrets::Secrets;

use crate::carriers::Carriers;
use crate::desk::{Counts, Desk, Needs, Tally};
use crate::{Bell, Mailbox, Settings, Templates};

/// How often the outbox is looked into when nobody rings.
const ROUND: Duration = Duration::from_secs(1);

/// How long a letter is kept from other couriers, at least. It outlasts every carrying, or two would carry one letter.
const LEASE: Duration = Duration::from_secs(60);

/// Carries letters to people.
pub struct Courier {
    desk: Arc<Desk>,
    mailbox: Arc<Mailbox>,
    bell: Bell,
    at_once: usize,
    lease: Duration,
}

impl Courier {
    /// A courier over a world: the ports, or only what it needs of them.
    ///
    /// # Errors
    /// The settings do not fit together, or a template or file that they name cannot be used.
    pub fn new(needs: impl Into<Needs>, secrets: Arc<Secrets>, settings: &Settings) -> Result<Self, Fault> {
        let needs = needs.into();
        let mailbox = Arc::new(Mailbox::default());
        let templates = Templates::new(settings.templates.as_deref())?;
        let carriers = Carriers::new(&needs, settings, &mailbox)?;
        let patience = settings.patience;
        let desk = Desk { needs, secrets, templates, carriers, patience, tally: Tally::default() };
        let lease = LEASE.max(patience * 2);
        Ok(Self { desk: Arc::new(desk), mailbox, bell: Bell::default(), at_once: settings.at_once.max(1), lease })
    }

    /// The same courier, woken by a bell that hangs already.
    #[must_use]
    pub fn woken_by(mut self, bell: Bell) -> Self {
        self.bell = bell;
        self
    }

    /// Wakes this courier.
    pub fn bell(&self) -> Bell {
        self.bell.clone()
    }

    /// The mailbox of development; empty unless a channel leads there.
    pub fn mailbox(&self) -> Arc<Mailbox> {
        Arc::clone(&self.mailbox)
    }

    /// How carryings ended since the start.
    pub fn counts(&self) -> Counts {
        self.desk.tally.counts()
    }

    /// Carries every letter that is due now, once. Answers how many it took.
    ///
    /// # Errors
    /// The store failed to give letters out.
    pub async fn deliver_due(&self) -> Result<usize, Fault> {
        let mut carrying = JoinSet::new();
        let mut taken = 0;
        loop {
            taken += self.take(&mut carrying).await?;
            if carrying.join_next().await.is_none() {
                return Ok(taken);
            }
        }
    }

    /// Carries letters until `stop` is over, and then to the end those that are under way.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut carrying = JoinSet::new();
        loop {
            if let Err(fault) = self.take(&mut carrying).await {
                tracing::error!(cause = %fault.chain(), "looking for letters failed");
            }
            tokio::select! {
                () = &mut stop => break,
                () = self.bell.rung() => {}
                () = self.desk.needs.clock.pause(ROUND) => {}
                Some(_) = carrying.join_next(), if !carrying.is_empty() => {}
            }
        }
        while carrying.join_next().await.is_some() {}
    }

    /// Takes as many letters as there are free hands. A letter waits in the outbox, not here: its lease runs from now on.
    async fn take(&self, carrying: &mut JoinSet<()>) -> Result<usize, Fault> {
        let free = self.at_once.saturating_sub(carrying.len());
        if free == 0 {
            return Ok(0);
        }
        let now = self.desk.needs.clock.now();
        let letters = self.desk.needs.outbox.carry(now, now + self.lease, free).await?;
        let taken = letters.len();
        for letter in letters {
            let desk = Arc::clone(&self.desk);
            carrying.spawn(async move { desk.carry(letter).await });
        }
        Ok(taken)
    }
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier").field("at_once", &self.at_once).finish_non_exhaustive()
    }
}
