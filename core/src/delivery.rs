//! What is sent to people: which message, to whom, over which channel, until when. The rules say so here and put it into
//! the store's outbox in the transaction that made it necessary; carrying it out is the courier's.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::budget::{BudgetKey, BudgetRule};
use crate::error::Fault;
use crate::ports::{LetterId, Ports, Secret, TenantId, Timestamp, UserId};
use crate::secrets::Secrets;
use crate::user::User;

/// Seconds to wait after each try in vain; after the last one, always as long.
const WAITS: [u64; 5] = [1, 5, 30, 120, 600];

/// How long to wait before something is sent again that was tried so often before.
pub fn pause_after(tries: u32) -> Duration {
    let wait = usize::try_from(tries).ok().and_then(|place| WAITS.get(place)).or(WAITS.last());
    Duration::from_secs(wait.copied().unwrap_or_default())
}

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// To an email address.
    Email,
    /// To a telephone number.
    Sms,
    /// To the app of a registered device.
    Push,
}

impl Channel {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
            Self::Push => "push",
        }
    }
}

/// A message to a person. It has secrets in it: it is kept sealed and never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// How it travels.
    pub channel: Channel,
    /// The address, the number, or the device's token at its push service.
    pub to: String,
    /// Name of the template, as `otp`.
    pub template: String,
    /// BCP 47 language tag that the user prefers.
    pub locale: Option<String>,
    /// Values for the template.
    pub values: BTreeMap<String, String>,
}

/// A message in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Names it for good: of an email it makes the `Message-ID`, so that a repeated delivery is seen to be one.
    pub id: LetterId,
    /// The realm.
    pub tenant: TenantId,
    /// How it travels.
    pub channel: Channel,
    /// The sealed [`Dispatch`].
    pub body: String,
    /// What it costs. It is put into the outbox only if every one of these budgets has a share left, and then takes it.
    pub budgets: Vec<(BudgetKey, BudgetRule)>,
    /// When it was written.
    pub created: Timestamp,
    /// When it is of no use any more.
    pub expires: Timestamp,
}

/// How much may be sent.
#[derive(Clone, Copy, Debug)]
pub struct SendingRules {
    /// To one address or number.
    pub destination: BudgetRule,
    /// To one user over one channel.
    pub user: BudgetRule,
    /// To telephone numbers that begin with the same [`PREFIX`] digits.
    pub prefix: BudgetRule,
}

/// On whose account something is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBy {
    /// Somebody who proved nothing: three fifths of what may be sent, so that a stranger cannot use up what the user needs.
    Stranger,
    /// Somebody who proved to be the user.
    Proven,
}

/// How long a warning is of use.
const NOTICE: Duration = Duration::from_secs(60 * 60 * 24);

/// How many characters of a number, `+` included, make its prefix.
pub const PREFIX: usize = 6;

impl SendingRules {
    /// The letter that carries a message to a user.
    ///
    /// # Errors
    /// The message could not be written or sealed.
    pub fn letter(
        &self,
        (ports, secrets): (&Ports, &Secrets),
        (tenant, user, by): (&TenantId, Option<&UserId>, AskedBy),
        dispatch: &Dispatch,
        lifetime: Duration,
    ) -> Result<Letter, Fault> {
        let now = ports.clock.now();
        let plain = Secret::new(serde_json::to_vec(dispatch).map_err(|error| Fault::from("writing a message", error))?);
        let mut budgets = vec![(BudgetKey::of_destination(tenant, &dispatch.to), self.destination)];
        if let Some(user) = user {
            budgets.push((BudgetKey::of_user(tenant, dispatch.channel.as_str(), user), self.user));
        }
        if dispatch.channel == Channel::Sms {
            let prefix: String = dispatch.to.chars().take(PREFIX).collect();
            budgets.push((BudgetKey::of_prefix(tenant, &prefix), self.prefix));
        }
        if by == AskedBy::Stranger {
            let theirs: Vec<_> = budgets.iter().map(|(key, rule)| (key.of_strangers(), rule.of_strangers())).collect();
            budgets.extend(theirs);
        }
        Ok(Letter {
            id: LetterId::ordered(now, &*ports.entropy),
            tenant: tenant.clone(),
            channel: dispatch.channel,
            body: secrets.seal("letter", ports.random(), plain.expose())?,
            budgets,
            created: now,
            expires: now + lifetime,
        })
    }
}

impl SendingRules {
    /// The letter that tells a user by email of a change of the account; none where there is no address. It costs nothing: a
    /// warning must not be left out because somebody used up what may be sent.
    ///
    /// # Errors
    /// The message could not be written or sealed.
    pub fn notice(
        &self,
        world: (&Ports, &Secrets),
        (user, locale): (&User, Option<String>),
        (template, values): (&str, BTreeMap<&str, String>),
    ) -> Result<Option<Letter>, Fault> {
        let Some(email) = user.profile.email() else { return Ok(None) };
        let dispatch = Dispatch {
            channel: Channel::Email,
            to: email.value.clone(),
            template: template.to_owned(),
            locale,
            values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        };
        let letter = self.letter(world, (&user.tenant, Some(&user.id), AskedBy::Proven), &dispatch, NOTICE)?;
        Ok(Some(Letter { budgets: Vec::new(), ..letter }))
    }
}

impl Letter {
    /// The message inside.
    ///
    /// # Errors
    /// It was not sealed by this server.
    pub fn open(&self, secrets: &Secrets) -> Result<Dispatch, Fault> {
        let plain = secrets.open("letter", &self.body).ok_or(Fault::new("a letter of another server"))?;
        serde_json::from_slice(plain.as_ref()).map_err(|error| Fault::from("reading a message", error))
    }
}

impl std::fmt::Debug for Dispatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} [hidden]", self.channel.as_str(), self.template)
    }
}
