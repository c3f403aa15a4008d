//! Users: made, changed and removed. A change that ends trust in a user – another password, a lock, a switch off – ends
//! the user's sessions and grants in the same moment.

mod check;

use super::{Administration, Operator, Permission, conflict, invalid, moved};
use crate::attempt::TallyKey;
use crate::audit::What;
use crate::error::{Code, Error};
use crate::flow::authenticator::Factor;
use crate::ports::store::{Added, Page, Saved, UserFilter};
use crate::ports::{PasswordHash, Secret, UserId};
use crate::user::{Contact, Profile, User, Whose, canonical_name};

/// A user as an operator wants it.
#[derive(Clone, Debug)]
pub struct UserDraft {
    /// User name.
    pub name: String,
    /// A new password; without one the user keeps the old.
    pub password: Option<Secret<String>>,
    /// The hash that another server made of the user's password, instead of a new one.
    pub password_hash: Option<Secret<String>>,
    /// Switched on.
    pub active: bool,
    /// A lock to set, or to lift together with the locks that wrong passwords brought; `None` leaves them.
    pub locked: Option<bool>,
    /// Another password is wanted at the next login; `None` leaves what was wanted.
    pub renew_password: Option<bool>,
    /// What is known of the person. Whether an address is verified is not the operator's to say.
    pub profile: Profile,
}

/// What a user may do beyond signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing.
    User,
    /// Administer the tenant, or everything where the tenant is the root.
    Administrator,
}

impl UserDraft {
    /// A user of that name of whom nothing else is known.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            password: None,
            password_hash: None,
            active: true,
            locked: None,
            renew_password: None,
            profile: Profile::default(),
        }
    }

    /// A user as it is.
    pub fn of(user: &User) -> Self {
        let (name, profile) = (user.name.clone(), user.profile.clone());
        Self { profile, active: user.active, ..Self::new(&name) }
    }

    /// Of the addresses only those stay verified that were it before.
    fn profile_after(self, before: &Profile) -> Profile {
        let mut profile = self.profile;
        let restore = |contacts: &mut Vec<Contact>, known: &[Contact]| {
            for contact in contacts {
                contact.verified = known.iter().any(|known| known.verified && known.value == contact.value);
            }
        };
        restore(&mut profile.emails, &before.emails);
        restore(&mut profile.phones, &before.phones);
        profile
    }
}

impl Administration {
    /// Makes a user.
    ///
    /// # Errors
    /// The name is taken (409), something in it is wrong, the hashing queue is full (503) or the store failed.
    pub async fn create_user(&self, by: &Operator, draft: UserDraft) -> Result<User, Error> {
        by.demand(Permission::CreateUsers)?;
        self.add_user(by, draft, Role::User).await
    }

    pub(super) async fn add_user(&self, by: &Operator, draft: UserDraft, role: Role) -> Result<User, Error> {
        let user = self.ready_user(by, draft, role).await?;
        self.keep_user(by, &user).await?;
        Ok(user)
    }

    /// A user who is fit to be kept.
    pub(super) async fn ready_user(&self, by: &Operator, draft: UserDraft, role: Role) -> Result<User, Error> {
        draft.check()?;
        let password = self.hashed(by, &draft).await?;
        let now = self.ports.clock.now();
        Ok(User {
            id: UserId::ordered(now, &*self.ports.entropy),
            tenant: by.tenant().clone(),
            revision: 1,
            canonical: canonical_name(&draft.name),
            name: draft.name.clone(),
            password,
            administrator: role == Role::Administrator,
            active: draft.active,
            locked: draft.locked.unwrap_or(false),
            renew_password: draft.renew_password.unwrap_or(false),
            password_set: Some(now),
            profile: draft.profile_after(&Profile::default()),
            created: now,
            modified: now,
        })
    }

    pub(super) async fn keep_user(&self, by: &Operator, user: &User) -> Result<(), Error> {
        if let Added::Taken(_) = self.ports.store.add_user(user).await? {
            return Err(taken());
        }
        let event = self.told(by, What::UserCreated).user(user.id).with("administrator", user.administrator);
        self.ports.record(event).await?;
        Ok(())
    }

    /// The user with that id.
    ///
    /// # Errors
    /// There is none (404), or the store failed.
    pub async fn user(&self, by: &Operator, id: &UserId) -> Result<User, Error> {
        by.demand(Permission::ViewUsers)?;
        self.find_user(by, id).await
    }

    /// A page of the users, or of those with that name, and how many there are.
    ///
    /// # Errors
    /// The store failed.
    pub async fn users(&self, by: &Operator, name: Option<&str>, page: Page) -> Result<(Vec<User>, usize), Error> {
        by.demand(Permission::ListUsers)?;
        let filter = name.map_or(UserFilter::All, |name| UserFilter::Named(canonical_name(name)));
        Ok(self.ports.store.users(by.tenant(), &filter, page).await?)
    }

