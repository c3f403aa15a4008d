//! SQLite answers as Memory does, whatever is asked in whatever order.
#![expect(clippy::indexing_slicing, reason = "helpers of tests are tests")]

#[path = "twins/asks.rs"]
mod asks;

use std::time::Duration;

use proptest::prelude::*;
use vestibule_core::acquaintance::Acquaintance;
use vestibule_core::application::Application;
use vestibule_core::attempt::Mark;
use vestibule_core::audit::{Event, Origin, What};
use vestibule_core::budget::{BudgetKey, Cost};
use vestibule_core::connection::Connection;
use vestibule_core::credential::{Credential, Kind};
use vestibule_core::delivery::Letter;
use vestibule_core::grant::{Grant, Rotation};
use vestibule_core::keyring::FAMILIES;
use vestibule_core::ports::store::{
    ClaimRequest, Conclusion, Delivery, Edit, FlowVersion, Move, Page, Premise, Settlement, Slip, Store, StoredKey,
    StoredSecret, UserFilter, Walk,
};
use vestibule_core::ports::{PasswordHash, TenantId, Timestamp};
use vestibule_core::session::Session;
use vestibule_core::user::User;
use vestibule_store::conformance::samples::{
    BUDGET, RULE, acme, app, at, connection, credential, flow, globex, grant, key, letter, mark, session, slip, tenant,
    totp, user, wrapped,
};
use vestibule_store::{Memory, Sqlite};

use asks::{Ask, Change, asks};

/// An answer as text, so that all are compared alike. Two faults are the same answer, whatever was behind them.
fn told<T: std::fmt::Debug>(answer: Result<T, vestibule_core::error::Fault>) -> String {
    answer.map_or_else(|_| "fault".to_owned(), |answer| format!("{answer:?}"))
}

fn place(here: bool) -> TenantId {
    if here { acme() } else { globex() }
}

fn hash(number: u8) -> PasswordHash {
    PasswordHash(format!("$argon2id${}", ["one", "two", "three"][usize::from(number)]))
}

fn tally(number: u8) -> &'static str {
    ["kim", "10.0.0.1"][usize::from(number)]
}

fn signing(family: u8, id: u8, now: Timestamp) -> StoredKey {
    let (kid, private) = (kid(family, id), wrapped("1", id));
    StoredKey { tenant: acme(), kid, family: FAMILIES[usize::from(family)], private, created: now, active_from: now }
}

fn kid(family: u8, id: u8) -> String {
    format!("{family}-{id}")
}

fn sealing(id: u8, now: Timestamp) -> StoredSecret {
    StoredSecret { id: [id; 4], secret: wrapped("1", id), created: now, active_from: now }
}

