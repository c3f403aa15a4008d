//! Who signed in at a provider, as it tells.

use serde_json::{Map, Value};

/// Longest subject in bytes (OpenID Connect Core §2).
const LONGEST_SUBJECT: usize = 255;
/// RFC 5321 §4.5.3.1.3.
const LONGEST_EMAIL: usize = 254;

/// Who signed in at a provider.
#[derive(Debug)]
pub(crate) struct Person {
    /// The provider's issuer.
    pub issuer: String,
    /// The provider's name of the user, which it gives to nobody else.
    pub subject: String,
    /// The email address, if it is one.
    pub email: Option<String>,
    /// The provider has verified that the address is the user's.
    pub email_verified: bool,
    /// Everything that the provider tells.
    pub claims: Map<String, Value>,
}

impl Person {
    /// The person that these claims speak of; nobody if the subject is none.
    pub fn new(issuer: String, subject: String, claims: Map<String, Value>) -> Option<Self> {
        let is_name = !subject.is_empty() && subject.len() <= LONGEST_SUBJECT && !subject.chars().any(char::is_control);
        let email = text(&claims, "email").filter(|email| is_email(email));
        // Some providers send the text "true".
        let email_verified = email.is_some()
            && claims.get("email_verified").is_some_and(|is| *is == Value::Bool(true) || is.as_str() == Some("true"));
        is_name.then_some(Self { issuer, subject, email, email_verified, claims })
    }

    /// The address, if the provider has verified it.
    pub fn verified_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.email_verified)
    }

    /// A claim as text.
    pub fn text(&self, claim: &str) -> Option<String> {
        text(&self.claims, claim)
    }
}

fn text(claims: &Map<String, Value>, claim: &str) -> Option<String> {
    match claims.get(claim)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// One address and nothing by which a mail could get a second recipient (RFC 5322 §3.4.1).
fn is_email(text: &str) -> bool {
    let printable = text.chars().all(|c| !c.is_control() && !c.is_whitespace() && !"<>()[]\\,;:\"".contains(c));
    let framed = text.rsplit_once('@').is_some_and(|(local, domain)| {
        let apart = !local.is_empty() && !local.contains('@') && !local.starts_with('-');
        apart && !domain.is_empty() && !domain.starts_with(['.', '-']) && !domain.ends_with(['.', '-'])
    });
    text.len() <= LONGEST_EMAIL && printable && framed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn person(claims: Value) -> Person {
        let claims = claims.as_object().unwrap().clone();
        Person::new("https://id.example".to_owned(), "1".to_owned(), claims).unwrap()
    }

    #[test]
    fn an_address_is_verified_only_where_the_provider_says_so() {
        for (verified, expected) in [
            (json!(true), true),
            (json!("true"), true),
            (json!(false), false),
            (json!("yes"), false),
            (json!(1), false),
            (Value::Null, false),
        ] {
            let person = person(json!({ "email": "kim@example.com", "email_verified": verified }));
            assert_eq!(person.verified_email().is_some(), expected);
        }
        assert_eq!(person(json!({ "email": "kim@x,eve@y", "email_verified": true })).verified_email(), None);
    }

    #[test]
    fn a_subject_is_a_name() {
        for bad in [String::new(), "x".repeat(256), "a\nb".to_owned()] {
            assert!(Person::new("i".to_owned(), bad, Map::new()).is_none());
        }
    }
}
