//! `claims`: which claim of a provider becomes which attribute of a user here. Attributes have the names of WSO2's dialect;
//! those of SCIM are understood too.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::admin::ATTRIBUTES;
use vestibule_core::error::Error;

use super::super::super::body::Object;
use super::super::json::{Off, invalid};

/// The names of attributes in WSO2's dialect.
const DIALECT: &[(&str, &str)] = &[
    ("http://wso2.org/claims/username", "userName"),
    ("http://wso2.org/claims/fullname", "name.formatted"),
    ("http://wso2.org/claims/givenname", "name.givenName"),
    ("http://wso2.org/claims/lastname", "name.familyName"),
    ("http://wso2.org/claims/displayName", "displayName"),
    ("http://wso2.org/claims/nickname", "nickName"),
    ("http://wso2.org/claims/local", "locale"),
    ("http://wso2.org/claims/timeZone", "timezone"),
    ("http://wso2.org/claims/emailaddress", "emails"),
    ("http://wso2.org/claims/mobile", "phoneNumbers"),
];

/// Which claim becomes which attribute; without any, the claims of OpenID Connect go where they belong.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ClaimsBody {
    mappings: Vec<Object<MappingBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id_claim: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_claim: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provisioning_claims: Option<Off>,
}

/// One claim.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct MappingBody {
    /// Its name at the provider.
    idp_claim: String,
    local_claim: Object<LocalClaim>,
}

/// An attribute of a user here.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LocalClaim {
    uri: String,
    #[serde(default, skip_serializing, rename = "id")]
    _id: Option<String>,
    #[serde(default, skip_serializing, rename = "displayName")]
    _display_name: Option<String>,
}

impl ClaimsBody {
    /// A mapping as it is shown.
    pub(super) fn of(mapping: &[(String, String)]) -> Self {
        let mappings = mapping.iter().map(|(claim, attribute)| {
            let known = DIALECT.iter().find(|(_, own)| own == attribute).map(|(uri, _)| *uri);
            let uri = known.unwrap_or(attribute).to_owned();
            let local_claim = Object(LocalClaim { uri, _id: None, _display_name: None });
            Object(MappingBody { idp_claim: claim.clone(), local_claim })
        });
        Self { mappings: mappings.collect(), ..Self::default() }
    }

    /// The mapping.
    pub(super) fn parse(&self) -> Result<Vec<(String, String)>, Error> {
        let one = |Object(mapping): &Object<MappingBody>| {
            let Object(LocalClaim { uri, .. }) = &mapping.local_claim;
            let found = DIALECT.iter().find(|(known, _)| known == uri).map(|(_, own)| *own);
            let found = found.or_else(|| ATTRIBUTES.iter().find(|own| *own == uri).copied());
            let known: Vec<_> = DIALECT.iter().map(|(uri, _)| *uri).collect();
            let attribute = found.ok_or_else(|| {
                invalid(format!("claims.mappings.localClaim.uri must be one of {}.", known.join(", ")))
            })?;
            Ok((mapping.idp_claim.clone(), attribute.to_owned()))
        };
        self.mappings.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_attribute_has_a_name_in_the_dialect() {
        let own: Vec<_> = DIALECT.iter().map(|(_, own)| *own).collect();
        assert!(ATTRIBUTES.iter().all(|attribute| own.contains(attribute)));
        assert_eq!(own.len(), ATTRIBUTES.len());
    }
}
