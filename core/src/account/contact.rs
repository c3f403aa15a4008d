//! Email address and telephone number, confirmed by a code that is sent there. A code is good for one address of one user,
//! for ten minutes and five tries.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_jose::{base64url, from_base64url};

use super::{Accounts, Effects, Owner, conflict};
use crate::admin::{invalid, moved};
use crate::attempt::Mark;
use crate::audit::What;
use crate::delivery::{AskedBy, Channel, Dispatch};
use crate::error::Error;
use crate::flow::authenticator::Factor;
use crate::ports::store::Edit;
use crate::user::{Contact, Profile, User};

/// How long a code is good.
const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// How often it may be tried.
const TRIES: u32 = 5;
/// Digits of a code.
const DIGITS: usize = 6;

const NOTHING_ASKED: &str = "There is no code to confirm. Ask for one.";

/// A code that is on its way.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// How long it is good.
    pub lifetime: Duration,
}

/// What is remembered of a code that was sent.
#[derive(Serialize, Deserialize)]
struct Sent {
    to: String,
    digest: String,
    tries: u32,
}

impl Accounts {
    /// Sends a code to the user's address or number. When the budget is spent nothing is sent, an earlier code stays good,
    /// and the answer is the same.
    ///
    /// # Errors
    /// There is no address (400), it is verified already (409), or the store failed.
    pub async fn ask_contact(&self, owner: Owner<'_>, channel: Channel) -> Result<Asked, Error> {
        let user = owner.user;
        let contact = contact(&user.profile, channel)
            .ok_or_else(|| invalid("The account has no address for this channel."))?
            .clone();
        if contact.verified {
            return Err(conflict("The address is verified already."));
        }
        let code = self.ports.digits(DIGITS);
        let minutes = (LIFETIME.as_secs() / 60).to_string();
        let values = [("code", code.clone()), ("minutes", minutes)].map(|(name, value)| (name.to_owned(), value));
        let template = if channel == Channel::Sms { "verify-phone" } else { "verify-email" };
        let (to, locale) = (contact.value, user.profile.locale.clone());
        let digest = base64url(&self.secrets.digest(&parts(owner, &to, &code)));
        let dispatch =
            Dispatch { channel, to: to.clone(), template: template.to_owned(), locale, values: BTreeMap::from(values) };
        let letter = self.rules.sending.letter(
            (&self.ports, &self.secrets),
            (&user.tenant, Some(&user.id), AskedBy::Proven),
            &dispatch,
            LIFETIME,
        )?;
        if self.ports.post(&letter).await? {
            self.write_note(owner, &key(owner, channel), &Sent { to, digest, tries: 0 }, LIFETIME).await?;
        }
        Ok(Asked { lifetime: LIFETIME })
    }

    /// Takes the code that was sent: the address is verified from then on.
    ///
    /// # Errors
    /// No code is out, it is wrong or was tried too often (400), there were too many wrong codes (429), or the address was
    /// changed meanwhile (409).
    pub async fn confirm_contact(&self, owner: Owner<'_>, channel: Channel, code: &str) -> Result<(), Error> {
        let key = key(owner, channel);
        let mut note = self.note::<Sent>(&key).await?.ok_or_else(|| invalid(NOTHING_ASKED))?;
        if note.says.tries >= TRIES {
            return Err(invalid("The code was tried too often. Ask for another one."));
        }
        let tally = self.claim(owner, Factor::Otp).await?;
        note.says.tries += 1;
        if let Err(error) = self.rewrite_note(&note).await {
            self.settle_mark(owner, tally, Mark::Void).await?;
            return Err(error);
        }
        let Sent { to, digest, .. } = &note.says;
        let is_right =
            from_base64url(digest).is_some_and(|digest| self.secrets.is_digest(&parts(owner, to, code), &digest));
        if !is_right {
            self.settle_mark(owner, tally, Mark::Wrong).await?;
            return Err(invalid("The code is wrong."));
        }
        if !self.take_note(&key).await? {
            self.settle_mark(owner, tally, Mark::Void).await?;
            return Err(moved());
        }
        let marks = vec![tally.marked(Mark::Void)];
        let edits = self.verified(owner, channel, to).into_iter().collect::<Vec<_>>();
        let is_theirs = !edits.is_empty();
        let told = owner.told(&self.ports, What::ContactVerified).with("channel", channel.as_str());
        let events = if is_theirs { vec![told] } else { Vec::new() };
        self.settle(owner, Effects { marks, edits, events, ..Effects::default() }).await?;
        if !is_theirs {
            return Err(conflict("The address was changed meanwhile. Ask for another code."));
        }
        Ok(())
    }

    /// The user with the address verified, if it still is the user's.
    fn verified(&self, owner: Owner<'_>, channel: Channel, to: &str) -> Option<Edit> {
        let mut user: User = owner.user.clone();
        let contacts = if channel == Channel::Sms { &mut user.profile.phones } else { &mut user.profile.emails };
        let contact = contacts.iter_mut().find(|contact| contact.value == to)?;
        contact.verified = true;
        user.revision = user.revision.saturating_add(1);
        user.modified = self.ports.clock.now();
        Some(Edit::Save { user: Box::new(user), seen: owner.user.revision, expel: false })
    }
}

fn contact(profile: &Profile, channel: Channel) -> Option<&Contact> {
    match channel {
        Channel::Email => profile.email(),
        Channel::Sms => profile.phone(),
        Channel::Push => None,
    }
}

fn key(owner: Owner<'_>, channel: Channel) -> String {
    format!("verify/{}/{}/{}", owner.user.tenant, owner.user.id, channel.as_str())
}

fn parts<'a>(owner: Owner<'a>, to: &'a str, code: &'a str) -> [&'a [u8]; 4] {
    [b"verify", owner.user.id.as_bytes(), to.as_bytes(), code.as_bytes()]
}