async fn ask(store: &dyn Store, ask: Ask, now: Timestamp) -> String {
    match ask {
        Ask::AddTenant(id) => told(store.add_tenant(&tenant(&format!("t{id}"))).await),
        Ask::AddApp(id, name, here) => {
            told(store.add_app(&Application { name: name.to_string(), tenant: place(here), ..app(id) }).await)
        }
        Ask::SaveApp(id, name, seen, enabled) => {
            let client_id = format!("client-{name}");
            let change = Application { revision: seen + 1, client_id, enabled, modified: now, ..app(id) };
            told(store.save_app(&change, seen).await)
        }
        Ask::RemoveApp(id, here) => told(store.remove_app(&place(here), &app(id).id).await),
        Ask::AddKey(family, id, newest) => {
            let newest = (newest > 0).then(|| kid(family, newest));
            told(store.add_key(&signing(family, id, now), newest.as_deref()).await)
        }
        Ask::RemoveKey(family, id) => told(store.remove_key(&acme(), &kid(family, id)).await),
        Ask::RewrapKey(family, id, master) => {
            told(store.rewrap_key(&signing(family, id, now), &wrapped(&master.to_string(), id)).await)
        }
        Ask::AddSecret(id, newest) => {
            told(store.add_secret(&sealing(id, now), (newest > 0).then_some([newest; 4])).await)
        }
        Ask::RewrapSecret(id, master) => {
            told(store.rewrap_secret(&sealing(id, now), &wrapped(&master.to_string(), id)).await)
        }
        Ask::NotUnder(master) => {
            let under = told(store.wrapped_under().await);
            format!("{under} {}", told(store.keys_not_under(&master.to_string(), 2).await))
        }
        Ask::AddUser(id, name, here) => {
            told(store.add_user(&User { canonical: name.to_string(), tenant: place(here), ..user(id) }).await)
        }
        Ask::SaveUser(id, name, seen, expel) => {
            let change = User { revision: seen + 1, canonical: name.to_string(), modified: now, ..user(id) };
            told(store.save_user(&change, seen, expel, now).await)
        }
        Ask::RemoveUser(id, here) => told(store.remove_user(&place(here), &user(id).id).await),
        Ask::Claim(number, seen, names) => {
            let tallies: Vec<_> = names.into_iter().map(|name| (key(tally(name)), RULE)).collect();
            let (until, expires) = (now + Duration::from_secs(30), now + Duration::from_secs(600));
            let (flow, seen, tenant) = (flow(number), FlowVersion(seen), &acme());
            told(store.claim(ClaimRequest { flow, tenant, seen, now, until, expires, tallies: &tallies }).await)
        }
        Ask::Settle { flow, marks, end, edits, letters } => {
            settle(store, (flow, marks, end, edits, letters), now).await
        }
        Ask::ClearTally(name) => told(store.clear_tally(&key(tally(name))).await),
        Ask::ClaimTally(name) => told(store.claim_tally(&key(tally(name)), &RULE, now).await),
        Ask::EndSession(id) => told(store.end_session(&session(id, 1).id, now).await),
        Ask::Redeem(id) => {
            told(store.redeem(&grant(id, &session(1, 1)).id, now, now + Duration::from_secs(5_000), &[]).await)
        }
        Ask::Rotate(id, shown, alike, rotate) => {
            let window = Duration::from_secs(if alike { 30 } else { 0 });
            let (grant, expires) = (grant(id, &session(1, 1)).id, now + Duration::from_secs(5_000));
            told(store.rotate(&Rotation { grant, shown, now, window, expires, rotate }, &[]).await)
        }
        Ask::RevokeGrant(id) => told(store.revoke_grant(&grant(id, &session(1, 1)).id).await),
        Ask::RevokeToken(jti, lasts) => {
            let lasts = Duration::from_secs(lasts.unsigned_abs());
            told(store.revoke_token(&jti.to_string(), now + lasts).await)
        }
        Ask::Sweep(most) => told(store.sweep(now, most).await),
        Ask::Wait(_) => told(store.check(now).await),
        other => ask_of_factors(store, other, now).await,
    }
}

async fn ask_of_factors(store: &dyn Store, ask: Ask, now: Timestamp) -> String {
    match ask {
        Ask::AddCredential(id, owner, handle, here) => {
            told(store.add_credential(&Credential { tenant: place(here), ..held(id, owner, handle) }).await)
        }
        Ask::SaveCredential(id, owner, handle, seen) => {
            let change = Credential { revision: seen + 1, used: Some(now), ..held(id, owner, handle) };
            told(store.save_credential(&change, seen).await)
        }
        Ask::RemoveCredential(id, owner, here) => {
            told(store.remove_credential(&place(here), &user(owner).id, &held(id, 1, 1).id).await)
        }
        Ask::AddConnection(id, name, here) => {
            let connection = Connection { name: name.to_string(), tenant: place(here), ..connection(id) };
            told(store.add_connection(&connection).await)
        }
        Ask::SaveConnection(id, name, seen) => {
            let change = Connection { revision: seen + 1, name: name.to_string(), modified: now, ..connection(id) };
            told(store.save_connection(&change, seen).await)
        }
        Ask::RemoveConnection(id, here) => told(store.remove_connection(&place(here), &connection(id).id).await),
        Ask::Post(id, budgets) => told(store.post(&written(id, budgets, now), now).await),
        Ask::Carry(most) => told(store.carry(now, now + Duration::from_secs(30), most).await),
        Ask::Carried(id, lease, how) => {
            let again = Delivery::Again(now + Duration::from_secs(30));
            let how = [Delivery::Arrived, again, Delivery::Undeliverable][usize::from(how)];
            told(store.carried(&letter(id, &[]).id, lease, how).await)
        }
        Ask::Leave(key, here, seen) => {
            let expires = now + Duration::from_secs(60);
            let slip = Slip { tenant: place(here), expires, ..slip(&key.to_string(), seen + 1) };
            told(store.leave(&slip, seen).await)
        }
        Ask::Take(key) => told(store.take(&key.to_string()).await),
        other => unreachable!("{other:?} is asked elsewhere"),
    }
}

