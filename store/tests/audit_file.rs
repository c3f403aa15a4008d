//! Whoever writes into the database's file behind the server's back is found out by the audit log's check.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

use std::path::PathBuf;

use tempfile::TempDir;
use vestibule_core::audit::{Checked, Event, Flaw, Origin, Summary, Walker, What, check};
use vestibule_core::ports::UserId;
use vestibule_core::ports::store::{Audit, Ledger, StoredCheckpoint, Walk};
use vestibule_jose::{Family, SigningKey};
use vestibule_store::Sqlite;
use vestibule_store::conformance::samples::{acme, at};

/// A log of six records, signed at the fifth, in a file that nobody has open.
struct Kept {
    place: TempDir,
    key: SigningKey,
}

impl Kept {
    async fn new() -> Self {
        let kept = Self { place: tempfile::tempdir().unwrap(), key: SigningKey::generate(Family::P256).unwrap() };
        let store = kept.open();
        kept.add(&store, 5).await;
        kept.sign(&store, false).await;
        kept.add(&store, 1).await;
        kept
    }

    fn path(&self) -> PathBuf {
        self.place.path().join("id.db")
    }

    fn open(&self) -> Sqlite {
        Sqlite::open(&self.path()).unwrap()
    }

    async fn add(&self, store: &Sqlite, count: u8) {
        for number in 0..count {
            let event = Event::new(What::LoginFailed, &acme(), at(i64::from(number)), Origin::default());
            store.append(&[event.user(UserId::from_bytes([number; 16]))]).await.unwrap();
        }
    }

    async fn sign(&self, store: &Sqlite, anchor: bool) -> StoredCheckpoint {
        let tail = store.tail().await.unwrap().unwrap();
        let checkpoint = StoredCheckpoint::sign(&self.key, tail, anchor, at(9)).unwrap();
        store.keep_checkpoint(&checkpoint).await.unwrap();
        checkpoint
    }

    fn tamper(&self, statements: &str) -> &Self {
        rusqlite::Connection::open(self.path()).unwrap().execute_batch(statements).unwrap();
        self
    }

    async fn check(&self, elsewhere: Option<&StoredCheckpoint>) -> Checked {
        check(&self.open(), elsewhere).await.unwrap()
    }

    #[track_caller]
    fn sound(checked: Checked) -> Summary {
        match checked {
            Checked::Sound(summary) => summary,
            Checked::Broken(finding) => panic!("{finding}"),
        }
    }

    async fn finds(&self, seq: u64, flaw: Flaw) {
        match self.check(None).await {
            Checked::Broken(finding) => assert_eq!((finding.seq, finding.flaw), (seq, flaw)),
            Checked::Sound(summary) => panic!("{summary:?}"),
        }
    }
}

#[tokio::test]
async fn a_log_that_nobody_touched_is_sound() {
    let kept = Kept::new().await;
    let summary = Kept::sound(kept.check(None).await);
    assert_eq!((summary.records, summary.after, summary.last), (6, 0, 6));
    assert_eq!((summary.checkpoints, summary.signed, summary.keys.len()), (1, 5, 1));
}

#[tokio::test]
async fn an_edited_record_is_found() {
    let kept = Kept::new().await;
    kept.tamper("UPDATE audit SET body = replace(body, 'login.failed', 'login.succeeded') WHERE seq = 3");
    kept.finds(3, Flaw::Altered).await;
}

#[tokio::test]
async fn a_record_that_is_filed_under_another_tenant_user_or_moment_is_found() {
    for edit in ["tenant = 'globex'", "user_id = NULL", "at = at + 1000000"] {
        let kept = Kept::new().await;
        kept.tamper(&format!("UPDATE audit SET {edit} WHERE seq = 2"));
        kept.finds(2, Flaw::Altered).await;
    }
}

#[tokio::test]
async fn a_removed_record_is_found() {
    let kept = Kept::new().await;
    kept.tamper("DELETE FROM audit WHERE seq = 4").finds(4, Flaw::Missing).await;
    let kept = Kept::new().await;
    kept.tamper("DELETE FROM audit WHERE seq <= 2").finds(1, Flaw::Missing).await;
}

#[tokio::test]
async fn records_that_were_moved_are_found() {
    let kept = Kept::new().await;
    kept.tamper("UPDATE audit SET seq = 100 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3");
    kept.tamper("UPDATE audit SET seq = 3 WHERE seq = 100").finds(2, Flaw::Altered).await;
}

#[tokio::test]
async fn a_record_that_was_put_in_between_is_found() {
    let kept = Kept::new().await;
    kept.tamper("UPDATE audit SET seq = -seq WHERE seq > 3; UPDATE audit SET seq = 1 - seq WHERE seq < 0");
    kept.tamper("INSERT INTO audit SELECT 4, tenant, user_id, at, hash, body FROM audit WHERE seq = 3");
    kept.finds(4, Flaw::Altered).await;
}

