//! What a user's record may say: bounded in length and number, fit to be shown, mailed to and signed into a token.

use super::super::{invalid, is_text};
use super::UserDraft;
use crate::error::Error;
use crate::user::{Contact, canonical_name};

const LONGEST_NAME: usize = 255;
/// RFC 5321 §4.5.3.1.3.
const LONGEST_EMAIL: usize = 254;
const LONGEST_PHONE: usize = 32;
const LONGEST_KIND: usize = 32;
const MOST_CONTACTS: usize = 10;

impl UserDraft {
    /// Refuses what a user's record may not say; the password is another question.
    pub(in crate::admin) fn check(&self) -> Result<(), Error> {
        if canonical_name(&self.name).is_empty() || !is_text(&self.name, LONGEST_NAME) {
            return Err(invalid(format!("userName must have 1 to {LONGEST_NAME} characters.")));
        }
        let profile = &self.profile;
        let texts = [
            ("name.formatted", &profile.formatted, 255),
            ("name.givenName", &profile.given_name, 255),
            ("name.familyName", &profile.family_name, 255),
            ("displayName", &profile.display_name, 255),
            ("nickName", &profile.nick_name, 255),
            ("locale", &profile.locale, 35),
            ("timezone", &profile.zone, 64),
        ];
        for (member, text, longest) in texts {
            if text.as_ref().is_some_and(|text| text.is_empty() || !is_text(text, longest)) {
                return Err(invalid(format!("{member} must have 1 to {longest} characters.")));
            }
        }
        if profile.locale.as_ref().is_some_and(|locale| !is_language(locale)) {
            return Err(invalid("locale must be a language tag, such as en-GB."));
        }
        contacts("emails", &profile.emails, is_email, "an email address")?;
        contacts("phoneNumbers", &profile.phones, is_phone, "a telephone number")
    }
}

fn contacts(member: &str, contacts: &[Contact], fits: fn(&str) -> bool, what: &str) -> Result<(), Error> {
    if contacts.len() > MOST_CONTACTS {
        return Err(invalid(format!("{member} must be at most {MOST_CONTACTS}.")));
    }
    if contacts.iter().any(|contact| !fits(&contact.value)) {
        return Err(invalid(format!("{member}.value must be {what}.")));
    }
    if contacts.iter().filter_map(|contact| contact.kind.as_ref()).any(|kind| !is_text(kind, LONGEST_KIND)) {
        return Err(invalid(format!("{member}.type must have at most {LONGEST_KIND} characters.")));
    }
    if contacts.iter().filter(|contact| contact.primary).count() > 1 {
        return Err(invalid(format!("At most one of {member} is primary.")));
    }
    Ok(())
}

/// One address and nothing by which a mail could get a second recipient or another header (RFC 5322 §3.4.1).
fn is_email(text: &str) -> bool {
    let printable = text.chars().all(|c| !c.is_control() && !c.is_whitespace() && !"<>()[]\\,;:\"".contains(c));
    let framed = text.rsplit_once('@').is_some_and(|(local, domain)| {
        let apart = !local.is_empty() && !local.contains('@') && !local.starts_with('-');
        apart && !domain.is_empty() && !domain.starts_with(['.', '-']) && !domain.ends_with(['.', '-'])
    });
    text.len() <= LONGEST_EMAIL && printable && framed
}

fn is_phone(text: &str) -> bool {
    let spelled = text.chars().all(|c| c.is_ascii_digit() || "+-. ()".contains(c));
    text.len() <= LONGEST_PHONE && spelled && text.chars().any(|c| c.is_ascii_digit())
}

/// The shape of a language tag (RFC 5646 §2.1); WSO2's clients write an underscore.
fn is_language(text: &str) -> bool {
    text.split(['-', '_']).all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_address() {
        for good in ["kim@example.com", "kim.o'brien+x@mail.example.com", "ünï@exämple.com", "kim@localhost"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "kim",
            "@example.com",
            "kim@",
            "a@b@c",
            "kim@x,eve@y",
            "kim@x\r\nBcc: eve@y",
            "<kim@x>",
            "kim@.x",
            "k m@x",
            "-f@x",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn a_number_is_digits_and_a_few_signs() {
        assert!(is_phone("+94771234567") && is_phone("(030) 123-45"));
        assert!(!is_phone("") && !is_phone("+") && !is_phone("12a") && !is_phone(&"1".repeat(33)));
    }

    #[test]
    fn the_first_wrong_member_is_named() {
        let wrong = |edit: fn(&mut UserDraft)| {
            let mut draft = UserDraft::new("kim");
            edit(&mut draft);
            draft.check().unwrap_err().description().to_owned()
        };
        let contact = |value: &str| Contact { value: value.to_owned(), kind: None, primary: true, verified: false };
        assert_eq!(wrong(|draft| draft.name = " ".to_owned()), "userName must have 1 to 255 characters.");
        assert_eq!(wrong(|draft| draft.name = "a\nb".to_owned()), "userName must have 1 to 255 characters.");
        assert_eq!(
            wrong(|draft| draft.profile.locale = Some("e n".to_owned())),
            "locale must be a language tag, such as en-GB."
        );
        assert_eq!(
            wrong(|draft| draft.profile.nick_name = Some(String::new())),
            "nickName must have 1 to 255 characters."
        );
        let mut draft = UserDraft::new("kim");
        draft.profile.emails = vec![contact("kim@x.example"), contact("kim@y.example")];
        assert_eq!(draft.check().unwrap_err().description(), "At most one of emails is primary.");
        draft.profile.emails = vec![contact("kim")];
        assert_eq!(draft.check().unwrap_err().description(), "emails.value must be an email address.");
        draft.profile.emails = Vec::new();
        assert!(draft.check().is_ok());
    }
}
