//! The files in which phones and browsers look up what belongs to a tenant: Android's Digital Asset Links, Apple's
//! associated domains and WebAuthn's related origins.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::App;
use super::caller::Realm;
use super::reply::Reply;

/// Short, so that an app that is taken away is soon forgotten.
const FIVE_MINUTES: HeaderValue = HeaderValue::from_static("public, max-age=300");

/// `/.well-known/assetlinks.json`: these apps may use the passwords and passkeys of this domain.
pub(super) async fn android(State(app): State<App>, realm: Realm) -> Reply<Response> {
    let found = app.house().associations(&realm.tenant).await?;
    let link = |(package, digests): &(String, Vec<[u8; 32]>)| {
        json!({
            "relation": ["delegate_permission/common.handle_all_urls", "delegate_permission/common.get_login_creds"],
            "target": {
                "namespace": "android_app", "package_name": package,
                "sha256_cert_fingerprints": digests.iter().map(fingerprint).collect::<Vec<_>>(),
            },
        })
    };
    Ok(file(found.android.iter().map(link).collect::<Vec<Value>>()))
}

/// `/.well-known/apple-app-site-association`: these apps may use the passwords and passkeys of this domain.
pub(super) async fn apple(State(app): State<App>, realm: Realm) -> Reply<Response> {
    let found = app.house().associations(&realm.tenant).await?;
    Ok(file(json!({ "webcredentials": { "apps": found.apple } })))
}

/// `/.well-known/webauthn`: pages of these origins may use the passkeys of this domain (WebAuthn Level 3 §5.11.1).
pub(super) async fn origins(State(app): State<App>, realm: Realm) -> Reply<Response> {
    let found = app.house().associations(&realm.tenant).await?;
    Ok(file(json!({ "origins": found.origins })))
}

/// A digest as Android's tools print it: `AB:CD:…`.
pub(super) fn fingerprint(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// The digest that [`fingerprint`] spells.
pub(super) fn read_fingerprint(text: &str) -> Option<[u8; 32]> {
    let byte = |part: &str| {
        let spelled = part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
        spelled.then(|| u8::from_str_radix(part, 16).ok()).flatten()
    };
    text.split(':').map(byte).collect::<Option<Vec<u8>>>()?.try_into().ok()
}

fn file(content: impl Serialize) -> Response {
    ([(header::CACHE_CONTROL, FIVE_MINUTES)], Json(content)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_it_is_written() {
        let digest: [u8; 32] = std::array::from_fn(|n| n as u8 * 8);
        assert!(fingerprint(&digest).starts_with("00:08:10:"));
        assert_eq!(read_fingerprint(&fingerprint(&digest)), Some(digest));
        assert_eq!(read_fingerprint(&fingerprint(&digest).to_lowercase()), Some(digest));
        for bad in ["", "00", "+0:08", &"00:".repeat(32), &"00".repeat(32), &"0g:".repeat(31)] {
            assert_eq!(read_fingerprint(bad), None, "{bad}");
        }
    }
}
