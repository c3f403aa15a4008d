//! A user in JSON, as it goes out. What comes in has the same members, read one by one in [`super::edit`].

use schemars::JsonSchema;
use serde::Serialize;
use vestibule_core::credential::Credential;
use vestibule_core::user::{Contact, User};

use super::super::management::FactorBody;
use super::{FACTORS, LIST, USER, WSO2};

/// A user (RFC 7643 §4.1).
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserBody {
    schemas: Vec<&'static str>,
    id: String,
    user_name: String,
    #[serde(skip_serializing_if = "NameBody::is_empty")]
    name: NameBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nick_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
    active: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    emails: Vec<ContactBody>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    phone_numbers: Vec<ContactBody>,
    #[serde(rename = "urn:scim:wso2:schema")]
    extension: ExtensionBody,
    /// Only where one user is shown.
    #[serde(rename = "urn:vestibule:scim:factors", skip_serializing_if = "Option::is_none")]
    factors: Option<FactorsBody>,
    meta: MetaBody,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NameBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    formatted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<String>,
}

#[derive(Serialize, JsonSchema)]
struct ContactBody {
    value: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    primary: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ExtensionBody {
    /// Locked by an administrator; `false` in a request also lifts the locks that wrong answers brought.
    account_locked: bool,
    /// Another password is wanted at the next login.
    force_password_reset: bool,
}

/// What a user holds besides a password, without what is secret.
#[derive(Serialize, JsonSchema)]
struct FactorsBody {
    factors: Vec<FactorBody>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct MetaBody {
    resource_type: &'static str,
    created: String,
    last_modified: String,
    location: String,
}

/// A page of users (RFC 7644 §3.4.2).
#[derive(Serialize, JsonSchema)]
pub(crate) struct UserList {
    schemas: [&'static str; 1],
    #[serde(rename = "totalResults")]
    total_results: usize,
    #[serde(rename = "startIndex")]
    start_index: usize,
    #[serde(rename = "itemsPerPage")]
    items_per_page: usize,
    #[serde(rename = "Resources")]
    resources: Vec<UserBody>,
}

impl UserBody {
    /// A user as it is shown at its address.
    pub(super) fn of(user: &User, location: String) -> Self {
        let profile = &user.profile;
        Self {
            schemas: vec![USER, WSO2],
            id: user.id.to_string(),
            user_name: user.name.clone(),
            name: NameBody {
                formatted: profile.formatted.clone(),
                given_name: profile.given_name.clone(),
                family_name: profile.family_name.clone(),
            },
            display_name: profile.display_name.clone(),
            nick_name: profile.nick_name.clone(),
            locale: profile.locale.clone(),
            timezone: profile.zone.clone(),
            active: user.active,
            emails: profile.emails.iter().map(ContactBody::of).collect(),
            phone_numbers: profile.phones.iter().map(ContactBody::of).collect(),
            extension: ExtensionBody { account_locked: user.locked, force_password_reset: user.renew_password },
            factors: None,
            meta: MetaBody {
                resource_type: "User",
                created: user.created.to_string(),
                last_modified: user.modified.to_string(),
                location,
            },
        }
    }

    /// With what the user holds, if it is anything.
    pub(super) fn with_factors(mut self, held: &[Credential]) -> Self {
        if !held.is_empty() {
            self.schemas.push(FACTORS);
            self.factors = Some(FactorsBody { factors: held.iter().map(FactorBody::of).collect() });
        }
        self
    }
}

impl UserList {
    /// A page of `total` users that begins with number `start_index`.
    pub(super) fn of(total: usize, start_index: usize, resources: Vec<UserBody>) -> Self {
        let items_per_page = resources.len();
        Self { schemas: [LIST], total_results: total, start_index, items_per_page, resources }
    }
}

impl NameBody {
    const fn is_empty(&self) -> bool {
        self.formatted.is_none() && self.given_name.is_none() && self.family_name.is_none()
    }
}

impl ContactBody {
    fn of(contact: &Contact) -> Self {
        Self { value: contact.value.clone(), kind: contact.kind.clone(), primary: contact.primary }
    }
}
