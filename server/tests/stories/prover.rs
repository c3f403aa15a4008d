//! Somebody who has a key and proves it with each call (RFC 9449).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use vestibule_core::ports::Clock as _;
use vestibule_jose::{Algorithm, Family, SigningKey, base64url, sha256};

use crate::world::{StillClock, World};

/// A key, and proofs made with it.
pub struct Prover {
    key: SigningKey,
    clock: Arc<StillClock>,
    base: String,
    made: AtomicU64,
}

impl World {
    /// Somebody with a new P-256 key; [`crate::caller::Caller::proving`] makes them prove it with each call.
    pub fn prover(&self) -> Arc<Prover> {
        self.prover_of(Family::P256)
    }

    pub fn prover_of(&self, family: Family) -> Arc<Prover> {
        let key = SigningKey::generate(family).unwrap();
        let base = self.house.urls.as_str().to_owned();
        Arc::new(Prover { key, clock: Arc::clone(&self.clock), base, made: AtomicU64::new(0) })
    }
}

impl Prover {
    /// The key's thumbprint.
    pub fn jkt(&self) -> &str {
        self.key.kid()
    }

    /// The public key.
    pub fn jwk(&self) -> Value {
        let jwk = self.key.jwk();
        let named = [("kty", Some(&jwk.kty)), ("crv", jwk.crv.as_ref()), ("x", jwk.x.as_ref()), ("y", jwk.y.as_ref())];
        let more = [("n", jwk.n.as_ref()), ("e", jwk.e.as_ref())];
        let text = |value: &String| Value::String(value.clone());
        named.into_iter().chain(more).filter_map(|(name, value)| Some((name.to_owned(), text(value?)))).collect()
    }

    pub fn alg(&self) -> Algorithm {
        match self.key.family() {
            Family::P256 => Algorithm::ES256,
            Family::P384 => Algorithm::ES384,
            Family::Ed25519 => Algorithm::EdDSA,
            Family::Rsa => Algorithm::PS256,
        }
    }

    pub fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": self.alg(), "jwk": self.jwk()})
    }

    /// The claims of a new proof of a call.
    pub fn claims(&self, method: &str, path: &str) -> Value {
        let path = path.split('?').next().unwrap();
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        json!({
            "jti": format!("proof {number}"), "htm": method, "htu": format!("{}{path}", self.base),
            "iat": self.clock.now().seconds(),
        })
    }

    /// The claims of a new proof of a call that shows an access token.
    pub fn claims_for(&self, method: &str, path: &str, token: &str) -> Value {
        let mut claims = self.claims(method, path);
        claims["ath"] = base64url(&sha256(token.as_bytes())).into();
        claims
    }

    /// Signs whatever is given.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        self.key.sign_with_header(self.alg(), header, claims).unwrap()
    }

    /// A new proof of a call.
    pub fn proof(&self, method: &str, path: &str) -> String {
        self.sign(&self.header(), &self.claims(method, path))
    }
}
