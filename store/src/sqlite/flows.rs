//! Flows: a claim is one relaxed write, a settlement one durable write with everything that it brings about. Documents
//! are written before they are queued, so that the one writer is not kept busy with them.

use async_trait::async_trait;
use rusqlite::Connection;
use vestibule_core::acquaintance::Acquaintance;
use vestibule_core::attempt::{Slot, Tally, TallyKey, TallyRule};
use vestibule_core::budget::{Budget, BudgetKey, Cost};
use vestibule_core::delivery::Letter;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{
    ClaimRequest, Claimed, FlowVersion, Flows, Move, Premise, Settled, Settlement, StoredFlow, TallyMark,
};
use vestibule_core::ports::{FlowNumber, SessionId, TenantId, Timestamp, UserId};

use super::audit::{EventRow, append};
use super::edits::EditRow;
use super::grants::GrantRow;
use super::outbox::{put, read_budget, spend};
use super::row::{Ask, Columns, integer};
use super::sessions::SessionRow;
use super::tallies::{keep_tally, read_tally};
use super::writer::Durability;
use super::{Sqlite, acquaintances};
use crate::claim;
use crate::sql::{Statement, flows, sessions, tallies, users};

#[async_trait]
impl Flows for Sqlite {
    async fn flow(&self, number: &FlowNumber) -> Result<Option<StoredFlow>, Fault> {
        self.read(|db| db.one(flows::READ, (number.as_bytes(),), flow))
    }

    async fn claim(&self, request: ClaimRequest<'_>) -> Result<Claimed, Fault> {
        let claim = Claim {
            flow: request.flow,
            tenant: request.tenant.clone(),
            seen: request.seen,
            now: request.now,
            until: request.until,
            expires: request.expires,
            tallies: request.tallies.to_vec(),
        };
        self.writer.write(Durability::Relaxed, move |db| claim.carry_out(db)).await
    }

    async fn settle(&self, settlement: Settlement<'_>) -> Result<Settled, Fault> {
        let conclusion = settlement.conclusion;
        let effects = Effects {
            flow: settlement.flow,
            tallies: settlement.tallies.to_vec(),
            costs: settlement.costs.to_vec(),
            session: conclusion.map(|end| SessionRow::of(&end.session)).transpose()?,
            grant: conclusion.map(|end| GrantRow::of(&end.grant)).transpose()?,
            premise: conclusion.map(|end| (end.premise, end.grant.user, end.session.id)),
            acquaintances: settlement.acquaintances.to_vec(),
            edits: settlement.edits.iter().map(EditRow::of).collect::<Result<_, _>>()?,
            letters: settlement.letters.to_vec(),
            events: EventRow::all(settlement.events)?,
            tenant: settlement.tenant.clone(),
            now: settlement.now,
        };
        self.write(move |db| effects.carry_out(db)).await
    }

    async fn tally(&self, key: &TallyKey) -> Result<Tally, Fault> {
        self.read(|db| read_tally(db, key))
    }

    async fn budgets(&self, keys: &[&BudgetKey]) -> Result<Vec<Budget>, Fault> {
        self.read(|db| keys.iter().map(|key| read_budget(db, key)).collect())
    }

    async fn clear_tally(&self, key: &TallyKey) -> Result<(), Fault> {
        let key = key.clone();
        self.write(move |db| db.change(tallies::CLEAR, (&key.0,)).map(drop)).await
    }

    async fn claim_tally(&self, key: &TallyKey, rule: &TallyRule, now: Timestamp) -> Result<Slot, Fault> {
        let (key, rule) = (key.clone(), *rule);
        let work = move |db: &Connection| {
            let before = read_tally(db, &key)?;
            let mut tally = before;
            let slot = tally.claim(now, &rule);
            keep_tally(db, &key, &before, &tally)?;
            Ok(slot)
        };
        self.writer.write(Durability::Relaxed, work).await
    }
}

/// A [`ClaimRequest`] on its way to the writer.
struct Claim {
    flow: FlowNumber,
    tenant: TenantId,
    seen: FlowVersion,
    now: Timestamp,
    until: Timestamp,
    expires: Timestamp,
    tallies: Vec<(TallyKey, TallyRule)>,
}

impl Claim {
    fn carry_out(&self, db: &Connection) -> Result<Claimed, Fault> {
        let kept = db.one(flows::STANDING, (self.flow.as_bytes(),), standing)?;
        let version = match claim::next_version(kept, self.seen, self.now) {
            Ok(version) => version,
            Err(refusal) => return Ok(refusal),
        };
        let before: Vec<Tally> = self.tallies.iter().map(|(key, _)| read_tally(db, key)).collect::<Result<_, _>>()?;
        let rules = self.tallies.iter().map(|(_, rule)| rule);
        let Some(slots) = claim::slots(before.iter().copied().zip(rules), self.now) else {
            return Ok(Claimed::Full);
        };
        for ((key, _), (before, (_, after))) in self.tallies.iter().zip(before.iter().zip(&slots)) {
            keep_tally(db, key, before, after)?;
        }
        let (number, now_at, until) = (self.flow.as_bytes(), integer(version.0), self.until.micros());
        match kept {
            Some(_) => db.change(flows::TAKE, (now_at, until, number))?,
            None => {
                let row = (number, self.tenant.as_str(), now_at, [0_u8; 0], until, self.expires.micros());
                db.change(flows::OPEN, row)?
            }
        };
        Ok(Claimed::Ours { version, slots })
    }
}

