//! A store that fails on command, so that stories reach the errors of a store that is down. A verb fails before it is
//! carried out, or after it, as when the answer is lost on the way.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use vestibule_core::acquaintance::Acquaintance;
use vestibule_core::application::Application;
use vestibule_core::attempt::{Slot, Tally, TallyKey, TallyRule};
use vestibule_core::attestation::AttestedKey;
use vestibule_core::audit::{Event, Hash, Record};
use vestibule_core::budget::{Budget, BudgetKey};
use vestibule_core::connection::Connection;
use vestibule_core::credential::{Credential, Kind};
use vestibule_core::delivery::Letter;
use vestibule_core::error::Fault;
use vestibule_core::grant::{Grant, Redeemed, Rotated, Rotation};
use vestibule_core::ports::store::{
    Added, Applications, AttestedKeys, Audit, Carried, ClaimRequest, Claimed, Connections, Credentials, Delivery,
    Flows, Grants, Hooks, Keys, Ledger, Marks, Outbox, Page, Saved, Sessions, Settled, Settlement, Slip, Slips, Store,
    StoredCheckpoint, StoredFlow, StoredHook, StoredKey, StoredSecret, Tenants, Upkeep, UserFilter, Users, Walk,
};
use vestibule_core::ports::{
    AppId, ConnectionId, CredentialId, FlowNumber, GrantId, HookId, LetterId, SessionId, TenantId, Timestamp, UserId,
    Wrapped,
};
use vestibule_core::session::Session;
use vestibule_core::tenant::Tenant;
use vestibule_core::user::User;

/// A store that fails on command and otherwise is the one it wraps.
pub struct Faulty {
    inner: Arc<dyn Store>,
    orders: Mutex<HashMap<Verb, Order>>,
}

/// When an ordered failure happens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Before,
    After,
}

type Call<'a, T> = Pin<Box<dyn Future<Output = Result<T, Fault>> + Send + 'a>>;

impl Faulty {
    /// The store, so far without fault.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, orders: Mutex::default() }
    }

    /// Makes the verb fail without being carried out, until healed.
    pub fn fail(&self, verb: Verb) {
        self.orders().insert(verb, Order::Before);
    }

    /// Makes the verb fail after it was carried out, until healed.
    pub fn fail_after(&self, verb: Verb) {
        self.orders().insert(verb, Order::After);
    }

    /// Makes all verbs fail without being carried out, until healed.
    pub fn fail_all(&self) {
        self.orders().extend(Verb::ALL.iter().map(|verb| (*verb, Order::Before)));
    }

    /// Takes all orders back.
    pub fn heal(&self) {
        self.orders().clear();
    }

    async fn carry_out<T>(&self, verb: Verb, call: Call<'_, T>) -> Result<T, Fault> {
        let order = self.orders().get(&verb).copied();
        if order == Some(Order::Before) {
            return Err(Fault::new(verb.ordered()));
        }
        let answer = call.await?;
        if order == Some(Order::After) { Err(Fault::new(verb.ordered())) } else { Ok(answer) }
    }

    fn orders(&self) -> MutexGuard<'_, HashMap<Verb, Order>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

macro_rules! verbs {
    ($($port:ident { $($verb:ident: $method:ident($($name:ident: $type:ty),*) -> $answer:ty;)+ })+) => {
        /// A verb of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Verb {
            $($(
                #[doc = concat!("[`", stringify!($port), "::", stringify!($method), "`].")]
                $verb,
            )+)+
        }

        impl Verb {
            /// All verbs, in the order of the contract.
            pub const ALL: &[Self] = &[$($(Self::$verb),+),+];

            const fn ordered(self) -> &'static str {
                match self {
                    $($(Self::$verb => concat!("failing on command: ", stringify!($method)),)+)+
                }
            }
        }

        $(
            #[async_trait]
            impl $port for Faulty {
                $(
                    async fn $method(&self, $($name: $type),*) -> Result<$answer, Fault> {
                        self.carry_out(Verb::$verb, self.inner.$method($($name),*)).await
                    }
                )+
            }
        )+
    };
}

