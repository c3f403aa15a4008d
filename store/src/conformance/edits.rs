//! What an answer changes of users and of what they hold: all of it, with everything else of the answer, or nothing.

use vestibule_core::attempt::Mark;
use vestibule_core::credential::{Credential, Kind};
use vestibule_core::grant::Phase;
use vestibule_core::ports::PasswordHash;
use vestibule_core::ports::store::{Conclusion, Edit, FlowVersion, Premise, Settled, Settlement, Store};
use vestibule_core::user::User;

use super::race::at_once;
use super::samples::{
    acme, advance, at, claim, credential, flow, give, globex, grant, key, mark, phase, session, settlement, totp, user,
};

fn enrol(credential: Credential) -> Edit {
    Edit::Enrol(Box::new(credential))
}

fn save(user: User, seen: u64, expel: bool) -> Edit {
    Edit::Save { user: Box::new(user), seen, expel }
}

/// The credential after one more use.
fn using(credential: &Credential, step: i64) -> Edit {
    Edit::Use { credential: Box::new(credential.used(totp(step), at(40))), seen: credential.revision }
}

async fn settle(store: &dyn Store, edits: &[Edit]) -> Settled {
    let tenant = acme();
    store.settle(Settlement { edits, ..settlement(&tenant, None, at(6)) }).await.unwrap()
}

/// An answer of flow 1 in its first claim, counted for Kim.
async fn answer(store: &dyn Store, edits: &[Edit], conclusion: Option<&Conclusion>) -> Settled {
    claim(store, (1, 0), at(0), &["kim"]).await;
    let (tenant, tallies) = (acme(), [mark("kim", Mark::Wrong)]);
    let flow = Some((1, 1, advance(b"next")));
    let settlement = Settlement { tallies: &tallies, conclusion, edits, ..settlement(&tenant, flow, at(6)) };
    store.settle(settlement).await.unwrap()
}

/// Whether the answer of [`answer`] has left nothing: the flow is still claimed and the tally's slot too.
async fn is_untouched(store: &dyn Store) -> bool {
    let (kept, tally) = (store.flow(&flow(1)).await.unwrap().unwrap(), store.tally(&key("kim")).await.unwrap());
    (kept.version, kept.format, kept.busy_until) == (FlowVersion(1), 0, Some(at(30)))
        && (tally.misses, tally.pending) == (0, 1)
}

pub async fn an_answer_enrols_uses_and_saves_at_once(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    store.add_credential(&credential(1, 1)).await.unwrap();
    let changed = User { revision: 2, renew_password: false, password_set: None, ..user(1) };
    let edits = [save(changed.clone(), 1, false), enrol(credential(2, 1)), using(&credential(1, 1), 9)];
    assert_eq!(answer(store, &edits, None).await, Settled::Kept);
    assert_eq!(store.user(&acme(), &user(1).id).await.unwrap(), Some(changed));
    let used = credential(1, 1).used(totp(9), at(40));
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), [used, credential(2, 1)]);
    let kept = store.flow(&flow(1)).await.unwrap().unwrap();
    assert_eq!((kept.body, kept.busy_until), (b"next".to_vec(), None));
    assert_eq!(store.tally(&key("kim")).await.unwrap().misses, 1);
}

pub async fn the_edits_of_an_answer_are_made_together_or_not_at_all(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    store.add_credential(&credential(1, 1)).await.unwrap();
    let session = session(1, 1);
    give(store, &session, &grant(1, &session)).await;
    let conclusion = Conclusion { grant: grant(2, &session), session: session.clone(), premise: Premise::default() };
    let edits = [
        Edit::rehash(&user(1), &PasswordHash("$argon2id$two".to_owned())).unwrap(),
        save(User { revision: 2, ..user(1) }, 1, true),
        Edit::Provision(Box::new(user(2))),
        enrol(credential(2, 1)),
        using(&Credential { revision: 7, ..credential(1, 1) }, 9),
    ];
    assert_eq!(answer(store, &edits, Some(&conclusion)).await, Settled::Overtaken);
    assert!(is_untouched(store).await);
    assert_eq!(store.user(&acme(), &user(1).id).await.unwrap(), Some(user(1)));
    assert_eq!(store.user(&acme(), &user(2).id).await.unwrap(), None);
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), [credential(1, 1)]);
    assert_eq!(store.session(&session.id).await.unwrap().as_ref(), Some(&session));
    assert_eq!(phase(store, &grant(1, &session)).await, Some(Phase::Code));
    assert_eq!(phase(store, &grant(2, &session)).await, None);
    assert_eq!(answer(store, &edits[..4], Some(&conclusion)).await, Settled::Kept, "the flow was still claimed");
}

