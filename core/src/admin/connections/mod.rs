//! Connections: identity providers elsewhere and services of the operator's are made, changed and removed here. What a
//! connection may be set to is asked of the way of signing in that speaks with it; secrets are sealed and never shown. Law: a
//! connection that an application uses keeps its name and its way, and stays.

mod check;

use std::collections::BTreeMap;

use super::{Operator, Permission, conflict, invalid, moved};
use crate::application::CUSTOM;
use crate::audit::What;
use crate::connection::{Connection, Provisioning};
use crate::error::{Code, Error, Fault};
use crate::house::House;
use crate::ports::store::{Added, Page, Saved};
use crate::ports::{ConnectionId, Secret};

pub use check::ATTRIBUTES;

/// How many things are read from the store at a time.
const BATCH: usize = 100;

/// What a connection leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// Another identity provider.
    Provider,
    /// A service of the operator's (`custom-…`).
    Service,
}

/// What is done with a connection.
#[derive(Clone, Copy)]
enum Deed {
    View,
    Create,
    Update,
    Delete,
}

impl Elsewhere {
    const fn permission(self, deed: Deed) -> Permission {
        match (self, deed) {
            (Self::Provider, Deed::View) => Permission::ViewConnections,
            (Self::Provider, Deed::Create) => Permission::CreateConnections,
            (Self::Provider, Deed::Update) => Permission::UpdateConnections,
            (Self::Provider, Deed::Delete) => Permission::DeleteConnections,
            (Self::Service, Deed::View) => Permission::ViewServices,
            (Self::Service, Deed::Create) => Permission::CreateServices,
            (Self::Service, Deed::Update) => Permission::UpdateServices,
            (Self::Service, Deed::Delete) => Permission::DeleteServices,
        }
    }

    fn is_of(self, connection: &Connection) -> bool {
        (self == Self::Service) == connection.name.starts_with(CUSTOM)
    }
}

/// A connection as an operator wants it.
#[derive(Clone, Debug)]
pub struct ConnectionDraft {
    /// Its name: the `idp` of an option, or the name of a service's authenticator.
    pub name: String,
    /// A sentence for people.
    pub description: String,
    /// Where its picture is.
    pub image: Option<String>,
    /// Switched on.
    pub enabled: bool,
    /// Name of the authenticator that speaks with it.
    pub authenticator: String,
    /// Name for people.
    pub display: Option<String>,
    /// Settings that are kept as they are.
    pub settings: BTreeMap<String, String>,
    /// Settings to set, secret or not; an empty one is taken away.
    pub properties: BTreeMap<String, Secret<String>>,
    /// What becomes of users who are unknown here.
    pub provisioning: Provisioning,
    /// From the provider's claims to the attributes of a user here.
    pub mapping: Vec<(String, String)>,
}

impl ConnectionDraft {
    /// A connection of that name with nothing set.
    pub fn new(name: &str, authenticator: &str) -> Self {
        Self {
            name: name.to_owned(),
            description: String::new(),
            image: None,
            enabled: true,
            authenticator: authenticator.to_owned(),
            display: None,
            settings: BTreeMap::new(),
            properties: BTreeMap::new(),
            provisioning: Provisioning::default(),
            mapping: Vec::new(),
        }
    }

    /// A connection as it is.
    pub fn of(connection: &Connection) -> Self {
        Self {
            description: connection.description.clone(),
            image: connection.image.clone(),
            enabled: connection.enabled,
            display: connection.display.clone(),
            settings: connection.settings.clone(),
            provisioning: connection.provisioning,
            mapping: connection.mapping.clone(),
            ..Self::new(&connection.name, &connection.authenticator)
        }
    }
}

impl House {
    /// Makes a connection.
    ///
    /// # Errors
    /// The name is taken (409), something in it is wrong, the caller may not (403), or the store failed.
    pub async fn create_connection(
        &self,
        by: &Operator,
        kind: Elsewhere,
        draft: ConnectionDraft,
    ) -> Result<Connection, Error> {
        by.demand(kind.permission(Deed::Create))?;
        let now = self.ports.clock.now();
        let blank = Connection {
            id: ConnectionId::ordered(now, &*self.ports.entropy),
            tenant: by.tenant().clone(),
            revision: 1,
            name: String::new(),
            description: String::new(),
            image: None,
            enabled: true,
            authenticator: draft.authenticator.clone(),
            display: None,
            settings: BTreeMap::new(),
            secrets: BTreeMap::new(),
            provisioning: Provisioning::default(),
            mapping: Vec::new(),
            created: now,
            modified: now,
        };
        let connection = self.drafted(kind, blank, draft)?;
        match self.ports.store.add_connection(&connection).await? {
            Added::Taken(_) => Err(taken()),
            Added::Kept => {
                self.record_connection(by, What::ConnectionCreated, &connection).await?;
                Ok(connection)
            }
        }
    }

