//! What an authenticator is asked, in the members of WebAuthn (Level 3 §5.4, §5.5), wrapped as shipped clients expect it. The
//! challenge is derived from the flow and the time, so that asking writes nothing; it is good for five minutes at most.

use std::time::Duration;

use serde_json::{Value, json};
use vestibule_core::credential::passkey::Creation;
use vestibule_core::credential::{Credential, Held, PasskeyKey};
use vestibule_core::flow::authenticator::Context;
use vestibule_core::user::User;
use vestibule_jose::{base64url, equal, from_base64url_lenient};

/// Half of a challenge's life, in seconds.
const HALF_LIFE: i64 = 150;

/// A challenge and the name by which its answer is told.
pub(crate) struct Challenge {
    pub bytes: [u8; 32],
    pub request: String,
}

impl Challenge {
    fn at(cx: &Context<'_>, purpose: &str, slot: i64) -> Self {
        let bytes = cx.derived(&format!("{purpose} challenge {slot}"));
        let request = base64url(&cx.derived(&format!("{purpose} request {slot}")));
        Self { bytes, request }
    }

    /// The one of this moment.
    pub fn now(cx: &Context<'_>, purpose: &str) -> Self {
        Self::at(cx, purpose, slot(cx))
    }

    /// The one that an answer names, if it is not too old.
    pub fn answered(cx: &Context<'_>, purpose: &str, request: &str) -> Option<Self> {
        let recent = [slot(cx), slot(cx) - 1].map(|slot| Self::at(cx, purpose, slot));
        recent.into_iter().find(|challenge| equal(challenge.request.as_bytes(), request.as_bytes()))
    }
}

fn slot(cx: &Context<'_>) -> i64 {
    cx.now.seconds().div_euclid(HALF_LIFE)
}

/// Options of `navigator.credentials.get`. Before a factor is proved, a name that has no passkey gets one that nobody has,
/// always the same: an empty list would tell that there is none.
pub(crate) fn request(cx: &Context<'_>, challenge: &Challenge, held: &[(Credential, PasskeyKey)]) -> Value {
    let party = cx.relying.party_for(cx.app);
    let verification = if cx.proven { "preferred" } else { "required" };
    let mut options = json!({
        "challenge": base64url(&challenge.bytes),
        "timeout": HALF_LIFE * 1000,
        "rpId": party.id,
        "userVerification": verification,
        "extensions": {},
    });
    if let Some(who) = cx.who.filter(|_| cx.subject.is_named()) {
        let nobodys = || base64url(&cx.secrets.lasting(&[b"nobody's passkey", who.name().as_bytes()]));
        let mut ids: Vec<String> = held.iter().map(|(_, key)| key.id.clone()).collect();
        if ids.is_empty() {
            ids.push(nobodys());
        }
        let list: Vec<Value> = ids.into_iter().map(|id| json!({"type": "public-key", "id": id})).collect();
        insert(&mut options, "allowCredentials", list.into());
    }
    wrapped(&challenge.request, "publicKeyCredentialRequestOptions", options)
}

/// Options of `navigator.credentials.create`.
pub(crate) fn creation(
    cx: &Context<'_>,
    challenge: &Challenge,
    user: &User,
    held: &[(Credential, PasskeyKey)],
) -> Value {
    let creation = Creation {
        party: &cx.relying.party_for(cx.app),
        challenge: &challenge.bytes,
        user,
        held: held.iter().map(|(_, key)| key).collect(),
        usernameless: false,
        lifetime: Duration::from_secs(HALF_LIFE.unsigned_abs()),
    };
    wrapped(&challenge.request, "publicKeyCredentialCreationOptions", creation.options())
}

/// The document in base64. Blanks at its end make its length divisible by three: then it has no padding and, as it is plain
/// ASCII without `?`, `>` and `~`, the two alphabets of base64 spell it alike, and every client can read it.
pub(crate) fn challenge_data(document: &Value) -> String {
    let mut text = ascii(&document.to_string());
    while !text.len().is_multiple_of(3) {
        text.push(' ');
    }
    base64url(text.as_bytes())
}

/// The same JSON in characters that both alphabets of base64 spell alike.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut units = [0; 2];
    for c in json.chars() {
        if c.is_ascii() && !matches!(c, '?' | '>' | '~' | '\u{7f}') {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

/// The answer in a `tokenResponse`: JSON, or JSON in either alphabet of base64.
pub(crate) fn token_response(text: &str) -> Option<Value> {
    let text = text.trim();
    if text.starts_with('{') {
        return serde_json::from_str(text).ok();
    }
    let swapped = |c| match c {
        '+' => '-',
        '/' => '_',
        other => other,
    };
    let spelled: String = text.trim_end_matches('=').chars().map(swapped).collect();
    let value: Value = serde_json::from_slice(&from_base64url_lenient(&spelled)?).ok()?;
    value.is_object().then_some(value)
}

/// The passkeys of a user for a relying party.
pub(crate) async fn held(
    cx: &Context<'_>,
    user: Option<&User>,
) -> Result<Vec<(Credential, PasskeyKey)>, vestibule_core::error::Fault> {
    let Some(user) = user else { return Ok(Vec::new()) };
    let party = cx.relying.party_for(cx.app);
    let all = cx.ports.store.credentials(cx.tenant, &user.id).await?;
    let passkey = |credential: Credential| match &credential.held {
        Held::Passkey(key) if key.rp_id == party.id => Some((credential.clone(), key.clone())),
        _ => None,
    };
    Ok(all.into_iter().filter_map(passkey).collect())
}

fn wrapped(request: &str, name: &str, options: Value) -> Value {
    let mut document = json!({"requestId": request});
    insert(&mut document, name, options);
    document
}

fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn every_client_reads_the_challenge() {
        for name in ["Kim", "k?>~m", "Jos\u{e9} \u{1f600}"] {
            let document = json!({"name": name});
            let data = challenge_data(&document);
            let read: Value = serde_json::from_slice(&STANDARD.decode(&data).unwrap()).unwrap();
            assert_eq!(read, document);
            assert_eq!(token_response(&data), Some(document));
        }
    }

    #[test]
    fn an_answer_may_be_json_or_either_base64() {
        let value = json!({"a": "\u{3ff}\u{fff}?>"});
        let text = value.to_string();
        for spelled in [
            text.clone(),
            base64url(text.as_bytes()),
            STANDARD.encode(&text),
            format!(" {}==", base64url(text.as_bytes())),
        ] {
            assert_eq!(token_response(&spelled), Some(value.clone()), "{spelled}");
        }
        assert_eq!(token_response("nonsense!"), None);
        assert_eq!(token_response(&base64url(b"[1]")), None);
    }
}