pub async fn an_edit_sees_those_before_it(store: &dyn Store) {
    let renamed = User { canonical: "robin".to_owned(), revision: 2, ..user(1) };
    store.add_user(&user(1)).await.unwrap();
    let heir = User { canonical: user(1).canonical, ..user(2) };
    let edits = [save(renamed.clone(), 1, false), Edit::Provision(Box::new(heir.clone())), enrol(credential(1, 2))];
    assert_eq!(settle(store, &edits).await, Settled::Kept);
    assert_eq!(store.user_by_name(&acme(), "robin").await.unwrap(), Some(renamed.clone()));
    assert_eq!(store.user_by_name(&acme(), "user1").await.unwrap(), Some(heir));
    let third = User { revision: 3, ..renamed.clone() };
    assert_eq!(settle(store, &[save(third.clone(), 2, false), save(renamed, 2, false)]).await, Settled::Overtaken);
    let used = credential(1, 2).used(totp(8), at(40));
    let edits = [save(third.clone(), 2, false), using(&credential(1, 2), 8), using(&used, 9)];
    assert_eq!(settle(store, &edits).await, Settled::Kept);
    assert_eq!(store.user(&acme(), &third.id).await.unwrap(), Some(third));
    assert_eq!(store.credentials(&acme(), &user(2).id).await.unwrap(), [used.used(totp(9), at(40))]);
}

pub async fn an_edit_that_finds_a_name_or_handle_taken_is_overtaken(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    store.add_user(&user(2)).await.unwrap();
    store.add_credential(&credential(1, 1)).await.unwrap();
    let same = |number| User { canonical: user(1).canonical, revision: 2, ..user(number) };
    let edits = [
        Edit::Provision(Box::new(same(3))),
        save(same(2), 1, false),
        save(User { revision: 2, ..user(3) }, 1, false),
        enrol(Credential { handle: credential(1, 1).handle, ..credential(2, 1) }),
        enrol(credential(2, 3)),
        using(&credential(2, 1), 9),
        using(&Credential { tenant: globex(), ..credential(1, 1) }, 9),
    ];
    for edit in edits {
        assert_eq!(answer(store, std::slice::from_ref(&edit), None).await, Settled::Overtaken, "{edit:?}");
    }
    assert!(is_untouched(store).await);
    assert_eq!(store.user(&acme(), &user(2).id).await.unwrap(), Some(user(2)));
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), [credential(1, 1)]);
}

pub async fn a_lost_answer_makes_no_edit(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    claim(store, (1, 0), at(0), &["kim"]).await;
    claim(store, (1, 1), at(30), &[]).await;
    for edits in [[enrol(credential(1, 1))], [enrol(credential(1, 3))]] {
        assert_eq!(answer(store, &edits, None).await, Settled::Lost);
    }
    assert_eq!(store.tally(&key("kim")).await.unwrap().misses, 2, "the marks stay");
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), []);
}

pub async fn a_new_password_expels_and_then_signs_in(store: &dyn Store) {
    let (old, new, others) = (session(1, 1), session(2, 1), session(3, 2));
    let changed = User { revision: 2, password: Some(PasswordHash("$argon2id$two".to_owned())), ..user(1) };
    store.add_user(&user(1)).await.unwrap();
    give(store, &old, &grant(1, &old)).await;
    give(store, &others, &grant(3, &others)).await;
    let premise = Premise { user_revision: Some(1), session_is_there: false };
    let conclusion = Conclusion { grant: grant(2, &new), session: new.clone(), premise };
    assert_eq!(answer(store, &[save(changed, 1, true)], Some(&conclusion)).await, Settled::Kept);
    assert_eq!(store.sessions_of(&acme(), &user(1).id).await.unwrap(), std::slice::from_ref(&new));
    assert_eq!(phase(store, &grant(1, &old)).await, Some(Phase::Revoked));
    assert_eq!(phase(store, &grant(2, &new)).await, Some(Phase::Code));
    assert_eq!(store.session(&others.id).await.unwrap(), Some(others.clone()));
    assert_eq!(phase(store, &grant(3, &others)).await, Some(Phase::Code));
}

