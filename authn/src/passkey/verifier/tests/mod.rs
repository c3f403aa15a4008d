//! The verifier against a passkey in software that can be made to answer wrongly in every way, and against another
//! implementation.

mod created;
mod oracle;
mod properties;
mod proved;

use ciborium::Value as Cbor;
use serde_json::{Value, json};
use vestibule_core::credential::PasskeyKey;
use vestibule_core::ports::Passkeys as _;
use vestibule_core::ports::passkeys::{Asked, Flaw, Party};
use vestibule_jose::{base64url, from_base64url};

use super::Verifier;
use crate::passkey::softkey::{BACKED_UP, BACKUP_ELIGIBLE, EXTENSIONS, Kind, PRESENT, SoftKey, VERIFIED};

const ALL: [Kind; 4] = [Kind::Es256, Kind::Es384, Kind::EdDsa, Kind::Rs256];
const QUESTION: [u8; 32] = [7; 32];
const RP: &str = "example.com";
const ORIGIN: &str = "https://login.example.com";
const APP: &str = "android:apk-key-hash:7d1043473d55bfa90e8530d35801d4e381bc69f0";

/// A way to make a passkey answer.
type Change = fn(&mut SoftKey);

/// What is refused whatever the passkey was asked for.
const WRONG: &[(Flaw, Change)] = &[
    (Flaw::Type, |key| key.kind = Some("payment.get".to_owned())),
    (Flaw::Origin, |key| key.origin = "https://example.com".to_owned()),
    (Flaw::Origin, |key| key.origin = "https://login.example.com.evil.test".to_owned()),
    (Flaw::Origin, |key| key.origin = "https://login.example.com/".to_owned()),
    (Flaw::Origin, |key| key.origin = "https://login.example.com:8443".to_owned()),
    (Flaw::Origin, |key| key.origin = "HTTPS://login.example.com".to_owned()),
    (Flaw::Origin, |key| key.origin = APP.to_uppercase()),
    (Flaw::Origin, |key| key.origin = String::new()),
    (Flaw::CrossOrigin, |key| key.cross_origin = Some(true)),
    (Flaw::CrossOrigin, |key| key.top_origin = Some("https://evil.test".to_owned())),
    (Flaw::RelyingParty, |key| key.rp_id = "login.example.com".to_owned()),
    (Flaw::Presence, |key| key.flags &= !PRESENT),
    (Flaw::Verification, |key| key.flags &= !VERIFIED),
    (Flaw::Backup, |key| key.flags &= !BACKUP_ELIGIBLE),
    (Flaw::Malformed, |key| key.extensions = vec![0xa0]),
    (Flaw::Malformed, |key| key.flags |= EXTENSIONS),
    (Flaw::Malformed, |key| {
        key.flags |= EXTENSIONS;
        key.extensions = vec![0x80];
    }),
    (Flaw::Malformed, |key| {
        key.flags |= EXTENSIONS;
        key.extensions = vec![0xa0, 0xa0];
    }),
];

/// What is fine whatever the passkey was asked for.
const RIGHT: &[Change] = &[
    |_| {},
    |key| key.origin = APP.to_owned(),
    |key| key.cross_origin = None,
    |key| key.aaguid = [9; 16],
    |key| {
        key.flags |= EXTENSIONS;
        key.extensions = vec![0xa1, 0x61, b'x', 0xf5];
    },
];

fn party() -> Party {
    Party { id: RP.to_owned(), name: "Example".to_owned(), origins: vec![ORIGIN.to_owned(), APP.to_owned()] }
}

fn asked(verified: bool) -> Asked<'static> {
    Asked { challenge: &QUESTION, verified }
}

fn challenge() -> String {
    base64url(&QUESTION)
}

fn key(kind: Kind) -> SoftKey {
    SoftKey::new(kind, RP, ORIGIN)
}

fn created(answer: &Value) -> Result<PasskeyKey, Flaw> {
    Verifier.created(&party(), &asked(true), answer)
}

fn proved(key: &PasskeyKey, answer: &Value) -> Result<PasskeyKey, Flaw> {
    Verifier.proved(&party(), &asked(true), key, answer)
}

/// The passkey as it is enrolled.
fn enrolled(key: &SoftKey) -> PasskeyKey {
    created(&key.create(&challenge())).unwrap()
}

/// The bytes of a member of the response.
fn part(answer: &Value, name: &str) -> Vec<u8> {
    from_base64url(answer["response"][name].as_str().unwrap()).unwrap()
}

/// The answer with other bytes in a member of the response.
fn with_part(answer: &Value, name: &str, bytes: &[u8]) -> Value {
    let mut answer = answer.clone();
    answer["response"][name] = base64url(bytes).into();
    answer
}

/// The answer with other client data.
fn with_client_data(answer: &Value, client_data: &Value) -> Value {
    with_part(answer, "clientDataJSON", client_data.to_string().as_bytes())
}

/// The answer with a member of its attestation object changed.
fn with_attestation(answer: &Value, name: &str, change: impl FnOnce(&mut Cbor)) -> Value {
    let object: Cbor = ciborium::from_reader(part(answer, "attestationObject").as_slice()).unwrap();
    let mut members = object.into_map().unwrap();
    change(members.iter_mut().find(|(key, _)| key.as_text() == Some(name)).map(|(_, value)| value).unwrap());
    with_part(answer, "attestationObject", &cbor(&Cbor::Map(members)))
}

fn cbor(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

/// The answer with every text of base64url padded.
fn padded(answer: &Value) -> Value {
    fn pad(text: &Value) -> Value {
        let text = text.as_str().unwrap();
        format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4)).into()
    }
    let mut answer = answer.clone();
    for name in ["id", "rawId"] {
        answer[name] = pad(&answer[name]);
    }
    for (name, value) in answer["response"].as_object_mut().unwrap() {
        if name != "transports" {
            *value = pad(value);
        }
    }
    answer
}

/// Answers that cannot be read, made from one that can.
fn unreadable(answer: &Value) -> Vec<Value> {
    let mut all = vec![Value::Null, json!([]), json!("answer"), json!({})];
    for name in ["id", "type", "response"] {
        let mut without = answer.clone();
        without.as_object_mut().unwrap().remove(name);
        all.push(without);
    }
    let needed = ["clientDataJSON", "attestationObject", "authenticatorData", "signature"];
    for name in needed.into_iter().filter(|name| answer["response"].get(name).is_some()) {
        for value in [Value::Null, json!(5), json!("+/+/"), json!("a"), json!("A".repeat(16 * 1024 + 4))] {
            let mut other = answer.clone();
            other["response"][name] = value;
            all.push(other);
        }
    }
    let mut other = answer.clone();
    other["type"] = json!("password");
    all.push(other);
    let client_data: Value = serde_json::from_slice(&part(answer, "clientDataJSON")).unwrap();
    for name in ["type", "challenge", "origin"] {
        let mut without = client_data.clone();
        without.as_object_mut().unwrap().remove(name);
        all.push(with_client_data(answer, &without));
    }
    let twice = client_data.to_string().replacen('{', r#"{"origin":"https://evil.test","#, 1);
    all.push(with_part(answer, "clientDataJSON", twice.as_bytes()));
    all.push(with_part(answer, "clientDataJSON", b"\xff"));
    all
}
