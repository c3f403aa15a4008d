//! The attester: an app shows what its platform says of it, and that it holds a key, and gets a client attestation for this key
//! that is good for a short while. From then on it needs the platform no more, and no other server is asked.

use serde::Serialize;
use vestibule_jose::{Algorithm, Jwk};

use super::client::{Claims, Confirmation, Seen};
use super::platform::thumbprint;
use super::{Attestation, Attested, Evidence, Field, Means, No, Object, TYPE};
use crate::application::Application;
use crate::audit::{Actor, What};
use crate::error::{Code, Error, Fault};
use crate::oauth::Params;

/// Longest key in bytes of JSON.
const LONGEST_KEY: usize = 2048;

/// A client attestation.
#[derive(Debug, Serialize)]
pub struct Issued {
    /// The attestation (draft-ietf-oauth-attestation-based-client-auth §4).
    pub client_attestation: String,
    /// Seconds until it is over.
    pub expires_in: u64,
}

/// What an app wants attested.
#[derive(Debug)]
pub struct Wanted<'a> {
    object: &'a str,
    challenge: &'a str,
    platform: Option<&'a str>,
    key: Jwk,
}

impl<'a> Wanted<'a> {
    /// Reads the request.
    ///
    /// # Errors
    /// A parameter is missing, or the key is none that signs (60001).
    pub fn read(params: &'a Params) -> Result<Self, Error> {
        let needed = |name: &str| params.get(name).ok_or_else(|| invalid(format!("The parameter {name} is missing.")));
        let jwk = needed("jwk")?;
        let key = Some(jwk).filter(|jwk| jwk.len() <= LONGEST_KEY).and_then(|jwk| serde_json::from_str(jwk).ok());
        let mut key: Jwk = key.ok_or_else(|| invalid("The parameter jwk must be a public key as a JWK.".to_owned()))?;
        (key.use_, key.alg, key.kid) = (None, None, None);
        if !super::ALGORITHMS.iter().any(|alg| key.serves(*alg)) || key.thumbprint().is_err() {
            return Err(invalid("The parameter jwk must be a key for ES256, ES384, EdDSA or PS256.".to_owned()));
        }
        let (object, challenge) = (needed("attestation")?, needed("attestation_challenge")?);
        Ok(Self { object, challenge, platform: params.get("platform"), key })
    }
}

impl Attestation {
    /// Gives a client attestation for what an app shows. `dpop`: thumbprint of the key whose DPoP proof came with the request
    /// and holds.
    ///
    /// # Errors
    /// The application takes no attestations, or what is shown does not hold (401).
    pub async fn issue(
        &self,
        app: &Application,
        wanted: Wanted<'_>,
        evidence: &Evidence,
        dpop: Option<&str>,
    ) -> Result<Issued, Error> {
        let (attested, key) =
            self.examine(app, wanted, evidence, dpop).await.map_err(|no| self.refuse(no, app, &Evidence::default()))?;
        let (now, lifetime) = (self.ports.clock.now(), app.attestation.lifetime);
        let behind = matches!(attested.means, Means::AppAttest | Means::Assertion).then_some(attested.key).flatten();
        let claims = Claims {
            iss: self.urls.issuer(&app.tenant),
            sub: app.client_id.clone(),
            iat: now.seconds(),
            nbf: None,
            exp: (now + lifetime).seconds(),
            cnf: Confirmation { jwk: key },
            attestation: Some(Seen {
                platform: attested.device,
                app: app.attestation.named_app(&app.id),
                trust: attested.trust,
                key: behind,
            }),
        };
        let signer = self.keyring.signer(&app.tenant, Algorithm::ES256).await?;
        let signed = signer.sign(Algorithm::ES256, TYPE, &claims);
        let client_attestation = signed.map_err(|error| Fault::from("signing a client attestation", error))?;
        let event = self.ports.event(What::AttestationIssued, &app.tenant).by(Actor::App(app.id)).app(app.id);
        let key = claims.attestation.and_then(|seen| seen.key).unwrap_or_default();
        self.ports.mention(event.with("means", format!("{:?}", attested.means)).with("key", key)).await?;
        Ok(Issued { client_attestation, expires_in: lifetime.as_secs() })
    }

    /// The app that the platform speaks of, and the key that it holds.
    async fn examine(
        &self,
        app: &Application,
        wanted: Wanted<'_>,
        evidence: &Evidence,
        dpop: Option<&str>,
    ) -> Result<(Attested, Jwk), No> {
        let Wanted { object, challenge, platform, key } = wanted;
        let object = Object::read(object)?;
        if platform.is_some_and(|platform| platform != object.platform()) {
            return Err(No::invalid("The parameter platform names another platform than the attestation is of."));
        }
        let name = thumbprint(&key)?;
        let fresh = self.fresh(&app.tenant, &app.client_id, challenge)?;
        match &evidence.pop {
            Field::Once(pop) if self.possession(app, pop.trim(), &key)? == fresh => {}
            Field::Once(_) => return Err(No::Challenge("The proof of possession is about another challenge.")),
            Field::Absent if dpop == Some(&name) => {}
            Field::Absent => {
                return Err(No::invalid(
                    "Show that the key is held: send OAuth-Client-Attestation-PoP, or a DPoP proof by it.",
                ));
            }
            Field::Unfit => {
                return Err(No::invalid("The header OAuth-Client-Attestation-PoP must be sent once and in ASCII."));
            }
        }
        let attested = self.platform(app, object, &fresh, Some(&name)).await?;
        Ok((attested, key))
    }
}

fn invalid(description: String) -> Error {
    Error::new(Code::InvalidRequest).because(description)
}