    /// The connection with that id.
    ///
    /// # Errors
    /// There is none (404), the caller may not (403), or the store failed.
    pub async fn connection(&self, by: &Operator, kind: Elsewhere, id: &ConnectionId) -> Result<Connection, Error> {
        by.demand(kind.permission(Deed::View))?;
        self.find_connection(by, kind, id).await
    }

    /// The service of that name.
    ///
    /// # Errors
    /// There is none (404), the caller may do nothing with services (403), or the store failed.
    pub async fn service(&self, by: &Operator, name: &str) -> Result<Connection, Error> {
        let deeds = [Deed::View, Deed::Update, Deed::Delete];
        if !deeds.into_iter().any(|deed| by.may(Elsewhere::Service.permission(deed))) {
            return Err(Code::Forbidden.into());
        }
        let found = self.ports.store.connection_named(by.tenant(), name).await?;
        found.filter(|connection| Elsewhere::Service.is_of(connection)).ok_or_else(absent)
    }

    /// A page of the connections, or of those with exactly that name, and how many there are.
    ///
    /// # Errors
    /// The caller may not (403), or the store failed.
    pub async fn connections(
        &self,
        by: &Operator,
        name: Option<&str>,
        page: Page,
    ) -> Result<(Vec<Connection>, usize), Error> {
        by.demand(Permission::ViewConnections)?;
        let all: Vec<_> =
            self.all_connections(by, name).await?.into_iter().filter(|c| Elsewhere::Provider.is_of(c)).collect();
        let total = all.len();
        Ok((all.into_iter().skip(page.offset).take(page.limit).collect(), total))
    }

    /// Every connection, providers and services alike: what an application's steps may name besides the server's own.
    ///
    /// # Errors
    /// The caller may not (403), or the store failed.
    pub async fn everything_elsewhere(&self, by: &Operator) -> Result<Vec<Connection>, Error> {
        by.demand(Permission::ViewAuthenticators)?;
        self.all_connections(by, None).await
    }

    /// Changes a connection: `edit` sees it and the draft of it, and is run again on the newer state when somebody else
    /// changed it meanwhile.
    ///
    /// # Errors
    /// There is no such connection (404), its name is taken, an application uses it under its old name, or it was changed
    /// twice meanwhile (409), `edit` refused or something in it is wrong, the caller may not (403), or the store failed.
    pub async fn change_connection(
        &self,
        by: &Operator,
        (kind, id): (Elsewhere, &ConnectionId),
        edit: impl Fn(&Connection, &mut ConnectionDraft) -> Result<(), Error> + Send + Sync,
    ) -> Result<Connection, Error> {
        by.demand(kind.permission(Deed::Update))?;
        for _ in 0..2 {
            let old = self.find_connection(by, kind, id).await?;
            let mut draft = ConnectionDraft::of(&old);
            edit(&old, &mut draft)?;
            let is_other = draft.name != old.name || draft.authenticator != old.authenticator;
            if is_other && self.is_used(by, &old.name).await? {
                return Err(used());
            }
            let seen = old.revision;
            let mut connection = self.drafted(kind, old, draft)?;
            connection.revision = seen.saturating_add(1);
            connection.modified = self.ports.clock.now();
            match self.ports.store.save_connection(&connection, seen).await? {
                Saved::Taken(_) => return Err(taken()),
                Saved::Moved => {}
                Saved::Kept => {
                    self.record_connection(by, What::ConnectionChanged, &connection).await?;
                    return Ok(connection);
                }
            }
        }
        Err(moved())
    }

