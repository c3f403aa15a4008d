//! Flows: claimed by one answer at a time and settled with everything that it brings about, or with nothing.

use vestibule_core::attempt::Mark;
use vestibule_core::ports::store::{
    Claimed, Conclusion, Edit, FlowVersion, Move, Premise, Settled, Settlement, Store, StoredFlow,
};
use vestibule_core::ports::{PasswordHash, Timestamp};
use vestibule_core::session::Session;
use vestibule_core::user::User;

use super::race::at_once;
use super::samples::{acme, advance, at, claim, flow, give, globex, grant, key, mark, session, settlement, user};

fn ours(version: u64) -> Claimed {
    Claimed::Ours { version: FlowVersion(version), slots: vec![] }
}

async fn settle(store: &dyn Store, version: u64, to: Move, now: Timestamp) -> Settled {
    store.settle(settlement(&acme(), Some((1, version, to)), now)).await.unwrap()
}

pub async fn the_first_claim_makes_the_flow(store: &dyn Store) {
    assert_eq!(store.flow(&flow(1)).await.unwrap(), None);
    assert_eq!(claim(store, (1, 0), at(0), &[]).await, ours(1));
    let (tenant, version, busy_until) = (acme(), FlowVersion(1), Some(at(30)));
    let made = StoredFlow { tenant, version, format: 0, body: vec![], busy_until, expires: at(600) };
    assert_eq!(store.flow(&flow(1)).await.unwrap(), Some(made));
    assert_eq!(store.flow(&flow(2)).await.unwrap(), None);
}

pub async fn a_claimed_flow_is_busy_until_the_claim_runs_out(store: &dyn Store) {
    claim(store, (1, 0), at(0), &[]).await;
    assert_eq!(claim(store, (1, 0), at(0), &[]).await, Claimed::Busy);
    assert_eq!(claim(store, (1, 1), at(29), &[]).await, Claimed::Busy);
    assert_eq!(claim(store, (1, 0), at(30), &[]).await, Claimed::Moved);
    assert_eq!(claim(store, (1, 1), at(30), &[]).await, ours(2));
    assert_eq!(claim(store, (1, 2), at(31), &[]).await, Claimed::Busy);
}

pub async fn a_flow_that_was_not_seen_as_it_is_has_moved(store: &dyn Store) {
    assert_eq!(claim(store, (1, 4), at(0), &[]).await, Claimed::Moved);
    assert_eq!(store.flow(&flow(1)).await.unwrap(), None);
    claim(store, (1, 0), at(0), &[]).await;
    assert_eq!(settle(store, 1, Move::Release, at(1)).await, Settled::Kept);
    assert_eq!(claim(store, (1, 0), at(2), &[]).await, Claimed::Moved);
    assert_eq!(claim(store, (1, 2), at(2), &[]).await, Claimed::Moved);
    assert_eq!(claim(store, (1, 1), at(2), &[]).await, ours(2));
}

pub async fn a_settled_flow_keeps_its_state_or_has_the_new_one(store: &dyn Store) {
    claim(store, (1, 0), at(0), &[]).await;
    assert_eq!(settle(store, 1, advance(b"one\0two"), at(1)).await, Settled::Kept);
    let kept = store.flow(&flow(1)).await.unwrap().unwrap();
    assert_eq!((kept.version, kept.format, kept.busy_until), (FlowVersion(1), 1, None));
    assert_eq!((kept.body, kept.expires), (b"one\0two".to_vec(), at(600)));
    assert_eq!(claim(store, (1, 1), at(2), &[]).await, ours(2));
    assert_eq!(settle(store, 2, Move::Release, at(3)).await, Settled::Kept);
    let kept = store.flow(&flow(1)).await.unwrap().unwrap();
    assert_eq!((kept.version, kept.busy_until, kept.body), (FlowVersion(2), None, b"one\0two".to_vec()));
}

