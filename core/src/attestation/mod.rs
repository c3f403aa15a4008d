//! Whether the app that asks is the one that the application's maker shipped, on a device that it can be trusted on. What a
//! request shows is read by one parser ([`Evidence`]), decided once, and bound to the login that it starts. Law: what is shown
//! and does not hold is refused, whatever the application would allow to those who show nothing.

mod attester;
mod challenge;
mod client;
mod key;
mod platform;
mod play;
mod policy;
mod shown;

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use attester::{Issued, Wanted};
pub use challenge::LIFETIME;
pub use client::{ALGORITHMS, POP_TYPE, TYPE};
pub use key::AttestedKey;
pub use play::is_account;
pub use policy::{AndroidPolicy, ApplePolicy, AttestationPolicy, Attester, Device, Unattestable};
pub use shown::{CHALLENGE, Evidence, Field, JWT, OBJECT, PLATFORM, POP};

use self::play::Accounts;
use self::shown::{Object, Shown};
use crate::application::Application;
use crate::error::{Code, Error, Fault};
use crate::keyring::Keyring;
use crate::oauth::metadata::PublicUrl;
use crate::ports::Ports;
use crate::ports::attest::{Flaw, Integrity};
use crate::secrets::Secrets;

/// The method of client authentication by a client attestation (draft-ietf-oauth-attestation-based-client-auth §13.4).
pub const METHOD: &str = "attest_jwt_client_auth";

/// Decides what apps show of themselves.
pub struct Attestation {
    ports: Ports,
    secrets: Arc<Secrets>,
    keyring: Arc<Keyring>,
    urls: PublicUrl,
    accounts: Accounts,
}

/// An app that showed what it is; small, since it is carried in every flowId.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attested {
    /// What it runs on.
    #[serde(rename = "d")]
    pub device: Device,
    /// How it showed it.
    #[serde(rename = "m")]
    pub means: Means,
    /// How far the device is trusted, if somebody spoke of it.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Integrity>,
    /// The key that speaks for the app from now on: of App Attest its id, else its thumbprint (RFC 7638).
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// How an app showed what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// Play Integrity.
    Play,
    /// App Attest, by a new key.
    AppAttest,
    /// App Attest, by a key attested before.
    Assertion,
    /// Android's key attestation.
    AndroidKey,
    /// A client attestation and a proof that its key is held.
    Client,
}

/// How a client stands that may start a login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// It showed what it is.
    pub attested: Option<Attested>,
    /// It could not, so that its users prove two factors.
    pub step_up: bool,
}

