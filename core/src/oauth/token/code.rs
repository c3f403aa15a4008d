//! Exchanging a code (RFC 6749 §4.1.3): once. A second exchange revokes what the first one gave (RFC 9700 §2.1.1).

use super::super::client_auth::Shown;
use super::super::issue::{Issuer, Tokens};
use super::{Params, admit, required};
use crate::application::Application;
use crate::attestation::Attested;
use crate::audit::{Event, What};
use crate::error::{Code, Error};
use crate::grant::{Grant, Redeemed};
use crate::secrets::Secrets;

impl Issuer {
    pub(super) async fn redeem_code(
        &self,
        app: &Application,
        (shown, instance): (&Shown, Option<&Attested>),
        params: &Params,
    ) -> Result<Tokens, Error> {
        let now = self.ports.clock.now();
        let name = Secrets::read_code(required(params, "code")?).ok_or(Code::InvalidGrant)?;
        let mut grant = self.ports.store.grant(&name.grant).await?.ok_or(Code::InvalidGrant)?;
        if !self.secrets.is_code_of(&name, &grant) || grant.app != app.id || grant.tenant != app.tenant {
            return Err(Code::InvalidGrant.into());
        }
        is_bound(&grant, params)?;
        grant.terms.binding.admits(instance, false)?;
        let user = self.user_of(app, &grant).await?;
        let guest = admit(&user, app)?;
        grant.terms.binding = self.binding(app, shown, grant.terms.binding.jkt).await?;
        // The code is spent only once everything else holds, and before anything is issued for it.
        let told = [self.told_of(app, &grant, What::TokenIssued)];
        match self.ports.store.redeem(&grant.id, now, now + app.oauth.lifetimes.refresh, &told).await? {
            Redeemed::Granted => {
                told.iter().for_each(Event::log);
                self.of_login(guest, &grant, 0, now).await
            }
            Redeemed::Replayed => {
                self.ports.record(self.told_of(app, &grant, What::CodeReplayed)).await?;
                Err(Error::new(Code::InvalidGrant)
                    .because("The authorization code was used before; the tokens issued from it are revoked."))
            }
            Redeemed::Absent => Err(Code::InvalidGrant.into()),
        }
    }
}

/// Whether the exchange repeats the redirect URI and meets the PKCE challenge of the request (RFC 6749 §4.1.3, RFC 7636 §4.6).
fn is_bound(grant: &Grant, params: &Params) -> Result<(), Error> {
    let named = match params.get("redirect_uri") {
        None if grant.terms.redirect_implied => &grant.terms.redirect_uri,
        _ => required(params, "redirect_uri")?,
    };
    if named != grant.terms.redirect_uri {
        return Err(
            Error::new(Code::InvalidGrant).because("The redirect_uri differs from that of the authorization request.")
        );
    }
    match (&grant.terms.challenge, params.get("code_verifier")) {
        (None, None) => Ok(()),
        // A verifier without a challenge shows that the challenge was stripped on the way (RFC 9700 §2.1.1).
        (None, Some(_)) => {
            Err(Error::new(Code::InvalidGrant)
                .because("The login did not use PKCE, so no code_verifier belongs to it."))
        }
        (Some(_), None) => Err(Error::new(Code::InvalidGrant).because("The parameter code_verifier is missing.")),
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
        (Some(_), Some(_)) => {
            Err(Error::new(Code::InvalidGrant).because("The code_verifier does not belong to the code_challenge."))
        }
    }
}
