//! The password, changed by its user.

use super::{Accounts, Effects, Notice, Owner, overloaded};
use crate::admin::invalid;
use crate::attempt::{Mark, TallyKey};
use crate::audit::What;
use crate::error::Error;
use crate::flow::authenticator::Factor;
use crate::ports::store::Edit;
use crate::ports::{Secret, Verdict};
use crate::user::{Whose, normalised_password};

impl Accounts {
    /// Changes the password. All sessions and grants of the user end, also those of the token that is used for it: whoever
    /// knew the old password is out, and the app signs its user in again.
    ///
    /// # Errors
    /// The login is too old (401), the current password is wrong or the new one not good enough (400), there were too many
    /// wrong ones (429), the hashing queue is full (503), or the user was changed meanwhile (409).
    pub async fn change_password(
        &self,
        owner: Owner<'_>,
        current: &Secret<String>,
        new: &Secret<String>,
    ) -> Result<(), Error> {
        owner.demand_trust(&self.ports).await?;
        let Owner { user, app, .. } = owner;
        let whose =
            Whose { tenant: &user.tenant, name: &user.name, profile: &user.profile, app: Some(app), alone: false };
        if let Some(weakness) = self.rules.passwords.judge(&self.ports, new.expose(), whose).await? {
            return Err(invalid(weakness.sentence()));
        }
        let tally = self.claim(owner, Factor::Password).await?;
        let verdict = match self.ports.passwords.verify(current, owner.user.password.as_ref()).await {
            Ok(Verdict::Right { .. }) => Ok(()),
            Ok(Verdict::Wrong) => Err((Mark::Wrong, invalid("The current password is wrong."))),
            Ok(Verdict::Overloaded) => Err((Mark::Void, overloaded())),
            Err(fault) => Err((Mark::Void, fault.into())),
        };
        if let Err((mark, error)) = verdict {
            let wrong = owner.told(&self.ports, What::LoginFailed).with("authenticator", "current password");
            let events = if mark == Mark::Wrong { vec![wrong] } else { Vec::new() };
            self.settle(owner, Effects { marks: vec![tally.marked(mark)], events, ..Effects::default() }).await?;
            return Err(error);
        }
        let effects = match self.with_password(owner, current, new).await {
            Ok(effects) => effects,
            Err(error) => {
                self.settle_mark(owner, tally, Mark::Void).await?;
                return Err(error);
            }
        };
        let marks = vec![tally.marked(Mark::Right)];
        let events = vec![owner.told(&self.ports, What::PasswordChanged)];
        self.settle(owner, Effects { marks, events, ..effects }).await?;
        // Guesses at the old password say nothing of the new one.
        TallyKey::forgive(&*self.ports.store, owner.user, Factor::Password).await?;
        Ok(())
    }

    /// What another password brings about.
    async fn with_password(
        &self,
        owner: Owner<'_>,
        current: &Secret<String>,
        new: &Secret<String>,
    ) -> Result<Effects, Error> {
        let same = |text: &Secret<String>| Secret::new(normalised_password(text.expose()));
        if same(current).expose() == same(new).expose() {
            return Err(invalid("The new password is the current one."));
        }
        let hash = self.ports.passwords.hash(new).await?.ok_or_else(overloaded)?;
        let (before, now) = (owner.user, self.ports.clock.now());
        let user = Box::new(before.with_password(hash, now));
        let edits = vec![Edit::Save { user, seen: before.revision, expel: true }];
        let letters = self.letters(owner, Notice::PasswordChanged)?;
        Ok(Effects { edits, letters, ..Effects::default() })
    }
}
