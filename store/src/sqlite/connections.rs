//! Connections. What is looked up has a column; the rest is a document.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vestibule_core::connection::{Connection, Provisioning};
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Added, Connections, Page, Saved};
use vestibule_core::ports::{ConnectionId, TenantId};

use super::Sqlite;
use super::row::{Ask, Columns, integer, json, listed, only};
use crate::sql::connections;

/// What of a connection has no column.
#[derive(Serialize, Deserialize)]
struct Document {
    description: String,
    image: Option<String>,
    enabled: bool,
    authenticator: String,
    display: Option<String>,
    settings: BTreeMap<String, String>,
    secrets: BTreeMap<String, String>,
    provisioning: Provisioning,
    mapping: Vec<(String, String)>,
}

#[async_trait]
impl Connections for Sqlite {
    async fn connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<Option<Connection>, Fault> {
        self.read(|db| db.one(connections::BY_ID, (tenant.as_str(), id.as_bytes()), connection))
    }

    async fn connection_named(&self, tenant: &TenantId, name: &str) -> Result<Option<Connection>, Fault> {
        self.read(|db| db.one(connections::BY_NAME, (tenant.as_str(), name), connection))
    }

    async fn connections(
        &self,
        tenant: &TenantId,
        name: Option<&str>,
        page: Page,
    ) -> Result<(Vec<Connection>, usize), Fault> {
        if let Some(name) = name {
            return Ok(only(self.connection_named(tenant, name).await?, page));
        }
        let (tenant, limit, offset) = (tenant.as_str(), integer(page.limit), integer(page.offset));
        let (page, count) = ((connections::PAGE, (tenant, limit, offset)), (connections::COUNT, (tenant,)));
        self.read(|db| listed(db, page, count, connection))
    }

    async fn add_connection(&self, connection: &Connection) -> Result<Added, Fault> {
        let (connection, document) = (connection.clone(), document(connection)?);
        self.write(move |db| {
            let Connection { id, tenant, revision, name, created, modified, .. } = &connection;
            let (id, tenant, revision) = (id.as_bytes(), tenant.as_str(), integer(*revision));
            let row = (id, tenant, revision, name, &document, created.micros(), modified.micros());
            if db.change(connections::ADD, row)? > 0 {
                return Ok(Added::Kept);
            }
            if db.has(connections::IS_NAME_TAKEN, (tenant, name, id))? {
                return Ok(Added::Taken("name"));
            }
            Err(Fault::new("a connection's id is taken"))
        })
        .await
    }

    async fn save_connection(&self, connection: &Connection, seen: u64) -> Result<Saved, Fault> {
        let (connection, document) = (connection.clone(), document(connection)?);
        self.write(move |db| {
            let Connection { id, tenant, revision, name, created, modified, .. } = &connection;
            let (id, tenant, revision) = (id.as_bytes(), tenant.as_str(), integer(*revision));
            if !db.has(connections::IS_AT, (tenant, id, integer(seen)))? {
                return Ok(Saved::Moved);
            }
            if db.has(connections::IS_NAME_TAKEN, (tenant, name, id))? {
                return Ok(Saved::Taken("name"));
            }
            let row = (revision, name, &document, created.micros(), modified.micros(), tenant, id);
            db.change(connections::SAVE, row)?;
            Ok(Saved::Kept)
        })
        .await
    }

    async fn remove_connection(&self, tenant: &TenantId, id: &ConnectionId) -> Result<bool, Fault> {
        let (tenant, id) = (tenant.clone(), *id);
        self.write(move |db| Ok(db.change(connections::REMOVE, (tenant.as_str(), id.as_bytes()))? > 0)).await
    }
}

fn connection(row: &mut Columns<'_>) -> rusqlite::Result<Connection> {
    let (id, tenant, revision) = (ConnectionId::from_bytes(row.take()?), row.tenant()?, row.count()?);
    let name = row.take()?;
    let document: Document = row.json()?;
    Ok(Connection {
        id,
        tenant,
        revision,
        name,
        description: document.description,
        image: document.image,
        enabled: document.enabled,
        authenticator: document.authenticator,
        display: document.display,
        settings: document.settings,
        secrets: document.secrets,
        provisioning: document.provisioning,
        mapping: document.mapping,
        created: row.moment()?,
        modified: row.moment()?,
    })
}

fn document(connection: &Connection) -> Result<String, Fault> {
    json(&Document {
        description: connection.description.clone(),
        image: connection.image.clone(),
        enabled: connection.enabled,
        authenticator: connection.authenticator.clone(),
        display: connection.display.clone(),
        settings: connection.settings.clone(),
        secrets: connection.secrets.clone(),
        provisioning: connection.provisioning,
        mapping: connection.mapping.clone(),
    })
}
