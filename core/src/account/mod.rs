//! What signed-in users do with their own account: they enrol and remove factors, confirm addresses and change their
//! password. It owns which of these need a fresh login, how wrong codes count and what the user is told by mail. Law: nothing
//! is done but on behalf of an [`Owner`], whom an access token named; secrets are shown once, in the answer that made them.

mod backup;
mod contact;
mod notice;
mod passkey;
mod password;
pub mod push;
mod slips;
mod totp;

use std::sync::Arc;
use std::time::Duration;

pub use contact::Asked as AskedContact;
pub(crate) use notice::Notice;
pub use passkey::PasskeyOffer;
pub use totp::TotpOffer;

use crate::admin::{conflict, moved};
use crate::application::Application;
use crate::attempt::{Mark, Slot, TallyKey, TallyRule};
use crate::audit::{Actor, Event, What};
use crate::credential::Credential;
use crate::delivery::Letter;
use crate::error::{Code, Error, Fault};
use crate::flow::authenticator::Factor;
use crate::flow::{Rules, Who};
use crate::ports::store::{Edit, Settled, Settlement, TallyMark};
use crate::ports::{Ports, Timestamp};
use crate::secrets::Secrets;
use crate::user::User;

/// How old a login may be that takes a factor away or changes the password (ASVS 7.5.1).
const FRESH: Duration = Duration::from_secs(15 * 60);

/// Looks after the accounts of signed-in users.
pub struct Accounts {
    ports: Ports,
    secrets: Arc<Secrets>,
    rules: Rules,
}

/// A signed-in user at work on the own account, through an application.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    pub(crate) user: &'a User,
    pub(crate) app: &'a Application,
    /// When the login was that the access token came from.
    pub(crate) authenticated: Timestamp,
    /// That login was by two factors.
    pub(crate) strong: bool,
}

impl Owner<'_> {
    /// Something that the user does with the own account.
    pub(crate) fn told(&self, ports: &Ports, what: What) -> Event {
        let user = self.user;
        ports.event(what, &user.tenant).by(Actor::User(user.id)).user(user.id).app(self.app.id)
    }

    /// Refuses a login that is too old for a change that a stolen token must not make (RFC 9470 §3), or that was by fewer
    /// factors than the user holds.
    pub(crate) async fn demand_trust(&self, ports: &Ports) -> Result<(), Error> {
        if ports.clock.now().since(self.authenticated) > FRESH {
            return Err(Code::InsufficientAuthentication.into());
        }
        self.demand_factors(ports).await
    }

    /// Refuses a login by the password alone of a user who held a second factor at that time: whoever stole the password must
    /// not get themselves another factor, nor take that one away. Who enrolled one since may go on.
    pub(crate) async fn demand_factors(&self, ports: &Ports) -> Result<(), Error> {
        if self.strong {
            return Ok(());
        }
        let held = ports.store.credentials(&self.user.tenant, &self.user.id).await?;
        let was_held = |held: &Credential| held.kind().is_second_factor() && held.created < self.authenticated;
        if held.iter().any(was_held) {
            return Err(Error::new(Code::InsufficientAuthentication).because(
                "The account has a second factor: sign in with it and repeat this with the new access token.",
            ));
        }
        Ok(())
    }
}

/// What a request brings about, written together.
#[derive(Default)]
struct Effects {
    marks: Vec<TallyMark>,
    edits: Vec<Edit>,
    letters: Vec<Letter>,
    events: Vec<Event>,
}

/// A claimed place in a tally.
struct Place {
    key: TallyKey,
    rule: TallyRule,
}

impl Place {
    fn marked(self, mark: Mark) -> TallyMark {
        TallyMark { key: self.key, rule: self.rule, mark }
    }
}

impl Accounts {
    /// Over these ports; wrong codes and passwords count by the rules of a login.
    pub fn new(ports: Ports, secrets: Arc<Secrets>, rules: Rules) -> Self {
        Self { ports, secrets, rules }
    }

    /// Claims a place in the tally for an answer that may be wrong: before it is compared, so that guesses at the same time
    /// cannot outrun the count.
    /// Whoever shows a token of the user's is no stranger to the password, and with two factors none to the codes.
    async fn claim(&self, owner: Owner<'_>, factor: Factor) -> Result<Place, Error> {
        let who = Who::Known(owner.user.id);
        let acquainted = factor == Factor::Password || owner.strong;
        let (key, rule) = self.rules.user.tally((&owner.user.tenant, &who), factor, acquainted);
        match key.claim(&self.ports, &rule).await? {
            Slot::Free => Ok(Place { key, rule }),
            Slot::Locked(until) => Err(Error::new(Code::TooManyRequests)
                .because("There were too many wrong answers. Try again later.")
                .retry_after(until.since(self.ports.clock.now()))),
            Slot::Full => Err(overloaded()),
        }
    }

    /// Settles a claimed place alone.
    async fn settle_mark(&self, owner: Owner<'_>, place: Place, mark: Mark) -> Result<(), Error> {
        self.settle(owner, Effects { marks: vec![place.marked(mark)], ..Effects::default() }).await
    }

    /// Writes what a request brings about. Where somebody else changed the same meanwhile nothing is written and no answer
    /// counts.
    async fn settle(&self, owner: Owner<'_>, effects: Effects) -> Result<(), Error> {
        let Effects { marks, edits, letters, events } = effects;
        let nothing = Settlement::of(&owner.user.tenant, self.ports.clock.now());
        let (edits, letters, events) = (&*edits, &*letters, &*events);
        let all = Settlement { tallies: &marks, edits, letters, events, ..nothing.clone() };
        match self.ports.settle(all).await? {
            Settled::Kept => Ok(()),
            Settled::Lost | Settled::Overtaken => {
                let void = |mark| TallyMark { mark: Mark::Void, ..mark };
                let tallies: Vec<TallyMark> = marks.iter().cloned().map(void).collect();
                self.ports.settle(Settlement { tallies: &tallies, ..nothing }).await?;
                Err(moved())
            }
        }
    }

    /// What the user is told by mail, if there is an address.
    fn letters(&self, owner: Owner<'_>, notice: Notice<'_>) -> Result<Vec<Letter>, Fault> {
        let letter = notice.letter((&self.ports, &self.secrets, &self.rules.sending), owner.user)?;
        Ok(letter.into_iter().collect())
    }

    /// Takes something away that the user holds.
    async fn remove(&self, owner: Owner<'_>, credential: &Credential) -> Result<(), Error> {
        let user = owner.user;
        if !self.ports.store.remove_credential(&user.tenant, &user.id, &credential.id).await? {
            return Err(moved());
        }
        self.ports.record(owner.told(&self.ports, What::FactorRemoved).factor(credential)).await?;
        // The change stands already: a letter that cannot be written does not undo it.
        for letter in self.letters(owner, Notice::Removed(credential))? {
            self.ports.post(&letter).await?;
        }
        Ok(())
    }
}

fn absent(sentence: &'static str) -> Error {
    Error::new(Code::NotFound).because(sentence)
}

fn overloaded() -> Error {
    Error::new(Code::TemporarilyUnavailable).retry_after(Duration::from_secs(1))
}
