//! The `claims` parameter (OpenID Connect Core §5.5), as far as it changes anything here.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// Claims asked for one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestedClaims {
    /// For the ID token.
    #[serde(rename = "i", skip_serializing_if = "BTreeSet::is_empty")]
    pub id_token: BTreeSet<String>,
    /// For userinfo.
    #[serde(rename = "u", skip_serializing_if = "BTreeSet::is_empty")]
    pub userinfo: BTreeSet<String>,
    /// Context classes of which one must be reached (§5.5.1.1).
    #[serde(rename = "a", skip_serializing_if = "BTreeSet::is_empty")]
    pub essential_acr: BTreeSet<String>,
    /// The only subject that will do (§5.5.1).
    #[serde(rename = "s", skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    id_token: BTreeMap<String, Option<Wish>>,
    #[serde(default)]
    userinfo: BTreeMap<String, Option<Wish>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Wish {
    essential: bool,
    value: Option<serde_json::Value>,
    values: Vec<serde_json::Value>,
}

impl Wish {
    fn texts(&self) -> impl Iterator<Item = String> {
        self.value.iter().chain(&self.values).filter_map(|value| value.as_str()).map(str::to_owned)
    }
}

impl RequestedClaims {
    /// Reads the parameter; `None` when it is not such a document.
    pub fn read(text: &str) -> Option<Self> {
        // A list would be read member by member as if it were the object.
        let wire: Wire = text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok())??;
        let wish = |name: &str| wire.id_token.get(name).and_then(Option::as_ref);
        let essential_acr = wish("acr").filter(|wish| wish.essential).map(|wish| wish.texts().collect());
        let subject = wish("sub")
            .or_else(|| wire.userinfo.get("sub").and_then(Option::as_ref))
            .and_then(|wish| wish.texts().next());
        Some(Self {
            essential_acr: essential_acr.unwrap_or_default(),
            subject,
            id_token: wire.id_token.into_keys().collect(),
            userinfo: wire.userinfo.into_keys().collect(),
        })
    }

    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_specification_is_read() {
        let claims = RequestedClaims::read(
            r#"{"userinfo":{"given_name":{"essential":true},"picture":null},
                "id_token":{"auth_time":{"essential":true},"acr":{"essential":true,"values":["aal2"]}}}"#,
        )
        .unwrap();
        assert!(claims.userinfo.contains("given_name") && claims.userinfo.contains("picture"));
        assert_eq!(claims.essential_acr, ["aal2".to_owned()].into());
        assert!(RequestedClaims::read("[]").is_none());
        assert!(RequestedClaims::read("{").is_none());
    }
}
