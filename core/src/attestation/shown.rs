//! What a request shows of the app that sends it, read in this one place. Law: what is there and cannot be read is refused; it
//! never counts as nothing.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vestibule_jose::from_base64url_lenient;

use super::No;

/// Longest attestation object as text, in bytes.
const LONGEST: usize = 48 * 1024;
/// Most certificates in a chain.
const MOST_CERTIFICATES: usize = 10;

/// The header that carries what a platform says of an app.
pub const OBJECT: &str = "x-client-attestation";
/// The header with the challenge that the object is about.
pub const CHALLENGE: &str = "x-client-attestation-challenge";
/// The header in which an app without an attestation says what kind of device it is on.
pub const PLATFORM: &str = "x-client-platform";
/// The header of a client attestation (draft-ietf-oauth-attestation-based-client-auth §4).
pub const JWT: &str = "oauth-client-attestation";
/// The header of its proof of possession (the draft's §5.1).
pub const POP: &str = "oauth-client-attestation-pop";

/// A header that belongs into a request once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Field {
    /// It is not there.
    #[default]
    Absent,
    /// Its value.
    Once(String),
    /// It is there more than once, or is no text.
    Unfit,
}

/// The headers about the app, as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// [`OBJECT`]
    pub object: Field,
    /// [`CHALLENGE`]
    pub challenge: Field,
    /// [`PLATFORM`]
    pub platform: Field,
    /// [`JWT`]
    pub jwt: Field,
    /// [`POP`]
    pub pop: Field,
}

/// What is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown<'a> {
    /// Nothing.
    Nothing,
    /// What a platform says of the app, and the challenge that it is about.
    Object(&'a str, Option<&'a str>),
    /// A client attestation and, unless a DPoP proof takes its place, its proof of possession.
    Client(&'a str, Option<&'a str>),
}

/// What a platform says of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Object {
    /// A token of Play Integrity, encrypted (RFC 7516 §3.1).
    Play(String),
    /// A key made for App Attest, with Apple's statement about it.
    AppAttest(Vec<u8>),
    /// The name of such a key and a signature by it.
    Assertion(String, Vec<u8>),
    /// A key in the key store of Android, by its chain of certificates, the key's own first.
    AndroidKey(Vec<Vec<u8>>),
}

impl Field {
    fn text(&self, name: &'static str) -> Result<Option<&str>, No> {
        match self {
            Self::Absent => Ok(None),
            Self::Once(text) => Ok(Some(text.trim())),
            Self::Unfit => Err(No::invalid(format!("The header {name} must be sent once and in ASCII."))),
        }
    }

    fn is_there(&self) -> bool {
        *self != Self::Absent
    }
}

impl Evidence {
    /// Whether a client attestation is shown.
    pub fn is_shown(&self) -> bool {
        self.jwt != Field::Absent
    }

    /// What is shown to an application that asks for it, or does not.
    pub(super) fn read(&self, required: bool) -> Result<Shown<'_>, No> {
        let is_of_draft = self.jwt.is_there() || self.pop.is_there();
        if is_of_draft && self.object.is_there() {
            return Err(No::Invalid(
                "Show one attestation: x-client-attestation or OAuth-Client-Attestation, not both.".into(),
            ));
        }
        if is_of_draft {
            let jwt = self.jwt.text("OAuth-Client-Attestation")?;
            let pop = self.pop.text("OAuth-Client-Attestation-PoP")?;
            let jwt = jwt.ok_or_else(|| No::invalid("The header OAuth-Client-Attestation is missing."))?;
            return Ok(Shown::Client(jwt, pop));
        }
        // As WSO2 Identity Server does, so that an app may send it before its application asks for it.
        if !required {
            return Ok(Shown::Nothing);
        }
        let object = self.object.text("x-client-attestation")?;
        let challenge = self.challenge.text("x-client-attestation-challenge")?;
        Ok(object.map_or(Shown::Nothing, |object| Shown::Object(object, challenge)))
    }
}

