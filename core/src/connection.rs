//! Connections: identity providers and services elsewhere that an operator lets decide who somebody is. What the settings
//! of a connection mean is decided by the way of signing in that it is for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Fault;
use crate::ports::{ConnectionId, Secret, TenantId, Timestamp};
use crate::secrets::Secrets;

/// A connection to another identity provider or to a service of the operator's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// Its id in the management API.
    pub id: ConnectionId,
    /// The realm.
    pub tenant: TenantId,
    /// Counts the changes; a change names the revision that it saw.
    pub revision: u64,
    /// Its name, unique in the tenant: the `idp` of an option, or of a service (`custom-…`) the name of its authenticator.
    pub name: String,
    /// A sentence for people.
    pub description: String,
    /// Where its picture is.
    pub image: Option<String>,
    /// Switched off, it cannot be chosen.
    pub enabled: bool,
    /// Name of the authenticator that speaks with it, as `GoogleOIDCAuthenticator`.
    pub authenticator: String,
    /// Name for people where the authenticator has none of its own.
    pub display: Option<String>,
    /// Settings by the names that the authenticator knows, none of them secret.
    pub settings: BTreeMap<String, String>,
    /// Settings that are secret, sealed.
    pub secrets: BTreeMap<String, String>,
    /// What becomes of users who are unknown here.
    pub provisioning: Provisioning,
    /// From the provider's claims to the attributes of a user here, as (`given_name`, `name.givenName`).
    pub mapping: Vec<(String, String)>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
}

/// What becomes of users of a provider who are unknown here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provisioning {
    /// They are made (just-in-time provisioning).
    pub just_in_time: bool,
    /// They are taken for the one user here with the same email address, if both sides have verified it.
    pub link_by_email: bool,
}

impl Connection {
    /// A setting that is no secret.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }

    /// Whether a switch is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.setting(name) == Some("true")
    }

    /// A setting that is secret.
    ///
    /// # Errors
    /// It was sealed by another server.
    pub fn secret(&self, name: &str, secrets: &Secrets) -> Result<Option<Secret<String>>, Fault> {
        let Some(sealed) = self.secrets.get(name) else { return Ok(None) };
        let plain = secrets.open("connection", sealed).ok_or(Fault::new("a connection's secret of another server"))?;
        let text = String::from_utf8(plain.as_ref().to_vec());
        text.map(|text| Some(Secret::new(text))).map_err(|error| Fault::from("reading a connection's secret", error))
    }
}