/// A [`Settlement`] on its way to the writer.
struct Effects {
    flow: Option<(FlowNumber, FlowVersion, Move)>,
    tallies: Vec<TallyMark>,
    costs: Vec<Cost>,
    session: Option<SessionRow>,
    grant: Option<GrantRow>,
    premise: Option<(Premise, UserId, SessionId)>,
    acquaintances: Vec<Acquaintance>,
    edits: Vec<EditRow>,
    letters: Vec<Letter>,
    events: Vec<EventRow>,
    tenant: TenantId,
    now: Timestamp,
}

/// Before the marks of an answer whose edits may be overtaken; what comes after it is undone or stays.
const BEGIN: Statement = Statement { doing: "beginning an answer's edits", text: "SAVEPOINT answer" };
const UNDO: Statement = Statement { doing: "undoing an answer's edits", text: "ROLLBACK TO SAVEPOINT answer" };
const END: Statement = Statement { doing: "ending an answer's edits", text: "RELEASE SAVEPOINT answer" };

impl Effects {
    fn carry_out(&self, db: &Connection) -> Result<Settled, Fault> {
        // Most answers have no such edit and do not pay for a savepoint. A fault needs none: the writer undoes it.
        if !self.edits.iter().any(EditRow::has_condition) {
            return self.settle(db);
        }
        db.change(BEGIN, ())?;
        let settled = self.settle(db)?;
        if settled == Settled::Overtaken {
            db.change(UNDO, ())?;
        }
        db.change(END, ())?;
        Ok(settled)
    }

    fn settle(&self, db: &Connection) -> Result<Settled, Fault> {
        for TallyMark { key, rule, mark } in &self.tallies {
            let before = read_tally(db, key)?;
            let mut tally = before;
            tally.settle(self.now, *mark, rule);
            keep_tally(db, key, &before, &tally)?;
        }
        for Cost { key, rule, shares } in &self.costs {
            let mut budget = read_budget(db, key)?;
            budget.charge(self.now, rule, *shares);
            spend(db, key, &budget)?;
        }
        if !self.holds(db)? || !self.move_flow(db)? {
            return Ok(Settled::Lost);
        }
        for edit in &self.edits {
            if !edit.make(db, &self.tenant)? {
                return Ok(Settled::Overtaken);
            }
        }
        if let Some(session) = &self.session {
            session.keep(db)?;
        }
        if let Some(grant) = &self.grant {
            grant.give(db)?;
        }
        acquaintances::keep(db, &self.acquaintances)?;
        for letter in &self.letters {
            put(db, letter, self.now)?;
        }
        append(db, &self.events)?;
        Ok(Settled::Kept)
    }

    /// Whether what the conclusion stands on is still so.
    fn holds(&self, db: &Connection) -> Result<bool, Fault> {
        let Some((premise, user, session)) = &self.premise else { return Ok(true) };
        if let Some(revision) = premise.user_revision {
            let row = (self.tenant.as_str(), user.as_bytes(), integer(revision));
            if db.one(users::IS_AT, row, |_| Ok(()))?.is_none() {
                return Ok(false);
            }
        }
        Ok(!premise.session_is_there || db.one(sessions::IS_THERE, (session.as_bytes(),), |_| Ok(()))?.is_some())
    }

    /// Whether the flow still was at the claimed version.
    fn move_flow(&self, db: &Connection) -> Result<bool, Fault> {
        let Some((number, version, to)) = &self.flow else { return Ok(true) };
        let (number, version) = (number.as_bytes(), integer(version.0));
        let moved = match to {
            Move::Release => db.change(flows::RELEASE, (number, version))?,
            Move::Advance { format, body } => db.change(flows::ADVANCE, (format, body, number, version))?,
        };
        Ok(moved > 0)
    }
}

fn standing(row: &mut Columns<'_>) -> rusqlite::Result<(FlowVersion, Option<Timestamp>)> {
    Ok((FlowVersion(row.count()?), row.maybe_moment()?))
}

fn flow(row: &mut Columns<'_>) -> rusqlite::Result<StoredFlow> {
    Ok(StoredFlow {
        tenant: row.tenant()?,
        version: FlowVersion(row.count()?),
        format: row.take()?,
        body: row.take()?,
        busy_until: row.maybe_moment()?,
        expires: row.moment()?,
    })
}