verbs! {
    Tenants {
        Tenant: tenant(id: &TenantId) -> Option<Tenant>;
        Tenants: tenants(page: Page) -> (Vec<Tenant>, usize);
        AddTenant: add_tenant(tenant: &Tenant) -> Added;
    }
    Applications {
        App: app(tenant: &TenantId, id: &AppId) -> Option<Application>;
        AppByClient: app_by_client(tenant: &TenantId, client_id: &str) -> Option<Application>;
        Apps: apps(tenant: &TenantId, name: Option<&str>, page: Page) -> (Vec<Application>, usize);
        KnowsOrigin: knows_origin(tenant: &TenantId, origin: &str) -> bool;
        AddApp: add_app(app: &Application) -> Added;
        SaveApp: save_app(app: &Application, seen: u64) -> Saved;
        RemoveApp: remove_app(tenant: &TenantId, id: &AppId) -> bool;
    }
    Connections {
        Connection: connection(tenant: &TenantId, id: &ConnectionId) -> Option<Connection>;
        ConnectionNamed: connection_named(tenant: &TenantId, name: &str) -> Option<Connection>;
        Connections: connections(tenant: &TenantId, name: Option<&str>, page: Page) -> (Vec<Connection>, usize);
        AddConnection: add_connection(connection: &Connection) -> Added;
        SaveConnection: save_connection(connection: &Connection, seen: u64) -> Saved;
        RemoveConnection: remove_connection(tenant: &TenantId, id: &ConnectionId) -> bool;
    }
    Keys {
        Keys: keys(tenant: &TenantId) -> Vec<StoredKey>;
        AddKey: add_key(key: &StoredKey, newest: Option<&str>) -> bool;
        RemoveKey: remove_key(tenant: &TenantId, kid: &str) -> bool;
        Secrets: secrets() -> Vec<StoredSecret>;
        AddSecret: add_secret(secret: &StoredSecret, newest: Option<[u8; 4]>) -> bool;
        WrappedUnder: wrapped_under() -> Vec<String>;
        KeysNotUnder: keys_not_under(master: &str, most: usize) -> Vec<StoredKey>;
        RewrapKey: rewrap_key(seen: &StoredKey, fresh: &Wrapped) -> bool;
        RewrapSecret: rewrap_secret(seen: &StoredSecret, fresh: &Wrapped) -> bool;
    }
    Users {
        User: user(tenant: &TenantId, id: &UserId) -> Option<User>;
        UserByName: user_by_name(tenant: &TenantId, canonical: &str) -> Option<User>;
        Users: users(tenant: &TenantId, filter: &UserFilter, page: Page) -> (Vec<User>, usize);
        AddUser: add_user(user: &User) -> Added;
        SaveUser: save_user(user: &User, seen: u64, expel: bool, now: Timestamp) -> Saved;
        Acquaintances: acquaintances(user: &UserId) -> Vec<Acquaintance>;
        RemoveUser: remove_user(tenant: &TenantId, id: &UserId) -> bool;
    }
    Credentials {
        Credentials: credentials(tenant: &TenantId, user: &UserId) -> Vec<Credential>;
        Credential: credential(tenant: &TenantId, kind: Kind, handle: &str) -> Option<Credential>;
        AddCredential: add_credential(credential: &Credential) -> Added;
        SaveCredential: save_credential(credential: &Credential, seen: u64) -> Saved;
        RemoveCredential: remove_credential(tenant: &TenantId, user: &UserId, id: &CredentialId) -> bool;
    }
    Flows {
        Flow: flow(number: &FlowNumber) -> Option<StoredFlow>;
        Claim: claim(request: ClaimRequest<'_>) -> Claimed;
        Settle: settle(settlement: Settlement<'_>) -> Settled;
        Tally: tally(key: &TallyKey) -> Tally;
        Budgets: budgets(keys: &[&BudgetKey]) -> Vec<Budget>;
        ClearTally: clear_tally(key: &TallyKey) -> ();
        ClaimTally: claim_tally(key: &TallyKey, rule: &TallyRule, now: Timestamp) -> Slot;
    }
    Sessions {
        Session: session(id: &SessionId) -> Option<Session>;
        SessionsOf: sessions_of(tenant: &TenantId, user: &UserId) -> Vec<Session>;
        EndSession: end_session(id: &SessionId, now: Timestamp) -> bool;
    }
    Grants {
        Grant: grant(id: &GrantId) -> Option<Grant>;
        Redeem: redeem(id: &GrantId, now: Timestamp, expires: Timestamp, told: &[Event]) -> Redeemed;
        Rotate: rotate(rotation: &Rotation, told: &[Event]) -> Rotated;
        RevokeGrant: revoke_grant(id: &GrantId) -> bool;
        RevokeToken: revoke_token(jti: &str, expires: Timestamp) -> ();
        IsTokenRevoked: is_token_revoked(jti: &str) -> bool;
    }
    Outbox {
        Post: post(letter: &Letter, now: Timestamp) -> bool;
        Carry: carry(now: Timestamp, until: Timestamp, most: usize) -> Vec<Carried>;
        Carried: carried(id: &LetterId, lease: u64, how: Delivery) -> bool;
        Waiting: waiting() -> (usize, Option<Timestamp>);
    }
    Slips {
        Slip: slip(key: &str) -> Option<Slip>;
        Leave: leave(slip: &Slip, seen: u64) -> bool;
        Take: take(key: &str) -> Option<Slip>;
    }
    Marks {
        Mark: mark(key: &str, expires: Timestamp) -> bool;
    }
    Audit {
        Append: append(events: &[Event]) -> ();
        Mention: mention(events: &[Event]) -> ();
    }
    Ledger {
        Records: records(walk: &Walk) -> Vec<Record>;
        Tail: tail() -> Option<(u64, Hash)>;
        FirstSince: first_since(at: Timestamp) -> Option<u64>;
        KeepCheckpoint: keep_checkpoint(checkpoint: &StoredCheckpoint) -> ();
        Checkpoints: checkpoints(after: u64, limit: usize) -> Vec<StoredCheckpoint>;
        CheckpointBefore: checkpoint_before(seq: u64) -> Option<StoredCheckpoint>;
        Prune: prune(until: u64, most: usize) -> usize;
    }
    Hooks {
        AddHook: add_hook(hook: &StoredHook) -> ();
        Hooks: hooks(tenant: &TenantId) -> Vec<StoredHook>;
        HooksDue: hooks_due(now: Timestamp, tail: u64, limit: usize) -> Vec<StoredHook>;
        ServeHook: serve_hook(hook: &StoredHook, seen: u64) -> bool;
        RemoveHook: remove_hook(tenant: &TenantId, id: &HookId) -> bool;
    }
    AttestedKeys {
        AttestedKey: attested_key(tenant: &TenantId, app: &AppId, id: &str) -> Option<AttestedKey>;
        KeepAttestedKey: keep_attested_key(key: &AttestedKey) -> bool;
        RaiseCounter: raise_counter(tenant: &TenantId, app: &AppId, id: &str, to: (u32, Timestamp)) -> bool;
        RevokeAttestedKey: revoke_attested_key(tenant: &TenantId, app: &AppId, id: &str) -> bool;
    }
    Upkeep {
        Check: check(now: Timestamp) -> ();
        Sweep: sweep(now: Timestamp, most: usize) -> usize;
        Scrub: scrub() -> ();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    #[tokio::test]
    async fn an_ordered_failure_happens_before_or_after_the_verb_is_carried_out() {
        let tenant = |id: &str| Tenant {
            id: id.parse().unwrap(),
            name: String::new(),
            error_codes: None,
            messages: None,
            created: Timestamp::default(),
        };
        let (before, after) = (tenant("before"), tenant("after"));
        let store = Faulty::new(Arc::new(Memory::default()));
        store.fail(Verb::AddTenant);
        assert_eq!(store.add_tenant(&before).await.unwrap_err().context(), "failing on command: add_tenant");
        store.fail_after(Verb::AddTenant);
        assert_eq!(store.add_tenant(&after).await.unwrap_err().context(), "failing on command: add_tenant");
        assert_eq!(store.tenant(&before.id).await.unwrap(), None);
        assert_eq!(store.tenant(&after.id).await.unwrap(), Some(after.clone()));
        store.heal();
        assert_eq!(store.add_tenant(&after).await.unwrap(), Added::Taken("id"));
    }

    #[tokio::test]
    async fn all_verbs_can_be_made_to_fail() {
        let store = Faulty::new(Arc::new(Memory::default()));
        store.fail_all();
        assert!(store.check(Timestamp::default()).await.is_err());
        assert!(store.secrets().await.is_err());
        store.heal();
        assert!(store.check(Timestamp::default()).await.is_ok());
    }
}
