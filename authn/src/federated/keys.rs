//! The keys of providers: those that a connection holds, or those at its JWKS address, which are remembered for some
//! minutes. A token may make the server look once for a key it does not know, and not more often than every ten seconds:
//! else anybody could make it call a provider at will.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use vestibule_core::error::Fault;
use vestibule_core::ports::Timestamp;
use vestibule_core::ports::web::WebRequest;
use vestibule_jose::{Algorithm, JwkSet, Verified, VerifyError, verify};

use super::{Line, Refusal};

/// How long keys are taken for the provider's present ones.
const FRESH: Duration = Duration::from_secs(5 * 60);
/// How long after a look for an unknown key the next one may follow.
const PAUSE: Duration = Duration::from_secs(10);
/// Providers whose keys are remembered at a time.
const MOST: usize = 256;

/// Keys as they were found.
struct Found {
    keys: Arc<JwkSet>,
    fetched: Timestamp,
    /// The last look, whatever came of it.
    looked: Timestamp,
}

static REMEMBERED: Mutex<BTreeMap<String, Found>> = Mutex::new(BTreeMap::new());

/// Checks the signature of a provider's token. What signs is an asymmetric key of the provider's; the algorithms of `jose`
/// have neither `none` nor HMAC among them (RFC 8725 §3.1).
pub(super) async fn check(line: &Line<'_>, token: &str) -> Result<Verified, Refusal> {
    let bad = |error| Refusal::Wrong(reason(error));
    let check = |keys: &JwkSet| verify(token, keys, &Algorithm::ALL, None);
    if let Some(text) = line.text("jwks") {
        let keys = serde_json::from_str(text).map_err(|error| Fault::from("reading a connection's keys", error))?;
        return check(&keys).map_err(bad);
    }
    let (url, now) = (line.demand("jwksUri")?, line.cx.now);
    let keys = match remembered(url, now) {
        Some(keys) => keys,
        None => fetch(line, url).await?,
    };
    match check(&keys) {
        Err(VerifyError::UnknownKey) if may_look(url, now) => {
            let keys = fetch(line, url).await?;
            check(&keys).map_err(bad)
        }
        checked => checked.map_err(bad),
    }
}

/// The keys of an address, if they are taken for its present ones.
fn remembered(url: &str, now: Timestamp) -> Option<Arc<JwkSet>> {
    let all = all();
    let found = all.get(url)?;
    (now.since(found.fetched) < FRESH).then(|| found.keys.clone())
}

/// Whether the server may look for an unknown key now; of many answers at once, one may.
fn may_look(url: &str, now: Timestamp) -> bool {
    let mut all = all();
    let Some(found) = all.get_mut(url).filter(|found| now.since(found.looked) >= PAUSE) else { return false };
    found.looked = now;
    true
}

async fn fetch(line: &Line<'_>, url: &str) -> Result<Arc<JwkSet>, Refusal> {
    let keys = Arc::new(read(line, url).await?);
    let mut all = all();
    if all.len() >= MOST && !all.contains_key(url) {
        let oldest = all.iter().min_by_key(|(_, found)| found.fetched).map(|(url, _)| url.clone());
        oldest.map(|oldest| all.remove(&oldest));
    }
    all.insert(url.to_owned(), Found { keys: keys.clone(), fetched: line.cx.now, looked: line.cx.now });
    Ok(keys)
}

async fn read(line: &Line<'_>, url: &str) -> Result<JwkSet, Refusal> {
    let answer = line.fetch(WebRequest::get(url).with("accept", "application/json".to_owned())).await?;
    let keys = serde_json::from_slice(&answer.body).ok().filter(|_| answer.is_success());
    keys.ok_or(Refusal::Unreachable("the provider's keys cannot be read"))
}

fn all() -> MutexGuard<'static, BTreeMap<String, Found>> {
    REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner)
}

const fn reason(error: VerifyError) -> &'static str {
    match error {
        VerifyError::Malformed => "the ID token is no signed token",
        VerifyError::Algorithm => "the ID token's algorithm is not allowed",
        VerifyError::UnknownKey => "the ID token's key is unknown",
        VerifyError::Signature => "the ID token's signature is wrong",
        VerifyError::Type => "the ID token is of another type",
        VerifyError::Claims => "the ID token's claims cannot be read",
    }
}