pub async fn a_new_user_is_made_and_signed_in(store: &dyn Store) {
    let session = session(1, 1);
    let conclusion = Conclusion { grant: grant(1, &session), session, premise: Premise::default() };
    let edits = [Edit::Provision(Box::new(user(1))), enrol(credential(1, 1))];
    assert_eq!(answer(store, &edits, Some(&conclusion)).await, Settled::Kept);
    assert_eq!(store.user_by_name(&acme(), &user(1).canonical).await.unwrap(), Some(user(1)));
    assert_eq!(store.credential(&acme(), Kind::Totp, "handle-1").await.unwrap(), Some(credential(1, 1)));
    assert_eq!(store.session(&conclusion.session.id).await.unwrap(), Some(conclusion.session));
    assert_eq!(store.grant(&conclusion.grant.id).await.unwrap(), Some(conclusion.grant));
}

pub async fn a_premise_is_held_against_the_state_before_the_edits(store: &dyn Store) {
    let session = session(1, 1);
    store.add_user(&user(1)).await.unwrap();
    give(store, &session, &grant(1, &session)).await;
    for (revision, settled) in [(2, Settled::Lost), (1, Settled::Kept)] {
        let premise = Premise { user_revision: Some(revision), session_is_there: true };
        let conclusion = Conclusion { grant: grant(2, &session), session: session.clone(), premise };
        let edits = [save(User { revision: 2, ..user(1) }, 1, true)];
        let tenant = acme();
        let end = Settlement { conclusion: Some(&conclusion), edits: &edits, ..settlement(&tenant, None, at(6)) };
        assert_eq!(store.settle(end).await.unwrap(), settled);
    }
    assert_eq!(store.session(&session.id).await.unwrap().as_ref(), Some(&session), "it ended and was made again");
    assert_eq!(phase(store, &grant(1, &session)).await, Some(Phase::Revoked));
    assert_eq!(phase(store, &grant(2, &session)).await, Some(Phase::Code));
}

pub async fn a_password_is_hashed_anew_beside_other_edits(store: &dyn Store) {
    let hash = |text: &str| PasswordHash(text.to_owned());
    let rehash =
        |compared: &str, fresh: &str| Edit::Rehash { user: user(1).id, compared: hash(compared), fresh: hash(fresh) };
    store.add_user(&user(1)).await.unwrap();
    let edits = [
        rehash("$argon2id$other", "$argon2id$lost"),
        enrol(credential(1, 1)),
        rehash("$argon2id$one", "$argon2id$two"),
    ];
    assert_eq!(settle(store, &edits).await, Settled::Kept);
    let kept = store.user(&acme(), &user(1).id).await.unwrap().unwrap();
    assert_eq!((kept.password, kept.revision), (Some(hash("$argon2id$two")), 1));
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap().len(), 1);
}

pub async fn an_edit_that_fails_leaves_nothing(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    store.add_credential(&credential(1, 1)).await.unwrap();
    claim(store, (1, 0), at(0), &["kim"]).await;
    let namesake = User { id: user(1).id, ..user(2) };
    let twin = Credential { id: credential(1, 1).id, ..credential(2, 1) };
    for failing in [Edit::Provision(Box::new(namesake)), enrol(twin)] {
        let (tenant, tallies) = (acme(), [mark("kim", Mark::Wrong)]);
        let edits = [enrol(credential(3, 1)), failing];
        let flow = Some((1, 1, advance(b"next")));
        let answer = Settlement { tallies: &tallies, edits: &edits, ..settlement(&tenant, flow, at(6)) };
        assert!(store.settle(answer).await.is_err(), "an id is given once");
    }
    assert!(is_untouched(store).await);
    assert_eq!(store.user(&acme(), &user(1).id).await.unwrap(), Some(user(1)));
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), [credential(1, 1)]);
}

pub async fn of_many_uses_of_a_revision_one_goes_through(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    store.add_credential(&credential(1, 1)).await.unwrap();
    let settled = at_once(|number| async move {
        let (tenant, session) = (acme(), session(u8::try_from(number).unwrap(), 1));
        let given = grant(u8::try_from(number).unwrap(), &session);
        let conclusion = Conclusion { grant: given, session, premise: Premise::default() };
        let edits = [using(&credential(1, 1), i64::try_from(number).unwrap())];
        let end = Settlement { conclusion: Some(&conclusion), edits: &edits, ..settlement(&tenant, None, at(6)) };
        store.settle(end).await.unwrap()
    });
    let winner = settled.iter().position(|settled| *settled == Settled::Kept).unwrap();
    assert_eq!(settled.iter().filter(|settled| **settled == Settled::Overtaken).count(), settled.len() - 1);
    let used = credential(1, 1).used(totp(i64::try_from(winner).unwrap()), at(40));
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), [used]);
    let sessions = store.sessions_of(&acme(), &user(1).id).await.unwrap();
    assert_eq!(sessions, [session(u8::try_from(winner).unwrap(), 1)]);
}