/// Why what was shown is not taken.
#[derive(Debug)]
enum No {
    /// It is about no challenge of ours, or about one that is used up.
    Challenge(&'static str),
    /// The client attestation is over.
    Over(&'static str),
    /// It does not hold.
    Invalid(Cow<'static, str>),
    /// It could not be looked at.
    Error(Error),
}

impl Attested {
    /// Whether it holds a key by a client attestation: later requests must come from the same instance of the app.
    pub fn is_instance(&self) -> bool {
        self.means == Means::Client
    }
}

impl Attestation {
    /// Decides over these ports.
    pub fn new(ports: Ports, secrets: Arc<Secrets>, keyring: Arc<Keyring>, urls: PublicUrl) -> Self {
        Self { ports, secrets, keyring, urls, accounts: Accounts::default() }
    }

    /// Decides whether the app may start a login. `dpop`: thumbprint of the key whose DPoP proof came with the request and
    /// holds.
    ///
    /// # Errors
    /// What it shows does not hold, or it shows nothing and may not (401); a challenge is missing or used up (400).
    pub async fn admit(&self, app: &Application, evidence: &Evidence, dpop: Option<&str>) -> Result<Standing, Error> {
        let policy = &app.attestation;
        let decided = self.decide(app, evidence, dpop).await.map_err(|no| self.refuse(no, app, evidence))?;
        match decided {
            Some(attested) if policy.authenticates && !attested.is_instance() => Err(invalid(
                "The application authenticates by client attestations: exchange the platform's statement for one at the attestation endpoint.",
            )),
            Some(attested) => {
                tracing::info!(outcome = "held", tenant = %app.tenant, app = %app.id, means = ?attested.means, key = attested.key);
                Ok(Standing { attested: Some(attested), step_up: false })
            }
            None if policy.required || policy.authenticates => self.without(app, evidence),
            None => Ok(Standing::default()),
        }
    }

    /// The instance of the app that asks for tokens, if it shows a client attestation; an application may have to
    /// (`attest_jwt_client_auth`).
    ///
    /// # Errors
    /// As [`Self::admit`].
    pub async fn authenticate(
        &self,
        app: &Application,
        evidence: &Evidence,
        dpop: Option<&str>,
    ) -> Result<Option<Attested>, Error> {
        let shown = Evidence { object: Field::Absent, ..evidence.clone() };
        let decided = self.decide(app, &shown, dpop).await.map_err(|no| self.refuse(no, app, evidence))?;
        if decided.is_none() && app.attestation.authenticates {
            return Err(Error::new(Code::Unauthorized)
                .because("The application authenticates by client attestations: send OAuth-Client-Attestation with a proof of possession."));
        }
        Ok(decided)
    }

    async fn decide(&self, app: &Application, evidence: &Evidence, dpop: Option<&str>) -> Result<Option<Attested>, No> {
        match evidence.read(app.attestation.required)? {
            Shown::Nothing => Ok(None),
            Shown::Client(jwt, pop) => {
                let (attested, fresh) = self.client(app, jwt, pop, dpop).await?;
                if let Some(fresh) = fresh {
                    self.spend(&fresh).await?;
                }
                Ok(Some(attested))
            }
            Shown::Object(text, challenge) => {
                let object = Object::read(text)?;
                let challenge = challenge.filter(|challenge| !challenge.is_empty()).ok_or(No::Challenge(
                    "The header x-client-attestation-challenge is missing: name the challenge that the attestation is about.",
                ))?;
                let fresh = self.fresh(&app.tenant, &app.client_id, challenge)?;
                self.platform(app, object, &fresh, dpop).await.map(Some)
            }
        }
    }

    /// What becomes of an app that shows nothing.
    fn without(&self, app: &Application, evidence: &Evidence) -> Result<Standing, Error> {
        let device = match &evidence.platform {
            Field::Once(name) if name.trim().eq_ignore_ascii_case("ios") => Device::Ios,
            Field::Once(name) if name.trim().eq_ignore_ascii_case("android") => Device::Android,
            _ => Device::Other,
        };
        let rule = app.attestation.rule(device);
        tracing::info!(outcome = "absent", tenant = %app.tenant, app = %app.id, ?device, ?rule);
        match rule {
            Unattestable::Refuse => {
                let no = No::invalid("App is configured to validate attestation but attestation object is empty.");
                Err(self.refuse(no, app, evidence))
            }
            Unattestable::BrowserOnly => Err(Error::new(Code::Unauthorized)
                .because("This device cannot show that the app is genuine: sign in with the browser.")
                .oauth("redirect_to_web")),
            Unattestable::StepUp => Ok(Standing { attested: None, step_up: true }),
        }
    }

    /// Tells why what was shown is not taken: once, for every endpoint. Where a challenge would help, a fresh one comes along.
    fn refuse(&self, no: No, app: &Application, evidence: &Evidence) -> Error {
        let fresh = || self.challenge(&app.tenant, Some(&app.client_id));
        let error = match no {
            No::Error(error) => return error,
            // The draft's §6.1 has 400 for the proof of possession; the platform's own statement is 401 like all that fails.
            No::Challenge(why) if evidence.jwt != Field::Absent => {
                Error::new(Code::UseAttestationChallenge).because(why).challenge(fresh())
            }
            No::Challenge(why) => invalid(why).oauth("use_attestation_challenge").challenge(fresh()),
            No::Over(why) => invalid(why).oauth("use_fresh_attestation"),
            No::Invalid(why) => invalid(why),
        };
        tracing::info!(outcome = "refused", tenant = %app.tenant, app = %app.id, reason = error.description());
        error
    }
}

impl No {
    fn invalid(why: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(why.into())
    }
}

impl From<Flaw> for No {
    fn from(flaw: Flaw) -> Self {
        Self::Invalid(flaw.to_string().into())
    }
}

impl From<Error> for No {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<Fault> for No {
    fn from(fault: Fault) -> Self {
        Self::Error(fault.into())
    }
}

fn invalid(why: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::Unauthorized).because(why).oauth("invalid_client_attestation")
}
