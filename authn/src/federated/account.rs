//! Whose account at the provider it is: the user to whom it is linked, else one to whom it may be linked, else a new one.
//! Law: an account elsewhere becomes a user's only by a proof of this flow, or by an email address that both sides have
//! verified and the operator lets count; a name that is taken never gives its user away.

use std::time::Duration;

use vestibule_core::credential::{Credential, FederatedAccount, Held, Kind};
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{Effects, Outcome, Subject, Then};
use vestibule_core::ports::store::Edit;
use vestibule_core::ports::{CredentialId, UserId};
use vestibule_core::user::{User, canonical_name};

use crate::enrolment::notice;

use super::{Line, Person, profile};

/// How often the use of a linked account is noted: each noting is a write that a second login at the same moment loses.
const NOTED: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest user name in characters.
const LONGEST_NAME: usize = 255;

/// Signs the person in, if the account is or becomes a user's.
pub(super) async fn admit(line: &Line<'_>, person: &Person) -> Result<Outcome, Fault> {
    let cx = &line.cx;
    let (issuer, subject) = (person.issuer.clone(), person.subject.clone());
    let account = FederatedAccount { connection: line.connection.name.clone(), issuer, subject };
    let held = cx.ports.store.credential(cx.tenant, Kind::Federated, &account.handle()).await?;
    match (held, cx.subject) {
        (Some(held), subject) => linked(line, held, subject).await,
        (None, Subject::Nobody) => newcomer(line, account, person).await,
        (None, Subject::Known(user)) if may_join(line, person, user).await? => {
            Ok(Outcome::proved(joined(line, account, user)?))
        }
        (None, Subject::Known(_) | Subject::Shadow) => Ok(nobody()),
    }
}

/// The account is a user's already: the flow's, or from now on the one of whom it speaks.
async fn linked(line: &Line<'_>, held: Credential, subject: Subject<'_>) -> Result<Outcome, Fault> {
    let now = line.cx.now;
    let is_due = held.used.is_none_or(|used| now.since(used) >= NOTED);
    let edit = is_due.then(|| Edit::used(&held, held.held.clone(), now));
    let effects = Effects { edits: edit.into_iter().collect(), letters: Vec::new() };
    match subject {
        Subject::Known(user) if user.id == held.user => Ok(Outcome::proved(effects)),
        Subject::Known(_) | Subject::Shadow => Ok(nobody()),
        Subject::Nobody => match line.cx.ports.store.user(line.cx.tenant, &held.user).await? {
            Some(user) => Ok(of(user, effects)),
            None => Ok(nobody()),
        },
    }
}

/// Nobody has the account, and the flow speaks of nobody.
async fn newcomer(line: &Line<'_>, account: FederatedAccount, person: &Person) -> Result<Outcome, Fault> {
    let provisioning = line.connection.provisioning;
    if provisioning.link_by_email
        && let Some(user) = owner_of_email(line, person).await?
    {
        let effects = joined(line, account, &user)?;
        return Ok(of(user, effects));
    }
    if !provisioning.just_in_time {
        return Ok(nobody());
    }
    let Some(name) = free_name(line, person).await? else { return Ok(nobody()) };
    let user = line.user(name, person);
    let credential = line.credential(user.id, account);
    let edits = vec![Edit::Provision(Box::new(user.clone())), Edit::Enrol(Box::new(credential))];
    Ok(of(user, Effects { edits, letters: Vec::new() }))
}

/// An account becomes a user's, who is told.
fn joined(line: &Line<'_>, account: FederatedAccount, user: &User) -> Result<Effects, Fault> {
    let letters = notice(&line.cx, user, &line.connection.name)?;
    Ok(Effects { edits: vec![Edit::Enrol(Box::new(line.credential(user.id, account)))], letters })
}

/// Whether an account that nobody has may become that of the flow's user.
async fn may_join(line: &Line<'_>, person: &Person, user: &User) -> Result<bool, Fault> {
    if line.connection.provisioning.link_by_email && owns_email(user, person) {
        return Ok(true);
    }
    // After two factors, where the application lets users enrol, and only for a user who has no account there yet: a stolen
    // password must not bring a stranger's account in, in place of a factor that the user holds.
    if !line.cx.strong || !line.cx.app.enrolment {
        return Ok(false);
    }
    let held = line.cx.ports.store.credentials(line.cx.tenant, &user.id).await?;
    let is_here = |held: &Held| matches!(held, Held::Federated(account) if account.connection == line.connection.name);
    Ok(!held.iter().any(|credential| is_here(&credential.held)))
}

/// The one user who is named by the address and has shown that it is theirs.
async fn owner_of_email(line: &Line<'_>, person: &Person) -> Result<Option<User>, Fault> {
    let Some(email) = person.verified_email() else { return Ok(None) };
    let user = line.cx.ports.store.user_by_name(line.cx.tenant, &canonical_name(email)).await?;
    Ok(user.filter(|user| owns_email(user, person)))
}

/// Whether both sides have verified the same address. An administrator is never found by an address: no provider's word
/// opens every door.
fn owns_email(user: &User, person: &Person) -> bool {
    let Some(email) = person.verified_email().map(canonical_name) else { return false };
    let is_it = |own: &str| canonical_name(own) == email;
    !user.administrator && user.profile.emails.iter().any(|own| own.verified && is_it(&own.value))
}

/// A name that nobody has: what the mapping says or the verified address, else one that is the account's own.
async fn free_name(line: &Line<'_>, person: &Person) -> Result<Option<String>, Fault> {
    let wanted = profile::mapped_name(line, person).or_else(|| person.verified_email().map(str::to_owned));
    let unique = format!("{}.{}", line.connection.name, person.subject);
    for name in wanted.into_iter().chain([unique]) {
        let canonical = canonical_name(&name);
        let fits = !canonical.is_empty() && name.chars().count() <= LONGEST_NAME;
        if fits && line.cx.ports.store.user_by_name(line.cx.tenant, &canonical).await?.is_none() {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

impl Line<'_> {
    fn credential(&self, user: UserId, account: FederatedAccount) -> Credential {
        Credential {
            id: CredentialId::random(&*self.cx.ports.entropy),
            tenant: self.cx.tenant.clone(),
            user,
            revision: 1,
            handle: account.handle(),
            label: self.connection.display.clone().unwrap_or_else(|| self.connection.name.clone()),
            held: Held::Federated(account),
            created: self.cx.now,
            used: Some(self.cx.now),
        }
    }

    fn user(&self, name: String, person: &Person) -> User {
        User {
            id: UserId::ordered(self.cx.now, &*self.cx.ports.entropy),
            tenant: self.cx.tenant.clone(),
            revision: 1,
            canonical: canonical_name(&name),
            name,
            password: None,
            administrator: false,
            active: true,
            locked: false,
            renew_password: false,
            password_set: None,
            profile: profile::profile(self, person),
            created: self.cx.now,
            modified: self.cx.now,
        }
    }
}

fn of(user: User, effects: Effects) -> Outcome {
    Outcome::Proved { whose: Some(Box::new(user)), factor: None, remember: false, effects }
}

/// Whether the account is another user's or nobody's is not told.
fn nobody() -> Outcome {
    const WHY: &str = "the account is not that of a user who may sign in with it";
    const TEXT: &str = "No account here is linked to the one at the identity provider.";
    Outcome::Wrong { message: Message::failed(TEXT, "login.fail.message").noting(WHY), then: Then::Leave }
}
