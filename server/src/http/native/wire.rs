//! The JSON of a native login, as shipped clients read it: empty members are left out, names are compared literally.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use vestibule_core::error::Code;
use vestibule_core::flow::authenticator::{Param, Prompt};
use vestibule_core::flow::{Completion, Message, Offer, Step};
use vestibule_core::tenant::MessageStyle;

use super::super::Style;

/// An open step: HTTP 200, or beside an error with `retryable_failure = "error"`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StepBody {
    /// Opaque and constant for the whole flow.
    flow_id: String,
    flow_status: FlowStatus,
    flow_type: FlowType,
    next_step: NextStep,
    /// Where to go on.
    links: [Link; 1],
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum FlowStatus {
    /// An answer is awaited.
    Incomplete,
    /// The last answer was wrong; another is awaited.
    FailIncomplete,
    /// The login is over.
    SuccessCompleted,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum FlowType {
    Authentication,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NextStep {
    step_type: StepType,
    authenticators: Vec<AuthenticatorBody>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<MessageBody>,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum StepType {
    /// One authenticator, which asks.
    AuthenticatorPrompt,
    /// Several to choose from.
    MultiOptionsPrompt,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct AuthenticatorBody {
    authenticator_id: String,
    /// Display name.
    authenticator: String,
    /// Identity provider; `LOCAL` for the server itself.
    idp: String,
    metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    required_params: Option<Vec<&'static str>>,
}

/// Only the key while an option must be selected first.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    i18n_key: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    params: Vec<ParamBody>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    additional_data: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ParamBody {
    param: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    order: u32,
    i18n_key: &'static str,
    display_name: &'static str,
    confidential: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MessageBody {
    #[serde(rename = "type")]
    kind: &'static str,
    message_id: String,
    message: String,
    i18n_key: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    context: Vec<KeyValue>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct KeyValue {
    key: &'static str,
    value: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Link {
    name: &'static str,
    href: String,
    method: &'static str,
}

/// The end of a login.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CompletionBody {
    flow_status: FlowStatus,
    auth_data: BTreeMap<String, String>,
}

impl StepBody {
    /// A step as it is sent. `authn`: where the flow goes on.
    pub(crate) fn of(step: &Step, style: Style, authn: &str) -> Self {
        Self {
            flow_id: step.flow_id.clone(),
            flow_status: if step.failed { FlowStatus::FailIncomplete } else { FlowStatus::Incomplete },
            flow_type: FlowType::Authentication,
            next_step: NextStep {
                step_type: if step.choice { StepType::MultiOptionsPrompt } else { StepType::AuthenticatorPrompt },
                authenticators: step.offers.iter().map(AuthenticatorBody::of).collect(),
                messages: step.messages.iter().map(|message| MessageBody::of(message, style)).collect(),
            },
            links: [Link { name: "authentication", href: authn.to_owned(), method: "POST" }],
        }
    }
}

impl AuthenticatorBody {
    fn of(offer: &Offer) -> Self {
        let metadata = Metadata { i18n_key: offer.i18n_key, ..Metadata::default() };
        Self {
            authenticator_id: offer.id.clone(),
            authenticator: offer.authenticator.clone(),
            idp: offer.idp.clone(),
            metadata: match &offer.prompt {
                Some(prompt) => metadata.asking(prompt),
                None => metadata,
            },
            required_params: offer.prompt.as_ref().map(|prompt| prompt.required.clone()),
        }
    }
}

impl Metadata {
    fn asking(self, prompt: &Prompt) -> Self {
        Self {
            prompt_type: Some(prompt.kind.as_str()),
            params: prompt.params.iter().map(|param| ParamBody::of(param)).collect(),
            additional_data: prompt.additional.clone(),
            ..self
        }
    }
}

impl ParamBody {
    const fn of(param: &'static Param) -> Self {
        Self {
            param: param.name,
            kind: param.kind.as_str(),
            order: param.order,
            i18n_key: param.i18n_key,
            display_name: param.display,
            confidential: param.confidential,
        }
    }
}

impl MessageBody {
    fn of(message: &Message, style: Style) -> Self {
        let retry = Code::AuthenticationFailedRetry.row().code(style.codes);
        let id = message.id.unwrap_or(retry);
        Self {
            kind: message.kind.as_str(),
            message_id: id.to_owned(),
            message: match (style.messages, message.key) {
                (MessageStyle::Wso2, Some(key)) => key.to_owned(),
                (MessageStyle::Text | MessageStyle::Wso2, _) => message.text.clone().into_owned(),
            },
            i18n_key: format!("message.{id}"),
            context: message.context.iter().map(|(key, value)| KeyValue { key, value: value.clone() }).collect(),
        }
    }
}

impl CompletionBody {
    /// The end of a login as it is sent. Parameters that the redirect URI already has come along, as they would in a
    /// redirect.
    pub(crate) fn of(completion: &Completion) -> Self {
        let uri = url::Url::parse(&completion.redirect_uri).ok();
        let own = uri.iter().flat_map(|uri| uri.query_pairs().into_owned()).collect::<Vec<_>>();
        let mut auth_data: BTreeMap<String, String> = own.into_iter().collect();
        auth_data.insert("code".to_owned(), completion.code.clone());
        let optional = [("session_state", &completion.session_state), ("state", &completion.state)];
        for (name, value) in optional {
            if let Some(value) = value {
                auth_data.insert(name.to_owned(), value.clone());
            }
        }
        Self { flow_status: FlowStatus::SuccessCompleted, auth_data }
    }
}
