//! The steps of a login as an application configures them, and the ids by which a client names an option of a step.

use serde::{Deserialize, Serialize};
use vestibule_jose::{base64url, from_base64url_lenient};

/// Steps that are run one after the other; each is done when one of its options is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// Whether the application names its own steps (`USER_DEFINED`) or takes the default ones.
    pub user_defined: bool,
    /// The steps, in order.
    pub steps: Vec<SequenceStep>,
    /// 1-based step whose user is the subject.
    pub subject_step: usize,
    /// 1-based step whose user gives the attributes.
    pub attribute_step: usize,
}

impl Default for Sequence {
    fn default() -> Self {
        let password = StepOption::local("BasicAuthenticator");
        Self {
            user_defined: false,
            steps: vec![SequenceStep { options: vec![password] }],
            subject_step: 1,
            attribute_step: 1,
        }
    }
}

/// One step: a choice among options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceStep {
    /// At least one.
    pub options: Vec<StepOption>,
}

/// One way of doing a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepOption {
    /// Name of the authenticator, as `BasicAuthenticator`.
    pub authenticator: String,
    /// Name of the identity provider; `LOCAL` for the server itself.
    pub idp: String,
    /// Limits of this option.
    #[serde(default, skip_serializing_if = "Limits::is_default")]
    pub limits: Limits,
}

/// With this begin the names of authenticators that are services of the operator's.
pub const CUSTOM: &str = "custom-";

impl StepOption {
    /// Name of the server itself as an identity provider.
    pub const LOCAL: &'static str = "LOCAL";

    /// An option of the server itself without limits of its own.
    pub fn local(authenticator: &str) -> Self {
        Self { authenticator: authenticator.to_owned(), idp: Self::LOCAL.to_owned(), limits: Limits::default() }
    }

    /// Whether it speaks with another identity provider or a service of the operator's.
    pub fn is_elsewhere(&self) -> bool {
        self.idp != Self::LOCAL || self.authenticator.starts_with(CUSTOM)
    }

    /// Name of the connection that it speaks with.
    pub fn connection(&self) -> &str {
        if self.idp == Self::LOCAL { &self.authenticator } else { &self.idp }
    }

    /// The id by which a client names the option.
    pub fn id(&self) -> String {
        authenticator_id(&self.authenticator, &self.idp)
    }
}

/// Parameters of a step's option: its limits within one flow, and what single ways of signing in take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Limits {
    /// Wrong codes with which the flow ends (60013).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_allowed_failure_attempts: Option<u32>,
    /// How often a code may be sent again; one more is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum_allowed_resend_attempts: Option<u32>,
    /// Whether one resend too many ends the flow with 60014.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub terminate_on_resend_limit_exceeded: bool,
    /// Sessions that a user may have at a time (`SessionExecutor`).
    #[serde(rename = "MaxSessionCount", skip_serializing_if = "Option::is_none")]
    pub max_sessions: Option<u32>,
}

impl Limits {
    /// Whether nothing is limited.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Wrong codes with which the flow ends. Zero is what earlier versions wrote for none.
    pub fn failures(&self) -> Option<u32> {
        self.maximum_allowed_failure_attempts.filter(|most| *most > 0)
    }

    /// How often a code may be sent again. Without a limit of failures, zero is what earlier versions wrote for none.
    pub fn resends(&self) -> Option<u32> {
        let is_old = self.maximum_allowed_failure_attempts == Some(0);
        self.maximum_allowed_resend_attempts.filter(|most| *most > 0 || !is_old)
    }
}

/// `base64url(name:idp)` without padding, the form that shipped clients compare literally.
pub fn authenticator_id(authenticator: &str, idp: &str) -> String {
    base64url(format!("{authenticator}:{idp}").as_bytes())
}

/// Authenticator and identity provider that an id names; a one-part name is one of the server itself.
pub fn read_authenticator_id(id: &str) -> Option<(String, String)> {
    let text = String::from_utf8(from_base64url_lenient(id)?).ok()?;
    let (authenticator, idp) = text.split_once(':').unwrap_or((&text, StepOption::LOCAL));
    let spelled = !authenticator.is_empty() && !idp.is_empty() && !idp.contains(':');
    let printable = text.chars().all(|c| !c.is_control());
    (spelled && printable).then(|| (authenticator.to_owned(), idp.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_that_shipped_clients_know() {
        assert_eq!(authenticator_id("BasicAuthenticator", "LOCAL"), "QmFzaWNBdXRoZW50aWNhdG9yOkxPQ0FM");
        assert_eq!(authenticator_id("IdentifierExecutor", "LOCAL"), "SWRlbnRpZmllckV4ZWN1dG9yOkxPQ0FM");
        assert_eq!(authenticator_id("totp", "LOCAL"), "dG90cDpMT0NBTA");
    }

    #[test]
    fn an_id_may_be_padded_or_lack_its_provider() {
        let totp = Some(("totp".to_owned(), "LOCAL".to_owned()));
        assert_eq!(read_authenticator_id("dG90cDpMT0NBTA"), totp);
        assert_eq!(read_authenticator_id("dG90cDpMT0NBTA=="), totp);
        assert_eq!(read_authenticator_id("dG90cA"), totp);
    }

    #[test]
    fn junk_is_not_an_id() {
        for junk in ["", "not base64!", "/+==", &authenticator_id("a", "b:c"), &authenticator_id("", "LOCAL"), "gICA"] {
            assert_eq!(read_authenticator_id(junk), None, "{junk}");
        }
    }
}
