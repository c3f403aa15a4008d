//! The JSON of the authorization challenge endpoint: the draft's members, and beside them the step as the native face
//! shows it.

use schemars::JsonSchema;
use serde::Serialize;
use vestibule_core::flow::{Completion, Step};

use super::super::native::wire::StepBody;

/// More is needed: HTTP 403.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InsufficientBody {
    error: Insufficient,
    /// A sentence for the developer.
    error_description: String,
    /// Names the login in the next request. It is the flowId of the native face.
    auth_session: String,
    #[serde(flatten)]
    step: StepBody,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
enum Insufficient {
    /// The login needs another answer.
    #[serde(rename = "insufficient_authorization")]
    Authorization,
}

/// The end of a login: HTTP 200.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct CodeBody {
    /// For the token endpoint.
    authorization_code: String,
    /// The request's `state`, when it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// OpenID Connect Session Management §3; with the scope `openid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_state: Option<String>,
}

impl InsufficientBody {
    pub fn of(step: &Step, body: StepBody) -> Self {
        let told = step.messages.first().map(|message| message.text.clone().into_owned());
        let usual = || "The login needs an answer to the step in nextStep.".to_owned();
        Self {
            error: Insufficient::Authorization,
            error_description: told.unwrap_or_else(usual),
            auth_session: step.flow_id.clone(),
            step: body,
        }
    }
}

impl CodeBody {
    pub fn of(completion: &Completion) -> Self {
        Self {
            authorization_code: completion.code.clone(),
            state: completion.state.clone(),
            session_state: completion.session_state.clone(),
        }
    }
}
