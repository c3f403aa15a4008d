//! Refreshing (RFC 6749 §6) with rotation: an old refresh token revokes the family (RFC 9700 §4.14.2). An identical
//! refresh within a short window gets the same successor, so that a lost answer does not end the login.

use super::super::admission::Binding;
use super::super::client_auth::Shown;
use super::super::dpop::{self, Thumbprint};
use super::super::issue::{Issuer, Tokens};
use super::super::scope;
use super::{Params, admit, required};
use crate::application::Application;
use crate::attestation::Attested;
use crate::audit::{Event, What};
use crate::error::{Code, Error};
use crate::grant::{Grant, Rotated, Rotation};
use crate::secrets::Secrets;

impl Issuer {
    pub(super) async fn refresh_tokens(
        &self,
        app: &Application,
        (shown, instance): (&Shown, Option<&Attested>),
        params: &Params,
    ) -> Result<Tokens, Error> {
        let now = self.ports.clock.now();
        let name = Secrets::read_refresh(required(params, "refresh_token")?).ok_or(Code::InvalidGrant)?;
        let grant = self.ports.store.grant(&name.grant).await?.ok_or(Code::InvalidGrant)?;
        if !self.secrets.is_refresh_of(&name, &grant) || grant.app != app.id || grant.tenant != app.tenant {
            return Err(Code::InvalidGrant.into());
        }
        grant.terms.binding.admits(instance, true)?;
        let mut grant = narrowed(grant, params)?;
        let user = self.user_of(app, &grant).await?;
        let guest = admit(&user, app)?;
        grant.terms.binding = self.binding_of_refresh(app, shown, name.key).await?;
        let rotation = Rotation {
            grant: grant.id,
            shown: name.generation,
            now,
            window: app.oauth.repeat_window(name.key.is_some()),
            expires: now + app.oauth.lifetimes.refresh,
            rotate: app.oauth.rotate_refresh,
        };
        let told = [self.told_of(app, &grant, What::TokenRefreshed).with("shown", name.generation)];
        match self.ports.store.rotate(&rotation, &told).await? {
            Rotated::Fresh(generation) | Rotated::Repeated(generation) => {
                told.iter().for_each(Event::log);
                self.of_login(guest, &grant, generation, now).await
            }
            Rotated::Replayed => {
                self.ports.record(self.told_of(app, &grant, What::RefreshReplayed)).await?;
                Err(Error::new(Code::InvalidGrant)
                    .because("The refresh token was used before; the tokens of this login are revoked."))
            }
            Rotated::Absent => Err(Code::InvalidGrant.into()),
        }
    }

    /// What comes of a refresh is bound anew: for a public client to the same key, while a client that authenticates may
    /// change its key (RFC 9449 §5), but not go without one.
    async fn binding_of_refresh(
        &self,
        app: &Application,
        shown: &Shown,
        key: Option<Thumbprint>,
    ) -> Result<Binding, Error> {
        let binding = self.binding(app, shown, key.filter(|_| app.oauth.public)).await?;
        match (key, binding.jkt) {
            (Some(_), None) => Err(dpop::missing()),
            _ => Ok(binding),
        }
    }
}

/// The grant with the scopes that this refresh asks for: never more than were granted (RFC 6749 §6).
fn narrowed(mut grant: Grant, params: &Params) -> Result<Grant, Error> {
    let asked = scope::read(params.get("scope"))?;
    if asked.is_empty() {
        return Ok(grant);
    }
    if !asked.is_subset(&grant.terms.scopes) {
        return Err(Error::new(Code::InvalidScope).because("A refresh cannot ask for more scopes than were granted."));
    }
    grant.terms.scopes = asked;
    Ok(grant)
}
