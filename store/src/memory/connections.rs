//! Connections by id. An id belongs to one tenant: asked for in another, it is not there.

use std::collections::BTreeMap;

use async_trait::async_trait;
use vestibule_core::connection::Connection;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Added, Connections, Page, Saved};
use vestibule_core::ports::{ConnectionId, TenantId};

use super::{Memory, cut};

#[async_trait]
impl Connections for Memory {
    async fn connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Option<Connection>, Fault> {
        Ok(self.kept().connections.get(id).filter(|connection| connection.tenant == *tenant).cloned())
    }

    async fn connection_named(&self, tenant: &TenantId, name: &str) -> Result<Option<Connection>, Fault> {
        let kept = self.kept();
        let meant = |connection: &&Connection| connection.tenant == *tenant && connection.name == name;
        Ok(kept.connections.values().find(meant).cloned())
    }

    async fn connections(
        &self,
        tenant: &TenantId,
        name: Option<&str>,
        page: Page,
    ) -> Result<(Vec<Connection>, usize), Fault> {
        let kept = self.kept();
        let meant = |one: &&Connection| one.tenant == *tenant && name.is_none_or(|name| one.name == name);
        let mut connections: Vec<&Connection> = kept.connections.values().filter(meant).collect();
        connections.sort_by_key(|connection| (connection.created, connection.id));
        Ok(cut(&connections, page))
    }

    async fn add_connection(&self, connection: &Connection) -> Result<Added, Fault> {
        let connections = &mut self.kept().connections;
        if is_name_taken(connections, connection) {
            return Ok(Added::Taken("name"));
        }
        if connections.contains_key(&connection.id) {
            return Err(Fault::new("a connection's id is taken"));
        }
        connections.insert(connection.id, connection.clone());
        Ok(Added::Kept)
    }

    async fn save_connection(&self, connection: &Connection, seen: u64) -> Result<Saved, Fault> {
        let connections = &mut self.kept().connections;
        let found = connections.get(&connection.id).filter(|kept| kept.tenant == connection.tenant);
        if found.is_none_or(|kept| kept.revision != seen) {
            return Ok(Saved::Moved);
        }
        if is_name_taken(connections, connection) {
            return Ok(Saved::Taken("name"));
        }
        connections.insert(connection.id, connection.clone());
        Ok(Saved::Kept)
    }

    async fn remove_connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<bool, Fault> {
        let connections = &mut self.kept().connections;
        if connections.get(id).is_none_or(|connection| connection.tenant != *tenant) {
            return Ok(false);
        }
        Ok(connections.remove(id).is_some())
    }
}

fn is_name_taken(connections: &BTreeMap<ConnectionId, Connection>, connection: &Connection) -> bool {
    let same = |other: &Connection| other.tenant == connection.tenant && other.name == connection.name;
    connections.values().any(|other| other.id != connection.id && same(other))
}
