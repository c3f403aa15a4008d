//! A client with a key that proves it with every call (DPoP, RFC 9449).

use std::cell::Cell;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Method;
use serde_json::{Value, json};

use crate::connection::{Body, Connection};

/// A P-256 key, and how many proofs were made with it.
pub(crate) struct Prover {
    pair: EcdsaKeyPair,
    header: String,
    server: String,
    made: Cell<u64>,
}

impl Prover {
    /// A new key for the server at the other end, whose own address its metadata say.
    pub(crate) async fn new(connection: &mut Connection) -> anyhow::Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| anyhow!("no key was made"))?;
        let (_, metadata) =
            connection.send(Method::GET, "/.well-known/openid-configuration", None, Body::Text(String::new())).await?;
        let issuer = metadata.pointer("/issuer").and_then(Value::as_str).context("no issuer")?;
        let server = issuer.strip_suffix("/oauth2/token").context("an issuer of another form")?.to_owned();
        let point = pair.public_key().as_ref();
        let part = |from, to| point.get(from..to).map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": part(1, 33), "y": part(33, 65) });
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk });
        Ok(Self { pair, header: URL_SAFE_NO_PAD.encode(header.to_string()), server, made: Cell::new(0) })
    }

    /// The proof of a call.
    pub(crate) fn proof(&self, method: &Method, path: &str) -> anyhow::Result<String> {
        let number = self.made.get();
        self.made.set(number + 1);
        let iat = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let url = format!("{}{path}", self.server);
        let claims = json!({ "jti": format!("measured-{number:012}"), "htm": method.as_str(), "htu": url, "iat": iat });
        let signed = format!("{}.{}", self.header, URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes());
        let signature = signature.map_err(|_| anyhow!("no proof was signed"))?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
