//! An application in JSON. The same shape goes out and comes in, so that what was read can be sent back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::admin::AppDraft;
use vestibule_core::application::Application;
use vestibule_core::error::Error;

use super::super::super::body::Object;
use super::super::json::Off;
use super::advanced::AdvancedBody;
use super::oidc::OidcBody;
use super::same;
use super::sequence::SequenceBody;

/// An application. Members that are absent from a change stay as they are.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(in super::super) struct ApplicationBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    /// A name for people, unique in the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// A sentence for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Switched off, nobody signs in and no token is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    application_enabled: Option<bool>,
    /// OAuth `client_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_id: Option<String>,
    /// Shown once, in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<Access>,
    /// Where the OAuth settings are.
    #[serde(skip_serializing_if = "Option::is_none")]
    inbound_protocols: Option<Vec<Object<ProtocolLink>>>,
    /// OAuth settings, to set.
    #[serde(skip_serializing_if = "Option::is_none")]
    inbound_protocol_configuration: Option<Object<InboundBody>>,
    /// The steps of a login.
    #[serde(skip_serializing_if = "Option::is_none")]
    authentication_sequence: Option<Object<SequenceBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advanced_configurations: Option<Object<AdvancedBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_url: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    associated_roles: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim_configuration: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_url: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_management_app: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logout_return_url: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provisioning_configurations: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    realm: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_id: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_version: Option<Off>,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Access {
    Write,
}

/// Where the settings of a protocol are.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ProtocolLink {
    #[serde(rename = "type")]
    kind: Protocol,
    name: Protocol,
    #[serde(rename = "self")]
    address: String,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Protocol {
    Oidc,
}

/// Settings by protocol.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct InboundBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    oidc: Option<Object<OidcBody>>,
}

/// A page of applications.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct ApplicationList {
    total_results: usize,
    start_index: usize,
    count: usize,
    applications: Vec<ListedBody>,
    links: [(); 0],
}

/// An application in a list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ListedBody {
    id: String,
    name: String,
    description: String,
    application_enabled: bool,
    client_id: String,
    access: Access,
    #[serde(rename = "self")]
    address: String,
}

impl ApplicationBody {
    /// An application as it is shown. `address`: its own.
    pub(super) fn of(app: &Application, address: &str) -> Self {
        let link = ProtocolLink {
            kind: Protocol::Oidc,
            name: Protocol::Oidc,
            address: format!("{address}/inbound-protocols/oidc"),
        };
        Self {
            id: Some(app.id.to_string()),
            name: Some(app.name.clone()),
            description: Some(app.description.clone()),
            application_enabled: Some(app.enabled),
            client_id: Some(app.client_id.clone()),
            access: Some(Access::Write),
            inbound_protocols: Some(vec![Object(link)]),
            authentication_sequence: Some(Object(SequenceBody::of(&app.sequence))),
            advanced_configurations: Some(Object(AdvancedBody::of(app))),
            ..Self::default()
        }
    }

    /// The OAuth settings in it.
    pub(super) fn oidc(&self) -> Option<&OidcBody> {
        let Object(inbound) = self.inbound_protocol_configuration.as_ref()?;
        inbound.oidc.as_ref().map(|Object(oidc)| oidc)
    }

    /// What only the server decides must be what it is.
    pub(super) fn is_about(&self, app: &Application) -> Result<(), Error> {
        same("id", self.id.as_ref(), &app.id.to_string())?;
        same("clientId", self.client_id.as_ref(), &app.client_id)?;
        same("clientSecret", self.client_secret.as_ref(), "")?;
        self.oidc().map_or(Ok(()), |oidc| oidc.is_about(app))
    }

    /// Does to an application what the body says.
    pub(super) fn apply(&self, draft: &mut AppDraft) -> Result<(), Error> {
        if let Some(name) = &self.name {
            draft.name.clone_from(name);
        }
        if let Some(description) = &self.description {
            draft.description.clone_from(description);
        }
        draft.enabled = self.application_enabled.unwrap_or(draft.enabled);
        if let Some(oidc) = self.oidc() {
            oidc.apply(draft)?;
        }
        if let Some(Object(sequence)) = &self.authentication_sequence {
            draft.sequence = sequence.parse()?;
        }
        if let Some(Object(advanced)) = &self.advanced_configurations {
            advanced.apply(draft)?;
        }
        Ok(())
    }
}

impl ApplicationList {
    /// A page after the first `offset` of `total`, each with its address.
    pub(super) fn of(total: usize, offset: usize, apps: &[(&Application, String)]) -> Self {
        let listed = |(app, address): &(&Application, String)| ListedBody {
            id: app.id.to_string(),
            name: app.name.clone(),
            description: app.description.clone(),
            application_enabled: app.enabled,
            client_id: app.client_id.clone(),
            access: Access::Write,
            address: address.clone(),
        };
        Self {
            total_results: total,
            start_index: offset.saturating_add(1),
            count: apps.len(),
            applications: apps.iter().map(listed).collect(),
            links: [],
        }
    }
}
