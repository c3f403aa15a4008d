//! A connection in JSON. The same shape goes out and comes in, so that what was read can be sent back: its secrets are then
//! not mentioned, and stay.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::admin::ConnectionDraft;
use vestibule_core::connection::{Connection, Provisioning};
use vestibule_core::error::Error;
use vestibule_core::ports::Secret;

use super::super::super::body::Object;
use super::super::gate::Call;
use super::super::json::Off;
use super::claims::ClaimsBody;
use super::federated::FederatedBody;
use super::invalid;

/// A connection to an identity provider. Members that are absent from a change stay as they are.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(in super::super) struct ConnectionBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Its name in an application's steps, unique in the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// A sentence for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// Where its picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    /// Switched off, it cannot be chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_enabled: Option<bool>,
    /// The provider's issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    idp_issuer_name: Option<String>,
    /// The audience of ID tokens that apps bring.
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<Object<CertificateBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<Object<ClaimsBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    federated_authenticators: Option<Object<FederatedBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provisioning: Option<Object<ProvisioningBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_primary: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_federation_hub: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_realm_identifier: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    template_id: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    roles: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    implicit_association: Option<Off>,
}

/// Where the provider's keys are.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct CertificateBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificates: Option<Off>,
}

/// What becomes of users who are unknown here.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ProvisioningBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    jit: Option<Object<JitBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outbound_connectors: Option<Off>,
}

/// Just-in-time provisioning.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct JitBody {
    /// They are made.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<Scheme>,
    #[serde(skip_serializing_if = "Option::is_none")]
    userstore: Option<Userstore>,
    /// They are taken for the user here whose name is the same email address, if both sides have verified it.
    #[serde(skip_serializing_if = "Option::is_none")]
    associate_local_user: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attribute_sync_method: Option<Sync>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Scheme {
    ProvisionSilently,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Userstore {
    Primary,
}

/// How attributes follow those of the provider at later logins: they do not.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Sync {
    None,
}

/// A page of connections.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct ConnectionList {
    total_results: usize,
    start_index: usize,
    count: usize,
    identity_providers: Vec<ListedConnection>,
    links: [(); 0],
}

/// A connection in a list.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ListedConnection {
    id: String,
    name: String,
    description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    is_enabled: bool,
    #[serde(rename = "self")]
    address: String,
}

impl ConnectionBody {
    /// A connection as it is shown.
    pub(super) fn of(connection: &Connection) -> Self {
        let setting = |name: &str| connection.setting(name).map(str::to_owned);
        let Provisioning { just_in_time, link_by_email } = connection.provisioning;
        let jit = JitBody {
            is_enabled: Some(just_in_time),
            scheme: Some(Scheme::ProvisionSilently),
            userstore: Some(Userstore::Primary),
            associate_local_user: Some(link_by_email),
            attribute_sync_method: Some(Sync::None),
        };
        Self {
            id: Some(connection.id.to_string()),
            name: Some(connection.name.clone()),
            description: Some(connection.description.clone()),
            image: connection.image.clone(),
            is_enabled: Some(connection.enabled),
            idp_issuer_name: setting("idpIssuerName"),
            alias: setting("alias"),
            certificate: setting("jwksUri")
                .map(|uri| Object(CertificateBody { jwks_uri: Some(uri), certificates: None })),
            claims: Some(Object(ClaimsBody::of(&connection.mapping))),
            federated_authenticators: Some(Object(FederatedBody::of(connection))),
            provisioning: Some(Object(ProvisioningBody { jit: Some(Object(jit)), outbound_connectors: None })),
            ..Self::default()
        }
    }

    /// The name of a connection to make.
    pub(super) fn name(&self) -> Result<&str, Error> {
        if self.id.is_some() {
            return Err(invalid("id is given by the server."));
        }
        self.name.as_deref().ok_or_else(|| invalid("name is missing."))
    }

    /// The authenticator of a connection to make.
    pub(super) fn authenticator(&self, call: &Call) -> Result<&'static str, Error> {
        let Object(federated) =
            self.federated_authenticators.as_ref().ok_or_else(|| invalid("federatedAuthenticators is missing."))?;
        federated.authenticator(call)
    }

    /// What only the server decides must be what it is.
    pub(super) fn is_about(&self, connection: &Connection) -> Result<(), Error> {
        match &self.id {
            Some(id) if *id != connection.id.to_string() => Err(invalid("id cannot be changed.")),
            _ => Ok(()),
        }
    }

    /// Does to a connection what the body says.
    pub(super) fn apply(&self, call: &Call, draft: &mut ConnectionDraft) -> Result<(), Error> {
        if let Some(name) = &self.name {
            draft.name.clone_from(name);
        }
        if let Some(description) = &self.description {
            draft.description.clone_from(description);
        }
        if let Some(image) = &self.image {
            draft.image = Some(image.clone()).filter(|image| !image.is_empty());
        }
        draft.enabled = self.is_enabled.unwrap_or(draft.enabled);
        if let Some(Object(federated)) = &self.federated_authenticators {
            federated.apply(call, draft)?;
        }
        let jwks_uri = self.certificate.as_ref().and_then(|Object(certificate)| certificate.jwks_uri.as_ref());
        for (name, given) in
            [("idpIssuerName", self.idp_issuer_name.as_ref()), ("alias", self.alias.as_ref()), ("jwksUri", jwks_uri)]
        {
            if let Some(given) = given {
                draft.properties.insert(name.to_owned(), Secret::new(given.clone()));
            }
        }
        if let Some(Object(claims)) = &self.claims {
            draft.mapping = claims.parse()?;
        }
        if let Some(Object(ProvisioningBody { jit: Some(Object(jit)), .. })) = &self.provisioning {
            let provisioning = &mut draft.provisioning;
            provisioning.just_in_time = jit.is_enabled.unwrap_or(provisioning.just_in_time);
            provisioning.link_by_email = jit.associate_local_user.unwrap_or(provisioning.link_by_email);
        }
        Ok(())
    }
}

impl ConnectionList {
    /// A page after the first `offset` of `total`, each with its address.
    pub(super) fn of(total: usize, offset: usize, connections: &[(&Connection, String)]) -> Self {
        let listed = |(connection, address): &(&Connection, String)| ListedConnection {
            id: connection.id.to_string(),
            name: connection.name.clone(),
            description: connection.description.clone(),
            image: connection.image.clone(),
            is_enabled: connection.enabled,
            address: address.clone(),
        };
        Self {
            total_results: total,
            start_index: offset.saturating_add(1),
            count: connections.len(),
            identity_providers: connections.iter().map(listed).collect(),
            links: [],
        }
    }
}