    /// Changes a user. `edit` is run again on the newer state when somebody else changed the user meanwhile.
    ///
    /// # Errors
    /// There is no such user (404), the name is taken or the user was changed twice meanwhile (409), `edit` refused or
    /// something in it is wrong, the caller may not (403), the hashing queue is full (503) or the store failed.
    pub async fn change_user(
        &self,
        by: &Operator,
        id: &UserId,
        edit: impl Fn(&mut UserDraft) -> Result<(), Error> + Send + Sync,
    ) -> Result<User, Error> {
        by.demand(Permission::UpdateUsers)?;
        let mut hash = None;
        for _ in 0..2 {
            let before = self.find_user(by, id).await?;
            by.may_change(&before)?;
            let mut draft = UserDraft::of(&before);
            edit(&mut draft)?;
            draft.check()?;
            if hash.is_none() {
                hash = self.hashed(by, &draft).await?;
            }
            let locked = draft.locked;
            let user = self.edited(&before, draft, hash.as_ref());
            let renewed = hash.is_some();
            let expel = renewed || (user.locked && !before.locked) || (!user.active && before.active);
            match self.ports.store.save_user(&user, before.revision, expel, user.modified).await? {
                Saved::Taken(_) => return Err(taken()),
                Saved::Moved => {}
                Saved::Kept => {
                    self.forgive(&user, locked, renewed).await?;
                    let event = self.told(by, What::UserChanged).user(user.id).with("password", renewed);
                    self.ports.record(event.with("active", user.active).with("locked", user.locked)).await?;
                    return Ok(user);
                }
            }
        }
        Err(moved())
    }

    /// Removes a user with sessions and grants.
    ///
    /// # Errors
    /// There is no such user (404), the caller may not (403) or the store failed.
    pub async fn remove_user(&self, by: &Operator, id: &UserId) -> Result<(), Error> {
        by.demand(Permission::DeleteUsers)?;
        by.may_change(&self.find_user(by, id).await?)?;
        if !self.ports.store.remove_user(by.tenant(), id).await? {
            return Err(absent());
        }
        self.ports.record(self.told(by, What::UserDeleted).user(*id)).await?;
        Ok(())
    }

    pub(super) async fn find_user(&self, by: &Operator, id: &UserId) -> Result<User, Error> {
        self.ports.store.user(by.tenant(), id).await?.ok_or_else(absent)
    }

    /// The user after the edit.
    fn edited(&self, before: &User, draft: UserDraft, hash: Option<&PasswordHash>) -> User {
        User {
            revision: before.revision.saturating_add(1),
            canonical: canonical_name(&draft.name),
            name: draft.name.clone(),
            password: hash.or(before.password.as_ref()).cloned(),
            active: draft.active,
            locked: draft.locked.unwrap_or(before.locked),
            renew_password: draft.renew_password.unwrap_or(before.renew_password),
            password_set: if hash.is_some() { Some(self.ports.clock.now()) } else { before.password_set },
            profile: draft.profile_after(&before.profile),
            modified: self.ports.clock.now(),
            ..before.clone()
        }
    }

    /// Hash of the draft's password, if it has one and it is good enough, or the hash that it brings along.
    async fn hashed(&self, by: &Operator, draft: &UserDraft) -> Result<Option<PasswordHash>, Error> {
        if let Some(hash) = &draft.password_hash {
            if draft.password.is_some() {
                return Err(invalid("Give a password or a passwordHash, not both."));
            }
            // Whoever may only change users makes no password that they have not seen to be good enough.
            by.demand(Permission::CreateUsers)?;
            let adopted = self.ports.passwords.adopt(hash);
            return adopted.map(Some).map_err(|why| invalid(format!("passwordHash is not taken: {}.", why.0)));
        }
        let Some(password) = &draft.password else { return Ok(None) };
        let whose = Whose { tenant: by.tenant(), name: &draft.name, profile: &draft.profile, app: None, alone: false };
        if let Some(weakness) = self.rules.passwords.judge(&self.ports, password.expose(), whose).await? {
            return Err(invalid(weakness.sentence()));
        }
        match self.ports.passwords.hash(password).await? {
            Some(hash) => Ok(Some(hash)),
            None => Err(Error::new(Code::TemporarilyUnavailable).retry_after(std::time::Duration::from_secs(1))),
        }
    }

    /// A lifted lock forgets all wrong answers, a new password those to the old one.
    async fn forgive(&self, user: &User, locked: Option<bool>, renewed: bool) -> Result<(), Error> {
        let lifted = locked == Some(false);
        let pools = [(Factor::Password, lifted || renewed), (Factor::Otp, lifted), (Factor::Email, lifted)];
        for (pool, forgiven) in pools {
            if forgiven {
                TallyKey::forgive(&*self.ports.store, user, pool).await?;
            }
        }
        Ok(())
    }
}

fn taken() -> Error {
    conflict("A user of that userName exists already.")
}

fn absent() -> Error {
    Error::new(Code::NotFound).because("There is no such user.")
}
