//! Flows and tallies: claimed and settled under one lock, so that either everything of a settlement happens or nothing.

use async_trait::async_trait;
use vestibule_core::attempt::{Slot, Tally, TallyKey, TallyRule};
use vestibule_core::budget::{Budget, BudgetKey, Cost};
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{
    ClaimRequest, Claimed, Conclusion, FlowVersion, Flows, Move, Settled, Settlement, StoredFlow,
};
use vestibule_core::ports::{FlowNumber, Timestamp};

use super::audit::bodies;
use super::draft::Draft;
use super::outbox::Mail;
use super::{Kept, Memory};
use crate::claim;

#[async_trait]
impl Flows for Memory {
    async fn flow(&self, number: &FlowNumber) -> Result<Option<StoredFlow>, Fault> {
        Ok(self.kept().flows.get(number).cloned())
    }

    async fn claim(&self, request: ClaimRequest<'_>) -> Result<Claimed, Fault> {
        let kept = &mut *self.kept();
        let flow = kept.flows.get(&request.flow).map(|flow| (flow.version, flow.busy_until));
        let version = match claim::next_version(flow, request.seen, request.now) {
            Ok(version) => version,
            Err(refusal) => return Ok(refusal),
        };
        let tallies = request.tallies.iter().map(|(key, rule)| (kept.tally(key), rule));
        let Some(slots) = claim::slots(tallies, request.now) else { return Ok(Claimed::Full) };
        for ((key, _), (_, tally)) in request.tallies.iter().zip(&slots) {
            kept.keep_tally(key, *tally);
        }
        let flow = kept.flows.entry(request.flow).or_insert_with(|| StoredFlow {
            tenant: request.tenant.clone(),
            version,
            format: 0,
            body: Vec::new(),
            busy_until: None,
            expires: request.expires,
        });
        flow.version = version;
        flow.busy_until = Some(request.until);
        Ok(Claimed::Ours { version, slots })
    }

    async fn settle(&self, settlement: Settlement<'_>) -> Result<Settled, Fault> {
        let kept = &mut *self.kept();
        let stands = settlement.flow.as_ref().is_none_or(|(number, version, _)| kept.is_at(number, *version));
        if !stands || !settlement.conclusion.is_none_or(|end| kept.holds(end)) {
            kept.mark(&settlement);
            return Ok(Settled::Lost);
        }
        let Some(draft) = Draft::of(kept, settlement.edits, settlement.tenant)? else { return Ok(Settled::Overtaken) };
        let bodies = bodies(settlement.events)?;
        let mail = Mail::of(kept, settlement.letters, settlement.now)?;
        if settlement.conclusion.is_some_and(|end| kept.grants.contains_key(&end.grant.id)) {
            return Err(Fault::new("a grant's id is taken"));
        }
        kept.mark(&settlement);
        if let Some((number, _, to)) = settlement.flow
            && let Some(flow) = kept.flows.get_mut(&number)
        {
            flow.busy_until = None;
            if let Move::Advance { format, body } = to {
                (flow.format, flow.body) = (format, body);
            }
        }
        draft.make(kept);
        if let Some(end) = settlement.conclusion {
            kept.sessions.insert(end.session.id, end.session.clone());
            kept.grants.insert(end.grant.id, end.grant.clone());
        }
        kept.acquaint(settlement.acquaintances);
        mail.put(kept);
        kept.tell(settlement.events, bodies);
        Ok(Settled::Kept)
    }

    async fn tally(&self, key: &TallyKey) -> Result<Tally, Fault> {
        Ok(self.kept().tally(key))
    }

    async fn budgets(&self, keys: &[&BudgetKey]) -> Result<Vec<Budget>, Fault> {
        let kept = self.kept();
        Ok(keys.iter().map(|key| kept.budgets.get(*key).copied().unwrap_or_default()).collect())
    }

    async fn clear_tally(&self, key: &TallyKey) -> Result<(), Fault> {
        self.kept().tallies.remove(key);
        Ok(())
    }

    async fn claim_tally(&self, key: &TallyKey, rule: &TallyRule, now: Timestamp) -> Result<Slot, Fault> {
        let kept = &mut *self.kept();
        let mut tally = kept.tally(key);
        let slot = tally.claim(now, rule);
        kept.keep_tally(key, tally);
        Ok(slot)
    }
}

impl Kept {
    fn mark(&mut self, settlement: &Settlement<'_>) {
        for mark in settlement.tallies {
            let mut tally = self.tally(&mark.key);
            tally.settle(settlement.now, mark.mark, &mark.rule);
            self.keep_tally(&mark.key, tally);
        }
        for Cost { key, rule, shares } in settlement.costs {
            self.budgets.entry(key.clone()).or_default().charge(settlement.now, rule, *shares);
        }
    }

    fn holds(&self, end: &Conclusion) -> bool {
        let user = self.users.get(&end.grant.user).filter(|user| user.tenant == end.grant.tenant);
        let at = |revision| user.is_some_and(|user| user.revision == revision);
        let is_there = self.sessions.contains_key(&end.session.id);
        end.premise.user_revision.is_none_or(at) && (is_there || !end.premise.session_is_there)
    }

    fn is_at(&self, number: &FlowNumber, version: FlowVersion) -> bool {
        self.flows.get(number).is_some_and(|flow| flow.version == version)
    }

    fn tally(&self, key: &TallyKey) -> Tally {
        self.tallies.get(key).copied().unwrap_or_default()
    }

    /// Keeps a tally that a move has touched; an untouched one needs no place.
    fn keep_tally(&mut self, key: &TallyKey, tally: Tally) {
        if tally != self.tally(key) {
            self.tallies.insert(key.clone(), tally);
        }
    }
}
