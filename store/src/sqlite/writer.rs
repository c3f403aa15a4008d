//! The one thread that writes. It takes all that has queued up into one transaction, so that many writes share one wait
//! for the disk; one that fails leaves no trace and harms no other. A write is answered after the commit, and a failed
//! commit is the answer to all of its writes.

use std::thread::JoinHandle;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use vestibule_core::error::Fault;

use super::row::Doing;

/// The thread that writes, and its queue.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

/// What a loss of power may do to a write that was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Durability {
    /// It may be forgotten.
    Relaxed,
    /// Nothing.
    Durable,
}

/// Writes that share a commit at most.
const BATCH: usize = 256;

/// Writes that wait at most; who comes then waits for a place.
const QUEUE: usize = 1_024;

/// Stands for the fault of a write, which is kept for its answer.
const FAILED: Fault = Fault::new("a write failed");

const GONE: Fault = Fault::new("the thread that writes the database is gone");

impl Writer {
    pub fn start(connection: Connection) -> Result<Self, Fault> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let desk = Desk { connection, durability: Durability::Durable };
        let thread = std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || desk.work(jobs));
        Ok(Self { queue: Some(queue), thread: Some(thread.doing("starting the thread that writes the database")?) })
    }

    /// Runs `work` inside a transaction and answers when it is kept. Once it is queued it runs, whether anyone waits or
    /// not; it may run twice, of which one is kept.
    pub async fn write<T: Send + 'static>(
        &self,
        durability: Durability,
        work: impl Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Typed { durability, work, done: None, reply });
        let queue = self.queue.as_ref().ok_or(GONE)?;
        queue.send(job).await.map_err(|_| GONE)?;
        answer.await.map_err(|_| GONE)?
    }
}

impl Drop for Writer {
    /// Closes the queue and waits until all that is in it is written.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // It ended in a panic that was reported when it happened; every later write was told.
            drop(thread.join());
        }
    }
}

/// A write whose type is known to who asked for it.
trait Job: Send {
    fn durability(&self) -> Durability;
    fn run(&mut self, connection: &Connection) -> Result<(), Fault>;
    fn answer(self: Box<Self>, loss: Option<&Fault>);
}

struct Typed<T, F> {
    durability: Durability,
    work: F,
    done: Option<Result<T, Fault>>,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<T: Send, F: Fn(&Connection) -> Result<T, Fault> + Send> Job for Typed<T, F> {
    fn durability(&self) -> Durability {
        self.durability
    }

    fn run(&mut self, connection: &Connection) -> Result<(), Fault> {
        let done = (self.work)(connection);
        let kept = done.as_ref().map(drop).map_err(|_| FAILED);
        self.done = Some(done);
        kept
    }

    fn answer(self: Box<Self>, loss: Option<&Fault>) {
        let answer = match (self.done, loss) {
            (Some(done), None) => done,
            (_, Some(loss)) => Err(Fault::from("committing a batch of writes", loss.chain())),
            (None, None) => Err(GONE),
        };
        // Nobody waits any more: the request was given up.
        drop(self.reply.send(answer));
    }
}

/// Where the thread works.
struct Desk {
    connection: Connection,
    durability: Durability,
}

impl Desk {
    fn work(mut self, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(BATCH);
        while jobs.blocking_recv_many(&mut batch, BATCH) > 0 {
            let loss = self.commit(&mut batch).err();
            batch.drain(..).for_each(|job| job.answer(loss.as_ref()));
        }
    }

    /// Writes seldom fail, and savepoints cost as much as the writes themselves: so all are tried together, and only if
    /// one fails they are tried again, each with a savepoint of its own.
    fn commit(&mut self, batch: &mut [Box<dyn Job>]) -> Result<(), Fault> {
        self.promise(batch.iter().map(|job| job.durability()).max().unwrap_or(Durability::Durable))?;
        let mut failed = false;
        let together = self.transact(|| {
            let mut jobs = batch.iter_mut();
            jobs.try_for_each(|job| job.run(&self.connection).inspect_err(|_| failed = true))
        });
        if !failed {
            return together;
        }
        self.transact(|| batch.iter_mut().try_for_each(|job| self.attempt(&mut **job)))
    }

    /// A commit that fails is not tried again: after a failed write to the disk, nothing is known of what is on it.
    fn transact(&self, run: impl FnOnce() -> Result<(), Fault>) -> Result<(), Fault> {
        self.say("BEGIN IMMEDIATE")?;
        let written = run().and_then(|()| self.say("COMMIT"));
        if written.is_err() && !self.connection.is_autocommit() {
            self.say("ROLLBACK")?;
        }
        written
    }

    /// Runs a job so that it leaves no trace if it fails. An error here is one of the whole transaction.
    fn attempt(&self, job: &mut dyn Job) -> Result<(), Fault> {
        self.say("SAVEPOINT job")?;
        if job.run(&self.connection).is_err() {
            self.say("ROLLBACK TO job")?;
        }
        self.say("RELEASE job")
    }

