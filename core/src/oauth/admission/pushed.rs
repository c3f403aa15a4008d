//! Pushed authorization requests (RFC 9126): a client authenticates, leaves its request with the server and gets a name
//! for it, by which it starts one login within a minute. What was shown with the push counts for that login.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_jose::{base64url, sha256};

use super::{Admitted, Binding};
use crate::error::{Code, Error, Fault};
use crate::house::House;
use crate::oauth::Params;
use crate::oauth::authorize::CHECKS;
use crate::oauth::client_auth::{CREDENTIALS, Shown, find};
use crate::oauth::dpop;
use crate::ports::TenantId;
use crate::ports::store::Slip;

/// What the names of pushed requests begin with (RFC 9126 §2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// How long a pushed request waits for its login.
const LIFETIME: Duration = Duration::from_secs(60);

/// Longest pushed request, names and values together, in bytes.
const LONGEST: usize = 16 * 1024;

/// Purpose under which pushed requests are sealed.
const PURPOSE: &str = "pushed request";

/// Parameters that may stand beside a `request_uri`.
const BESIDE: &[&str] = &["client_id", "request_uri", "response_mode"];

/// A request that was pushed (RFC 9126 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pushed {
    /// Its name.
    pub request_uri: String,
    /// Seconds for which it is good.
    pub expires_in: u64,
}

/// A pushed request as it is kept, sealed.
#[derive(Serialize, Deserialize)]
struct Note {
    client_id: String,
    params: BTreeMap<String, String>,
    binding: Binding,
}

impl House {
    /// Takes in an authorization request that passes every check, and names it.
    ///
    /// # Errors
    /// The client is unknown or did not authenticate (401), the request is too long, or a refusal of the checks.
    pub async fn push(&self, tenant: &TenantId, shown: &Shown, params: &Params) -> Result<Pushed, Error> {
        let app = self.clients.authenticate(tenant, shown, params).await?;
        let admitted = self.bound(app, shown, params).await?;
        let own = params.pairs().filter(|(name, _)| !CREDENTIALS.contains(name));
        let own: BTreeMap<String, String> = own.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        if own.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > LONGEST {
            return Err(Error::new(Code::PayloadTooLarge).because("The request is longer than 16 KiB."));
        }
        if own.get("response_mode").is_some_and(|mode| !mode.is_empty() && mode != "direct") {
            return Err(invalid("The response_mode of a pushed request is direct, or is left out."));
        }
        self.checked(&admitted, params, (&CHECKS, true)).await?;
        let reference = base64url(&self.ports.random::<32>());
        let note = Note { client_id: admitted.app.client_id.clone(), params: own, binding: admitted.binding };
        let plain = serde_json::to_vec(&note).map_err(|error| Fault::from("writing a pushed request", error))?;
        let body = self.secrets.seal(PURPOSE, self.ports.random(), &plain)?.into_bytes();
        let (key, expires) = (key(tenant, &reference), self.ports.clock.now() + LIFETIME);
        let slip = Slip { key, tenant: tenant.clone(), version: 1, body, expires };
        if !self.ports.store.leave(&slip, 0).await? {
            return Err(Fault::new("a random name of a pushed request is taken").into());
        }
        Ok(Pushed { request_uri: format!("{PREFIX}{reference}"), expires_in: LIFETIME.as_secs() })
    }

    /// The client and the parameters of a pushed request, which is used up by it. The client need not authenticate again;
    /// what it shows all the same must be right.
    ///
    /// # Errors
    /// The request is unknown, another client's, used or too old, or other parameters stand beside it (60001); or the client
    /// is unknown (60005), showed something wrong, or must bind its logins and did not bind this one (401).
    pub(in crate::oauth) async fn admit_pushed(
        &self,
        tenant: &TenantId,
        shown: &Shown,
        params: &Params,
    ) -> Result<(Admitted, Params), Error> {
        let client_id = shown.client_id(params)?;
        let app = find(&*self.ports.store, tenant, &client_id).await?;
        if shown.has_credential(params)? {
            self.clients.check(&app, shown, params).await?;
        }
        let uri = params.get("request_uri").unwrap_or_default();
        let reference = uri.strip_prefix(PREFIX).ok_or_else(|| {
            invalid("Request URIs are not supported but for those that the server gave to a pushed request.")
                .oauth("request_uri_not_supported")
        })?;
        let key = key(tenant, reference);
        // A request that is not the caller's is not used up by it.
        let note = self.ports.store.slip(&key).await?.map(|slip| self.read(&slip)).transpose()?.flatten();
        let note = note.filter(|note| note.client_id == app.client_id).ok_or_else(gone)?;
        if let Some(name) = beside(params, &note) {
            return Err(Error::new(Code::InvalidRequest)
                .because(format!("The parameter {name} is not as it was pushed: only what was pushed counts."))
                .oauth("invalid_request"));
        }
        if params.get("response_mode").or(note.params.get("response_mode").map(String::as_str)) != Some("direct") {
            return Err(invalid("The parameter response_mode=direct is missing, here and in the pushed request."));
        }
        if note.binding.jkt.is_none() && app.oauth.dpop_required {
            return Err(dpop::required());
        }
        // The key may be proved with the first answer; a proof that is there already must hold.
        if !shown.proofs.is_empty() {
            self.proofs.continues(shown, note.binding.jkt).await?;
        }
        self.ports.store.take(&key).await?.ok_or_else(gone)?;
        let pushed = Params::read(note.params).map_err(|_| Fault::new("a pushed request repeats a parameter"))?;
        Ok((Admitted { app, binding: note.binding }, pushed))
    }

    fn read(&self, slip: &Slip) -> Result<Option<Note>, Fault> {
        if self.ports.clock.now() >= slip.expires {
            return Ok(None);
        }
        let sealed = String::from_utf8_lossy(&slip.body);
        let plain = self.secrets.open(PURPOSE, &sealed).ok_or(Fault::new("a pushed request does not open"))?;
        let note = serde_json::from_slice(plain.as_ref());
        note.map(Some).map_err(|error| Fault::from("reading a pushed request", error))
    }
}

/// Where a pushed request is kept. The store does not learn its name.
fn key(tenant: &TenantId, reference: &str) -> String {
    format!("pushed:{tenant}:{}", base64url(&sha256(reference.as_bytes())))
}

/// A parameter beside a `request_uri` that would change what was pushed (RFC 9126 §4). OpenID Connect wants some to be
/// repeated there, so those that say the same are let pass.
fn beside<'a>(params: &'a Params, note: &Note) -> Option<&'a str> {
    let free = |name: &str| BESIDE.contains(&name) || CREDENTIALS.contains(&name);
    let same = |name: &str, value: &str| note.params.get(name).is_some_and(|pushed| pushed == value);
    params.pairs().find(|(name, value)| !free(name) && !same(name, value)).map(|(name, _)| name)
}

fn gone() -> Error {
    invalid("The request_uri is unknown, used or too old: push the request again.").oauth("invalid_request_uri")
}

fn invalid(description: &'static str) -> Error {
    Error::new(Code::InvalidRequest).because(description).oauth("invalid_request")
}
