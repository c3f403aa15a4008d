//! A person elsewhere becomes a user here: which claim goes where, and what a name may be. What does not fit is left out,
//! never cut: half a name is another one.

use serde_json::Value;
use vestibule_core::user::{Contact, Profile};

use super::{Line, Person};

/// Where the claims of OpenID Connect Core §5.1 go, unless a connection says otherwise.
const USUAL: &[(&str, &str)] = &[
    ("name", "name.formatted"),
    ("given_name", "name.givenName"),
    ("family_name", "name.familyName"),
    ("nickname", "nickName"),
    ("locale", "locale"),
    ("zoneinfo", "timezone"),
    ("email", "emails"),
    ("phone_number", "phoneNumbers"),
];

/// Attributes that a claim may become.
pub(super) const USER_NAME: &str = "userName";

/// What is known of the person.
pub(super) fn profile(line: &Line<'_>, person: &Person) -> Profile {
    let mut profile = Profile::default();
    if line.connection.mapping.is_empty() {
        for (claim, attribute) in USUAL {
            take(&mut profile, line, (person, claim, attribute));
        }
    }
    for (claim, attribute) in &line.connection.mapping {
        take(&mut profile, line, (person, claim, attribute));
    }
    profile
}

/// The name that the connection's mapping gives the person.
pub(super) fn mapped_name(line: &Line<'_>, person: &Person) -> Option<String> {
    let (claim, _) = line.connection.mapping.iter().find(|(_, attribute)| attribute == USER_NAME)?;
    person.text(claim).filter(|name| is_text(name, 255))
}

fn take(profile: &mut Profile, line: &Line<'_>, (person, claim, attribute): (&Person, &str, &str)) {
    let Some(text) = person.text(claim) else { return };
    let short = |longest| Some(text.clone()).filter(|text| is_text(text, longest));
    match attribute {
        "name.formatted" => profile.formatted = short(255),
        "name.givenName" => profile.given_name = short(255),
        "name.familyName" => profile.family_name = short(255),
        "displayName" => profile.display_name = short(255),
        "nickName" => profile.nick_name = short(255),
        "locale" => profile.locale = short(35).filter(|text| is_language(text)),
        "timezone" => profile.zone = short(64),
        "emails" => profile.emails = email(line, person, &text).into_iter().collect(),
        "phoneNumbers" => profile.phones = phone(&text).into_iter().collect(),
        _ => {}
    }
}

/// The address. It counts as verified here only where the connection's word on addresses links accounts: else whoever has
/// an account at a careless provider could lay in wait here for the owner of an address.
fn email(line: &Line<'_>, person: &Person, text: &str) -> Option<Contact> {
    let value = person.email.clone().filter(|email| email == text)?;
    let verified = person.email_verified && line.connection.provisioning.link_by_email;
    Some(Contact { value, kind: None, primary: true, verified })
}

fn phone(text: &str) -> Option<Contact> {
    let spelled = text.chars().all(|c| c.is_ascii_digit() || "+-. ()".contains(c));
    let is_phone = text.len() <= 32 && spelled && text.chars().any(|c| c.is_ascii_digit());
    is_phone.then(|| Contact {
        value: text.to_owned(),
        kind: Some("mobile".to_owned()),
        primary: false,
        verified: false,
    })
}

fn is_text(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control)
}

/// The shape of a language tag (RFC 5646 §2.1).
fn is_language(text: &str) -> bool {
    text.split(['-', '_']).all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

/// Names that a provider keeps in a member of their own, by the claims that they are elsewhere.
pub(crate) fn names_of<const N: usize>(
    value: &Value,
    outer: &str,
    names: [(&str, &'static str); N],
) -> Vec<(&'static str, String)> {
    let name = |inner: &str| value.get(outer)?.get(inner)?.as_str().filter(|text| is_text(text, 255));
    names.into_iter().filter_map(|(inner, claim)| Some((claim, name(inner)?.to_owned()))).collect()
}
