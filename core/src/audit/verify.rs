//! Checking the chain from one end to the other: a pure walk that is fed with records and checkpoints in the order of their
//! numbers and stops at the first thing that does not fit. It needs no server, only what was kept or exported.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;

use super::{Hash, ORIGIN, Record, link};
use crate::error::Fault;
use crate::ports::store::{Ledger, StoredCheckpoint, Walk};

/// What is wrong with a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The record at the number is not what its hash was made of: it was edited, replaced or moved.
    Altered,
    /// The record at the number is not there though later ones are.
    Missing,
    /// The record at the number stands where it does not belong, or twice.
    Disordered,
    /// The chain fits in itself but is not the one that was signed.
    Rewritten,
    /// The log ends before the number, up to which it was signed.
    Cut,
    /// A checkpoint at the number is not signed as it should be.
    Forged,
}

impl Flaw {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Altered => "altered",
            Self::Missing => "missing",
            Self::Disordered => "disordered",
            Self::Rewritten => "rewritten",
            Self::Cut => "cut",
            Self::Forged => "forged checkpoint",
        }
    }
}

/// The first thing that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// At which number.
    pub seq: u64,
    /// What it is.
    pub flaw: Flaw,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}: {}", self.seq, self.flaw.name())
    }
}

const fn at(seq: u64, flaw: Flaw) -> Finding {
    Finding { seq, flaw }
}

/// How a walk through the log ended.
#[derive(Debug)]
pub enum Checked {
    /// Everything fits.
    Sound(Summary),
    /// Something does not.
    Broken(Finding),
}

/// What was checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many records.
    pub records: u64,
    /// The number after which the log begins; zero: nothing was removed.
    pub after: u64,
    /// The number of the newest record.
    pub last: u64,
    /// How many checkpoints.
    pub checkpoints: u64,
    /// Up to which number it is signed.
    pub signed: u64,
    /// The names of the keys that signed.
    pub keys: BTreeSet<String>,
}

/// A walk through the log.
pub struct Walker {
    begun: bool,
    hash: Hash,
    /// What was signed elsewhere: the hash that the record of the number must have.
    elsewhere: Option<(u64, Hash)>,
    pending: Vec<(u64, Hash)>,
    summary: Summary,
}

impl Walker {
    /// A walk from the beginning. `elsewhere`: a checkpoint that was kept elsewhere.
    pub fn new(elsewhere: Option<&StoredCheckpoint>) -> Self {
        let elsewhere = elsewhere.map(|checkpoint| (checkpoint.seq, checkpoint.hash));
        Self { begun: false, hash: ORIGIN, elsewhere, pending: Vec::new(), summary: Summary::default() }
    }

    /// The number that the next record has if it fits.
    pub(super) const fn next(&self) -> u64 {
        self.summary.last.saturating_add(1)
    }

    /// The next checkpoint: before the record of the same number.
    ///
    /// # Errors
    /// It does not fit.
    pub fn checkpoint(&mut self, checkpoint: &StoredCheckpoint) -> Result<(), Finding> {
        let statement = checkpoint.statement().ok_or(at(checkpoint.seq, Flaw::Forged))?;
        if let Ok(key) = serde_json::from_str::<Named>(&checkpoint.key) {
            self.summary.keys.insert(key.kid);
        }
        self.summary.checkpoints += 1;
        if statement.anchor && !self.begun {
            self.begun = true;
            (self.hash, self.summary.after, self.summary.last) = (checkpoint.hash, statement.seq, statement.seq);
            self.summary.signed = statement.seq;
            return self.kept_elsewhere();
        }
        // One that comes late is held against the record that it belongs to.
        match checkpoint.seq.cmp(&self.summary.last) {
            Ordering::Greater => {
                self.pending.push((checkpoint.seq, checkpoint.hash));
                Ok(())
            }
            Ordering::Equal if checkpoint.hash == self.hash => {
                self.summary.signed = checkpoint.seq;
                Ok(())
            }
            Ordering::Equal => Err(at(checkpoint.seq, Flaw::Rewritten)),
            Ordering::Less => Err(at(checkpoint.seq, Flaw::Disordered)),
        }
    }