    /// Removes a connection. Accounts that are linked through it stay linked to their users.
    ///
    /// # Errors
    /// There is no such connection (404), an application uses it (409), the caller may not (403), or the store failed.
    pub async fn remove_connection(&self, by: &Operator, kind: Elsewhere, id: &ConnectionId) -> Result<(), Error> {
        by.demand(kind.permission(Deed::Delete))?;
        let connection = self.find_connection(by, kind, id).await?;
        if self.is_used(by, &connection.name).await? {
            return Err(used());
        }
        if !self.ports.store.remove_connection(by.tenant(), id).await? {
            return Err(absent());
        }
        self.record_connection(by, What::ConnectionDeleted, &connection).await?;
        Ok(())
    }

    /// The connection with what the draft says, if it may be so.
    fn drafted(&self, kind: Elsewhere, old: Connection, draft: ConnectionDraft) -> Result<Connection, Error> {
        check::draft(kind, &draft)?;
        let registry = self.engine.registry();
        let way = registry.known(&draft.authenticator).filter(|way| way.spec().connected);
        let way = way.ok_or_else(|| invalid("The authenticator is none that speaks with a connection."))?;
        let (known, mut settings) = (way.settings(), draft.settings);
        let is_secret = |name: &str| known.iter().any(|setting| setting.name == name && setting.is_secret());
        // Secrets of another way of signing in are not carried over into this one.
        let is_same = old.authenticator == draft.authenticator;
        let before = if is_same { old.settings } else { BTreeMap::new() };
        let kept: Vec<String> =
            old.secrets.keys().filter(|name| !draft.properties.contains_key(*name)).cloned().collect();
        let mut secrets = if is_same { old.secrets } else { BTreeMap::new() };
        for (name, value) in draft.properties {
            let text = value.expose();
            if is_secret(&name) {
                secrets.remove(&name);
                if !text.is_empty() {
                    secrets.insert(name, self.secrets.seal("connection", self.ports.random(), text.as_bytes())?);
                }
            } else if text.is_empty() {
                settings.remove(&name);
            } else {
                settings.insert(name, text.clone());
            }
        }
        let connection = Connection {
            id: old.id,
            tenant: old.tenant,
            revision: old.revision,
            name: draft.name,
            description: draft.description,
            image: draft.image,
            enabled: draft.enabled,
            authenticator: draft.authenticator,
            display: draft.display,
            settings,
            secrets,
            provisioning: draft.provisioning,
            mapping: draft.mapping,
            created: old.created,
            modified: old.modified,
        };
        way.check(&connection).map_err(invalid)?;
        check::secrets_stay_where_they_were(known, (&before, &connection.settings), &kept)?;
        Ok(connection)
    }

    async fn find_connection(&self, by: &Operator, kind: Elsewhere, id: &ConnectionId) -> Result<Connection, Error> {
        let found = self.ports.store.connection(by.tenant(), id).await?;
        found.filter(|connection| kind.is_of(connection)).ok_or_else(absent)
    }

    async fn all_connections(&self, by: &Operator, name: Option<&str>) -> Result<Vec<Connection>, Error> {
        let mut all = Vec::new();
        loop {
            let page = Page { offset: all.len(), limit: BATCH };
            let (some, total) = self.ports.store.connections(by.tenant(), name, page).await?;
            let is_last = some.len() < BATCH;
            all.extend(some);
            if is_last || all.len() >= total {
                return Ok(all);
            }
        }
    }

    async fn record_connection(&self, by: &Operator, what: What, connection: &Connection) -> Result<(), Fault> {
        let event = self.admin.told(by, what);
        self.ports.record(event.with("connection", &connection.name).with("id", connection.id)).await
    }

    /// Whether a step of an application names the connection.
    async fn is_used(&self, by: &Operator, name: &str) -> Result<bool, Error> {
        let mut offset = 0;
        loop {
            let (apps, _) = self.ports.store.apps(by.tenant(), None, Page { offset, limit: BATCH }).await?;
            let mut options = apps.iter().flat_map(|app| &app.sequence.steps).flat_map(|step| &step.options);
            if options.any(|option| option.is_elsewhere() && option.connection() == name) {
                return Ok(true);
            }
            if apps.len() < BATCH {
                return Ok(false);
            }
            offset = offset.saturating_add(BATCH);
        }
    }
}

fn taken() -> Error {
    conflict("A connection of that name exists already.")
}

fn used() -> Error {
    conflict("An application uses it.")
}

fn absent() -> Error {
    Error::new(Code::NotFound).because("There is no such connection.")
}
