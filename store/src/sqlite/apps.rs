//! Applications. What is looked up has a column; the rest is a document. The origins of an application stand in a table
//! of their own, since a browser asks for them at every call.

use std::collections::BTreeSet;

use async_trait::async_trait;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use vestibule_core::application::{Application, ClientSecret, MobileApps, OauthSettings, Sequence};
use vestibule_core::attestation::AttestationPolicy;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Added, Applications, Page, Saved};
use vestibule_core::ports::{AppId, TenantId};

use super::Sqlite;
use super::row::{Ask, Columns, integer, json, listed, only};
use crate::sql::{apps, grants};

/// What of an application has no column.
#[derive(Serialize, Deserialize)]
struct Document {
    description: String,
    native: bool,
    secrets: Vec<ClientSecret>,
    oauth: OauthSettings,
    sequence: Sequence,
    #[serde(default)]
    enrolment: bool,
    #[serde(default)]
    mobile: MobileApps,
    #[serde(default)]
    attestation: AttestationPolicy,
    management_scopes: BTreeSet<String>,
}

#[async_trait]
impl Applications for Sqlite {
    async fn app(&self, tenant: &TenantId, id: &AppId) -> Result<Option<Application>, Fault> {
        self.read(|db| db.one(apps::BY_ID, (tenant.as_str(), id.as_bytes()), app))
    }

    async fn app_by_client(&self, tenant: &TenantId, client_id: &str) -> Result<Option<Application>, Fault> {
        self.read(|db| db.one(apps::BY_CLIENT, (tenant.as_str(), client_id), app))
    }

    async fn apps(
        &self,
        tenant: &TenantId,
        name: Option<&str>,
        page: Page,
    ) -> Result<(Vec<Application>, usize), Fault> {
        if let Some(name) = name {
            let found = self.read(|db| db.one(apps::BY_NAME, (tenant.as_str(), name), app))?;
            return Ok(only(found, page));
        }
        let (tenant, limit, offset) = (tenant.as_str(), integer(page.limit), integer(page.offset));
        self.read(|db| listed(db, (apps::PAGE, (tenant, limit, offset)), (apps::COUNT, (tenant,)), app))
    }

    async fn knows_origin(&self, tenant: &TenantId, origin: &str) -> Result<bool, Fault> {
        self.read(|db| db.has(apps::KNOWS_ORIGIN, (tenant.as_str(), origin)))
    }

    async fn add_app(&self, app: &Application) -> Result<Added, Fault> {
        let (app, document) = (app.clone(), document(app)?);
        self.write(move |db| {
            let (enabled, created, modified) = (app.enabled, app.created.micros(), app.modified.micros());
            let (id, tenant, revision) = (app.id.as_bytes(), app.tenant.as_str(), integer(app.revision));
            let row = (id, tenant, revision, &app.name, &app.client_id, enabled, &document, created, modified);
            if db.change(apps::ADD, row)? > 0 {
                add_origins(db, &app)?;
                return Ok(Added::Kept);
            }
            taken(db, &app)?.map(Added::Taken).ok_or(Fault::new("an application's id is taken"))
        })
        .await
    }

    async fn save_app(&self, app: &Application, seen: u64) -> Result<Saved, Fault> {
        let (app, document) = (app.clone(), document(app)?);
        self.write(move |db| {
            let (id, tenant) = (app.id.as_bytes(), app.tenant.as_str());
            if !db.has(apps::IS_AT, (tenant, id, integer(seen)))? {
                return Ok(Saved::Moved);
            }
            if let Some(field) = taken(db, &app)? {
                return Ok(Saved::Taken(field));
            }
            let (revision, created, modified) = (integer(app.revision), app.created.micros(), app.modified.micros());
            let row = (revision, &app.name, &app.client_id, app.enabled, &document, created, modified, tenant, id);
            db.change(apps::SAVE, row)?;
            db.change(apps::CLEAR_ORIGINS, (id,))?;
            add_origins(db, &app)?;
            Ok(Saved::Kept)
        })
        .await
    }

    async fn remove_app(&self, tenant: &TenantId, id: &AppId) -> Result<bool, Fault> {
        let (tenant, id) = (tenant.clone(), *id);
        self.write(move |db| {
            let removed = db.change(apps::REMOVE, (tenant.as_str(), id.as_bytes()))? > 0;
            if removed {
                db.change(grants::REMOVE_OF_APP, (id.as_bytes(),))?;
            }
            Ok(removed)
        })
        .await
    }
}

fn app(row: &mut Columns<'_>) -> rusqlite::Result<Application> {
    let (id, tenant, revision) = (AppId::from_bytes(row.take()?), row.tenant()?, row.count()?);
    let (name, client_id, enabled) = (row.take()?, row.take()?, row.take()?);
    let document: Document = row.json()?;
    Ok(Application {
        id,
        tenant,
        revision,
        name,
        description: document.description,
        enabled,
        native: document.native,
        client_id,
        secrets: document.secrets,
        oauth: document.oauth,
        sequence: document.sequence,
        enrolment: document.enrolment,
        mobile: document.mobile,
        attestation: document.attestation,
        management_scopes: document.management_scopes,
        created: row.moment()?,
        modified: row.moment()?,
    })
}

fn document(app: &Application) -> Result<String, Fault> {
    json(&Document {
        description: app.description.clone(),
        native: app.native,
        secrets: app.secrets.clone(),
        oauth: app.oauth.clone(),
        sequence: app.sequence.clone(),
        enrolment: app.enrolment,
        mobile: app.mobile.clone(),
        attestation: app.attestation.clone(),
        management_scopes: app.management_scopes.clone(),
    })
}

fn add_origins(db: &Connection, app: &Application) -> Result<(), Fault> {
    let add = |origin: &String| db.change(apps::ADD_ORIGIN, (app.tenant.as_str(), origin, app.id.as_bytes()));
    app.oauth.origins.iter().try_for_each(|origin| add(origin).map(drop))
}

/// The field whose value another application of the tenant has.
fn taken(db: &Connection, app: &Application) -> Result<Option<&'static str>, Fault> {
    let (tenant, id) = (app.tenant.as_str(), app.id.as_bytes());
    if db.has(apps::IS_NAME_TAKEN, (tenant, &app.name, id))? {
        return Ok(Some("name"));
    }
    Ok(db.has(apps::IS_CLIENT_TAKEN, (tenant, &app.client_id, id))?.then_some("client_id"))
}
