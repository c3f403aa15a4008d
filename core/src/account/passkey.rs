//! Passkeys: asked for, made, listed, renamed and removed. A challenge is good for one answer of one user within five
//! minutes; the verifier says whether the answer holds.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_jose::{base64url, from_base64url};

use super::{Accounts, Effects, Notice, Owner, absent, conflict};
use crate::admin::{invalid, is_text, moved};
use crate::audit::What;
use crate::credential::{Credential, Held, Kind, PasskeyKey};
use crate::error::{Error, Fault};
use crate::ports::UserId;
use crate::ports::passkeys::{Asked, Party};
use crate::ports::store::{Edit, Saved};

/// How long a challenge is good (WebAuthn Level 3 §15.1 recommends five minutes).
pub(super) const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// Most passkeys of a user.
const MOST: usize = 20;
/// Longest name of a passkey in characters.
const LONGEST_LABEL: usize = 64;

const UNFIT: &str = "credential does not hold: the passkey was not made for this request, this origin and this user.";
const ABSENT: &str = "There is no such passkey.";

/// What a passkey is asked for with.
#[derive(Debug)]
pub struct PasskeyOffer {
    /// Names the request; the answer repeats it.
    pub request: String,
    /// Random; the authenticator signs it.
    pub challenge: [u8; 32],
    /// How long an answer is taken.
    pub lifetime: Duration,
    /// The relying party.
    pub party: Party,
    /// It must be usable without naming the user first.
    pub usernameless: bool,
    /// What the user holds already.
    pub held: Vec<PasskeyKey>,
}

/// What is remembered of a request.
#[derive(Serialize, Deserialize)]
struct Request {
    user: UserId,
    challenge: [u8; 32],
    usernameless: bool,
}

impl Accounts {
    /// Asks for a new passkey, for a page or app of that origin.
    ///
    /// # Errors
    /// The origin is not one of the application's or the server's (400), or the user has too many passkeys (409), or the
    /// login was by too few factors (401).
    pub async fn begin_passkey(
        &self,
        owner: Owner<'_>,
        origin: &str,
        usernameless: bool,
    ) -> Result<PasskeyOffer, Error> {
        let party = self.rules.relying.party_for(owner.app);
        if !party.origins.iter().any(|known| known == origin) {
            return Err(invalid("appId must be an origin of the application, such as https://app.example.com."));
        }
        owner.demand_factors(&self.ports).await?;
        let held: Vec<_> = self.passkeys(owner).await?.into_iter().filter_map(key_of).collect();
        if held.len() >= MOST {
            return Err(conflict("The account has as many passkeys as it may have. Remove one first."));
        }
        let (request, challenge) = (base64url(&self.ports.random::<32>()), self.ports.random::<32>());
        let note = Request { user: owner.user.id, challenge, usernameless };
        self.write_note(owner, &slip(owner, &request), &note, LIFETIME).await?;
        Ok(PasskeyOffer { request, challenge, lifetime: LIFETIME, party, usernameless, held })
    }

    /// Takes the answer to a request: the passkey is the user's from then on.
    ///
    /// # Errors
    /// There is no such request of the user or the answer does not hold (400), or the passkey is enrolled already (409).
    pub async fn finish_passkey(
        &self,
        owner: Owner<'_>,
        request: &str,
        answer: &serde_json::Value,
    ) -> Result<Credential, Error> {
        let unknown = || invalid("requestId is unknown, too old or was used. Start again.");
        if from_base64url(request).is_none_or(|bytes| bytes.len() != 32) {
            return Err(unknown());
        }
        let slip = slip(owner, request);
        let note = self.note::<Request>(&slip).await?.filter(|note| note.says.user == owner.user.id);
        let note = note.ok_or_else(unknown)?;
        if !self.take_note(&slip).await? {
            return Err(unknown());
        }
        let party = self.rules.relying.party_for(owner.app);
        let asked = Asked { challenge: &note.says.challenge, verified: true };
        let mut key = match self.ports.passkeys.created(&party, &asked, answer) {
            Ok(key) => key,
            Err(flaw) => {
                let event = owner.told(&self.ports, What::PasskeyRefused).because(format!("{flaw:?}"));
                self.ports.record(event).await?;
                return Err(invalid(UNFIT));
            }
        };
        key.discoverable |= note.says.usernameless;
        let own = self.passkeys(owner).await?;
        if self.ports.store.credential(&owner.user.tenant, Kind::Passkey, &key.id).await?.is_some() {
            return Err(conflict("The passkey is enrolled already."));
        }
        let label = format!("Passkey {}", own.len().saturating_add(1));
        let credential = Credential::new(owner.user, key.id.clone(), &label, Held::Passkey(key), &self.ports);
        let letters = self.letters(owner, Notice::Added(&credential))?;
        let edits = vec![Edit::Enrol(Box::new(credential.clone()))];
        let events = vec![owner.told(&self.ports, What::FactorEnrolled).factor(&credential)];
        self.settle(owner, Effects { edits, letters, events, ..Effects::default() }).await?;
        Ok(credential)
    }

    /// The user's passkeys, oldest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn passkeys(&self, owner: Owner<'_>) -> Result<Vec<Credential>, Fault> {
        let mut all = self.ports.store.credentials(&owner.user.tenant, &owner.user.id).await?;
        all.retain(|credential| credential.kind() == Kind::Passkey);
        Ok(all)
    }

    /// Gives a passkey another name.
    ///
    /// # Errors
    /// The user has no such passkey (404), the name is no name (400), or the passkey was used or changed meanwhile, twice in a
    /// row (409).
    pub async fn rename_passkey(&self, owner: Owner<'_>, id: &str, label: &str) -> Result<Credential, Error> {
        if label.trim().is_empty() || !is_text(label, LONGEST_LABEL) {
            return Err(invalid(format!("displayName must have 1 to {LONGEST_LABEL} characters.")));
        }
        for _ in 0..2 {
            let before = self.passkey(owner, id).await?;
            let seen = before.revision;
            let after = Credential { label: label.to_owned(), revision: seen.saturating_add(1), ..before };
            if self.ports.store.save_credential(&after, seen).await? == Saved::Kept {
                self.ports.record(owner.told(&self.ports, What::FactorChanged).factor(&after)).await?;
                return Ok(after);
            }
        }
        Err(moved())
    }

    /// Takes a passkey away.
    ///
    /// # Errors
    /// The user has no such passkey (404), or the login is too old (401).
    pub async fn remove_passkey(&self, owner: Owner<'_>, id: &str) -> Result<(), Error> {
        owner.demand_trust(&self.ports).await?;
        let credential = self.passkey(owner, id).await?;
        self.remove(owner, &credential).await
    }

    /// The user's passkey of that credential id; another user's is as absent as none.
    async fn passkey(&self, owner: Owner<'_>, id: &str) -> Result<Credential, Error> {
        let found = self.ports.store.credential(&owner.user.tenant, Kind::Passkey, id).await?;
        found.filter(|credential| credential.user == owner.user.id).ok_or_else(|| absent(ABSENT))
    }
}

fn key_of(credential: Credential) -> Option<PasskeyKey> {
    match credential.held {
        Held::Passkey(key) => Some(key),
        _ => None,
    }
}

fn slip(owner: Owner<'_>, request: &str) -> String {
    format!("passkey/{}/{request}", owner.user.tenant)
}
