//! Checkpoints: signed statements of where the chain stood. Whoever keeps one elsewhere can show that nothing up to it was
//! changed; the newest one shows that nothing was cut off the end. An anchor is one that stands for records past their time.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_jose::{Algorithm, Jwk, JwkSet, SigningKey, base64url, from_base64url, verify};

use super::{Hash, What};
use crate::error::{Error, Fault};
use crate::house::House;
use crate::ports::store::StoredCheckpoint;
use crate::ports::{TenantId, Timestamp};

/// What a checkpoint is signed as; no token of a login is of this type.
const TYPE: &str = "vestibule-audit+jwt";

/// Records that one write removes at most.
const BATCH: usize = 500;

/// When the log is signed and how long it is kept.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// After so many records.
    pub records: u64,
    /// After so long, if there is a new record.
    pub span: Duration,
    /// Age at which records are removed; zero: never.
    pub keep: Duration,
}

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The number of the record.
    pub seq: u64,
    /// Its hash, in base64url.
    hash: String,
    /// The records up to it were removed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub anchor: bool,
    /// When it was signed, in seconds.
    pub iat: i64,
}

impl Statement {
    /// The hash that the record had.
    pub fn hash(&self) -> Option<Hash> {
        from_base64url(&self.hash)?.try_into().ok()
    }

    /// What a signed checkpoint says, if it is signed with the key and the key names itself rightly.
    pub fn read(jws: &str, key: &str) -> Option<Self> {
        let key: Jwk = serde_json::from_str(key).ok()?;
        let named = key.kid.is_some() && key.kid == key.thumbprint().ok();
        let keys = JwkSet { keys: vec![key] };
        let signed = verify(jws, &keys, &[Algorithm::ES256], Some(TYPE)).ok()?;
        signed.claims().ok().filter(|_| named)
    }
}

impl StoredCheckpoint {
    /// Signs that the record of a number has a hash.
    ///
    /// # Errors
    /// The key failed.
    pub fn sign(signer: &SigningKey, (seq, hash): (u64, Hash), anchor: bool, at: Timestamp) -> Result<Self, Fault> {
        let statement = Statement { seq, hash: base64url(&hash), anchor, iat: at.seconds() };
        let broken = |error| Fault::from("signing a checkpoint of the audit log", error);
        let jws = signer.sign(Algorithm::ES256, TYPE, &statement).map_err(broken)?;
        // The key goes with the statement, so that it can be checked when the key signs no more.
        let key = serde_json::to_string(signer.jwk()).map_err(|error| Fault::from("writing a public key", error))?;
        Ok(Self { seq, hash, anchor, jws, key, at })
    }

    /// What it says, if its signature holds and its columns say the same.
    pub fn statement(&self) -> Option<Statement> {
        let statement = Statement::read(&self.jws, &self.key)?;
        let same = statement.seq == self.seq
            && statement.hash() == Some(self.hash)
            && statement.anchor == self.anchor
            && statement.iat == self.at.seconds();
        same.then_some(statement)
    }
}

impl House {
    /// Signs the log where it is time to, and removes what is past its time. Called now and then.
    ///
    /// # Errors
    /// The store or a key failed.
    pub async fn keep_audit(&self, keeping: &Keeping) -> Result<(), Error> {
        let (store, now) = (&self.ports.store, self.ports.clock.now());
        let Some((seq, hash)) = store.tail().await? else { return Ok(()) };
        let newest = store.checkpoint_before(u64::MAX).await?;
        let (since, signed) = newest.map_or((0, Timestamp::default()), |newest| (newest.seq, newest.at));
        let fresh = seq.saturating_sub(since);
        if fresh >= keeping.records || (fresh > 0 && now.since(signed) >= keeping.span) {
            self.sign_audit(seq, hash, false).await?;
        }
        if keeping.keep > Duration::ZERO {
            self.prune_audit(now - keeping.keep, seq).await?;
        }
        Ok(())
    }

    async fn sign_audit(&self, seq: u64, hash: Hash, anchor: bool) -> Result<(), Error> {
        let signer = self.keyring.signer(&TenantId::root(), Algorithm::ES256).await?;
        let checkpoint = StoredCheckpoint::sign(&signer, (seq, hash), anchor, self.ports.clock.now())?;
        Ok(self.ports.store.keep_checkpoint(&checkpoint).await?)
    }

    /// Removes the records up to the newest checkpoint before a moment, which becomes their anchor.
    async fn prune_audit(&self, before: Timestamp, tail: u64) -> Result<(), Error> {
        let store = &self.ports.store;
        let until = store.first_since(before).await?.map_or(tail, |first| first.saturating_sub(1));
        let Some(checkpoint) = store.checkpoint_before(until).await? else { return Ok(()) };
        if !checkpoint.anchor {
            self.sign_audit(checkpoint.seq, checkpoint.hash, true).await?;
            let event = self.ports.event(What::AuditPruned, &TenantId::root()).by(super::Actor::Server);
            self.ports.record(event.with("until", checkpoint.seq)).await?;
        }
        while store.prune(checkpoint.seq, BATCH).await? >= BATCH {}
        Ok(())
    }
}
