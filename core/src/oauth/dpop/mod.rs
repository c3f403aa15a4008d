//! Proofs of possession (RFC 9449): each call of something that is bound to a key shows that its caller has the key. It
//! owns what makes a proof good for one call and the nonces; what is bound to which key stands elsewhere, in
//! [`super::admission::Binding`], refresh tokens and the `cnf` of access tokens. Law: a proof is wholly checked before its
//! name is marked as used, so strangers fill no store, and marked before anything it is for is looked at.

mod proof;
mod thumbprint;

use std::sync::Arc;
use std::time::Duration;

use vestibule_jose::{Algorithm, base64url, from_base64url};

pub use thumbprint::Thumbprint;

use self::proof::Proof;
use super::client_auth::Shown;
use crate::error::{Code, Error};
use crate::ports::{Ports, Timestamp};
use crate::secrets::Secrets;

/// OAuth's name for a proof that does not hold or is missing (RFC 9449 §5).
pub const INVALID: &str = "invalid_dpop_proof";
/// OAuth's name for a proof that needs a nonce, or a newer one (RFC 9449 §8).
pub const USE_NONCE: &str = "use_dpop_nonce";

/// Algorithms that proofs may be signed with.
pub const ALGORITHMS: &[Algorithm] =
    &[Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA, Algorithm::PS256, Algorithm::RS256];

/// What a nonce is derived for.
const NONCE: &[u8] = b"dpop nonce";
/// Seconds for which the server gives out the same nonce; it is good for as long again.
const NONCE_SLOT: i64 = 300;

/// What an operator decides about proofs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProofRules {
    /// Age at which a proof is too old.
    pub age: Duration,
    /// How far ahead its maker's clock may be.
    pub ahead: Duration,
    /// A proof must carry a nonce of the server; else one is checked where it is sent.
    pub nonce_required: bool,
}

/// Checks proofs.
pub struct Proofs {
    ports: Ports,
    secrets: Arc<Secrets>,
    rules: ProofRules,
}

/// What a proof must be about besides its call.
#[derive(Clone, Copy, Debug, Default)]
pub struct About<'a> {
    /// The key that must have made it.
    pub key: Option<Thumbprint>,
    /// The access token that is shown with it (`ath`).
    pub token: Option<&'a str>,
}

impl Proofs {
    /// Over these ports.
    pub fn new(ports: Ports, secrets: Arc<Secrets>, rules: ProofRules) -> Self {
        Self { ports, secrets, rules }
    }

    /// The key whose possession the call proves; `None`: it brought no proof.
    ///
    /// # Errors
    /// What it brought is no proof of this call, by that key, for the first time (401), or the store failed.
    pub async fn key(&self, shown: &Shown, about: About<'_>) -> Result<Option<Thumbprint>, Error> {
        let Some(proof) = self.proof(shown, about)? else { return Ok(None) };
        let (name, ends) = (proof.name(), proof.ends(&self.rules));
        if !self.ports.store.mark(&name, ends).await? {
            return Err(refused("The DPoP proof was used before: make a new one for each request."));
        }
        Ok(Some(proof.key))
    }

    /// The key of the call's proof, which is checked and not used up: for what is decided before [`Self::key`] is asked.
    ///
    /// # Errors
    /// What it brought is no proof of this call (401).
    pub fn peek(&self, shown: &Shown) -> Result<Option<Thumbprint>, Error> {
        Ok(self.proof(shown, About::default())?.map(|proof| proof.key))
    }

    /// The call's proof, wholly checked but for its being used for the first time.
    fn proof(&self, shown: &Shown, about: About<'_>) -> Result<Option<Proof>, Error> {
        let text = match shown.proofs.as_slice() {
            [] => return Ok(None),
            [text] => text,
            _ => return Err(refused("The request has more than one DPoP header.")),
        };
        let now = self.ports.clock.now();
        let proof = Proof::read(text)?;
        proof.check(&shown.call, about, (now, &self.rules))?;
        self.check_nonce(proof.nonce(), now)?;
        Ok(Some(proof))
    }

    /// Refuses a call that does not prove the possession of the key that something is bound to.
    ///
    /// # Errors
    /// There is no proof, or not one of this call by that key, for the first time (401), or the store failed.
    pub async fn demand(&self, shown: &Shown, key: Thumbprint, token: Option<&str>) -> Result<(), Error> {
        match self.key(shown, About { key: Some(key), token }).await? {
            Some(_) => Ok(()),
            None => Err(missing()),
        }
    }

    /// Whether a call may go on with a login: with the key that the login is bound to, or without a proof if it is not.
    ///
    /// # Errors
    /// As [`Self::demand`]; or there is a proof though the login is not bound, which would protect nothing (401).
    pub async fn continues(&self, shown: &Shown, bound: Option<Thumbprint>) -> Result<(), Error> {
        match bound {
            Some(key) => self.demand(shown, key, None).await,
            None if shown.proofs.is_empty() => Ok(()),
            None => Err(refused(
                "The login was started without a DPoP proof, so none protects it: start it anew with one, or go on without.",
            )),
        }
    }

    /// The nonce that proofs should carry now (RFC 9449 §8). It is not kept: every server with the same secret knows it.
    pub fn nonce(&self) -> String {
        let slot = self.ports.clock.now().seconds() / NONCE_SLOT;
        base64url(&self.secrets.digest(&[NONCE, &slot.to_be_bytes()]))
    }

    fn check_nonce(&self, nonce: Option<&str>, now: Timestamp) -> Result<(), Error> {
        let Some(nonce) = nonce else {
            return match self.rules.nonce_required {
                true => Err(wants_nonce("The DPoP proof needs the nonce in the header DPoP-Nonce of this answer.")),
                false => Ok(()),
            };
        };
        let digest = from_base64url(nonce).unwrap_or_default();
        let slot = now.seconds() / NONCE_SLOT;
        let is_ours = |slot: i64| self.secrets.is_digest(&[NONCE, &slot.to_be_bytes()], &digest);
        if is_ours(slot) || is_ours(slot.saturating_sub(1)) {
            return Ok(());
        }
        Err(wants_nonce("The nonce of the DPoP proof is too old or not ours: use the one in the header DPoP-Nonce."))
    }
}

/// The refusal of a call that brought no proof though it must.
pub fn missing() -> Error {
    refused("A DPoP proof is missing: what the request is about is bound to a key.")
}

/// The refusal of an application that must bind its tokens and brought no proof.
pub fn required() -> Error {
    refused("The application must prove the possession of a key: send a DPoP proof.")
}

/// The refusal as the token endpoint tells it: HTTP 400 (RFC 9449 §5, RFC 6749 §5.2).
pub fn at_token_endpoint(error: Error) -> Error {
    match error.met_oauth() {
        Some(name) if is_about_proofs(name) => {
            Error::new(Code::InvalidRequest).because(error.description().to_owned()).oauth(name)
        }
        _ => error,
    }
}

/// Whether an OAuth error is one about proofs.
pub fn is_about_proofs(name: &str) -> bool {
    [INVALID, USE_NONCE].contains(&name)
}

fn refused(description: &'static str) -> Error {
    Error::new(Code::Unauthorized).because(description).oauth(INVALID)
}

fn wants_nonce(description: &'static str) -> Error {
    Error::new(Code::Unauthorized).because(description).oauth(USE_NONCE)
}
