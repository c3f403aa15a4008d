//! `authenticationSequence`: the steps of a login.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::application::{Limits, Sequence, SequenceStep, StepOption};
use vestibule_core::error::Error;

use super::super::super::body::Object;
use super::super::json::{Off, invalid};

/// The steps of a login; replaced as a whole.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct SequenceBody {
    /// `DEFAULT` is one step with user name and password.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<SequenceKind>,
    /// One after the other; each is done when one of its options is.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<Object<StepBody>>>,
    /// Step whose user is the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_step_id: Option<usize>,
    /// Step whose user gives the attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute_step_id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_path_authenticators: Option<Vec<Off>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<Off>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum SequenceKind {
    Default,
    UserDefined,
}

/// A step.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct StepBody {
    /// Its number, from 1.
    id: usize,
    options: Vec<Object<OptionBody>>,
}

/// One way of doing a step.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OptionBody {
    /// Identity provider; `LOCAL` for the server itself.
    idp: String,
    /// Name of the authenticator.
    authenticator: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parameters: Option<Object<ParametersBody>>,
}

/// Parameters of an option: its limits within one login.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ParametersBody {
    /// Wrong codes with which the login ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_allowed_failure_attempts: Option<u32>,
    /// How often a code may be sent again.
    #[serde(skip_serializing_if = "Option::is_none")]
    maximum_allowed_resend_attempts: Option<u32>,
    /// Whether one resend too many ends the login.
    terminate_on_resend_limit_exceeded: bool,
    /// Sessions that a user may have at a time (SessionExecutor).
    #[serde(rename = "MaxSessionCount", skip_serializing_if = "Option::is_none")]
    max_session_count: Option<u32>,
}

impl Default for ParametersBody {
    fn default() -> Self {
        Self::of(&Limits::default())
    }
}

impl SequenceBody {
    pub(super) fn of(sequence: &Sequence) -> Self {
        let steps = sequence.steps.iter().zip(1..);
        let steps = steps.map(|(step, id)| {
            Object(StepBody { id, options: step.options.iter().map(|option| Object(OptionBody::of(option))).collect() })
        });
        Self {
            kind: Some(if sequence.user_defined { SequenceKind::UserDefined } else { SequenceKind::Default }),
            steps: Some(steps.collect()),
            subject_step_id: Some(sequence.subject_step),
            attribute_step_id: Some(sequence.attribute_step),
            request_path_authenticators: Some(Vec::new()),
            script: None,
        }
    }

    pub(super) fn parse(&self) -> Result<Sequence, Error> {
        let usual = Sequence::default();
        let steps = match &self.steps {
            None if self.kind == Some(SequenceKind::UserDefined) => {
                return Err(invalid("authenticationSequence.steps is missing."));
            }
            None => usual.steps,
            Some(steps) => parse_steps(steps)?,
        };
        // Whoever gives steps without a type means them.
        let kind =
            self.kind.unwrap_or(if self.steps.is_some() { SequenceKind::UserDefined } else { SequenceKind::Default });
        Ok(Sequence {
            user_defined: kind == SequenceKind::UserDefined,
            steps,
            subject_step: self.subject_step_id.unwrap_or(usual.subject_step),
            attribute_step: self.attribute_step_id.unwrap_or(usual.attribute_step),
        })
    }
}

fn parse_steps(steps: &[Object<StepBody>]) -> Result<Vec<SequenceStep>, Error> {
    let numbered = |(Object(step), n): (&Object<StepBody>, usize)| match step.id == n {
        true => Ok(SequenceStep { options: step.options.iter().map(|Object(option)| option.parse()).collect() }),
        false => {
            Err(invalid(format!("authenticationSequence.steps[{}].id must be {n}: steps are numbered from 1.", n - 1)))
        }
    };
    steps.iter().zip(1..).map(numbered).collect()
}

impl OptionBody {
    fn of(option: &StepOption) -> Self {
        let limited = option.limits != Limits::default();
        let parameters = limited.then(|| Object(ParametersBody::of(&option.limits)));
        Self { idp: option.idp.clone(), authenticator: option.authenticator.clone(), parameters }
    }

    fn parse(&self) -> StepOption {
        let limits = self.parameters.as_ref().map(|Object(parameters)| parameters.parse()).unwrap_or_default();
        StepOption { authenticator: self.authenticator.clone(), idp: self.idp.clone(), limits }
    }
}

impl ParametersBody {
    fn of(limits: &Limits) -> Self {
        Self {
            maximum_allowed_failure_attempts: limits.maximum_allowed_failure_attempts,
            maximum_allowed_resend_attempts: limits.maximum_allowed_resend_attempts,
            terminate_on_resend_limit_exceeded: limits.terminate_on_resend_limit_exceeded,
            max_session_count: limits.max_sessions,
        }
    }

    fn parse(&self) -> Limits {
        Limits {
            maximum_allowed_failure_attempts: self.maximum_allowed_failure_attempts,
            maximum_allowed_resend_attempts: self.maximum_allowed_resend_attempts,
            terminate_on_resend_limit_exceeded: self.terminate_on_resend_limit_exceeded,
            max_sessions: self.max_session_count,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::json::read;
    use super::*;

    fn parse(body: serde_json::Value) -> Result<Sequence, String> {
        let body = serde_json::to_vec(&body).unwrap();
        let told = |error: Error| error.description().to_owned();
        read::<SequenceBody>(&body).and_then(|body| body.parse()).map_err(told)
    }

    #[test]
    fn what_is_shown_can_be_sent_back() {
        let step = json!({"id": 1, "options": [{"idp": "LOCAL", "authenticator": "email-otp-authenticator", "parameters": {
            "maximumAllowedFailureAttempts": 3, "maximumAllowedResendAttempts": 2, "terminateOnResendLimitExceeded": true,
        }}]});
        let own = parse(json!({"steps": [step]})).unwrap();
        assert_eq!((own.user_defined, own.steps.len()), (true, 1));
        for sequence in [own, Sequence::default()] {
            let shown = serde_json::to_value(SequenceBody::of(&sequence)).unwrap();
            assert_eq!(parse(shown).unwrap(), sequence);
        }
    }

    #[test]
    fn steps_are_numbered_and_scripts_are_refused() {
        let option = json!([{"idp": "LOCAL", "authenticator": "totp"}]);
        assert_eq!(
            parse(json!({"steps": [{"id": 1, "options": option}, {"id": 3, "options": option}]})).unwrap_err(),
            "authenticationSequence.steps[1].id must be 2: steps are numbered from 1."
        );
        assert_eq!(
            parse(json!({"script": "executeStep(1);"})).unwrap_err(),
            "script is not supported: leave it out, empty or false."
        );
        assert_eq!(parse(json!({"type": "USER_DEFINED"})).unwrap_err(), "authenticationSequence.steps is missing.");
        assert_eq!(
            parse(json!({"steps": [{"id": 1, "options": [{"idp": "LOCAL", "authenticator": "a", "parameters": {"max": 1}}]}]})).unwrap_err(),
            "steps[0].options[0].parameters.max is unknown."
        );
    }
}
