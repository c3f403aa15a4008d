//! Questions put to a user's devices: may somebody sign in? Each is a short-lived slip, of which a user has a few at most, so
//! that nobody can be worn down by them. Its id is sealed: it leads to the slip and says nothing to whoever holds it.
//! Whether a device's answer is genuine is checked where it arrives; what it is worth, where the flow goes on.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_jose::{base64url, from_base64url, sha256};

use crate::error::Fault;
use crate::ports::store::Slip;
use crate::ports::{FlowNumber, Ports, TenantId, UserId};
use crate::secrets::Secrets;

/// How long a device may answer.
pub const LIFETIME: Duration = Duration::from_secs(120);

/// Most questions that wait for one user.
const MOST: u8 = 3;

const PURPOSE: &str = "push question";

/// A question to devices, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// Digest of the id: a later question may have taken the place.
    id: String,
    /// Whom it is about.
    pub user: UserId,
    /// The flow that waits for the answer.
    pub flow: FlowNumber,
    /// Handles of the devices that were asked.
    pub devices: Vec<String>,
    /// Keyed hash of what only the message to the devices says.
    challenge: String,
    /// Keyed hash of the number that only the app which signs in shows.
    number: String,
    /// How it stands.
    pub state: Answer,
}

/// How a question stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// No device has answered.
    Awaited,
    /// The user agreed on the device of that handle.
    Approved(String),
    /// The user refused.
    Denied,
}

/// Of whom a question is, to which devices and on whose behalf.
#[derive(Clone, Debug)]
pub struct Asking<'a> {
    /// The realm.
    pub tenant: &'a TenantId,
    /// The user.
    pub user: UserId,
    /// The flow.
    pub flow: FlowNumber,
    /// Handles of the devices.
    pub devices: Vec<String>,
    /// What the message to the devices says.
    pub challenge: &'a str,
    /// What the app which signs in shows.
    pub number: &'a str,
}

/// A question with the slip that keeps it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The question.
    pub question: Question,
    slip: Slip,
}

impl Asking<'_> {
    /// Keeps the question; its id. One of the same flow is replaced: that flow asked again. `None`: too many wait already.
    ///
    /// # Errors
    /// The store failed.
    pub async fn keep(self, ports: &Ports, secrets: &Secrets) -> Result<Option<String>, Fault> {
        let Some((place, seen)) = self.place(ports).await? else { return Ok(None) };
        let name = [self.user.as_bytes().as_slice(), &[place], &ports.random::<16>()].concat();
        let id = secrets.seal(PURPOSE, ports.random(), &name)?;
        let question = Question {
            challenge: spelled(secrets, &id, "challenge", self.challenge),
            number: spelled(secrets, &id, "number", self.number),
            id: digest(&id),
            user: self.user,
            flow: self.flow,
            devices: self.devices,
            state: Answer::Awaited,
        };
        let slip = Slip {
            key: key(&self.user, place),
            tenant: self.tenant.clone(),
            version: seen.saturating_add(1),
            body: written(&question)?,
            expires: ports.clock.now() + LIFETIME,
        };
        Ok(ports.store.leave(&slip, seen).await?.then_some(id))
    }

    /// Where there is room for it, and the version of what lies there.
    async fn place(&self, ports: &Ports) -> Result<Option<(u8, u64)>, Fault> {
        let (now, mut free) = (ports.clock.now(), None);
        for place in 0..MOST {
            let Some(slip) = ports.store.slip(&key(&self.user, place)).await? else {
                free = free.or(Some((place, 0)));
                continue;
            };
            let own = serde_json::from_slice::<Question>(&slip.body).is_ok_and(|kept| kept.flow == self.flow);
            if own {
                return Ok(Some((place, slip.version)));
            }
            if slip.expires <= now {
                free = free.or(Some((place, slip.version)));
            }
        }
        Ok(free)
    }
}

impl Found {
    /// The question of that id, if it is open or answered and not too old.
    ///
    /// # Errors
    /// The store failed.
    pub async fn by_id(
        ports: &Ports,
        secrets: &Secrets,
        (tenant, id): (&TenantId, &str),
    ) -> Result<Option<Self>, Fault> {
        let Some(key) = key_of(secrets, id) else { return Ok(None) };
        let Some(slip) = ports.store.slip(&key).await? else { return Ok(None) };
        Self::read(slip, ports, (tenant, id))
    }

    /// Takes the question away: of many who take it one gets it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn take(self, ports: &Ports, (tenant, id): (&TenantId, &str)) -> Result<Option<Question>, Fault> {
        let Some(slip) = ports.store.take(&self.slip.key).await? else { return Ok(None) };
        Ok(Self::read(slip, ports, (tenant, id))?.map(|found| found.question))
    }

    /// Notes the answer. `false`: another one, or another question, was faster.
    ///
    /// # Errors
    /// The store failed.
    pub async fn answer(mut self, ports: &Ports, answer: Answer) -> Result<bool, Fault> {
        let seen = self.slip.version;
        self.question.state = answer;
        let slip = Slip { version: seen.saturating_add(1), body: written(&self.question)?, ..self.slip };
        ports.store.leave(&slip, seen).await
    }

    /// Whether this is what the message to the devices said.
    pub fn is_challenge(&self, secrets: &Secrets, id: &str, challenge: &str) -> bool {
        is_spelled(secrets, id, ("challenge", challenge), &self.question.challenge)
    }

    /// Whether this is the number that the app shows.
    pub fn is_number(&self, secrets: &Secrets, id: &str, number: &str) -> bool {
        is_spelled(secrets, id, ("number", number), &self.question.number)
    }

    fn read(slip: Slip, ports: &Ports, (tenant, id): (&TenantId, &str)) -> Result<Option<Self>, Fault> {
        let question: Question =
            serde_json::from_slice(&slip.body).map_err(|error| Fault::from("reading a question to a device", error))?;
        let is_it = slip.tenant == *tenant && question.id == digest(id) && ports.clock.now() < slip.expires;
        Ok(is_it.then_some(Self { question, slip }))
    }
}

fn key(user: &UserId, place: u8) -> String {
    format!("push/{user}/{place}")
}

/// The slip to which an id leads, if this server made the id.
fn key_of(secrets: &Secrets, id: &str) -> Option<String> {
    let name = secrets.open(PURPOSE, id)?;
    let (user, rest) = name.as_ref().split_first_chunk::<16>()?;
    rest.first().map(|place| key(&UserId::from_bytes(*user), *place))
}

fn digest(id: &str) -> String {
    base64url(&sha256(id.as_bytes()))
}

fn spelled(secrets: &Secrets, id: &str, what: &str, text: &str) -> String {
    base64url(&secrets.digest(&[PURPOSE.as_bytes(), id.as_bytes(), what.as_bytes(), text.as_bytes()]))
}

fn is_spelled(secrets: &Secrets, id: &str, (what, text): (&str, &str), digest: &str) -> bool {
    let parts = [PURPOSE.as_bytes(), id.as_bytes(), what.as_bytes(), text.as_bytes()];
    from_base64url(digest).is_some_and(|digest| secrets.is_digest(&parts, &digest))
}

fn written(question: &Question) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(question).map_err(|error| Fault::from("writing a question to a device", error))
}
