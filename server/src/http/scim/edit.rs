//! What is said of a user, done to a draft of the user: one attribute at a time, by one of three verbs. A whole user is
//! the addition of each member; a patch is a list of these.

use serde_json::Value;
use vestibule_core::admin::UserDraft;
use vestibule_core::error::Error;
use vestibule_core::ports::Secret;
use vestibule_core::user::{Contact, Profile};

use super::super::management::{invalid, printable};
use super::filter::Equality;
use super::value::{flag, object, several, text};
use super::{FACTORS, OWN, USER, WSO2};

/// What is done to an attribute (RFC 7644 §3.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Add,
    Replace,
    Remove,
}

/// An attribute, some of its values, a part of them: `emails[type eq "work"].value`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    /// Name as it was written, for refusals.
    pub name: String,
    /// Which values are meant.
    pub which: Option<Equality>,
    /// Which part is meant.
    pub part: Option<String>,
}

impl Target {
    /// Reads a path (RFC 7644 §3.5.2, figure 7) or the name of a member.
    pub(super) fn read(path: &str) -> Result<Self, Error> {
        let wrong = || invalid(format!("The path {} cannot be read.", printable(path)));
        let path = strip(path, USER).and_then(|rest| rest.strip_prefix(':')).unwrap_or(path);
        if let Some((schema, rest)) = [WSO2, OWN].into_iter().find_map(|own| Some((own, strip(path, own)?))) {
            let part = match rest {
                "" => None,
                rest => Some(rest.strip_prefix(':').filter(|part| !part.is_empty()).ok_or_else(wrong)?.to_owned()),
            };
            return Ok(Self { name: schema.to_owned(), which: None, part });
        }
        let end = path.find(['[', '.']).unwrap_or(path.len());
        let (name, mut rest) = path.split_at_checked(end).ok_or_else(wrong)?;
        let mut which = None;
        if let Some(filter) = rest.strip_prefix('[') {
            let (equality, after) = Equality::read(filter).ok_or_else(wrong)?;
            rest = after.trim_start().strip_prefix(']').ok_or_else(wrong)?;
            which = Some(equality);
        }
        let part = match rest {
            "" => None,
            rest => Some(rest.strip_prefix('.').filter(|part| !part.is_empty()).ok_or_else(wrong)?.to_owned()),
        };
        if name.is_empty() { Err(wrong()) } else { Ok(Self { name: name.to_owned(), which, part }) }
    }

    fn unknown(&self) -> Error {
        let part = self.part.as_ref().map(|part| format!(".{part}")).unwrap_or_default();
        invalid(format!("{} is unknown.", printable(&format!("{}{part}", self.name))))
    }
}

/// What follows a prefix whose case does not matter.
fn strip<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// Does to a draft what an object says, member by member. What only the server writes is passed over (RFC 7644 §3.5.1).
pub(super) fn members(draft: &mut UserDraft, verb: Verb, value: &Value) -> Result<(), Error> {
    for (name, value) in object("The value", value)? {
        if !["schemas", "id", "meta", FACTORS].iter().any(|own| name.eq_ignore_ascii_case(own)) {
            attribute(draft, verb, &Target::read(name)?, value)?;
        }
    }
    Ok(())
}

