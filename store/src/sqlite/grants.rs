//! Grants: read, moved by the core's own moves and kept again, all under the lock of the one writer, so that of many
//! exchanges of a code one is granted.

use async_trait::async_trait;
use rusqlite::Connection;
use vestibule_core::audit::Event;
use vestibule_core::error::Fault;
use vestibule_core::grant::{Grant, Phase, Redeemed, Rotated, Rotation};
use vestibule_core::ports::store::Grants;
use vestibule_core::ports::{AppId, GrantId, SessionId, TenantId, Timestamp, UserId};

use super::Sqlite;
use super::audit::{EventRow, append};
use super::row::{Ask, Columns, json};
use crate::retention::grant_due;
use crate::sql::grants;

#[async_trait]
impl Grants for Sqlite {
    async fn grant(&self, id: &GrantId) -> Result<Option<Grant>, Fault> {
        self.read(|db| db.one(grants::READ, (id.as_bytes(),), grant))
    }

    async fn redeem(
        &self,
        id: &GrantId,
        now: Timestamp,
        expires: Timestamp,
        told: &[Event],
    ) -> Result<Redeemed, Fault> {
        let (id, told) = (*id, EventRow::all(told)?);
        self.write(move |db| {
            let redeemed = moved(db, &id, Redeemed::Absent, |grant| grant.redeem(now, expires))?;
            if redeemed.is_granted() {
                append(db, &told)?;
            }
            Ok(redeemed)
        })
        .await
    }

    async fn rotate(&self, rotation: &Rotation, told: &[Event]) -> Result<Rotated, Fault> {
        let (rotation, told) = (*rotation, EventRow::all(told)?);
        self.write(move |db| {
            let rotated = moved(db, &rotation.grant, Rotated::Absent, |grant| grant.rotate(&rotation))?;
            if rotated.is_given() {
                append(db, &told)?;
            }
            Ok(rotated)
        })
        .await
    }

    async fn revoke_grant(&self, id: &GrantId) -> Result<bool, Fault> {
        let id = *id;
        self.write(move |db| Ok(db.change(grants::REVOKE, (id.as_bytes(),))? > 0)).await
    }

    async fn revoke_token(&self, jti: &str, expires: Timestamp) -> Result<(), Fault> {
        let jti = jti.to_owned();
        self.write(move |db| db.change(grants::REVOKE_TOKEN, (&jti, expires.micros())).map(drop)).await
    }

    async fn is_token_revoked(&self, jti: &str) -> Result<bool, Fault> {
        self.read(|db| db.has(grants::IS_TOKEN_REVOKED, (jti,)))
    }
}

/// Moves the grant and keeps what the move changed.
fn moved<T>(db: &Connection, id: &GrantId, absent: T, step: impl FnOnce(&mut Grant) -> T) -> Result<T, Fault> {
    let Some(mut grant) = db.one(grants::READ, (id.as_bytes(),), grant)? else { return Ok(absent) };
    let before = (grant.phase, grant.expires);
    let outcome = step(&mut grant);
    if before != (grant.phase, grant.expires) {
        let (phase, generation, rotated) = numbers(grant.phase);
        let (expires, due) = (grant.expires.micros(), grant_due(&grant).micros());
        db.change(grants::MOVE, (phase, generation, rotated, expires, due, id.as_bytes()))?;
    }
    Ok(outcome)
}

/// A grant on its way to the writer.
pub(super) struct GrantRow {
    id: GrantId,
    tenant: TenantId,
    app: AppId,
    user: UserId,
    session: SessionId,
    salt: [u8; 16],
    phase: Phase,
    expires: Timestamp,
    ends: Timestamp,
    created: Timestamp,
    terms: String,
    due: Timestamp,
}

impl GrantRow {
    pub fn of(grant: &Grant) -> Result<Self, Fault> {
        Ok(Self {
            id: grant.id,
            tenant: grant.tenant.clone(),
            app: grant.app,
            user: grant.user,
            session: grant.session,
            salt: grant.salt,
            phase: grant.phase,
            expires: grant.expires,
            ends: grant.ends,
            created: grant.created,
            terms: json(&grant.terms)?,
            due: grant_due(grant),
        })
    }

    pub fn give(&self, db: &Connection) -> Result<(), Fault> {
        let (id, tenant, app) = (self.id.as_bytes(), self.tenant.as_str(), self.app.as_bytes());
        let (user, session, salt) = (self.user.as_bytes(), self.session.as_bytes(), &self.salt);
        let (phase, generation, rotated) = numbers(self.phase);
        let (expires, ends, created) = (self.expires.micros(), self.ends.micros(), self.created.micros());
        let (terms, due) = (&self.terms, self.due.micros());
        #[rustfmt::skip]
        let row = (
            id, tenant, app, user, session, salt, phase, generation, rotated, expires, ends, created, terms, due,
        );
        db.change(grants::GIVE, row).map(drop)
    }
}

fn grant(row: &mut Columns<'_>) -> rusqlite::Result<Grant> {
    Ok(Grant {
        id: GrantId::from_bytes(row.take()?),
        tenant: row.tenant()?,
        app: AppId::from_bytes(row.take()?),
        user: UserId::from_bytes(row.take()?),
        session: SessionId::from_bytes(row.take()?),
        salt: row.take()?,
        phase: phase(row.take()?, row.take()?, row.moment()?),
        expires: row.moment()?,
        ends: row.moment()?,
        created: row.moment()?,
        terms: row.json()?,
    })
}

/// A phase as it is kept: its number, the generation and since when. The statements that revoke write number 2.
fn numbers(phase: Phase) -> (i64, u32, i64) {
    match phase {
        Phase::Code => (0, 0, 0),
        Phase::Live { generation, rotated } => (1, generation, rotated.micros()),
        Phase::Revoked => (2, 0, 0),
    }
}

fn phase(number: i64, generation: u32, rotated: Timestamp) -> Phase {
    match number {
        0 => Phase::Code,
        1 => Phase::Live { generation, rotated },
        _ => Phase::Revoked,
    }
}
