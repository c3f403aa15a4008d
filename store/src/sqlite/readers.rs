//! A few connections that only read. A read takes a few microseconds, less than handing it to another thread would, so
//! it runs where it is asked for; in the log mode of SQLite it never waits for the writer.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use rusqlite::{Connection, OpenFlags};
use vestibule_core::error::Fault;

/// Connections that only read.
pub(super) struct Readers {
    pool: [Mutex<Connection>; 4],
    turn: AtomicUsize,
}

impl Readers {
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || super::connect(path, flags).map(Mutex::new);
        Ok(Self { pool: [open()?, open()?, open()?, open()?], turn: AtomicUsize::new(0) })
    }

    pub fn read<T>(&self, read: impl FnOnce(&mut Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        read(&mut self.free())
    }

    /// A connection that nobody uses, else the next in turn.
    fn free(&self) -> MutexGuard<'_, Connection> {
        for connection in &self.pool {
            match connection.try_lock() {
                Ok(free) => return free,
                Err(TryLockError::Poisoned(free)) => return free.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let [first, rest @ ..] = &self.pool;
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.pool.len();
        let next = turn.checked_sub(1).and_then(|turn| rest.get(turn)).unwrap_or(first);
        next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
