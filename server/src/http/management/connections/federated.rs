//! `federatedAuthenticators`: the way of signing in that speaks with a connection, and its settings. Secret ones come in and
//! never go out; one that is not mentioned stays.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::admin::ConnectionDraft;
use vestibule_core::connection::Connection;
use vestibule_core::error::Error;
use vestibule_core::ports::Secret;
use vestibule_jose::{base64url, from_base64url_lenient};

use super::super::super::body::Object;
use super::super::gate::Call;
use super::super::json::{On, invalid};

/// Settings that stand elsewhere in the connection's document.
pub(super) const ABOVE: [&str; 3] = ["idpIssuerName", "alias", "jwksUri"];

/// The ways of signing in of a connection, of which there is one.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct FederatedBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default_authenticator_id: Option<String>,
    authenticators: Vec<Object<AuthenticatorBody>>,
}

/// A way of signing in.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AuthenticatorBody {
    /// Its name in base64url.
    authenticator_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    is_enabled: Option<On>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    is_default: Option<On>,
    /// Its settings; replaced as a whole, but for secret ones, which stay until they are mentioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    properties: Option<Vec<Object<PropertyBody>>>,
}

/// A setting.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PropertyBody {
    key: String,
    value: String,
}

impl FederatedBody {
    /// The connection's, without what is secret.
    pub(super) fn of(connection: &Connection) -> Self {
        let shown = connection.settings.iter().filter(|(key, _)| !ABOVE.contains(&key.as_str()));
        let shown = shown.map(|(key, value)| Object(PropertyBody { key: key.clone(), value: value.clone() }));
        let id = base64url(connection.authenticator.as_bytes());
        let authenticator = AuthenticatorBody {
            authenticator_id: id.clone(),
            name: Some(connection.authenticator.clone()),
            is_enabled: Some(On),
            is_default: Some(On),
            properties: Some(shown.collect()),
        };
        Self { default_authenticator_id: Some(id), authenticators: vec![Object(authenticator)] }
    }

    /// The name of the authenticator.
    pub(super) fn authenticator(&self, call: &Call) -> Result<&'static str, Error> {
        let authenticator = self.one()?;
        let name =
            from_base64url_lenient(&authenticator.authenticator_id).and_then(|name| String::from_utf8(name).ok());
        let way = name.and_then(|name| call.app.house().engine.registry().known(&name));
        let way = way.filter(|way| way.spec().connected && !way.spec().name.ends_with('*'));
        let name = way.map(|way| way.spec().name);
        let name = name.ok_or_else(|| {
            invalid("federatedAuthenticators.authenticators.authenticatorId is none of meta/federated-authenticators.")
        })?;
        if authenticator.name.as_ref().is_some_and(|given| given != name) {
            return Err(invalid("federatedAuthenticators.authenticators.name does not belong to the authenticatorId."));
        }
        if self.default_authenticator_id.as_ref().is_some_and(|id| *id != authenticator.authenticator_id) {
            return Err(invalid(
                "federatedAuthenticators.defaultAuthenticatorId must be that of the one authenticator.",
            ));
        }
        Ok(name)
    }

    /// Does to a connection what the body says.
    pub(super) fn apply(&self, call: &Call, draft: &mut ConnectionDraft) -> Result<(), Error> {
        self.authenticator(call)?.clone_into(&mut draft.authenticator);
        let Some(properties) = &self.one()?.properties else { return Ok(()) };
        draft.settings.retain(|key, _| ABOVE.contains(&key.as_str()));
        for Object(PropertyBody { key, value }) in properties {
            if draft.properties.insert(key.clone(), Secret::new(value.clone())).is_some() {
                return Err(invalid("federatedAuthenticators.authenticators.properties must differ in their key."));
            }
        }
        Ok(())
    }

    fn one(&self) -> Result<&AuthenticatorBody, Error> {
        match self.authenticators.as_slice() {
            [Object(one)] => Ok(one),
            _ => Err(invalid("federatedAuthenticators.authenticators must be one.")),
        }
    }
}