    /// Whether the next commit waits for the disk. SQLite reads this pragma while it is prepared, so it is never cached.
    fn promise(&mut self, durability: Durability) -> Result<(), Fault> {
        if self.durability != durability {
            let pragma = match durability {
                Durability::Relaxed => "PRAGMA synchronous = NORMAL",
                Durability::Durable => "PRAGMA synchronous = FULL",
            };
            self.connection.execute_batch(pragma).doing("changing the database's durability")?;
            self.durability = durability;
        }
        Ok(())
    }

    fn say(&self, statement: &'static str) -> Result<(), Fault> {
        let said = self.connection.prepare_cached(statement).and_then(|mut prepared| prepared.execute(()));
        said.map(drop).doing(statement)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn writer() -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE notes (text TEXT NOT NULL UNIQUE)").unwrap();
        Writer::start(connection).unwrap()
    }

    async fn note(writer: &Writer, text: &'static str, fails: bool) -> Result<usize, Fault> {
        let work = move |connection: &Connection| {
            let kept = connection.execute("INSERT INTO notes VALUES (?1)", [text]).doing("noting")?;
            if fails { Err(Fault::new("a second thought")) } else { Ok(kept) }
        };
        writer.write(Durability::Durable, work).await
    }

    async fn count(writer: &Writer) -> i64 {
        let count = |connection: &Connection| {
            connection.query_row("SELECT COUNT(*) FROM notes", (), |row| row.get(0)).doing("counting")
        };
        writer.write(Durability::Relaxed, count).await.unwrap()
    }

    /// Keeps the thread busy until all that is to share a transaction is in the queue.
    async fn held(writer: &Writer, gate: &Arc<AtomicBool>) {
        let gate = Arc::clone(gate);
        let wait = move |_: &Connection| {
            while !gate.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
            Ok(())
        };
        writer.write(Durability::Durable, wait).await.unwrap();
    }

    #[tokio::test]
    async fn a_write_that_fails_leaves_no_trace_and_harms_no_other() {
        let (writer, gate) = (writer(), Arc::new(AtomicBool::new(false)));
        let ((), kept, failed, also_kept, ()) = tokio::join!(
            held(&writer, &gate),
            note(&writer, "a", false),
            note(&writer, "b", true),
            note(&writer, "c", false),
            async { gate.store(true, Ordering::Release) },
        );
        assert_eq!(kept.unwrap() + also_kept.unwrap(), 2);
        assert_eq!(failed.unwrap_err().context(), "a second thought");
        assert_eq!(count(&writer).await, 2);
    }

    #[tokio::test]
    async fn a_lost_transaction_is_the_answer_to_all_of_its_writes() {
        let writer = writer();
        let break_it =
            writer.write(Durability::Durable, |connection| connection.execute_batch("ROLLBACK").doing("rolling back"));
        let (kept, broken) = tokio::join!(note(&writer, "a", false), break_it);
        assert_eq!(broken.unwrap_err().context(), "committing a batch of writes");
        assert_eq!(kept.is_ok(), count(&writer).await == 1);
        assert!(note(&writer, "b", false).await.is_ok());
    }

    #[tokio::test]
    async fn a_write_nobody_waits_for_is_written_all_the_same() {
        let writer = writer();
        let mut given_up = Box::pin(note(&writer, "a", false));
        let waker = std::task::Waker::noop();
        assert!(given_up.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
        drop(given_up);
        assert_eq!(count(&writer).await, 1);
    }

    #[tokio::test]
    async fn a_writer_that_is_gone_says_so() {
        let writer = writer();
        let panics = writer.write(Durability::Durable, |_| -> Result<(), Fault> { panic!("a defect, on purpose") });
        assert_eq!(panics.await.unwrap_err().context(), GONE.context());
        assert_eq!(note(&writer, "a", false).await.unwrap_err().context(), GONE.context());
    }

    #[tokio::test]
    async fn the_queue_is_written_before_the_thread_ends() {
        let path = tempfile::tempdir().unwrap();
        let file = path.path().join("notes.db");
        let connection = Connection::open(&file).unwrap();
        connection.execute_batch("CREATE TABLE notes (text TEXT NOT NULL UNIQUE)").unwrap();
        let writer = Writer::start(connection).unwrap();
        let mut given_up = Box::pin(note(&writer, "a", false));
        let waker = std::task::Waker::noop();
        assert!(given_up.as_mut().poll(&mut std::task::Context::from_waker(waker)).is_pending());
        drop(given_up);
        drop(writer);
        let kept: i64 =
            Connection::open(&file).unwrap().query_row("SELECT COUNT(*) FROM notes", (), |row| row.get(0)).unwrap();
        assert_eq!(kept, 1);
    }
}
