//! Which steps a login goes through: frozen when it starts, so that a change of the application does not bend a flow
//! that is under way.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::authenticator::Authenticator;
use super::state::{Progress, Proof, Who};
use crate::application::{Sequence, StepOption};
use crate::error::{Code, Error};
use crate::ports::UserId;
use crate::session::Session;

/// Authenticators of other servers that are known but cannot run inside an app (60006).
pub const UNSUPPORTED: &[&str] = &[
    "SAMLSSOAuthenticator",
    "x509CertificateAuthenticator",
    "IproovAuthenticator",
    "DuoAuthenticator",
    "PassiveSTSAuthenticator",
    "IWAKerberosAuthenticator",
    "HYPRAuthenticator",
];

/// The ways of signing in that this build has.
#[derive(Clone, Default)]
pub struct Registry {
    named: BTreeMap<&'static str, &'static dyn Authenticator>,
    /// Those that stand for all names with one beginning.
    families: Vec<&'static dyn Authenticator>,
}

impl Registry {
    /// A registry of these.
    pub fn new(authenticators: impl IntoIterator<Item = &'static dyn Authenticator>) -> Self {
        let mut registry = Self::default();
        for authenticator in authenticators {
            let name = authenticator.spec().name;
            if name.ends_with('*') {
                registry.families.push(authenticator);
            } else {
                registry.named.insert(name, authenticator);
            }
        }
        registry
    }

    /// The authenticator that an option names.
    ///
    /// # Errors
    /// It cannot run natively (60006), or this build does not have it (65002).
    pub fn find(&self, name: &str) -> Result<&'static dyn Authenticator, Error> {
        let missing = |code| Error::filled(code, &[("authenticator_name", name)]);
        match self.known(name) {
            Some(authenticator) => Ok(authenticator),
            None if UNSUPPORTED.contains(&name) => Err(missing(Code::AuthenticatorNotSupported)),
            None => Err(missing(Code::AuthenticatorNotFound)),
        }
    }

    /// The authenticator of that name, if this build has it.
    pub fn known(&self, name: &str) -> Option<&'static dyn Authenticator> {
        let family = || self.families.iter().find(|family| family.spec().is_called(name));
        self.named.get(name).or_else(family).copied()
    }

    /// What enrols a user for an authenticator inside a login, if this build has it.
    pub fn enroller(&self, name: &str) -> Option<&'static str> {
        let enroller = self.known(name)?.spec().enrolled_by?;
        self.known(enroller).map(|_| enroller)
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = &'static dyn Authenticator> {
        self.named.values().chain(&self.families).copied()
    }
}

/// The steps of one flow.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// In order.
    #[serde(rename = "s")]
    pub steps: Vec<PlannedStep>,
    /// Whose session satisfied steps beforehand.
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub known: Option<UserId>,
}

/// One step of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// At least one.
    #[serde(rename = "o")]
    pub options: Vec<StepOption>,
    /// What the session proved for this step; counts only for the session's user.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub satisfied: Option<Proof>,
}

impl Plan {
    /// The plan of a login: the application's steps, those that the session satisfies marked as such.
    ///
    /// # Errors
    /// A step has only options that cannot run natively (60006), or one that this build does not have (65002).
    pub fn of(sequence: &Sequence, registry: &Registry, session: Option<&Session>) -> Result<Self, Error> {
        let mut steps = Vec::with_capacity(sequence.steps.len());
        for step in &sequence.steps {
            let mut refused = None;
            for option in &step.options {
                match registry.find(&option.authenticator) {
                    Err(error) if error.code() == Code::AuthenticatorNotSupported => refused = Some(error),
                    Err(error) => return Err(error),
                    // As a step of its own it would give a new factor to whoever has the password alone.
                    Ok(found) if found.spec().enrols.is_some() => {
                        let name = [("authenticator_name", option.authenticator.as_str())];
                        return Err(Error::filled(Code::AuthenticatorNotFound, &name));
                    }
                    Ok(_) => {}
                }
            }
            if let (Some(error), 1) = (refused, step.options.len()) {
                return Err(error);
            }
            let satisfied = session.and_then(|session| proof_for(&step.options, &session.proofs));
            steps.push(PlannedStep { options: step.options.clone(), satisfied: satisfied.cloned() });
        }
        Ok(Self { steps, known: session.map(|session| session.user) })
    }

    /// The options of the step at which a flow stands; none when every step is behind.
    pub fn options<'a>(&'a self, progress: &Progress, registry: &Registry) -> Vec<Cow<'a, StepOption>> {
        let Some(step) = self.steps.get(progress.passed.len()) else {
            return progress.detours.iter().take(1).map(|name| Cow::Owned(StepOption::local(name))).collect();
        };
        if !progress.enrolling {
            return step.options.iter().map(Cow::Borrowed).collect();
        }
        let enrollers = step.options.iter().filter_map(|option| registry.enroller(&option.authenticator));
        enrollers.map(|name| Cow::Owned(StepOption::local(name))).collect()
    }

    /// Whether a flow that speaks of `who` passes a step on the strength of the session.
    pub fn leans_on_session(&self, who: Option<&Who>) -> bool {
        (0..self.steps.len()).any(|index| self.satisfied(index, who).is_some())
    }

    /// What the session proved for the step at `index`, if the flow speaks of the session's user or of nobody yet.
    pub fn satisfied(&self, index: usize, who: Option<&Who>) -> Option<(&Proof, Who)> {
        let known = Who::Known(self.known?);
        let same = who.is_none_or(|who| *who == known);
        let proof = self.steps.get(index)?.satisfied.as_ref()?;
        same.then_some((proof, known))
    }
}

fn proof_for<'a>(options: &[StepOption], proofs: &'a [Proof]) -> Option<&'a Proof> {
    proofs.iter().rev().find(|proof| {
        options.iter().any(|option| option.authenticator == proof.authenticator && option.idp == proof.idp)
    })
}
