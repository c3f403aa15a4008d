//! The reference reading of the contract: plain maps behind one lock, which is never held across an await. It favours
//! being read over being fast, and forgets everything when it is dropped.

mod apps;
mod attested_keys;
mod audit;
mod connections;
mod credentials;
mod draft;
mod flows;
mod grants;
mod keys;
mod marks;
mod outbox;
mod sessions;
mod slips;
mod tenants;
mod upkeep;
mod users;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use vestibule_core::application::Application;
use vestibule_core::attempt::{Tally, TallyKey};
use vestibule_core::attestation::AttestedKey;
use vestibule_core::budget::{Budget, BudgetKey};
use vestibule_core::connection::Connection;
use vestibule_core::credential::Credential;
use vestibule_core::grant::Grant;
use vestibule_core::ports::store::{Page, Slip, StoredFlow, StoredHook, StoredKey, StoredSecret};
use vestibule_core::ports::{
    AppId, ConnectionId, CredentialId, FlowNumber, GrantId, HookId, LetterId, SessionId, TenantId, Timestamp, UserId,
};
use vestibule_core::session::Session;
use vestibule_core::tenant::Tenant;
use vestibule_core::user::User;

use self::audit::Log;
use self::outbox::Waiting;

/// A store that forgets.
#[derive(Default)]
pub struct Memory {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    tenants: BTreeMap<TenantId, Tenant>,
    apps: BTreeMap<AppId, Application>,
    attested_keys: BTreeMap<(AppId, String), AttestedKey>,
    connections: BTreeMap<ConnectionId, Connection>,
    keys: Vec<(StoredKey, Option<String>)>,
    secrets: Vec<(StoredSecret, Option<[u8; 4]>)>,
    users: BTreeMap<UserId, User>,
    credentials: BTreeMap<CredentialId, Credential>,
    flows: BTreeMap<FlowNumber, StoredFlow>,
    tallies: BTreeMap<TallyKey, Tally>,
    sessions: BTreeMap<SessionId, Session>,
    grants: BTreeMap<GrantId, Grant>,
    revoked_tokens: BTreeMap<String, Timestamp>,
    acquaintances: BTreeMap<(UserId, String), Timestamp>,
    letters: BTreeMap<LetterId, Waiting>,
    budgets: BTreeMap<BudgetKey, Budget>,
    slips: BTreeMap<String, Slip>,
    marks: BTreeMap<String, Timestamp>,
    audit: Log,
    hooks: BTreeMap<HookId, StoredHook>,
}

impl Memory {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The part of a list that a page shows, and how long the list is.
fn cut<T: Clone>(list: &[&T], page: Page) -> (Vec<T>, usize) {
    let shown = list.iter().skip(page.offset).take(page.limit).map(|thing| (*thing).clone());
    (shown.collect(), list.len())
}
