//! Challenges: what an attestation must be about, so that it is of now and of here. A challenge is made of time and chance
//! and carries its own keyed hash, so giving one out writes nothing; it is marked as used once something holds that is about
//! it. Law: no challenge is good for two things, in another tenant, or for another client than the one it was made for.

use std::time::Duration;

use vestibule_jose::{base64url, from_base64url};

use super::{Attestation, No};
use crate::ports::{TenantId, Timestamp};

/// How long a challenge is good.
pub const LIFETIME: Duration = Duration::from_secs(300);

/// A challenge of ours that is not too old.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fresh {
    /// As it was given out.
    pub text: String,
    expires: Timestamp,
}

impl Attestation {
    /// A fresh challenge of a tenant: for that client, or for any.
    pub fn challenge(&self, tenant: &TenantId, client_id: Option<&str>) -> String {
        let moment = self.ports.clock.now().micros().to_be_bytes();
        let chance: [u8; 16] = self.ports.random();
        let tag = self.secrets.digest(&parts(tenant, client_id.unwrap_or_default(), &moment, &chance));
        base64url(&[moment.as_slice(), &chance, &tag].concat())
    }

    /// Whether a challenge was given out by this server for that client, or for any, and is not too old.
    pub(super) fn fresh(&self, tenant: &TenantId, client_id: &str, text: &str) -> Result<Fresh, No> {
        let read = |bytes: &[u8]| {
            let (moment, rest) = bytes.split_first_chunk::<8>()?;
            let (chance, tag) = rest.split_first_chunk::<16>()?;
            let ours = |client: &str| self.secrets.is_digest(&parts(tenant, client, moment, chance), tag);
            (ours(client_id) || ours("")).then_some(Timestamp::from_micros(i64::from_be_bytes(*moment)))
        };
        let issued = from_base64url(text).and_then(|bytes| read(&bytes)).ok_or(No::Challenge(
            "The challenge was not given out by this server for this client: ask for one at the challenge endpoint.",
        ))?;
        let expires = issued + LIFETIME;
        if self.ports.clock.now() >= expires {
            return Err(No::Challenge("The challenge is older than 300 seconds: ask for another one."));
        }
        Ok(Fresh { text: text.to_owned(), expires })
    }

    /// Uses a challenge up. Of many who do, one is the first.
    pub(super) async fn spend(&self, fresh: &Fresh) -> Result<(), No> {
        let key = format!("attestation-challenge/{}", fresh.text);
        match self.ports.store.mark(&key, fresh.expires).await? {
            true => Ok(()),
            false => Err(No::Challenge("The challenge was used before: ask for another one.")),
        }
    }
}

fn parts<'a>(tenant: &'a TenantId, client: &'a str, moment: &'a [u8], chance: &'a [u8]) -> [&'a [u8]; 5] {
    [b"attestation challenge", tenant.as_str().as_bytes(), client.as_bytes(), moment, chance]
}