/// Does something to an attribute.
pub(super) fn attribute(draft: &mut UserDraft, verb: Verb, target: &Target, value: &Value) -> Result<(), Error> {
    let name = target.name.to_ascii_lowercase();
    match name.as_str() {
        "emails" => return contacts(&mut draft.profile.emails, "emails", verb, (target, value)),
        "phonenumbers" => return contacts(&mut draft.profile.phones, "phoneNumbers", verb, (target, value)),
        _ if target.which.is_some() => return Err(target.unknown()),
        "name" => return person(&mut draft.profile, verb, target, value),
        "schemas" | "id" | "meta" => return Err(invalid(format!("{} cannot be changed.", printable(&target.name)))),
        _ => {}
    }
    if [WSO2, OWN].contains(&target.name.as_str()) {
        return extension(draft, verb, target, value);
    }
    if target.part.is_some() {
        return Err(target.unknown());
    }
    if let Some(field) = single(&mut draft.profile, &name) {
        *field = if verb == Verb::Remove { None } else { text(&target.name, value)? };
        return Ok(());
    }
    if verb == Verb::Remove && ["username", "password", "active"].contains(&name.as_str()) {
        return Err(invalid(format!("{} cannot be removed.", printable(&target.name))));
    }
    match name.as_str() {
        "username" => draft.name = text("userName", value)?.ok_or_else(|| invalid("userName must be a string."))?,
        "password" => draft.password = text("password", value)?.map(Secret::new),
        "active" => draft.active = flag("active", value)?,
        _ => return Err(target.unknown()),
    }
    Ok(())
}

/// Attributes that are one text.
fn single<'a>(profile: &'a mut Profile, name: &str) -> Option<&'a mut Option<String>> {
    Some(match name {
        "displayname" => &mut profile.display_name,
        "nickname" => &mut profile.nick_name,
        "locale" => &mut profile.locale,
        "timezone" => &mut profile.zone,
        _ => return None,
    })
}

/// The parts of `name`.
fn person(profile: &mut Profile, verb: Verb, target: &Target, value: &Value) -> Result<(), Error> {
    if let Some(part) = &target.part {
        let field = match part.to_ascii_lowercase().as_str() {
            "formatted" => &mut profile.formatted,
            "givenname" => &mut profile.given_name,
            "familyname" => &mut profile.family_name,
            _ => return Err(target.unknown()),
        };
        *field = if verb == Verb::Remove { None } else { text(&format!("name.{part}"), value)? };
        return Ok(());
    }
    if verb == Verb::Remove || value.is_null() {
        (profile.formatted, profile.given_name, profile.family_name) = (None, None, None);
        return Ok(());
    }
    for (part, value) in object("name", value)? {
        person(profile, verb, &Target { part: Some(part.clone()), ..target.clone() }, value)?;
    }
    Ok(())
}

/// WSO2's extension, the lock and the wish for another password, and ours, the hash of a password from elsewhere.
fn extension(draft: &mut UserDraft, verb: Verb, target: &Target, value: &Value) -> Result<(), Error> {
    let Some(part) = &target.part else {
        if verb == Verb::Remove {
            return Err(invalid(format!("{} cannot be removed.", target.name)));
        }
        for (part, value) in object(&target.name, value)? {
            extension(draft, verb, &Target { part: Some(part.clone()), ..target.clone() }, value)?;
        }
        return Ok(());
    };
    if verb == Verb::Remove {
        return Err(invalid(format!("{} cannot be removed.", printable(part))));
    }
    match (target.name.as_str(), part.to_ascii_lowercase().as_str()) {
        (WSO2, "accountlocked") => draft.locked = Some(flag("accountLocked", value)?),
        (WSO2, "forcepasswordreset") => draft.renew_password = Some(flag("forcePasswordReset", value)?),
        (OWN, "passwordhash") => draft.password_hash = text("passwordHash", value)?.map(Secret::new),
        _ => return Err(target.unknown()),
    }
    Ok(())
}

