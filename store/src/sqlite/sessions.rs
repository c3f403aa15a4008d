//! Sessions. What was proved is a document; how long a session lives without use is a number of microseconds.

use std::time::Duration;

use async_trait::async_trait;
use rusqlite::Connection;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::Sessions;
use vestibule_core::ports::{SessionId, TenantId, Timestamp, UserId};
use vestibule_core::session::Session;

use super::Sqlite;
use super::row::{Ask, Columns, integer, json};
use crate::sql::{grants, sessions};

#[async_trait]
impl Sessions for Sqlite {
    async fn session(&self, id: &SessionId) -> Result<Option<Session>, Fault> {
        self.read(|db| db.one(sessions::READ, (id.as_bytes(),), session))
    }

    async fn sessions_of(&self, tenant: &TenantId, user: &UserId) -> Result<Vec<Session>, Fault> {
        self.read(|db| db.all(sessions::OF_USER, (tenant.as_str(), user.as_bytes()), session))
    }

    async fn end_session(&self, id: &SessionId, _now: Timestamp) -> Result<bool, Fault> {
        let id = *id;
        self.write(move |db| {
            // Grants outlive a swept session, so they are revoked whether it is there or not.
            db.change(grants::REVOKE_OF_SESSION, (id.as_bytes(),))?;
            Ok(db.change(sessions::END, (id.as_bytes(),))? > 0)
        })
        .await
    }
}

/// A session on its way to the writer.
pub(super) struct SessionRow {
    id: SessionId,
    tenant: TenantId,
    user: UserId,
    proofs: String,
    authenticated: Timestamp,
    created: Timestamp,
    seen: Timestamp,
    idle: i64,
    ends: Timestamp,
    agent: Option<String>,
    due: Timestamp,
}

impl SessionRow {
    pub fn of(session: &Session) -> Result<Self, Fault> {
        Ok(Self {
            id: session.id,
            tenant: session.tenant.clone(),
            user: session.user,
            proofs: json(&session.proofs)?,
            authenticated: session.authenticated,
            created: session.created,
            seen: session.seen,
            idle: integer(session.idle.as_micros()),
            ends: session.ends,
            agent: session.agent.clone(),
            due: session.expires(),
        })
    }

    pub fn keep(&self, db: &Connection) -> Result<(), Fault> {
        let (id, tenant, user) = (self.id.as_bytes(), self.tenant.as_str(), self.user.as_bytes());
        let (authenticated, created, seen) = (self.authenticated.micros(), self.created.micros(), self.seen.micros());
        let (ends, agent, due) = (self.ends.micros(), &self.agent, self.due.micros());
        let row = (id, tenant, user, &self.proofs, authenticated, created, seen, self.idle, ends, agent, due);
        db.change(sessions::KEEP, row).map(drop)
    }
}

fn session(row: &mut Columns<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: SessionId::from_bytes(row.take()?),
        tenant: row.tenant()?,
        user: UserId::from_bytes(row.take()?),
        proofs: row.json()?,
        authenticated: row.moment()?,
        created: row.moment()?,
        seen: row.moment()?,
        idle: row.count().map(Duration::from_micros)?,
        ends: row.moment()?,
        agent: row.take()?,
    })
}
