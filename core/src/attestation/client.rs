//! Client attestations and the proofs that their keys are held (draft-ietf-oauth-attestation-based-client-auth): by a proof of
//! their own, or by a DPoP proof of the same key. Law: nothing that an attestation says about itself chooses whose it is but
//! its issuer, which must be this server or one that the application names.

use serde::{Deserialize, Serialize};
use vestibule_jose::{Algorithm, Jwk, VerifyError, from_base64url, verify, verify_by};

use super::challenge::Fresh;
use super::{Attestation, Attested, Device, Means, No};
use crate::application::Application;
use crate::ports::TenantId;
use crate::ports::attest::{Flaw, Integrity};

/// Type of a client attestation (§4).
pub const TYPE: &str = "oauth-client-attestation+jwt";
/// Type of a proof of possession (§5.1).
pub const POP_TYPE: &str = "oauth-client-attestation-pop+jwt";
/// Algorithms of both.
pub const ALGORITHMS: &[Algorithm] = &[Algorithm::ES256, Algorithm::ES384, Algorithm::EdDSA, Algorithm::PS256];

/// Seconds by which clocks may differ.
const SKEW: i64 = 10;
/// Longest life of a client attestation in seconds.
const LONGEST: i64 = 24 * 60 * 60;
/// Longest `jti`.
const LONGEST_NAME: usize = 256;

/// What a client attestation says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    pub iss: String,
    pub sub: String,
    pub iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    pub exp: i64,
    pub cnf: Confirmation,
    /// What this server saw when it gave the attestation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<Seen>,
}

/// The key of the app's instance (RFC 7800 §3.2); a private one is refused as it is read.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Confirmation {
    pub jwk: Jwk,
}

/// What this server saw.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Seen {
    pub platform: Device,
    /// Digest of the app that the application named.
    #[serde(default)]
    pub app: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Integrity>,
    /// Id of the App Attest key behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What a proof of possession says (§5.1).
#[derive(Deserialize)]
struct Proof {
    aud: String,
    jti: String,
    iat: i64,
    #[serde(default)]
    challenge: Option<String>,
}

impl Attestation {
    /// The instance of the app that a client attestation speaks for, and the challenge that its proof uses up.
    pub(super) async fn client(
        &self,
        app: &Application,
        jwt: &str,
        pop: Option<&str>,
        dpop: Option<&str>,
    ) -> Result<(Attested, Option<Fresh>), No> {
        let claims = self.claims(app, jwt).await?;
        let key = claims.cnf.jwk.thumbprint();
        let key = key.map_err(|_| No::invalid("The client attestation's cnf holds no key that can be used."))?;
        let fresh = match pop {
            Some(pop) => Some(self.possession(app, pop, &claims.cnf.jwk)?),
            None if dpop == Some(&key) => None,
            None if dpop.is_some() => {
                return Err(No::invalid("The DPoP proof is by another key than the client attestation's."));
            }
            None => {
                return Err(No::invalid(
                    "The proof of possession is missing: send OAuth-Client-Attestation-PoP, or a DPoP proof by the attested key.",
                ));
            }
        };
        let (device, trust) = claims.attestation.map_or((Device::Other, None), |seen| (seen.platform, seen.trust));
        Ok((Attested { device, means: Means::Client, trust, key: Some(key) }, fresh))
    }

    /// What a client attestation says, if it holds and is about this client.
    async fn claims(&self, app: &Application, jwt: &str) -> Result<Claims, No> {
        let own = self.urls.issuer(&app.tenant);
        let issuer =
            issuer_of(jwt).ok_or_else(|| No::invalid("The client attestation is no JWT that names its issuer."))?;
        let is_own = issuer == own;
        let told = |error: VerifyError| No::invalid(format!("The client attestation does not hold: {error}."));
        let verified = if is_own {
            self.keyring.verify(&app.tenant, jwt, TYPE).await?.map_err(told)?
        } else {
            let attester = app.attestation.attesters.iter().find(|attester| attester.issuer == issuer);
            let attester = attester.ok_or_else(|| {
                No::invalid(
                    "The client attestation's issuer is neither this server nor one that the application names.",
                )
            })?;
            verify(jwt, &attester.keys, ALGORITHMS, Some(TYPE)).map_err(told)?
        };
        let claims: Claims = verified.claims().map_err(told)?;
        if claims.sub != app.client_id {
            return Err(No::invalid("The client attestation is about another client."));
        }
        let now = self.ports.clock.now().seconds();
        if now >= claims.exp {
            return Err(No::Over("The client attestation is over: get another one."));
        }
        let begins = claims.nbf.map_or(claims.iat, |nbf| nbf.max(claims.iat));
        if begins > now.saturating_add(SKEW) || claims.exp.saturating_sub(claims.iat) > LONGEST {
            return Err(No::invalid("The client attestation is from the future, or good for more than 24 hours."));
        }
        if !is_own {
            return Ok(Claims { attestation: None, ..claims });
        }
        self.still_holds(app, claims.attestation.as_ref()).await?;
        Ok(claims)
    }

    /// What this server saw must still be good enough: keys are revoked and applications ask for more.
    async fn still_holds(&self, app: &Application, seen: Option<&Seen>) -> Result<(), No> {
        let seen = seen.ok_or_else(|| No::invalid("The client attestation does not say what it stands on."))?;
        if seen.app != app.attestation.named_app(&app.id) {
            return Err(No::Over(
                "The application names another app since the client attestation was given: get another one.",
            ));
        }
        if let Some(key) = &seen.key {
            self.known_key(app, key).await?;
        }
        if seen.platform == Device::Android && seen.trust < Some(app.attestation.android.integrity) {
            return Err(Flaw::DeviceUntrusted.into());
        }
        Ok(())
    }

    /// The challenge that a proof of possession answers, if it is by `key`, of now and for this server (§7.2).
    pub(super) fn possession(&self, app: &Application, pop: &str, key: &Jwk) -> Result<Fresh, No> {
        let verified = verify_by(pop, key, ALGORITHMS, Some(POP_TYPE));
        let proof: Proof = verified
            .and_then(|verified| verified.claims())
            .map_err(|error| No::invalid(format!("The proof of possession does not hold: {error}.")))?;
        if !self.is_own_issuer(&app.tenant, &proof.aud) {
            return Err(No::invalid("The proof of possession's aud must be this server's issuer."));
        }
        if proof.jti.is_empty() || proof.jti.len() > LONGEST_NAME {
            return Err(No::invalid("The proof of possession's jti must have 1 to 256 bytes."));
        }
        let (now, oldest) = (self.ports.clock.now().seconds(), app.attestation.max_age.as_secs());
        let age = now.saturating_sub(proof.iat);
        if age < -SKEW || age > i64::try_from(oldest).unwrap_or(i64::MAX) {
            return Err(No::invalid(format!(
                "The proof of possession is from the future, or older than {oldest} seconds."
            )));
        }
        let challenge = proof.challenge.as_deref().ok_or(No::Challenge("The proof of possession has no challenge."))?;
        self.fresh(&app.tenant, &app.client_id, challenge)
    }

    fn is_own_issuer(&self, tenant: &TenantId, aud: &str) -> bool {
        aud == self.urls.issuer(tenant)
    }
}

/// The issuer that a token names, before anything about it is known.
fn issuer_of(jwt: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        iss: String,
    }
    let payload = from_base64url(jwt.split('.').nth(1)?)?;
    serde_json::from_slice::<Named>(&payload).ok().map(|named| named.iss)
}
