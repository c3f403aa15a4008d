//! Numbered changes of the schema, applied in order when the file is opened, each in a transaction of its own. A file
//! that a newer server wrote, or a change that was altered after it was applied, is refused rather than guessed at.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use vestibule_core::error::Fault;

use super::row::Doing;

/// A change of the schema.
pub(super) struct Migration {
    number: i64,
    text: &'static str,
}

/// All changes, in order. A published one is never edited; a new one is added.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, text: include_str!("../../migrations/sqlite/0001_first.sql") },
    Migration { number: 2, text: include_str!("../../migrations/sqlite/0002_factors_and_letters.sql") },
    Migration { number: 3, text: include_str!("../../migrations/sqlite/0003_key_rotation.sql") },
    Migration { number: 4, text: include_str!("../../migrations/sqlite/0004_audit.sql") },
    Migration { number: 5, text: include_str!("../../migrations/sqlite/0005_acquaintances.sql") },
    Migration { number: 6, text: include_str!("../../migrations/sqlite/0006_marks.sql") },
    Migration { number: 7, text: include_str!("../../migrations/sqlite/0007_attested_keys.sql") },
];

const NOTEBOOK: &str =
    "CREATE TABLE IF NOT EXISTS migrations (number INTEGER NOT NULL PRIMARY KEY, checksum TEXT NOT NULL) STRICT";

const DOING: &str = "bringing the database's schema up to date";

/// Brings the schema up to date.
pub(super) fn migrate(connection: &mut Connection, known: &[Migration]) -> Result<(), Fault> {
    connection.execute_batch(NOTEBOOK).doing(DOING)?;
    let newest: i64 =
        connection.query_row("SELECT COALESCE(MAX(number), 0) FROM migrations", (), |row| row.get(0)).doing(DOING)?;
    if known.last().is_none_or(|last| last.number < newest) {
        let found = format!("the database has schema {newest}, which this version of the server does not know");
        return Err(Fault::from(DOING, found));
    }
    known.iter().try_for_each(|migration| migration.apply(connection))
}

impl Migration {
    fn apply(&self, connection: &mut Connection) -> Result<(), Fault> {
        // The lock comes before the look, so that servers that start together apply it once.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(DOING)?;
        let applied: Option<String> = transaction
            .query_row("SELECT checksum FROM migrations WHERE number = ?1", [self.number], |row| row.get(0))
            .optional()
            .doing(DOING)?;
        let checksum = checksum(self.text);
        match applied {
            Some(applied) if applied == checksum => return Ok(()),
            Some(_) => {
                let altered = format!("change {} was altered after the database got it", self.number);
                return Err(Fault::from(DOING, altered));
            }
            None => {}
        }
        transaction.execute_batch(self.text).doing(DOING)?;
        transaction.execute("INSERT INTO migrations VALUES (?1, ?2)", (self.number, checksum)).doing(DOING)?;
        transaction.commit().doing(DOING)
    }
}

/// FNV-1a of the text, whatever its line ends: against a slip of an editor, not against an attacker.
fn checksum(text: &str) -> String {
    let bytes = text.bytes().filter(|byte| *byte != b'\r');
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Migration = Migration { number: 1, text: "CREATE TABLE a (b TEXT)" };

    fn complaint(connection: &mut Connection, known: &[Migration]) -> String {
        migrate(connection, known).unwrap_err().chain()
    }

    #[test]
    fn a_change_is_applied_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST]).unwrap();
        migrate(&mut connection, &[FIRST]).unwrap();
        migrate(&mut connection, &[FIRST, Migration { number: 2, text: "CREATE TABLE c (d TEXT)" }]).unwrap();
        connection.execute_batch("SELECT b FROM a; SELECT d FROM c").unwrap();
    }

    #[test]
    fn a_change_that_fails_leaves_no_trace() {
        let mut connection = Connection::open_in_memory().unwrap();
        complaint(&mut connection, &[Migration { number: 1, text: "CREATE TABLE a (b TEXT); nonsense" }]);
        migrate(&mut connection, &[FIRST]).unwrap();
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST, Migration { number: 2, text: "" }]).unwrap();
        assert!(complaint(&mut connection, &[FIRST]).contains("has schema 2"));
    }

    #[test]
    fn an_altered_change_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &[FIRST]).unwrap();
        let altered = Migration { number: 1, text: "CREATE TABLE a (b BLOB)" };
        assert!(complaint(&mut connection, &[altered]).contains("change 1 was altered"));
    }

    #[test]
    fn changes_are_numbered_from_one_without_gaps() {
        assert!(MIGRATIONS.iter().map(|migration| migration.number).eq(1..=MIGRATIONS.len() as i64));
    }

    #[test]
    fn users_and_sessions_of_the_first_schema_are_kept() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &MIGRATIONS[..1]).unwrap();
        let rows = "INSERT INTO users VALUES (zeroblob(16), 'acme', 1, 'Kim', 'kim', NULL, 0, 1, 0, '{}', 0, 0);
             INSERT INTO sessions VALUES (zeroblob(16), 'acme', zeroblob(16), '[]', 0, 0, 0, 0, 0, 0)";
        connection.execute_batch(rows).unwrap();
        migrate(&mut connection, MIGRATIONS).unwrap();
        let has = |question| connection.prepare(question).unwrap().exists(()).unwrap();
        assert!(has("SELECT 1 FROM users WHERE name = 'Kim' AND renew_password = 0 AND password_set IS NULL"));
        assert!(has("SELECT 1 FROM sessions WHERE tenant = 'acme' AND agent IS NULL"));
    }

    #[test]
    fn keys_and_secrets_of_the_second_schema_are_kept_and_lie_open() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &MIGRATIONS[..2]).unwrap();
        let rows = "INSERT INTO signing_keys VALUES ('acme', 'RSA', 'k', x'01', 7), ('acme', 'EC', 'l', x'02', 8);
             INSERT INTO server_secrets VALUES (x'01020304', x'03', 9)";
        connection.execute_batch(rows).unwrap();
        migrate(&mut connection, MIGRATIONS).unwrap();
        let count = |question: String| connection.query_row(&question, (), |row| row.get::<_, i64>(0)).unwrap();
        let open = "wrapped_by = '' AND active_from = created AND created > 0";
        assert_eq!(count(format!("SELECT COUNT(*) FROM signing_keys WHERE {open} AND follows = ''")), 2);
        assert_eq!(count(format!("SELECT COUNT(*) FROM server_secrets WHERE {open} AND follows = x''")), 1);
    }

    #[test]
    fn a_checksum_does_not_depend_on_line_ends() {
        assert_eq!(checksum("a\r\nb"), checksum("a\nb"));
        assert_eq!(checksum("a"), "af63dc4c8601ec8c");
    }
}
