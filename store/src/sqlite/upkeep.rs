//! Health and sweeping. A sweep goes in small batches, each a write of its own, so that logins do not wait for it.

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::ports::Timestamp;
use vestibule_core::ports::store::Upkeep;

use super::Sqlite;
use super::row::{Ask, integer};
use crate::sql::{Statement, flows, grants, marks, outbox, sessions, slips, tallies, upkeep};

/// Rows that one write removes at most.
const BATCH: usize = 200;

/// What is swept, in the order of the contract's reference.
const SWEEPS: [Statement; 9] = [
    flows::SWEEP,
    sessions::SWEEP,
    grants::SWEEP,
    grants::SWEEP_TOKENS,
    tallies::SWEEP,
    slips::SWEEP,
    marks::SWEEP,
    outbox::SWEEP,
    outbox::SWEEP_BUDGETS,
];

#[async_trait]
impl Upkeep for Sqlite {
    async fn check(&self, now: Timestamp) -> Result<(), Fault> {
        self.write(move |db| db.change(upkeep::BEAT, (now.micros(),)).map(drop)).await?;
        let felt = self.read(|db| db.has(upkeep::FEEL, ()))?;
        if felt { Ok(()) } else { Err(Fault::new("what was just written is not there")) }
    }

    async fn sweep(&self, now: Timestamp, most: usize) -> Result<usize, Fault> {
        let mut removed = 0;
        for statement in SWEEPS {
            loop {
                let batch = BATCH.min(most - removed);
                if batch == 0 {
                    break;
                }
                let swept = self.write(move |db| db.change(statement, (now.micros(), integer(batch)))).await?;
                removed += swept;
                if swept < batch {
                    break;
                }
            }
        }
        Ok(removed)
    }
}
