//! Users. The profile is a document; all else that the rules ask for has a column.

use async_trait::async_trait;
use rusqlite::Connection;
use vestibule_core::acquaintance::Acquaintance;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Added, Page, Saved, UserFilter, Users};
use vestibule_core::ports::{PasswordHash, TenantId, Timestamp, UserId};
use vestibule_core::user::User;

use super::Sqlite;
use super::acquaintances::of_user;
use super::row::{Ask, Columns, integer, json, listed, only};
use crate::sql::{acquaintances, grants, sessions, users};

#[async_trait]
impl Users for Sqlite {
    async fn user(&self, tenant: &TenantId, id: &UserId) -> Result<Option<User>, Fault> {
        self.read(|db| db.one(users::BY_ID, (tenant.as_str(), id.as_bytes()), user))
    }

    async fn user_by_name(&self, tenant: &TenantId, canonical: &str) -> Result<Option<User>, Fault> {
        self.read(|db| db.one(users::BY_NAME, (tenant.as_str(), canonical), user))
    }

    async fn users(&self, tenant: &TenantId, filter: &UserFilter, page: Page) -> Result<(Vec<User>, usize), Fault> {
        match filter {
            UserFilter::Named(canonical) => Ok(only(self.user_by_name(tenant, canonical).await?, page)),
            UserFilter::All => {
                let (tenant, limit, offset) = (tenant.as_str(), integer(page.limit), integer(page.offset));
                self.read(|db| listed(db, (users::PAGE, (tenant, limit, offset)), (users::COUNT, (tenant,)), user))
            }
        }
    }

    async fn add_user(&self, user: &User) -> Result<Added, Fault> {
        let row = UserRow::of(user)?;
        self.write(move |db| row.add(db)).await
    }

    async fn save_user(&self, user: &User, seen: u64, expel: bool, _now: Timestamp) -> Result<Saved, Fault> {
        let row = UserRow::of(user)?;
        self.write(move |db| row.save(db, seen, expel)).await
    }

    async fn acquaintances(&self, user: &UserId) -> Result<Vec<Acquaintance>, Fault> {
        self.read(|db| of_user(db, user))
    }

    async fn remove_user(&self, tenant: &TenantId, id: &UserId) -> Result<bool, Fault> {
        let (tenant, id) = (tenant.clone(), *id);
        self.write(move |db| {
            // What the user holds goes by the schema.
            let removed = db.change(users::REMOVE, (tenant.as_str(), id.as_bytes()))? > 0;
            if removed {
                db.change(sessions::END_OF_USER, (id.as_bytes(),))?;
                db.change(grants::REMOVE_OF_USER, (id.as_bytes(),))?;
            }
            Ok(removed)
        })
        .await
    }
}

/// A user on the way to the writer.
pub(super) struct UserRow {
    user: User,
    profile: String,
}

impl UserRow {
    pub fn of(user: &User) -> Result<Self, Fault> {
        Ok(Self { user: user.clone(), profile: json(&user.profile)? })
    }

    pub fn add(&self, db: &Connection) -> Result<Added, Fault> {
        let Self { user, profile } = self;
        let (id, tenant, revision) = (user.id.as_bytes(), user.tenant.as_str(), integer(user.revision));
        let (password, administrator) = (user.password.as_ref().map(|hash| &hash.0), user.administrator);
        let (active, locked) = (user.active, user.locked);
        let (created, modified) = (user.created.micros(), user.modified.micros());
        let (renew, set) = (user.renew_password, user.password_set.map(Timestamp::micros));
        let (name, canonical) = (&user.name, &user.canonical);
        #[rustfmt::skip]
        let row = (
            id, tenant, revision, name, canonical, password, administrator, active, locked, profile, created, modified,
            renew, set,
        );
        if db.change(users::ADD, row)? > 0 {
            return Ok(Added::Kept);
        }
        if db.has(users::IS_NAME_TAKEN, (tenant, canonical, id))? {
            return Ok(Added::Taken("userName"));
        }
        Err(Fault::new("a user's id is taken"))
    }

    pub fn save(&self, db: &Connection, seen: u64, expel: bool) -> Result<Saved, Fault> {
        let Self { user, profile } = self;
        let (id, tenant, revision) = (user.id.as_bytes(), user.tenant.as_str(), integer(user.revision));
        let (password, administrator) = (user.password.as_ref().map(|hash| &hash.0), user.administrator);
        let (active, locked) = (user.active, user.locked);
        let (created, modified) = (user.created.micros(), user.modified.micros());
        let (renew, set) = (user.renew_password, user.password_set.map(Timestamp::micros));
        let (name, canonical) = (&user.name, &user.canonical);
        if !db.has(users::IS_AT, (tenant, id, integer(seen)))? {
            return Ok(Saved::Moved);
        }
        if db.has(users::IS_NAME_TAKEN, (tenant, canonical, id))? {
            return Ok(Saved::Taken("userName"));
        }
        #[rustfmt::skip]
        let row = (
            revision, name, canonical, password, administrator, active, locked, profile, created, modified, renew, set,
            tenant, id,
        );
        db.change(users::SAVE, row)?;
        if expel {
            db.change(sessions::END_OF_USER, (id,))?;
            db.change(acquaintances::FORGET, (id,))?;
            db.change(grants::REVOKE_OF_USER, (id,))?;
        }
        Ok(Saved::Kept)
    }
}

fn user(row: &mut Columns<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: UserId::from_bytes(row.take()?),
        tenant: row.tenant()?,
        revision: row.count()?,
        name: row.take()?,
        canonical: row.take()?,
        password: row.take::<Option<String>>()?.map(PasswordHash),
        administrator: row.take()?,
        active: row.take()?,
        locked: row.take()?,
        profile: row.json()?,
        created: row.moment()?,
        modified: row.moment()?,
        renew_password: row.take()?,
        password_set: row.maybe_moment()?,
    })
}
