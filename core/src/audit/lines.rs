//! The log as lines of JSON, each a record or a checkpoint, which stands before the record of its number. What is exported
//! whole can be checked without the server that wrote it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use vestibule_jose::from_base64url;

use super::{Finding, Flaw, Hash, Record, Statement, Walker};
use crate::error::Fault;
use crate::ports::Timestamp;
use crate::ports::store::StoredCheckpoint;

/// A line. Its parts are read as they stand, since their spelling is what was hashed.
enum Line<'a> {
    Record(RecordLine<'a>),
    Checkpoint(CheckpointLine<'a>),
}

#[derive(Deserialize)]
struct RecordLine<'a> {
    seq: u64,
    hash: String,
    #[serde(borrow)]
    event: &'a RawValue,
}

#[derive(Serialize, Deserialize)]
struct CheckpointLine<'a> {
    checkpoint: String,
    #[serde(borrow)]
    key: &'a RawValue,
}

impl Record {
    /// The record as a line.
    ///
    /// # Errors
    /// Its body is no JSON.
    pub fn line(&self) -> Result<String, Fault> {
        serde_json::to_string(&self.shown()?).map_err(unwritten)
    }
}

impl StoredCheckpoint {
    /// The checkpoint as a line, as which it is kept elsewhere.
    ///
    /// # Errors
    /// Its key is no JSON.
    pub fn line(&self) -> Result<String, Fault> {
        let key = serde_json::from_str(&self.key).map_err(unwritten)?;
        serde_json::to_string(&CheckpointLine { checkpoint: self.jws.clone(), key }).map_err(unwritten)
    }

    /// The checkpoint that a line is, if its signature holds.
    pub fn read(line: &str) -> Option<Self> {
        let Ok(Line::Checkpoint(CheckpointLine { checkpoint, key })) = parse(line) else { return None };
        let statement = Statement::read(&checkpoint, key.get())?;
        Some(Self {
            seq: statement.seq,
            hash: statement.hash()?,
            anchor: statement.anchor,
            jws: checkpoint,
            key: key.get().to_owned(),
            at: Timestamp::from_seconds(statement.iat),
        })
    }
}

impl Walker {
    /// The next line of an export.
    ///
    /// # Errors
    /// It does not fit.
    pub fn line(&mut self, line: &str) -> Result<(), Finding> {
        let next = self.next();
        match parse(line) {
            Ok(Line::Record(RecordLine { seq, hash, event })) => {
                let hash = from_base64url(&hash).and_then(|hash| Hash::try_from(hash).ok());
                self.record(seq, event.get(), &hash.ok_or(Finding { seq, flaw: Flaw::Altered })?)
            }
            Ok(Line::Checkpoint(_)) => {
                let checkpoint = StoredCheckpoint::read(line).ok_or(Finding { seq: next, flaw: Flaw::Forged })?;
                self.checkpoint(&checkpoint)
            }
            Err(_) => Err(Finding { seq: next, flaw: Flaw::Altered }),
        }
    }
}

fn parse(line: &str) -> Result<Line<'_>, serde_json::Error> {
    serde_json::from_str(line).map(Line::Record).or_else(|_| serde_json::from_str(line).map(Line::Checkpoint))
}

fn unwritten(error: serde_json::Error) -> Fault {
    Fault::from("writing the audit log", error)
}