#[tokio::test]
async fn a_log_that_was_cut_off_is_found_by_what_was_signed() {
    let kept = Kept::new().await;
    kept.tamper("DELETE FROM audit WHERE seq >= 5").finds(5, Flaw::Cut).await;
    let kept = Kept::new().await;
    kept.tamper("DELETE FROM audit").finds(5, Flaw::Cut).await;
}

#[tokio::test]
async fn a_log_that_was_cut_off_with_its_checkpoints_is_found_by_the_one_that_was_kept_elsewhere() {
    let kept = Kept::new().await;
    let elsewhere = kept.open().checkpoint_before(9).await.unwrap().unwrap();
    let elsewhere = StoredCheckpoint::read(&elsewhere.line().unwrap()).unwrap();
    assert_eq!(Kept::sound(kept.check(Some(&elsewhere)).await).last, 6);
    kept.tamper("DELETE FROM audit WHERE seq >= 5; DELETE FROM audit_checkpoints");
    assert_eq!(Kept::sound(kept.check(None).await).last, 4, "nothing that is left tells of it");
    let Checked::Broken(finding) = kept.check(Some(&elsewhere)).await else { panic!("it was not found") };
    assert_eq!((finding.seq, finding.flaw), (5, Flaw::Cut));
}

#[tokio::test]
async fn a_chain_that_was_made_anew_is_not_the_one_that_was_signed() {
    let kept = Kept::new().await;
    kept.tamper("DELETE FROM audit WHERE seq >= 4");
    kept.add(&kept.open(), 3).await;
    kept.finds(5, Flaw::Rewritten).await;
}

#[tokio::test]
async fn a_checkpoint_that_was_edited_is_found() {
    for edit in ["seq = 4", "hash = zeroblob(32)", "anchor = 1", "at = 0", "jws = replace(jws, '.', '.A')"] {
        let kept = Kept::new().await;
        kept.tamper(&format!("UPDATE audit_checkpoints SET {edit}"));
        let Checked::Broken(finding) = kept.check(None).await else { panic!("{edit} was not found") };
        assert_eq!(finding.flaw, Flaw::Forged, "{edit}");
    }
}

#[tokio::test]
async fn what_was_removed_in_time_leaves_an_anchor_and_a_sound_log() {
    let kept = Kept::new().await;
    let store = kept.open();
    let fifth = store.checkpoint_before(9).await.unwrap().unwrap();
    let anchor = StoredCheckpoint::sign(&kept.key, (5, fifth.hash), true, at(10)).unwrap();
    store.keep_checkpoint(&anchor).await.unwrap();
    store.prune(5, 3).await.unwrap();
    assert_eq!(Kept::sound(kept.check(None).await).records, 1, "an interrupted removal is sound too");
    store.prune(5, 3).await.unwrap();
    let summary = Kept::sound(kept.check(Some(&fifth)).await);
    assert_eq!((summary.after, summary.records, summary.last, summary.signed), (5, 1, 6, 5));
    kept.tamper("DELETE FROM audit_checkpoints").finds(1, Flaw::Missing).await;
}

#[tokio::test]
async fn a_whole_export_is_checked_line_by_line() {
    let kept = Kept::new().await;
    let store = kept.open();
    let records = store.records(&Walk { limit: 9, ..Walk::default() }).await.unwrap();
    let mut lines: Vec<String> = records.iter().map(|record| record.line().unwrap()).collect();
    lines.insert(4, store.checkpoint_before(9).await.unwrap().unwrap().line().unwrap());
    let walk = |lines: &[String]| {
        let mut walker = Walker::new(None);
        lines.iter().try_for_each(|line| walker.line(line))?;
        walker.end()
    };
    let summary = walk(&lines).unwrap();
    assert_eq!((summary.records, summary.signed), (6, 5));
    let with = |change: fn(&mut Vec<String>)| {
        let mut lines = lines.clone();
        change(&mut lines);
        let finding = walk(&lines).unwrap_err();
        (finding.seq, finding.flaw)
    };
    assert_eq!(with(|lines| lines[1] = lines[1].replace("failed", "ended")), (2, Flaw::Altered));
    assert_eq!(with(|lines| drop(lines.remove(1))), (2, Flaw::Missing));
    assert_eq!(with(|lines| lines.swap(1, 2)), (2, Flaw::Missing));
    assert_eq!(with(|lines| lines.insert(1, lines[0].clone())), (1, Flaw::Disordered));
    assert_eq!(with(|lines| lines.truncate(5)), (5, Flaw::Cut));
    assert_eq!(with(|lines| lines[4] = lines[4].replace("eyJ", "eyI")), (5, Flaw::Forged));
    assert_eq!(with(|lines| lines[0].truncate(20)), (1, Flaw::Altered));
}
