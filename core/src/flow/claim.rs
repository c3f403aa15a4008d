//! The claim of a flow: taken with the tallies before an answer is compared, settled with everything that comes of the
//! comparison. Both are one transaction of the store, so parallel guesses cannot outrun the count and a lost process
//! leaves a flow that can go on.

use std::time::Duration;

use super::approach::Approach;
use super::conclude::fallen;
use super::engine::{Engine, Round, Scene, busy};
use super::state::State;
use super::ticket::Ticket;
use crate::acquaintance::Acquaintance;
use crate::attempt::{Mark, PATIENCE, QUEUE, ROUNDS, Slot, Tally, TallyKey, TallyRule, patience};
use crate::audit::{Event, What};
use crate::delivery::Letter;
use crate::error::{Code, Error, Fault};
use crate::ports::Timestamp;
use crate::ports::store::{ClaimRequest, Claimed, Conclusion, Edit, FlowVersion, Move, Settled, Settlement, TallyMark};

/// Shape of the states that this version writes.
pub(super) const FORMAT: u16 = 2;

/// A claimed flow with its tallies.
pub(super) struct Claim {
    pub version: FlowVersion,
    pub slots: Vec<(TallyKey, TallyRule, Slot, Tally)>,
    pub approach: Approach,
}

/// What a judged answer brings about.
#[derive(Default)]
pub(super) struct Effects<'a> {
    pub conclusion: Option<&'a Conclusion>,
    /// Where the conclusion's user signed in from, and what that means to tallies that were not claimed.
    pub arrival: Option<&'a Arrival>,
    pub edits: &'a [Edit],
    pub letters: &'a [Letter],
    pub events: &'a [Event],
}

/// What is noted of where a login came from.
#[derive(Default)]
pub(super) struct Arrival {
    pub acquaintances: Vec<Acquaintance>,
    pub marks: Vec<TallyMark>,
}

impl Claim {
    /// Until when the user's answers do not count.
    pub fn locked(&self) -> Option<Timestamp> {
        self.slots.first().and_then(|(.., slot, _)| until(*slot))
    }

    /// Until when answers from the source address do not count; those of somebody acquainted do, which the user's own tally
    /// bounds.
    pub fn source_locked(&self) -> Option<Timestamp> {
        self.slots.get(1).filter(|_| !self.approach.acquainted).and_then(|(.., slot, _)| until(*slot))
    }

    /// How the claimed slots are settled.
    fn marks(&self, user: Mark, source: Mark) -> Vec<TallyMark> {
        let marks = [user, source].into_iter().zip(&self.slots);
        marks
            .filter(|(_, (.., slot, _))| *slot == Slot::Free)
            .map(|(mark, (key, rule, ..))| TallyMark { key: key.clone(), rule: *rule, mark })
            .collect()
    }
}

impl Engine {
    /// Claims the flow and the tallies, waiting for answers of the same user that are being compared.
    pub(super) async fn claim(&self, round: &Round<'_>, approach: Approach) -> Result<Claim, Error> {
        let tallies = &approach.tallies;
        let start = self.ports.clock.now();
        for rounds in 0..ROUNDS {
            let now = self.ports.clock.now();
            let ticket = round.scene.ticket;
            let (tenant, expires) = (&ticket.tenant, ticket.expires);
            let (flow, seen, until) = (ticket.number, round.version, now + PATIENCE);
            let request = ClaimRequest { flow, tenant, seen, now, until, expires, tallies };
            match self.ports.store.claim(request).await? {
                Claimed::Ours { version, slots } => {
                    let slots =
                        tallies.iter().cloned().zip(slots).map(|((key, rule), (slot, tally))| (key, rule, slot, tally));
                    return Ok(Claim { version, slots: slots.collect(), approach });
                }
                Claimed::Busy => return Err(busy()),
                Claimed::Moved => {
                    let (_, state) = self.load(ticket, now).await?;
                    return Err(state.open().err().map_or_else(busy, Error::from));
                }
                Claimed::Full if now.since(start) >= QUEUE => break,
                Claimed::Full => self.ports.clock.pause(patience(rounds)).await,
            }
        }
        Err(Error::new(Code::TemporarilyUnavailable).retry_after(Duration::from_secs(1)))
    }

    /// Settles a claim.
    pub(super) async fn settle(
        &self,
        round: &Round<'_>,
        claim: &Claim,
        flow: Move,
        mark: Mark,
        effects: Effects<'_>,
    ) -> Result<(), Error> {
        match self.try_settle(round, claim, flow, mark, effects).await? {
            Settled::Kept => Ok(()),
            Settled::Lost | Settled::Overtaken => Err(busy()),
        }
    }

