//! SQLite keeps the contract.

use vestibule_store::Sqlite;

vestibule_store::conformance!(tempfile::tempdir().unwrap() => |place| Sqlite::open(&place.path().join("id.db")).unwrap());
