//! One letter at a time: open it, tell it, hand it to the carrier, settle it. A letter that a provider has accepted is
//! settled before anything else; a death in between repeats the same message under the same name.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use vestibule_core::audit::{Actor, Event, Origin, What};
use vestibule_core::delivery::{Channel, Letter, pause_after};
use vestibule_core::ports::store::{Audit, Carried, Delivery, Outbox};
use vestibule_core::ports::{Clock, Ports, Timestamp, Web};
use vestibule_core::secrets::Secrets;

use crate::Templates;
use crate::carriers::{Carriers, Undelivered};
use crate::number::international;

/// What the courier asks of the world.
#[derive(Clone)]
pub struct Needs {
    /// Where letters wait.
    pub outbox: Arc<dyn Outbox>,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// Calls to providers.
    pub web: Arc<dyn Web>,
    /// Where it is told what became of letters.
    pub audit: Arc<dyn Audit>,
}

impl From<Ports> for Needs {
    fn from(ports: Ports) -> Self {
        Self { outbox: ports.store.clone(), clock: ports.clock, web: ports.web, audit: ports.store }
    }
}

/// How carryings ended since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Letters that a provider accepted.
    pub sent: u64,
    /// Tries that failed and are repeated.
    pub failed: u64,
    /// Letters that will never arrive.
    pub dead: u64,
}

pub(crate) struct Desk {
    pub needs: Needs,
    pub secrets: Arc<Secrets>,
    pub templates: Templates,
    pub carriers: Carriers,
    pub patience: Duration,
    pub tally: Tally,
}

/// Counts, and whether the lack of a carrier was told.
#[derive(Default)]
pub(crate) struct Tally {
    sent: AtomicU64,
    failed: AtomicU64,
    dead: AtomicU64,
    told: [AtomicBool; 3],
}

/// How a try ended, before it is settled.
enum Tried {
    Arrived,
    Failed(Undelivered),
}

impl Desk {
    /// Carries a letter and settles it.
    pub(crate) async fn carry(&self, carried: Carried) {
        let letter = &carried.letter;
        let tried = self.attempt(letter).await;
        let (delivery, result, reason) = self.decide(&carried, tried);
        let settled = self.needs.outbox.carried(&letter.id, carried.lease, delivery).await;
        if let Err(fault) = &settled {
            tracing::error!(id = %letter.id, cause = %fault.chain(), "settling a letter failed");
        }
        let channel = letter.channel.as_str();
        tracing::info!(target: "vestibule::courier", id = %letter.id, %channel, tenant = %letter.tenant, result, tries = carried.tries + 1, reason);
        // Where its lease ran out somebody else has it; what they do is what counts.
        if matches!(settled, Ok(true)) {
            self.tally.count(delivery);
            self.tell(&carried, delivery, reason).await;
        }
    }

    /// Tells the audit log how a letter ended. The letter is settled already and may not come twice, so a fault is told alone.
    async fn tell(&self, carried: &Carried, delivery: Delivery, reason: String) {
        let what = match delivery {
            Delivery::Arrived => What::MessageSent,
            Delivery::Undeliverable => What::MessageRefused,
            Delivery::Again(_) => return,
        };
        let letter = &carried.letter;
        let event = Event::new(what, &letter.tenant, self.needs.clock.now(), Origin::default()).by(Actor::Server);
        let event = event.with("letter", letter.id).with("channel", letter.channel.as_str());
        let event = event.with("tries", carried.tries.saturating_add(1));
        let event = if reason.is_empty() { event } else { event.because(reason) };
        match self.needs.audit.mention(std::slice::from_ref(&event)).await {
            Ok(()) => event.log(),
            Err(fault) => tracing::error!(id = %letter.id, cause = %fault.chain(), "recording a letter's end failed"),
        }
    }

    async fn attempt(&self, letter: &Letter) -> Tried {
        if letter.expires <= self.needs.clock.now() {
            return Tried::Failed(Undelivered::permanent("it is too late"));
        }
        let Some(carrier) = self.carriers.of(letter.channel) else {
            self.tally.tell(letter.channel);
            return Tried::Failed(Undelivered::permanent("its channel has no carrier"));
        };
        let mut dispatch = match letter.open(&self.secrets) {
            Ok(dispatch) => dispatch,
            Err(fault) => return Tried::Failed(Undelivered::permanent(fault.context())),
        };
        if dispatch.channel == Channel::Sms {
            let Some(number) = international(&dispatch.to) else {
                return Tried::Failed(Undelivered::permanent("its number is not in international form"));
            };
            dispatch.to = number;
        }
        let rendered = match self.templates.render(letter, dispatch) {
            Ok(rendered) => rendered,
            Err(reason) => return Tried::Failed(Undelivered::permanent(reason)),
        };
        match tokio::time::timeout(self.patience, carrier.carry(&rendered)).await {
            Ok(Ok(())) => Tried::Arrived,
            Ok(Err(why)) => Tried::Failed(why),
            Err(_) => Tried::Failed(Undelivered::temporary("the provider took too long")),
        }
    }

    /// What becomes of the letter, the word for it, and why.
    fn decide(&self, carried: &Carried, tried: Tried) -> (Delivery, &'static str, String) {
        match tried {
            Tried::Arrived => (Delivery::Arrived, "arrived", String::new()),
            Tried::Failed(Undelivered::Permanent { reason }) => (Delivery::Undeliverable, "undeliverable", reason),
            Tried::Failed(Undelivered::Temporary { after, reason }) => {
                let again = next_try(self.needs.clock.now(), carried.tries, after);
                if again < carried.letter.expires {
                    (Delivery::Again(again), "again", reason)
                } else {
                    (Delivery::Undeliverable, "undeliverable", reason)
                }
            }
        }
    }
}

/// When a letter is tried again that was tried so often before: not before its provider wishes.
fn next_try(now: Timestamp, tries: u32, after: Option<Duration>) -> Timestamp {
    now + pause_after(tries).max(after.unwrap_or_default())
}

impl Tally {
    pub(crate) fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts { sent: read(&self.sent), failed: read(&self.failed), dead: read(&self.dead) }
    }

    fn count(&self, delivery: Delivery) {
        let count = match delivery {
            Delivery::Arrived => &self.sent,
            Delivery::Again(_) => &self.failed,
            Delivery::Undeliverable => &self.dead,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Says once that a channel has no carrier.
    fn tell(&self, channel: Channel) {
        let [email, sms, push] = &self.told;
        let (told, choices) = match channel {
            Channel::Email => (email, "smtp"),
            Channel::Sms => (sms, "twilio, vonage or http"),
            Channel::Push => (push, "fcm or webhook"),
        };
        if !told.swap(true, Ordering::Relaxed) {
            let channel = channel.as_str();
            tracing::warn!("messages by {channel} are lost: no carrier for {channel} is configured ({choices})");
        }
    }
}