    /// Whether it is signed further than it was walked.
    fn is_waiting(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The next record. One that an anchor stands for is passed over: its removal was interrupted.
    ///
    /// # Errors
    /// It does not fit.
    pub fn record(&mut self, seq: u64, body: &str, hash: &Hash) -> Result<(), Finding> {
        self.begun = true;
        if self.summary.records == 0 && seq <= self.summary.after {
            return Ok(());
        }
        let expected = self.next();
        if seq > expected {
            return Err(at(expected, Flaw::Missing));
        }
        if seq < expected {
            return Err(at(seq, Flaw::Disordered));
        }
        if link(&self.hash, seq, body) != *hash {
            return Err(at(seq, Flaw::Altered));
        }
        (self.hash, self.summary.last) = (*hash, seq);
        self.summary.records += 1;
        let signed: Vec<Hash> = self.pending.iter().filter(|(at, _)| *at == seq).map(|(_, hash)| *hash).collect();
        if signed.iter().any(|signed| signed != hash) {
            return Err(at(seq, Flaw::Rewritten));
        }
        if !signed.is_empty() {
            self.summary.signed = seq;
        }
        self.pending.retain(|(at, _)| *at > seq);
        self.kept_elsewhere()
    }

    /// The end of the log.
    ///
    /// # Errors
    /// It was signed further than it goes, or what was signed elsewhere was removed before it could be compared.
    pub fn end(self) -> Result<Summary, Finding> {
        if let Some((seq, _)) = self.elsewhere.filter(|(seq, _)| *seq < self.summary.after) {
            return Err(at(seq, Flaw::Missing));
        }
        let further = self.pending.iter().chain(&self.elsewhere).map(|(seq, _)| *seq);
        match further.filter(|seq| *seq > self.summary.last).min() {
            Some(seq) => Err(at(seq, Flaw::Cut)),
            None => Ok(self.summary),
        }
    }

    fn kept_elsewhere(&self) -> Result<(), Finding> {
        match self.elsewhere {
            Some((seq, hash)) if seq == self.summary.last && hash != self.hash => Err(at(seq, Flaw::Rewritten)),
            _ => Ok(()),
        }
    }
}

/// The name of a key.
#[derive(Deserialize)]
struct Named {
    kid: String,
}

/// Columns of a record that say what its body says.
#[derive(Deserialize)]
struct Columns {
    at: String,
    tenant: String,
    user: Option<crate::ports::UserId>,
}

impl Record {
    /// Whether tenant, user and moment, by which records are found, are those of the body.
    fn is_filed_rightly(&self) -> bool {
        serde_json::from_str::<Columns>(&self.body).is_ok_and(|columns| {
            columns.at == self.at.to_string() && columns.tenant == self.tenant.as_str() && columns.user == self.user
        })
    }
}

/// Checks everything that a store keeps of the log.
///
/// # Errors
/// The store failed.
pub async fn check(store: &dyn Ledger, elsewhere: Option<&StoredCheckpoint>) -> Result<Checked, Fault> {
    const BATCH: usize = 500;
    let mut walker = Walker::new(elsewhere);
    let (mut records, mut checkpoints) = (0, 0);
    loop {
        let batch = store.records(&Walk { after: records, limit: BATCH, ..Walk::default() }).await?;
        let is_last = batch.len() < BATCH;
        let until = if is_last { u64::MAX } else { batch.last().map_or(u64::MAX, |last| last.seq) };
        // Checkpoints of a part of the log are told before its records.
        loop {
            let signed = store.checkpoints(checkpoints, BATCH).await?;
            let due = signed.iter().take_while(|checkpoint| checkpoint.seq <= until);
            let mut told = 0;
            for checkpoint in due {
                told += 1;
                checkpoints = checkpoint.seq;
                if let Err(finding) = walker.checkpoint(checkpoint) {
                    return Ok(Checked::Broken(finding));
                }
            }
            if told < BATCH {
                break;
            }
        }
        for record in &batch {
            records = record.seq;
            let fits = walker.record(record.seq, &record.body, &record.hash);
            let filed = if record.is_filed_rightly() { Ok(()) } else { Err(at(record.seq, Flaw::Altered)) };
            if let Err(finding) = fits.and(filed) {
                return Ok(Checked::Broken(finding));
            }
        }
        // A server that runs may have added and signed more since.
        if is_last && (batch.is_empty() || !walker.is_waiting()) {
            break;
        }
    }
    Ok(walker.end().map_or_else(Checked::Broken, Checked::Sound))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(bodies: &[&str]) -> Vec<(u64, String, Hash)> {
        let mut hash = ORIGIN;
        let link = |(body, seq): (&&str, u64)| {
            hash = link(&hash, seq, body);
            (seq, (*body).to_owned(), hash)
        };
        bodies.iter().zip(1..).map(link).collect()
    }

    fn walk(records: &[(u64, String, Hash)], elsewhere: Option<(u64, Hash)>) -> Result<Summary, Finding> {
        let elsewhere = elsewhere.map(|(seq, hash)| StoredCheckpoint {
            seq,
            hash,
            anchor: false,
            jws: String::new(),
            key: String::new(),
            at: crate::ports::Timestamp::default(),
        });
        let mut walker = Walker::new(elsewhere.as_ref());
        for (seq, body, hash) in records {
            walker.record(*seq, body, hash)?;
        }
        walker.end()
    }

    #[test]
    fn a_chain_that_fits_is_sound_also_with_a_checkpoint_from_elsewhere() {
        let records = chain(&["a", "b", "c"]);
        assert_eq!(walk(&records, None).unwrap().records, 3);
        assert_eq!(walk(&records, Some((2, records[1].2))).unwrap().last, 3);
        assert_eq!(walk(&[], None).unwrap(), Summary::default());
    }

    #[test]
    fn an_edit_a_removal_a_move_an_insertion_and_a_cut_are_found() {
        let sound = chain(&["a", "b", "c", "d"]);
        let with = |change: fn(&mut Vec<(u64, String, Hash)>)| {
            let mut records = sound.clone();
            change(&mut records);
            walk(&records, Some((4, sound[3].2))).unwrap_err()
        };
        assert_eq!(with(|records| records[1].1 = "B".to_owned()), at(2, Flaw::Altered));
        assert_eq!(with(|records| drop(records.remove(1))), at(2, Flaw::Missing));
        assert_eq!(with(|records| drop(records.remove(0))), at(1, Flaw::Missing));
        assert_eq!(with(|records| records.swap(1, 2)), at(2, Flaw::Missing));
        assert_eq!(with(|records| records.insert(2, records[1].clone())), at(2, Flaw::Disordered));
        assert_eq!(with(|records| drop(records.pop())), at(4, Flaw::Cut));
        assert_eq!(with(|records| *records = chain(&["a", "b", "c", "D"])), at(4, Flaw::Rewritten));
    }
}
