//! A draft of changes of what users are and hold. It judges each change as if those before it were made, and nothing is
//! kept until all of it is: an answer's edits are made together or not at all.

use std::collections::BTreeMap;

use vestibule_core::credential::Credential;
use vestibule_core::error::Fault;
use vestibule_core::grant::Phase;
use vestibule_core::ports::store::{Added, Edit, Saved};
use vestibule_core::ports::{CredentialId, PasswordHash, TenantId, UserId};
use vestibule_core::user::User;

use super::Kept;

/// Changes that are not kept yet.
#[derive(Default)]
pub(super) struct Draft {
    users: BTreeMap<UserId, User>,
    credentials: BTreeMap<CredentialId, Credential>,
    expelled: Vec<UserId>,
}

impl Draft {
    /// The edits of an answer, or nothing if the condition of one does not hold.
    pub fn of(kept: &Kept, edits: &[Edit], tenant: &TenantId) -> Result<Option<Self>, Fault> {
        let mut draft = Self::default();
        for edit in edits {
            if !draft.edit(kept, edit, tenant)? {
                return Ok(None);
            }
        }
        Ok(Some(draft))
    }

    /// Whether the edit's condition holds; if so, it is made.
    fn edit(&mut self, kept: &Kept, edit: &Edit, tenant: &TenantId) -> Result<bool, Fault> {
        Ok(match edit {
            Edit::Rehash { user, compared, fresh } => {
                self.rehash(kept, (tenant, user), compared, fresh);
                true
            }
            Edit::Save { user, seen, expel } => self.save_user(kept, user, *seen, *expel) == Saved::Kept,
            Edit::Provision(user) => self.add_user(kept, user)? == Added::Kept,
            Edit::Enrol(credential) => self.add_credential(kept, credential)? == Added::Kept,
            Edit::Use { credential, seen } => self.save_credential(kept, credential, *seen) == Saved::Kept,
        })
    }

    fn rehash(
        &mut self,
        kept: &Kept,
        (tenant, id): (&TenantId, &UserId),
        compared: &PasswordHash,
        fresh: &PasswordHash,
    ) {
        let user = self.user(kept, tenant, id);
        // The password is the same, so the revision is too.
        if let Some(user) = user.filter(|user| user.password.as_ref() == Some(compared)).cloned() {
            self.users.insert(*id, User { password: Some(fresh.clone()), ..user });
        }
    }

    pub fn add_user(&mut self, kept: &Kept, user: &User) -> Result<Added, Fault> {
        if self.is_name_taken(kept, user) {
            return Ok(Added::Taken("userName"));
        }
        if self.users.contains_key(&user.id) || kept.users.contains_key(&user.id) {
            return Err(Fault::new("a user's id is taken"));
        }
        self.users.insert(user.id, user.clone());
        Ok(Added::Kept)
    }

    pub fn save_user(&mut self, kept: &Kept, user: &User, seen: u64, expel: bool) -> Saved {
        if self.user(kept, &user.tenant, &user.id).is_none_or(|kept| kept.revision != seen) {
            return Saved::Moved;
        }
        if self.is_name_taken(kept, user) {
            return Saved::Taken("userName");
        }
        self.users.insert(user.id, user.clone());
        self.expelled.extend(expel.then_some(user.id));
        Saved::Kept
    }

    pub fn add_credential(&mut self, kept: &Kept, credential: &Credential) -> Result<Added, Fault> {
        if self.user(kept, &credential.tenant, &credential.user).is_none() {
            return Ok(Added::Taken("user"));
        }
        let same = |other: &Credential| handle(other) == handle(credential);
        if self.credentials.values().chain(kept.credentials.values()).any(same) {
            return Ok(Added::Taken("handle"));
        }
        if self.credential(kept, &credential.id).is_some() {
            return Err(Fault::new("a credential's id is taken"));
        }
        self.credentials.insert(credential.id, credential.clone());
        Ok(Added::Kept)
    }

    pub fn save_credential(&mut self, kept: &Kept, credential: &Credential, seen: u64) -> Saved {
        let is_same = |other: &Credential| other.user == credential.user && handle(other) == handle(credential);
        let found = self.credential(kept, &credential.id);
        if !found.is_some_and(|kept| is_same(kept) && kept.revision == seen) {
            return Saved::Moved;
        }
        self.credentials.insert(credential.id, credential.clone());
        Saved::Kept
    }

    /// Keeps it all.
    pub fn make(self, kept: &mut Kept) {
        kept.users.extend(self.users);
        kept.credentials.extend(self.credentials);
        for user in self.expelled {
            kept.sessions.retain(|_, session| session.user != user);
            kept.acquaintances.retain(|(of, _), _| *of != user);
            let theirs = kept.grants.values_mut().filter(|grant| grant.user == user);
            theirs.for_each(|grant| grant.phase = Phase::Revoked);
        }
    }

    fn user<'a>(&'a self, kept: &'a Kept, tenant: &TenantId, id: &UserId) -> Option<&'a User> {
        self.users.get(id).or_else(|| kept.users.get(id)).filter(|user| user.tenant == *tenant)
    }

    fn credential<'a>(&'a self, kept: &'a Kept, id: &CredentialId) -> Option<&'a Credential> {
        self.credentials.get(id).or_else(|| kept.credentials.get(id))
    }

    fn is_name_taken(&self, kept: &Kept, user: &User) -> bool {
        let untouched = kept.users.values().filter(|other| !self.users.contains_key(&other.id));
        let same = |other: &User| other.tenant == user.tenant && other.canonical == user.canonical;
        untouched.chain(self.users.values()).any(|other| other.id != user.id && same(other))
    }
}

/// What is unique of a credential, and never changes.
fn handle(credential: &Credential) -> (&TenantId, vestibule_core::credential::Kind, &str) {
    (&credential.tenant, credential.kind(), &credential.handle)
}
