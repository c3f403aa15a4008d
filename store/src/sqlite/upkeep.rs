//! Health and sweeping. A sweep goes in small batches, each a write of its own, so that logins do not wait for it.

use std::path::Path;

use async_trait::async_trait;
use rusqlite::OpenFlags;
use tokio::sync::oneshot;
use vestibule_core::error::Fault;
use vestibule_core::ports::Timestamp;
use vestibule_core::ports::store::Upkeep;

use super::row::{Ask, Doing, integer};
use super::{Sqlite, connect};
use crate::sql::{
    Statement, acquaintances, attested_keys, flows, grants, marks, outbox, sessions, slips, tallies, upkeep,
};

/// Rows that one write removes at most.
const BATCH: usize = 200;

const SCRUBBING: &str = "scrubbing the database";

/// What is swept, in the order of the contract's reference.
const SWEEPS: [Statement; 11] = [
    flows::SWEEP,
    sessions::SWEEP,
    grants::SWEEP,
    grants::SWEEP_TOKENS,
    tallies::SWEEP,
    acquaintances::SWEEP,
    slips::SWEEP,
    marks::SWEEP,
    attested_keys::SWEEP,
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

    async fn scrub(&self) -> Result<(), Fault> {
        let (path, (done, over)) = (self.path.clone(), oneshot::channel());
        let work = move || drop(done.send(scrub(&path)));
        let thread = std::thread::Builder::new().name("store-scrubber".to_owned());
        thread.spawn(work).doing("starting the thread that scrubs the database")?;
        over.await.doing(SCRUBBING)?
    }
}

/// Writes the file anew and folds the log into it: until then both hold what was there before.
fn scrub(path: &Path) -> Result<(), Fault> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // The copy that is made on the way must not be written elsewhere.
    connection.pragma_update(None, "temp_store", "MEMORY").doing(SCRUBBING)?;
    connection.execute_batch("VACUUM").doing(SCRUBBING)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).doing(SCRUBBING)
}