impl Object {
    /// Reads an object by its form alone: five parts with dots are a Play Integrity token, two are the name of an App Attest
    /// key and an assertion, a list in brackets is a chain of certificates, and anything else must be App Attest's CBOR.
    pub(super) fn read(text: &str) -> Result<Self, No> {
        let malformed = || No::invalid("Requested attestation object is not in valid format.");
        if text.is_empty() {
            return Err(No::invalid("App is configured to validate attestation but attestation object is empty."));
        }
        if text.len() > LONGEST {
            return Err(malformed());
        }
        if text.starts_with('[') {
            return chain(text).ok_or_else(malformed);
        }
        let parts: Vec<&str> = text.split('.').collect();
        match *parts.as_slice() {
            [object] => {
                let object = binary(object).filter(|bytes| is_app_attest(bytes)).ok_or_else(malformed)?;
                Ok(Self::AppAttest(object))
            }
            [key, assertion] => {
                let key = binary(key).filter(|key| key.len() == 32).ok_or_else(malformed)?;
                let assertion = binary(assertion).ok_or_else(malformed)?;
                Ok(Self::Assertion(vestibule_jose::base64url(&key), assertion))
            }
            [header, _, _, _, _] if binary(header).is_some_and(|header| header.starts_with(b"{")) => {
                Ok(Self::Play(text.to_owned()))
            }
            _ => Err(malformed()),
        }
    }
}

impl Object {
    /// What it is of, as the attester's parameter `platform` names it.
    pub(super) const fn platform(&self) -> &'static str {
        match self {
            Self::AppAttest(_) | Self::Assertion(..) => "ios",
            Self::Play(_) | Self::AndroidKey(_) => "android",
        }
    }
}

/// A chain of certificates: a JSON list of Base64 texts, as in the JOSE header `x5c` (RFC 7515 §4.1.6).
fn chain(text: &str) -> Option<Object> {
    let texts: Vec<String> = serde_json::from_str(text).ok()?;
    if !(1..=MOST_CERTIFICATES).contains(&texts.len()) {
        return None;
    }
    texts.iter().map(|text| binary(text)).collect::<Option<_>>().map(Object::AndroidKey)
}

/// Base64 of either alphabet: Apple's and Android's libraries write the one with `+` and `/`.
fn binary(text: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text).ok().or_else(|| from_base64url_lenient(text))?;
    (!bytes.is_empty()).then_some(bytes)
}

/// Whether bytes look like an App Attest object: `"fmt": "apple-appattest"` in CBOR (RFC 8949 §3.1). This decides who reads
/// them, not whether they hold.
fn is_app_attest(bytes: &[u8]) -> bool {
    const FORMAT: &[u8] = b"\x63fmt\x6fapple-appattest";
    bytes.windows(FORMAT.len()).any(|window| window == FORMAT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn once(text: &str) -> Field {
        Field::Once(text.to_owned())
    }

    #[test]
    fn an_object_is_known_by_its_form() {
        let apple = STANDARD.encode(b"\xa3\x63fmt\x6fapple-appattest\x67attStmt\xa0");
        assert!(matches!(Object::read(&apple), Ok(Object::AppAttest(_))));
        let key = STANDARD.encode([7; 32]);
        assert!(matches!(Object::read(&format!("{key}.oWEB")), Ok(Object::Assertion(..))));
        assert!(matches!(Object::read("eyJhbGciOiJBMjU2S1cifQ.a.b.c.d"), Ok(Object::Play(_))));
        assert!(matches!(Object::read(r#"["MIIB","MIIC"]"#), Ok(Object::AndroidKey(chain)) if chain.len() == 2));
    }

    // Checklist 67.
    #[test]
    fn what_cannot_be_read_is_refused() {
        let many = format!("[{}]", [r#""MIIB""#; 11].join(","));
        for bad in
            ["", "x", "a.b", "a.b.c", "a.b.c.d.e", "[]", "[1]", "[\"\"]", "{}", "null", "=", &many, "oWEB", "MIIB.oWEB"]
        {
            assert!(Object::read(bad).is_err(), "{bad}");
        }
    }

    // Checklist 67.
    #[test]
    fn a_header_that_is_repeated_or_of_the_other_kind_is_refused() {
        let one = Evidence { object: once("a"), ..Evidence::default() };
        assert!(matches!(one.read(true), Ok(Shown::Object("a", None))));
        assert!(matches!(one.read(false), Ok(Shown::Nothing)));
        assert!(matches!(Evidence::default().read(true), Ok(Shown::Nothing)));
        let both = Evidence { jwt: once("b"), pop: once("c"), ..one.clone() };
        for wrong in [
            both.clone(),
            Evidence { object: Field::Unfit, ..Evidence::default() },
            Evidence { challenge: Field::Unfit, ..one },
            Evidence { object: Field::Absent, jwt: Field::Absent, ..both.clone() },
            Evidence { object: Field::Absent, jwt: Field::Unfit, ..both.clone() },
            Evidence { object: Field::Absent, pop: Field::Unfit, ..both.clone() },
        ] {
            assert!(wrong.read(true).is_err(), "{wrong:?}");
        }
        assert!(both.read(false).is_err());
    }
}