pub async fn a_claim_that_was_taken_over_settles_nothing_but_its_marks(store: &dyn Store) {
    let session = session(1, 1);
    let conclusion = Conclusion { grant: grant(1, &session), session, premise: Premise::default() };
    let edits = [Edit::rehash(&user(1), &PasswordHash("$argon2id$two".to_owned())).unwrap()];
    store.add_user(&user(1)).await.unwrap();
    claim(store, (1, 0), at(0), &["kim"]).await;
    assert_eq!(claim(store, (1, 1), at(30), &[]).await, ours(2));
    let (tenant, marks) = (acme(), [mark("kim", Mark::Wrong)]);
    let late = Settlement {
        tallies: &marks,
        conclusion: Some(&conclusion),
        edits: &edits,
        ..settlement(&tenant, Some((1, 1, advance(b"late"))), at(31))
    };
    assert_eq!(store.settle(late).await.unwrap(), Settled::Lost);
    assert_eq!(store.tally(&key("kim")).await.unwrap().misses, 1);
    assert_eq!(store.session(&conclusion.session.id).await.unwrap(), None);
    assert_eq!(store.grant(&conclusion.grant.id).await.unwrap(), None);
    assert_eq!(store.user(&acme(), &user(1).id).await.unwrap(), Some(user(1)));
    let kept = store.flow(&flow(1)).await.unwrap().unwrap();
    assert_eq!((kept.version, kept.format, kept.busy_until), (FlowVersion(2), 0, Some(at(60))));
}

pub async fn a_flow_that_is_not_kept_cannot_be_settled(store: &dyn Store) {
    assert_eq!(settle(store, 1, advance(b"x"), at(0)).await, Settled::Lost);
    assert_eq!(store.flow(&flow(1)).await.unwrap(), None);
}

pub async fn a_login_of_a_user_who_was_changed_meanwhile_leaves_nothing(store: &dyn Store) {
    let (session, kim) = (session(1, 1), user(1));
    let given = grant(1, &session);
    store.add_user(&kim).await.unwrap();
    for (revision, holds) in [(kim.revision + 1, false), (kim.revision, true)] {
        let premise = Premise { user_revision: Some(revision), session_is_there: false };
        let conclusion = Conclusion { grant: given.clone(), session: session.clone(), premise };
        let tenant = acme();
        let end = Settlement { conclusion: Some(&conclusion), ..settlement(&tenant, None, at(1)) };
        assert_eq!(store.settle(end).await.unwrap() == Settled::Kept, holds);
        assert_eq!(store.grant(&given.id).await.unwrap().is_some(), holds);
        assert_eq!(store.session(&session.id).await.unwrap().is_some(), holds);
    }
}

pub async fn a_session_that_was_ended_is_not_used_again(store: &dyn Store) {
    let session = session(1, 1);
    give(store, &session, &grant(1, &session)).await;
    let premise = Premise { user_revision: None, session_is_there: true };
    for (number, holds) in [(2, true), (3, false)] {
        let conclusion = Conclusion { grant: grant(number, &session), session: session.clone(), premise };
        let tenant = acme();
        let end = Settlement { conclusion: Some(&conclusion), ..settlement(&tenant, None, at(1)) };
        assert_eq!(store.settle(end).await.unwrap() == Settled::Kept, holds);
        assert_eq!(store.session(&session.id).await.unwrap().is_some(), holds);
        store.end_session(&session.id, at(2)).await.unwrap();
    }
}

pub async fn a_finished_login_leaves_its_session_and_its_grant(store: &dyn Store) {
    let session = session(1, 1);
    let conclusion = Conclusion { grant: grant(1, &session), session, premise: Premise::default() };
    claim(store, (1, 0), at(0), &["kim"]).await;
    let (tenant, marks) = (acme(), [mark("kim", Mark::Right)]);
    let end = Settlement {
        tallies: &marks,
        conclusion: Some(&conclusion),
        ..settlement(&tenant, Some((1, 1, advance(b"end"))), at(1))
    };
    assert_eq!(store.settle(end).await.unwrap(), Settled::Kept);
    assert_eq!(store.session(&conclusion.session.id).await.unwrap(), Some(conclusion.session));
    assert_eq!(store.grant(&conclusion.grant.id).await.unwrap(), Some(conclusion.grant));
    assert_eq!(store.tally(&key("kim")).await.unwrap().pending, 0);
}