/// Email addresses or telephone numbers.
fn contacts(
    contacts: &mut Vec<Contact>,
    member: &'static str,
    verb: Verb,
    (target, value): (&Target, &Value),
) -> Result<(), Error> {
    let Some(which) = &target.which else {
        if target.part.is_some() {
            return Err(target.unknown());
        }
        let given = several(value).iter().map(|value| contact(member, value)).collect::<Result<Vec<_>, _>>()?;
        if given.iter().filter(|given| given.primary).count() > 1 {
            return Err(invalid(format!("At most one of {member} is primary.")));
        }
        match verb {
            Verb::Remove if value.is_null() => contacts.clear(),
            Verb::Remove => contacts.retain(|own| !given.iter().any(|given| given.value == own.value)),
            Verb::Replace => *contacts = given,
            Verb::Add => given.into_iter().for_each(|given| add(contacts, given)),
        }
        return Ok(());
    };
    let matching: Vec<_> = contacts.iter().map(|contact| matches(member, contact, which)).collect::<Result<_, _>>()?;
    let mut chosen = matching.iter().copied();
    if verb == Verb::Remove && target.part.is_none() {
        contacts.retain(|_| !chosen.next().unwrap_or(false));
        return Ok(());
    }
    if !matching.contains(&true) {
        if verb != Verb::Add {
            return Err(invalid(format!("The path matches none of {member}.")));
        }
        // Entra adds a work address like this, and nothing is there yet.
        let mut fresh = Contact { value: String::new(), kind: None, primary: false, verified: false };
        set(&mut fresh, member, (&which.attribute, &which.value))?;
        change(&mut fresh, member, verb, (target, value))?;
        add(contacts, fresh);
        return Ok(());
    }
    for (contact, _) in contacts.iter_mut().zip(matching).filter(|(_, chosen)| *chosen) {
        change(contact, member, verb, (target, value))?;
    }
    let primary = contacts.iter().rposition(|contact| contact.primary);
    contacts.iter_mut().enumerate().for_each(|(n, contact)| contact.primary = Some(n) == primary);
    Ok(())
}

/// Adds a contact, in the place of one of the same value; a new primary one takes the place of the old.
fn add(contacts: &mut Vec<Contact>, given: Contact) {
    if given.primary {
        contacts.iter_mut().for_each(|own| own.primary = false);
    }
    let is_same = |own: &&mut Contact| own.value == given.value && (given.kind.is_none() || own.kind == given.kind);
    match contacts.iter_mut().find(is_same) {
        Some(own) => own.primary |= given.primary,
        None => contacts.push(given),
    }
}

/// Changes a contact as a whole or a part of it.
fn change(
    contact: &mut Contact,
    member: &'static str,
    verb: Verb,
    (target, value): (&Target, &Value),
) -> Result<(), Error> {
    let Some(part) = &target.part else {
        return object(member, value)?.iter().try_for_each(|(part, value)| set(contact, member, (part, value)));
    };
    match (verb, part.to_ascii_lowercase().as_str()) {
        (Verb::Remove, "type") => contact.kind = None,
        (Verb::Remove, "primary") => contact.primary = false,
        (Verb::Remove, "value") => return Err(invalid(format!("{member}.value cannot be removed."))),
        _ => return set(contact, member, (part, value)),
    }
    Ok(())
}

fn contact(member: &'static str, value: &Value) -> Result<Contact, Error> {
    let mut contact = Contact { value: String::new(), kind: None, primary: false, verified: false };
    match value {
        Value::String(text) => contact.value.clone_from(text),
        value => {
            object(&format!("Each of {member}"), value)?
                .iter()
                .try_for_each(|(part, value)| set(&mut contact, member, (part, value)))?;
        }
    }
    Ok(contact)
}

fn set(contact: &mut Contact, member: &'static str, (part, value): (&str, &Value)) -> Result<(), Error> {
    let name = format!("{member}.{part}");
    match part.to_ascii_lowercase().as_str() {
        "value" => contact.value = text(&name, value)?.unwrap_or_default(),
        "type" => contact.kind = text(&name, value)?,
        "primary" => contact.primary = flag(&name, value)?,
        _ => return Err(invalid(format!("{} is unknown.", printable(&name)))),
    }
    Ok(())
}

fn matches(member: &'static str, contact: &Contact, which: &Equality) -> Result<bool, Error> {
    let is = |own: &str| which.value.as_str().is_some_and(|given| given.eq_ignore_ascii_case(own));
    Ok(match which.attribute.as_str() {
        "value" => which.value.as_str() == Some(&contact.value),
        "type" => contact.kind.as_deref().is_some_and(is),
        "primary" => which.value.as_bool() == Some(contact.primary),
        part => return Err(invalid(format!("{} is unknown.", printable(&format!("{member}.{part}"))))),
    })
}
