//! What a SQLite file is besides a store: it stays, it is private, and it is refused when it is not understood.
#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::Path;

use vestibule_core::attempt::{TallyKey, TallyRule};
use vestibule_core::ports::store::{
    Added, Applications, ClaimRequest, Claimed, Delivery, FlowVersion, Flows, Grants, Outbox, Tenants, Upkeep, Users,
};
use vestibule_core::ports::{FlowNumber, TenantId, Timestamp};
use vestibule_core::user::User;
use vestibule_store::Sqlite;
use vestibule_store::conformance::samples::{acme, app, at, claim, flow, give, grant, letter, session, tenant, user};

fn complaint(path: &Path) -> String {
    Sqlite::open(path).err().map(|fault| fault.chain()).unwrap_or_default()
}

fn tamper(path: &Path, statement: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(statement).unwrap();
}

#[tokio::test]
async fn everything_is_there_when_the_file_is_opened_again() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("id.db");
    let session = session(1, 1);
    let store = Sqlite::open(&path).unwrap();
    store.add_tenant(&tenant("acme")).await.unwrap();
    store.add_app(&app(1)).await.unwrap();
    store.add_user(&user(1)).await.unwrap();
    give(&store, &session, &grant(1, &session)).await;
    claim(&store, (1, 0), at(0), &["kim"]).await;
    drop(store);
    assert!(!place.path().join("id.db-wal").exists(), "the log is folded into the file");
    let store = Sqlite::open(&path).unwrap();
    assert_eq!(store.tenant(&acme()).await.unwrap(), Some(tenant("acme")));
    assert_eq!(store.app_by_client(&acme(), "client-1").await.unwrap(), Some(app(1)));
    assert_eq!(store.user_by_name(&acme(), "user1").await.unwrap(), Some(user(1)));
    assert_eq!(store.grant(&grant(1, &session).id).await.unwrap(), Some(grant(1, &session)));
    assert!(store.flow(&flow(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn two_servers_may_open_one_file() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("id.db");
    let (one, two) = (Sqlite::open(&path).unwrap(), Sqlite::open(&path).unwrap());
    assert_eq!(one.add_user(&user(1)).await.unwrap(), Added::Kept);
    assert_eq!(two.user_by_name(&acme(), "user1").await.unwrap(), Some(user(1)));
    let namesake = User { canonical: "user1".to_owned(), ..user(2) };
    assert_eq!(two.add_user(&namesake).await.unwrap(), Added::Taken("userName"));
    let (first, second) = tokio::join!(one.check(at(0)), two.check(at(0)));
    assert!(first.is_ok() && second.is_ok());
}

#[test]
fn a_file_of_a_newer_server_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("id.db");
    drop(Sqlite::open(&path).unwrap());
    tamper(&path, "INSERT INTO migrations VALUES (999, 'from the future')");
    assert!(complaint(&path).contains("has schema 999"));
}

#[test]
fn a_file_whose_schema_was_altered_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("id.db");
    drop(Sqlite::open(&path).unwrap());
    tamper(&path, "UPDATE migrations SET checksum = 'other' WHERE number = 1");
    assert!(complaint(&path).contains("change 1 was altered"));
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("id.db");
    std::fs::write(&path, "dear diary, today a server tried to read me and ".repeat(100)).unwrap();
    assert!(complaint(&path).contains("not a database"));
    assert!(complaint(&place.path().join("nowhere").join("id.db")).contains("making the database's file"));
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let place = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&place.path().join("id.db")).unwrap();
    store.check(at(0)).await.unwrap();
    for file in std::fs::read_dir(place.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o077, 0, "{}", file.path().display());
    }
}

#[tokio::test]
async fn claims_of_a_process_that_ended_are_released() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vestibule.db");
    let tallies = [(TallyKey("user".to_owned()), TallyRule { limit: 1, lock: DAY, longest: DAY, cap: 0 })];
    let request = |seen, now| ClaimRequest {
        flow: FlowNumber::from_bytes([1; 16]),
        tenant: ROOT.get_or_init(TenantId::root),
        seen: FlowVersion(seen),
        now: Timestamp::from_seconds(now),
        until: Timestamp::from_seconds(now + 30),
        expires: Timestamp::from_seconds(600),
        tallies: &tallies,
    };
    let store = Sqlite::open(&path).unwrap();
    assert!(matches!(store.claim(request(0, 1)).await.unwrap(), Claimed::Ours { .. }));
    let beside = Sqlite::open(&path).unwrap();
    assert_eq!(beside.claim(request(1, 2)).await.unwrap(), Claimed::Busy);
    drop((store, beside));
    let store = Sqlite::open(&path).unwrap();
    assert!(matches!(store.claim(request(1, 2)).await.unwrap(), Claimed::Ours { .. }));
}

#[tokio::test]
async fn letters_of_a_carrier_that_ended_are_free_and_those_that_wait_go_on_waiting() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("id.db");
    let carry = |store: Sqlite| async move {
        let taken = store.carry(at(10), at(200), 10).await.unwrap();
        (taken.iter().map(|one| (one.letter.clone(), one.tries)).collect::<Vec<_>>(), store)
    };
    let store = Sqlite::open(&path).unwrap();
    store.post(&letter(1, &[]), at(1)).await.unwrap();
    let waits = store.carry(at(1), at(200), 1).await.unwrap();
    let again = Delivery::Again(at(100));
    assert!(store.carried(&waits[0].letter.id, waits[0].lease, again).await.unwrap());
    store.post(&letter(2, &[]), at(2)).await.unwrap();
    let (taken, store) = carry(store).await;
    assert_eq!(taken, [(letter(2, &[]), 0)]);
    let (taken, beside) = carry(Sqlite::open(&path).unwrap()).await;
    assert_eq!(taken, [], "another process lives and carries it");
    drop((store, beside));
    let (taken, _store) = carry(Sqlite::open(&path).unwrap()).await;
    assert_eq!(taken, [(letter(2, &[]), 1)]);
}

const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);
static ROOT: std::sync::OnceLock<TenantId> = std::sync::OnceLock::new();