pub async fn a_session_used_again_replaces_the_old_one(store: &dyn Store) {
    let old = session(1, 1);
    give(store, &old, &grant(1, &old)).await;
    let mut new = Session { seen: at(50), authenticated: at(40), ..old };
    new.proofs.extend(new.proofs.clone());
    give(store, &new, &grant(2, &new)).await;
    assert_eq!(store.session(&new.id).await.unwrap(), Some(new));
}

pub async fn a_settlement_that_fails_leaves_nothing(store: &dyn Store) {
    let (old, new) = (session(1, 1), session(2, 1));
    let taken = grant(1, &old);
    give(store, &old, &taken).await;
    claim(store, (1, 0), at(0), &["kim"]).await;
    let conclusion = Conclusion { session: new, grant: taken, premise: Premise::default() };
    let (tenant, marks) = (acme(), [mark("kim", Mark::Wrong)]);
    let end = Settlement {
        tallies: &marks,
        conclusion: Some(&conclusion),
        ..settlement(&tenant, Some((1, 1, advance(b"end"))), at(1))
    };
    assert!(store.settle(end).await.is_err(), "a grant's id is given once");
    assert_eq!(store.session(&conclusion.session.id).await.unwrap(), None);
    assert_eq!(store.flow(&flow(1)).await.unwrap().unwrap().busy_until, Some(at(30)));
    let tally = store.tally(&key("kim")).await.unwrap();
    assert_eq!((tally.misses, tally.pending), (0, 1));
}

pub async fn a_password_hashed_anew_replaces_the_hash_that_was_compared(store: &dyn Store) {
    let hash = |text: &str| PasswordHash(text.to_owned());
    let (one, two, three) = (hash("$argon2id$one"), hash("$argon2id$two"), hash("$argon2id$three"));
    let (acme, globex) = (acme(), globex());
    store.add_user(&user(1)).await.unwrap();
    for (tenant, compared, fresh) in [(&globex, &one, &three), (&acme, &one, &two), (&acme, &one, &three)] {
        let edits = [Edit::Rehash { user: user(1).id, compared: compared.clone(), fresh: fresh.clone() }];
        let answer = Settlement { edits: &edits, ..settlement(tenant, None, at(1)) };
        assert_eq!(store.settle(answer).await.unwrap(), Settled::Kept);
    }
    let kept = store.user(&acme, &user(1).id).await.unwrap();
    assert_eq!(kept, Some(User { password: Some(two), ..user(1) }), "the revision counts changes, and this is none");
}

pub async fn of_many_claims_one_is_ours(store: &dyn Store) {
    for round in 0..5 {
        let claims = at_once(|_| claim(store, (1, round), at(0), &[]));
        let won = claims.iter().filter(|claimed| **claimed == ours(round + 1)).count();
        let lost = claims.iter().filter(|claimed| **claimed == Claimed::Busy).count();
        assert_eq!((won, won + lost), (1, claims.len()));
        assert_eq!(settle(store, round + 1, Move::Release, at(0)).await, Settled::Kept);
    }
}

pub async fn of_many_logins_of_one_flow_one_leaves_a_grant(store: &dyn Store) {
    let session = session(1, 1);
    let finished = at_once(|number| {
        let conclusion = Conclusion {
            grant: grant(u8::try_from(number).unwrap(), &session),
            session: session.clone(),
            premise: Premise::default(),
        };
        async move {
            let Claimed::Ours { version, .. } = claim(store, (1, 0), at(0), &[]).await else { return false };
            let flow = Some((1, version.0, advance(b"end")));
            let end = Settlement { conclusion: Some(&conclusion), ..settlement(&conclusion.grant.tenant, flow, at(1)) };
            store.settle(end).await.unwrap() == Settled::Kept
        }
    });
    assert_eq!(finished.iter().filter(|finished| **finished).count(), 1);
    let mut given = 0;
    for number in 0..u8::try_from(finished.len()).unwrap() {
        given += usize::from(store.grant(&grant(number, &session).id).await.unwrap().is_some());
    }
    assert_eq!(given, 1);
}
