//! The key of an authenticator app. A new secret waits, sealed, until a first code confirms it; a confirmed one is never
//! shown again.

use std::time::Duration;

use super::{Accounts, Effects, Notice, Owner, absent, conflict};
use crate::admin::moved;
use crate::attempt::Mark;
use crate::audit::What;
use crate::credential::totp::{SealedTotp, TotpSecret};
use crate::credential::{Credential, Held, Kind};
use crate::error::Error;
use crate::flow::authenticator::Factor;
use crate::ports::Secret;
use crate::ports::store::Edit;

/// How long a secret waits for its first code.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

const NOTHING_WAITS: &str = "There is no secret that waits to be confirmed. Ask for one with the action INIT.";
const CONFIRMED: &str = "The secret is confirmed and is not shown again. The action REFRESH replaces it.";

/// A secret to put into an authenticator app.
#[derive(Debug)]
pub struct TotpOffer {
    /// The secret in base32, to be typed.
    pub secret: Secret<String>,
    /// The address in a QR code, to be scanned.
    pub uri: Secret<String>,
}

impl Accounts {
    /// Makes a secret that waits to be confirmed, in the place of one that waits. `renew`: in the place of a confirmed one,
    /// which stays good until a code of the new one is given.
    ///
    /// # Errors
    /// There is a confirmed one (409), or the login is too old or by too few factors (401).
    pub async fn begin_totp(&self, owner: Owner<'_>, renew: bool) -> Result<TotpOffer, Error> {
        if self.ports.single(owner.user, Kind::Totp).await?.is_some() {
            if !renew {
                return Err(conflict(
                    "An authenticator app is enrolled already. The action REFRESH replaces its secret.",
                ));
            }
            owner.demand_trust(&self.ports).await?;
        }
        owner.demand_factors(&self.ports).await?;
        let secret = TotpSecret::random(&self.ports);
        let sealed = secret.seal(&self.ports, &self.secrets)?;
        self.write_note(owner, &key(owner), &sealed, PATIENCE).await?;
        self.offer(owner, &secret).await
    }

    /// The secret that waits to be confirmed.
    ///
    /// # Errors
    /// There is none (404), or only a confirmed one (409).
    pub async fn waiting_totp(&self, owner: Owner<'_>) -> Result<TotpOffer, Error> {
        if let Some(note) = self.note::<SealedTotp>(&key(owner)).await? {
            return self.offer(owner, &note.says.open(&self.secrets)?).await;
        }
        let is_confirmed = self.ports.single(owner.user, Kind::Totp).await?.is_some();
        Err(if is_confirmed { conflict(CONFIRMED) } else { absent(NOTHING_WAITS) })
    }

    /// Confirms the secret that waits by a first code of it. Answers whether the code was right.
    ///
    /// # Errors
    /// No secret waits (404), there were too many wrong codes (429), or it replaces another one and the login is too old (401).
    pub async fn confirm_totp(&self, owner: Owner<'_>, code: &str) -> Result<bool, Error> {
        let note = self.note::<SealedTotp>(&key(owner)).await?.ok_or_else(|| absent(NOTHING_WAITS))?;
        let before = self.ports.single(owner.user, Kind::Totp).await?;
        if before.is_some() {
            owner.demand_trust(&self.ports).await?;
        }
        let secret = note.says.open(&self.secrets)?;
        let tally = self.claim(owner, Factor::Otp).await?;
        let Some(step) = secret.step_of(code, 0, self.ports.clock.now()) else {
            self.settle_mark(owner, tally, Mark::Wrong).await?;
            return Ok(false);
        };
        if !self.take_note(&key(owner)).await? {
            self.settle_mark(owner, tally, Mark::Void).await?;
            return Err(moved());
        }
        let held = Held::Totp(note.says.confirmed(step));
        let (edit, credential) = self.renewed(owner, before, held);
        let letters = self.letters(owner, Notice::Added(&credential))?;
        // A code of a secret that was just handed out proves nothing of the user: it forgives no wrong ones.
        let marks = vec![tally.marked(Mark::Void)];
        let events = vec![owner.told(&self.ports, What::FactorEnrolled).factor(&credential)];
        self.settle(owner, Effects { marks, edits: vec![edit], letters, events }).await?;
        Ok(true)
    }

    /// Takes the authenticator app away, also a secret that waits.
    ///
    /// # Errors
    /// There is neither (404), or the login is too old (401).
    pub async fn remove_totp(&self, owner: Owner<'_>) -> Result<(), Error> {
        owner.demand_trust(&self.ports).await?;
        let waited = self.take_note(&key(owner)).await?;
        match self.ports.single(owner.user, Kind::Totp).await? {
            Some(credential) => self.remove(owner, &credential).await,
            None if waited => Ok(()),
            None => Err(absent("No authenticator app is enrolled.")),
        }
    }

    /// What the user holds of a kind of which there is one, from now on.
    pub(super) fn renewed(&self, owner: Owner<'_>, before: Option<Credential>, held: Held) -> (Edit, Credential) {
        let fresh = Credential::new(owner.user, owner.user.id.to_string(), "", held, &self.ports);
        match before {
            None => (Edit::Enrol(Box::new(fresh.clone())), fresh),
            Some(before) => {
                let seen = before.revision;
                let credential = Credential { id: before.id, revision: seen.saturating_add(1), ..fresh };
                (Edit::Use { credential: Box::new(credential.clone()), seen }, credential)
            }
        }
    }

    async fn offer(&self, owner: Owner<'_>, secret: &TotpSecret) -> Result<TotpOffer, Error> {
        let tenant = &owner.user.tenant;
        let named = if tenant.is_root() { None } else { self.ports.store.tenant(tenant).await? };
        let issuer = named.map_or_else(|| self.rules.relying.name.clone(), |tenant| tenant.name);
        Ok(TotpOffer { secret: secret.base32(), uri: secret.uri(&issuer, &owner.user.name) })
    }
}

fn key(owner: Owner<'_>) -> String {
    format!("totp/{}/{}", owner.user.tenant, owner.user.id)
}
