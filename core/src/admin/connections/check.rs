//! What a connection may be like, whichever way of signing in speaks with it.

use std::collections::BTreeMap;

use url::Url;

use super::super::{invalid, is_text};
use super::{ConnectionDraft, Elsewhere};
use crate::application::{CUSTOM, StepOption};
use crate::error::Error;
use crate::flow::authenticator::{Setting, SettingKind};

const LONGEST_NAME: usize = 128;
const LONGEST_DESCRIPTION: usize = 1024;
const LONGEST_CLAIM: usize = 255;
const MOST_MAPPINGS: usize = 50;

/// The attributes of a user that a claim may become.
pub const ATTRIBUTES: &[&str] = &[
    "userName",
    "name.formatted",
    "name.givenName",
    "name.familyName",
    "displayName",
    "nickName",
    "locale",
    "timezone",
    "emails",
    "phoneNumbers",
];

/// Refuses what no connection may be like.
pub(super) fn draft(kind: Elsewhere, draft: &ConnectionDraft) -> Result<(), Error> {
    match kind {
        Elsewhere::Provider => provider_name(&draft.name)?,
        Elsewhere::Service => service_name(draft)?,
    }
    if !is_text(&draft.description, LONGEST_DESCRIPTION) {
        return Err(invalid(format!("description must have at most {LONGEST_DESCRIPTION} characters.")));
    }
    if draft.display.as_ref().is_some_and(|name| name.trim().is_empty() || !is_text(name, LONGEST_NAME)) {
        return Err(invalid(format!("displayName must have 1 to {LONGEST_NAME} characters.")));
    }
    let is_address = |text: &String| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    if draft.image.as_ref().is_some_and(|image| image.len() > 2048 || !is_address(image)) {
        return Err(invalid("image must be an absolute address of at most 2048 bytes."));
    }
    mapping(&draft.mapping)
}

/// The name stands in an authenticatorId after a colon and in an application's steps.
fn provider_name(name: &str) -> Result<(), Error> {
    if name.trim() != name || name.is_empty() || !is_text(name, LONGEST_NAME) || name.contains(':') {
        return Err(invalid(format!(
            "name must have 1 to {LONGEST_NAME} characters, no colon, and no blank at either end."
        )));
    }
    if name == StepOption::LOCAL || name.starts_with(CUSTOM) {
        return Err(invalid(format!("name must not be {} nor begin with {CUSTOM}.", StepOption::LOCAL)));
    }
    Ok(())
}

fn service_name(draft: &ConnectionDraft) -> Result<(), Error> {
    let rest = draft.name.strip_prefix(CUSTOM).unwrap_or_default();
    let is_spelled = rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if rest.is_empty() || !is_spelled || draft.name.len() > LONGEST_NAME || draft.authenticator != draft.name {
        return Err(invalid(format!(
            "name must be {CUSTOM} and then letters, digits, - and _, at most {LONGEST_NAME} in all."
        )));
    }
    Ok(())
}

fn mapping(mapping: &[(String, String)]) -> Result<(), Error> {
    if mapping.len() > MOST_MAPPINGS {
        return Err(invalid(format!("claims.mappings must be at most {MOST_MAPPINGS}.")));
    }
    for (n, (claim, attribute)) in mapping.iter().enumerate() {
        if claim.is_empty() || !is_text(claim, LONGEST_CLAIM) {
            return Err(invalid(format!("claims.mappings.idpClaim must have 1 to {LONGEST_CLAIM} characters.")));
        }
        if !ATTRIBUTES.contains(&attribute.as_str()) {
            return Err(invalid(format!("claims.mappings.localClaim must be one of {}.", ATTRIBUTES.join(", "))));
        }
        if mapping.iter().take(n).any(|(_, other)| other == attribute) {
            return Err(invalid("claims.mappings must differ in their localClaim."));
        }
    }
    Ok(())
}

/// Secrets that are kept go to no other server than before: whoever may change an address need not know them, and must not
/// learn them from a server of their own.
pub(super) fn secrets_stay_where_they_were(
    known: &[Setting],
    (before, now): (&BTreeMap<String, String>, &BTreeMap<String, String>),
    kept: &[String],
) -> Result<(), Error> {
    let Some(secret) = kept.first() else { return Ok(()) };
    let origin = |settings: &BTreeMap<String, String>, setting: &Setting| {
        let text = settings.get(setting.name).map_or(setting.default, String::as_str);
        Url::parse(text).ok().map(|url| url.origin())
    };
    let mut endpoints = known.iter().filter(|setting| setting.kind == SettingKind::Endpoint);
    match endpoints.find(|setting| origin(before, setting) != origin(now, setting)) {
        None => Ok(()),
        Some(setting) => {
            Err(invalid(format!("{} leads to another server now: send {secret} again with it.", setting.name)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: Elsewhere, name: &str) -> bool {
        draft(kind, &ConnectionDraft::new(name, name)).is_err()
    }

    #[test]
    fn a_providers_name_fits_into_an_authenticator_id() {
        for good in ["Google", "Sign In With Ethereum", "Firma Müller"] {
            assert!(!refused(Elsewhere::Provider, good), "{good}");
        }
        for bad in ["", " Google", "a:b", "LOCAL", "custom-x", &"x".repeat(129), "a\nb"] {
            assert!(refused(Elsewhere::Provider, bad), "{bad}");
        }
    }

    #[test]
    fn a_services_name_begins_with_custom() {
        assert!(!refused(Elsewhere::Service, "custom-native-auth"));
        for bad in ["native-auth", "custom-", "custom-a:b", "custom-a b"] {
            assert!(refused(Elsewhere::Service, bad), "{bad}");
        }
    }

    #[test]
    fn a_claim_becomes_one_attribute_that_there_is() {
        let maps = |pairs: &[(&str, &str)]| {
            mapping(&pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>())
        };
        assert!(maps(&[("nick", "userName"), ("email", "emails")]).is_ok());
        assert!(maps(&[("a", "userName"), ("b", "userName")]).is_err());
        assert!(maps(&[("a", "administrator")]).is_err() && maps(&[("", "userName")]).is_err());
    }
}