fn held(id: u8, owner: u8, handle: u8) -> Credential {
    Credential { handle: handle.to_string(), ..credential(id, owner) }
}

fn written(id: u8, budgets: u8, now: Timestamp) -> Letter {
    let budgets: &[&str] = [&[], &["kim"][..], &["kim", "robin"]][usize::from(budgets)];
    Letter { created: now, expires: now + Duration::from_secs(300), ..letter(id, budgets) }
}

fn edit(change: Change, now: Timestamp) -> Edit {
    let named = |id, name: u8| User { canonical: name.to_string(), modified: now, ..user(id) };
    match change {
        Change::Rehash(id, compared, fresh) => {
            Edit::Rehash { user: user(id).id, compared: hash(compared), fresh: hash(fresh) }
        }
        Change::Save(id, name, seen, expel) => {
            Edit::Save { user: Box::new(User { revision: seen + 1, ..named(id, name) }), seen, expel }
        }
        Change::Provision(id, name) => Edit::Provision(Box::new(named(id, name))),
        Change::Enrol(id, owner, handle) => Edit::Enrol(Box::new(held(id, owner, handle))),
        Change::Use(id, owner, handle, seen) => {
            let credential = Credential { revision: seen, ..held(id, owner, handle) };
            Edit::Use { credential: Box::new(credential.used(totp(now.seconds()), now)), seen }
        }
    }
}

type Settled = (Option<(u8, u64, bool)>, Vec<(u8, u8)>, Option<(u8, u8, u8)>, Vec<Change>, Vec<(u8, u8)>);

async fn settle(store: &dyn Store, (moved, marks, end, edits, letters): Settled, now: Timestamp) -> String {
    let cost = |(name, how): &(u8, u8)| Cost { key: budget(*name), rule: BUDGET, shares: u32::from(*how) };
    let costs: Vec<_> = marks.iter().map(cost).collect();
    let acquaintance = |(id, owner, number): (u8, u8, u8)| Acquaintance {
        user: user(owner).id,
        mark: format!("{id}{number}"),
        seen: now,
    };
    let acquaintances: Vec<_> = end.into_iter().map(acquaintance).collect();
    let marks: Vec<_> = marks
        .into_iter()
        .map(|(name, how)| mark(tally(name), [Mark::Right, Mark::Wrong, Mark::Void, Mark::Elsewhere][usize::from(how)]))
        .collect();
    let conclusion = end.map(|(id, owner, number)| {
        let (idle, ends) = (Duration::from_secs(900), now + Duration::from_secs(3_600));
        let session = Session { seen: now, idle, ends, ..session(id, owner) };
        let (expires, ends) = (now + Duration::from_secs(60), now + Duration::from_secs(86_400));
        let given = Grant { app: app(owner).id, expires, ends, created: now, ..grant(number, &session) };
        Conclusion { session, grant: given, premise: Premise::default() }
    });
    let edits: Vec<_> = edits.into_iter().map(|change| edit(change, now)).collect();
    let letters: Vec<_> = letters.into_iter().map(|(id, budgets)| written(id, budgets, now)).collect();
    let told_of = Event::new(What::LoginFailed, &acme(), now, Origin::default()).user(user(1).id);
    let tenant = acme();
    let settlement = Settlement {
        flow: moved.map(|(number, version, on)| {
            let to = if on { Move::Advance { format: 1, body: vec![number; 9] } } else { Move::Release };
            (flow(number), FlowVersion(version), to)
        }),
        tallies: &marks,
        costs: &costs,
        acquaintances: &acquaintances,
        conclusion: conclusion.as_ref(),
        edits: &edits,
        letters: &letters,
        events: &[told_of],
        ..Settlement::of(&tenant, now)
    };
    told(store.settle(settlement).await)
}

