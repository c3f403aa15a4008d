//! Users by id. An id belongs to one tenant: asked for in another, it is not there.

use async_trait::async_trait;
use vestibule_core::acquaintance::{Acquaintance, MOST};
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Added, Page, Saved, UserFilter, Users};
use vestibule_core::ports::{TenantId, Timestamp, UserId};
use vestibule_core::user::User;

use super::draft::Draft;
use super::{Kept, Memory, cut};

#[async_trait]
impl Users for Memory {
    async fn user(&self, tenant: &TenantId, id: &UserId) -> Result<Option<User>, Fault> {
        Ok(self.kept().users.get(id).filter(|user| user.tenant == *tenant).cloned())
    }

    async fn user_by_name(&self, tenant: &TenantId, canonical: &str) -> Result<Option<User>, Fault> {
        let kept = self.kept();
        Ok(kept.users.values().find(|user| user.tenant == *tenant && user.canonical == canonical).cloned())
    }

    async fn users(&self, tenant: &TenantId, filter: &UserFilter, page: Page) -> Result<(Vec<User>, usize), Fault> {
        let kept = self.kept();
        let meant = |user: &&User| {
            user.tenant == *tenant
                && match filter {
                    UserFilter::All => true,
                    UserFilter::Named(canonical) => user.canonical == *canonical,
                }
        };
        let mut users: Vec<&User> = kept.users.values().filter(meant).collect();
        users.sort_by_key(|user| (user.created, user.id));
        Ok(cut(&users, page))
    }

    async fn add_user(&self, user: &User) -> Result<Added, Fault> {
        let (kept, mut draft) = (&mut *self.kept(), Draft::default());
        let added = draft.add_user(kept, user)?;
        draft.make(kept);
        Ok(added)
    }

    async fn save_user(&self, user: &User, seen: u64, expel: bool, _now: Timestamp) -> Result<Saved, Fault> {
        let (kept, mut draft) = (&mut *self.kept(), Draft::default());
        let saved = draft.save_user(kept, user, seen, expel);
        draft.make(kept);
        Ok(saved)
    }

    async fn acquaintances(&self, user: &UserId) -> Result<Vec<Acquaintance>, Fault> {
        Ok(self.kept().acquaintances(user))
    }

    async fn remove_user(&self, tenant: &TenantId, id: &UserId) -> Result<bool, Fault> {
        let kept = &mut *self.kept();
        if kept.users.get(id).is_none_or(|user| user.tenant != *tenant) {
            return Ok(false);
        }
        kept.users.remove(id);
        kept.credentials.retain(|_, credential| credential.user != *id);
        kept.sessions.retain(|_, session| session.user != *id);
        kept.acquaintances.retain(|(of, _), _| of != id);
        kept.grants.retain(|_, grant| grant.user != *id);
        Ok(true)
    }
}

impl Kept {
    /// Where a user signed in from, the last seen first.
    fn acquaintances(&self, user: &UserId) -> Vec<Acquaintance> {
        let theirs = self.acquaintances.iter().filter(|((of, _), _)| of == user);
        let mut theirs: Vec<_> =
            theirs.map(|((user, mark), seen)| Acquaintance { user: *user, mark: mark.clone(), seen: *seen }).collect();
        theirs.sort_by(|one, other| (other.seen, &one.mark).cmp(&(one.seen, &other.mark)));
        theirs
    }

    /// Keeps those of users who are there, and no more of a user's than there may be.
    pub(super) fn acquaint(&mut self, made: &[Acquaintance]) {
        for one in made.iter().filter(|one| self.users.contains_key(&one.user)).cloned().collect::<Vec<_>>() {
            self.acquaintances.insert((one.user, one.mark), one.seen);
            for old in self.acquaintances(&one.user).into_iter().skip(MOST) {
                self.acquaintances.remove(&(old.user, old.mark));
            }
        }
    }
}