    /// Settles a claim, unless an edit is overtaken.
    pub(super) async fn try_settle(
        &self,
        round: &Round<'_>,
        claim: &Claim,
        flow: Move,
        mark: Mark,
        effects: Effects<'_>,
    ) -> Result<Settled, Error> {
        // A right answer says nothing of the other guesses from its address.
        let source = if mark == Mark::Wrong { Mark::Wrong } else { Mark::Void };
        let mut marks = claim.marks(mark, source);
        let costs = if mark == Mark::Wrong { claim.costs() } else { Vec::new() };
        if let Some(arrival) = effects.arrival {
            let is_claimed = |other: &TallyMark| claim.slots.iter().any(|(key, ..)| *key == other.key);
            marks.extend(arrival.marks.iter().filter(|other| !is_claimed(other)).cloned());
        }
        let ticket = round.scene.ticket;
        let settled = self.ports.settle(Settlement {
            flow: Some((ticket.number, claim.version, flow)),
            tallies: &marks,
            costs: &costs,
            conclusion: effects.conclusion,
            acquaintances: effects.arrival.map_or(&[], |arrival| &arrival.acquaintances),
            edits: effects.edits,
            letters: effects.letters,
            events: effects.events,
            ..Settlement::of(&ticket.tenant, self.ports.clock.now())
        });
        match (settled.await?, effects.conclusion) {
            (Settled::Lost, None) => Err(busy()),
            // Either another answer has the flow, or what this login stood on is over: then so is the flow.
            (Settled::Lost, Some(_)) => {
                let fallen = fallen();
                let ended = self.told_of(round.scene, What::LoginEnded).because(fallen.code().row().name);
                self.keep(ticket, claim.version, &State::Failed, (&[], &[ended])).await?;
                Err(fallen)
            }
            (settled, _) => Ok(settled),
        }
    }

    /// Settles a claim as `settle` does and says what happened.
    pub(super) async fn settle_and_tell(
        &self,
        round: &Round<'_>,
        claim: &Claim,
        flow: Move,
        mark: Mark,
        event: Event,
    ) -> Result<(), Error> {
        let effects = Effects { events: std::slice::from_ref(&event), ..Effects::default() };
        self.settle(round, claim, flow, mark, effects).await
    }

    /// Settles a claim that leaves the flow as it was.
    pub(super) async fn release(&self, round: &Round<'_>, claim: &Claim, mark: Mark) -> Result<(), Error> {
        self.settle(round, claim, Move::Release, mark, Effects::default()).await
    }

    /// Keeps the state of a claimed flow in which nothing was counted.
    async fn keep(
        &self,
        ticket: &Ticket,
        version: FlowVersion,
        state: &State,
        (letters, events): (&[Letter], &[Event]),
    ) -> Result<(), Error> {
        let flow = Some((ticket.number, version, advance(state)?));
        let settlement = Settlement { flow, letters, events, ..Settlement::of(&ticket.tenant, self.ports.clock.now()) };
        match self.ports.settle(settlement).await? {
            Settled::Kept => Ok(()),
            Settled::Lost | Settled::Overtaken => Err(busy()),
        }
    }

    /// Keeps the first state of a flow that has something to remember from the start.
    pub(super) async fn keep_first(&self, scene: Scene<'_>, state: &State, letters: &[Letter]) -> Result<(), Error> {
        let (ticket, now) = (scene.ticket, scene.now);
        let request = ClaimRequest {
            flow: ticket.number,
            tenant: &ticket.tenant,
            seen: FlowVersion::default(),
            now,
            until: now + PATIENCE,
            expires: ticket.expires,
            tallies: &[],
        };
        match self.ports.store.claim(request).await? {
            Claimed::Ours { version, .. } => self.keep(ticket, version, state, (letters, &[])).await,
            Claimed::Busy | Claimed::Moved | Claimed::Full => Err(busy()),
        }
    }
}

/// The move of a flow to a state.
pub(super) fn advance(state: &State) -> Result<Move, Fault> {
    let body = serde_json::to_vec(state).map_err(|error| Fault::from("writing a flow's state", error))?;
    Ok(Move::Advance { format: FORMAT, body })
}

fn until(slot: Slot) -> Option<Timestamp> {
    match slot {
        Slot::Locked(until) => Some(until),
        Slot::Free | Slot::Full => None,
    }
}