/// A budget of wrong answers.
fn budget(name: u8) -> BudgetKey {
    BudgetKey(format!("misses/{name}"))
}

/// All that can be seen of a store.
async fn look(store: &dyn Store) -> Vec<String> {
    let page = Page { offset: 1, limit: 2 };
    let mut seen = vec![told(store.tenants(page).await)];
    for tenant in [acme(), globex()] {
        seen.push(told(store.apps(&tenant, None, page).await));
        seen.push(told(store.connections(&tenant, None, page).await));
        seen.push(told(store.users(&tenant, &UserFilter::All, page).await));
        seen.push(told(store.knows_origin(&tenant, "https://app.example").await));
        seen.push(told(store.keys(&tenant).await));
        for number in 1..4 {
            let name = number.to_string();
            seen.push(told(store.app(&tenant, &app(number).id).await));
            seen.push(told(store.app_by_client(&tenant, &format!("client-{number}")).await));
            seen.push(told(store.apps(&tenant, Some(&name), Page { offset: 0, limit: 5 }).await));
            seen.push(told(store.user(&tenant, &user(number).id).await));
            seen.push(told(store.user_by_name(&tenant, &name).await));
            seen.push(told(store.connection(&tenant, &connection(number).id).await));
            seen.push(told(store.connection_named(&tenant, &name).await));
            seen.push(told(store.acquaintances(&user(number).id).await));
            seen.push(told(store.credentials(&tenant, &user(number).id).await));
            seen.push(told(store.credential(&tenant, Kind::Totp, &name).await));
            seen.push(told(store.sessions_of(&tenant, &user(number).id).await));
            seen.push(told(store.users(&tenant, &UserFilter::Named(name), Page { offset: 0, limit: 5 }).await));
        }
    }
    seen.push(told(store.secrets().await));
    for number in 1..9 {
        seen.push(told(store.flow(&flow(number)).await));
        seen.push(told(store.session(&session(number, 1).id).await));
        seen.push(told(store.grant(&grant(number, &session(1, 1)).id).await));
        seen.push(told(store.is_token_revoked(&number.to_string()).await));
        seen.push(told(store.slip(&number.to_string()).await));
        seen.push(told(store.tally(&key(tally(number % 2))).await));
    }
    seen.push(told(store.budgets(&[&budget(0), &budget(1)]).await));
    seen.push(told(store.waiting().await));
    for (tenant, user) in [(None, None), (Some(globex()), None), (Some(acme()), Some(user(1).id))] {
        seen.push(told(store.records(&Walk { tenant, user, after: 1, limit: 50 }).await));
    }
    seen.push(told(store.tail().await));
    seen
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_answers_as_memory_does(asks in prop::collection::vec(asks(), 1..120)) {
        let place = tempfile::tempdir().unwrap();
        let (memory, sqlite) = (Memory::default(), Sqlite::open(&place.path().join("id.db")).unwrap());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut now = at(0);
            for one in asks {
                if let Ask::Wait(seconds) = one {
                    now = now + Duration::from_secs(seconds.unsigned_abs());
                }
                prop_assert_eq!(ask(&memory, one.clone(), now).await, ask(&sqlite, one, now).await);
            }
            prop_assert_eq!(look(&memory).await, look(&sqlite).await);
            Ok(())
        })?;
    }
}
