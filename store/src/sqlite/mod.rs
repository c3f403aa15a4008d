//! One SQLite file: one thread writes it, committing what has queued up together; readers look at it from the caller's
//! thread. The file is private to the server's account, since signing keys and password hashes are in it.

mod acquaintances;
mod apps;
mod attested_keys;
mod audit;
mod connections;
mod credentials;
mod edits;
mod flows;
mod grants;
mod keys;
mod marks;
mod migrate;
mod outbox;
mod readers;
mod row;
mod sessions;
mod slips;
mod tallies;
mod tenants;
mod upkeep;
mod users;
mod writer;

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use vestibule_core::error::Fault;

use self::readers::Readers;
use self::row::Doing;
use self::writer::{Durability, Writer};

/// A store in a SQLite file.
pub struct Sqlite {
    // Closed before the writer: the last connection to close folds the log into the file, and a reader cannot.
    readers: Readers,
    writer: Writer,
    path: PathBuf,
    /// Locked as long as the store is open, so that another process sees that it is not alone.
    _presence: File,
}

/// How long to wait for another process that writes the same file.
const PATIENCE: Duration = Duration::from_secs(5);

/// More than there are statements, so that each is prepared once per connection.
const STATEMENTS: usize = 512;

/// Pages that a writer keeps at hand, in KiB: random ids touch pages all over the file.
const WRITER_CACHE: i64 = 16 * 1024;

/// Pages of the log after which it is folded into the file.
const LOG_PAGES: i64 = 4_000;

impl Sqlite {
    /// Opens the file, makes it if it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// The file cannot be opened, is no database of this server, or was written by a newer one.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        make_private(path)?;
        // A file of its own: closing any descriptor of the database would drop SQLite's locks on it (POSIX fcntl).
        let presence = make_private(&path.with_extension("lock"))?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = connect(path, flags)?;
        furnish(&connection).doing("setting the database up")?;
        migrate::migrate(&mut connection, migrate::MIGRATIONS)?;
        if presence.try_lock().is_ok() {
            connection.execute_batch(RELEASE).doing("releasing the claims of a process that ended")?;
        }
        presence.lock_shared().map_err(|error| Fault::from("locking the database's file", error))?;
        Ok(Self {
            readers: Readers::open(path)?,
            writer: Writer::start(connection)?,
            path: path.to_owned(),
            _presence: presence,
        })
    }

    fn read<T>(&self, read: impl FnOnce(&mut Connection) -> Result<T, Fault>) -> Result<T, Fault> {
        self.readers.read(read)
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.writer.write(Durability::Durable, work).await
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, Fault> {
    let connection = Connection::open_with_flags(path, flags).doing("opening the database")?;
    connection.busy_timeout(PATIENCE).doing("opening the database")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

fn furnish(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA journal_mode = WAL", (), |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)
}

/// Whoever claimed a flow or a slot or carried a letter is gone when nobody else has the file open: a crash must not lock
/// out those whose answers were being compared, nor hold up their letters.
const RELEASE: &str = "
    UPDATE flows SET busy_until = NULL WHERE busy_until IS NOT NULL;
    UPDATE tallies SET pending = 0 WHERE pending > 0;
    UPDATE outbox SET carried = 0, ready = created WHERE carried = 1;
";

/// Makes the file before SQLite does, readable by its owner alone; the log beside it inherits that.
fn make_private(path: &Path) -> Result<File, Fault> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).doing("making the database's file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql;

    #[test]
    fn every_statement_is_prepared_against_the_schema_and_counts_its_parameters_in_order() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate::migrate(&mut connection, migrate::MIGRATIONS).unwrap();
        for statement in sql::all() {
            let prepared =
                connection.prepare(statement.text).unwrap_or_else(|error| panic!("{}: {error}", statement.doing));
            for number in 1..=prepared.parameter_count() {
                let name = format!("${number}");
                assert_eq!(prepared.parameter_name(number), Some(name.as_str()), "{}", statement.text);
            }
        }
    }

    #[test]
    fn all_statements_fit_into_the_cache() {
        assert!(sql::all().count() * 2 <= STATEMENTS);
    }

    #[test]
    fn no_statement_scans_a_table_that_grows_with_use() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate::migrate(&mut connection, migrate::MIGRATIONS).unwrap();
        let exempt = [
            sql::tenants::PAGE,
            sql::tenants::COUNT,
            sql::keys::SECRETS,
            sql::keys::ADD_SECRET,
            sql::keys::NOT_UNDER,
            sql::keys::WRAPPED_UNDER,
            sql::outbox::WAITING,
        ];
        for statement in sql::all().filter(|statement| exempt.iter().all(|other| other.text != statement.text)) {
            let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.text)).unwrap();
            let count = plan.parameter_count();
            let nothing = rusqlite::params_from_iter(std::iter::repeat_n(rusqlite::types::Null, count));
            let steps: Vec<String> =
                plan.query_map(nothing, |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
            let scans = |step: &String| step.starts_with("SCAN") && step != "SCAN CONSTANT ROW";
            assert!(!steps.iter().any(scans), "{}: {steps:?}", statement.text);
        }
    }
}
