//! Attestation of an application's apps as an operator wants it. A refusal names the member in the words of the API; secrets
//! are sealed as they come and are not shown again.

use std::time::Duration;

use super::super::{Administration, Operator, Permission, invalid, is_text};
use super::mobile::{is_apple_app, is_package};
use crate::application::Application;
use crate::attestation::{ALGORITHMS, AndroidPolicy, AttestationPolicy, Attester, is_account};
use crate::audit::What;
use crate::error::{Code, Error};
use crate::ports::{AppId, Ports, Secret};
use crate::secrets::Secrets;

const MOST_SIGNERS: usize = 10;
const MOST_ATTESTERS: usize = 10;
const MOST_KEYS: usize = 20;
const LONGEST_ISSUER: usize = 512;
const LONGEST: usize = 1024;

const ACCOUNT: &str =
    "androidAttestationServiceCredentials must be the document of a Google service account with its RSA key.";
const PLAY_KEYS: &str =
    "playDecryptionKey and playVerificationKey must be given together, as the Play console shows them.";

/// Attestation as an operator wants it.
#[derive(Clone, Debug, Default)]
pub struct AttestationDraft {
    /// What is not secret, with what was sealed before.
    pub policy: AttestationPolicy,
    /// Another key that unwraps classic tokens of Play Integrity; an empty one takes it away.
    pub play_decryption: Option<Secret<String>>,
    /// Another service account for Play Integrity; an empty one takes it away.
    pub play_account: Option<Secret<String>>,
}

impl AttestationDraft {
    /// As it is.
    pub(super) fn of(app: &Application) -> Self {
        Self { policy: app.attestation.clone(), ..Self::default() }
    }

    /// The policy to keep. `native`: the application's users may sign in on its own screens.
    pub(super) fn settle(self, native: bool, ports: &Ports, secrets: &Secrets) -> Result<AttestationPolicy, Error> {
        let Self { mut policy, play_decryption, play_account } = self;
        let seal = |secret: &Secret<String>| AndroidPolicy::seal(secret, ports.random(), secrets);
        let is_empty = |secret: &Secret<String>| secret.expose().is_empty();
        let android = &mut policy.android;
        if let Some(account) = play_account {
            if !is_empty(&account) && !is_account(&account) {
                return Err(wrong(ACCOUNT));
            }
            android.play_account = if is_empty(&account) { None } else { Some(seal(&account)?) };
        }
        if let Some(key) = play_decryption {
            android.play_decryption = if is_empty(&key) { None } else { Some(seal(&key)?) };
        }
        // One of the two may have been changed alone.
        if android.play_decryption.is_some() && !android.has_play_keys(secrets)? {
            return Err(wrong(PLAY_KEYS));
        }
        check(&policy, native)?;
        Ok(policy)
    }
}

impl Administration {
    /// Takes an App Attest key of an application's app back: it speaks for the app no more, and cannot be attested anew.
    ///
    /// # Errors
    /// There is no such application or key (404), the caller may not (403) or the store failed.
    pub async fn revoke_attested_key(&self, by: &Operator, id: &AppId, key: &str) -> Result<(), Error> {
        by.demand(Permission::UpdateApps)?;
        let app = self.find_app(by, id).await?;
        by.may_change_app(&app)?;
        if !self.ports.store.revoke_attested_key(&app.tenant, &app.id, key).await? {
            return Err(Error::new(Code::NotFound).because("The application has no such key."));
        }
        self.ports.record(self.told(by, What::AttestedKeyRevoked).app(app.id).with("key", key)).await?;
        Ok(())
    }
}

fn check(policy: &AttestationPolicy, native: bool) -> Result<(), Error> {
    let AttestationPolicy { required, android, apple, .. } = policy;
    if *required && !native {
        return Err(wrong("enableClientAttestation needs enableAPIBasedAuthentication."));
    }
    let names = [&android.package, &android.play_verification, &apple.app];
    if names.into_iter().flatten().any(|name| name.len() > LONGEST) {
        return Err(wrong("androidPackageName, playVerificationKey and appleAppId must have at most 1024 bytes."));
    }
    if android.signers.len() > MOST_SIGNERS {
        return Err(wrong("androidThumbprints must be at most 10."));
    }
    bounded("maxAgeInSeconds", policy.max_age, 1, 300)?;
    bounded("clientAttestationExpiryInSeconds", policy.lifetime, 60, 24 * 60 * 60)?;
    attesters(&policy.attesters)?;
    if *required || policy.authenticates { can_be_met(policy) } else { Ok(()) }
}

/// What is asked for must be possible: names that are taken over from elsewhere and mean nothing may be anything.
fn can_be_met(policy: &AttestationPolicy) -> Result<(), Error> {
    let AttestationPolicy { android, apple, .. } = policy;
    if android.package.as_ref().is_some_and(|package| !is_package(package)) {
        return Err(wrong("androidPackageName must be a package name, as com.example.app."));
    }
    if apple.app.as_ref().is_some_and(|app| !is_apple_app(app)) {
        return Err(wrong("appleAppId must be an app id, as ABCDE12345.com.example.app."));
    }
    let judges = android.play_account.is_some() || android.play_decryption.is_some() || android.key.is_some();
    if android.package.is_some() && !judges {
        return Err(wrong(
            "androidPackageName needs keys of Play Integrity, a service account or androidKeyAttestation.",
        ));
    }
    if android.package.is_some() && android.signers.is_empty() {
        return Err(wrong("androidThumbprints must name the certificates that may have signed the app."));
    }
    if apple.app.is_none() && android.package.is_none() && policy.attesters.is_empty() {
        return Err(wrong("appleAppId, androidPackageName or attesters must name what can be attested."));
    }
    Ok(())
}

fn bounded(member: &str, span: Duration, fewest: u64, most: u64) -> Result<(), Error> {
    if (fewest..=most).contains(&span.as_secs()) {
        return Ok(());
    }
    Err(wrong(&format!("{member} must be {fewest} to {most}.")))
}

fn attesters(all: &[Attester]) -> Result<(), Error> {
    if all.len() > MOST_ATTESTERS {
        return Err(wrong("attesters must be at most 10."));
    }
    for (n, attester) in all.iter().enumerate() {
        if attester.issuer.trim().is_empty() || !is_text(&attester.issuer, LONGEST_ISSUER) {
            return Err(wrong("attesters.issuer must have 1 to 512 characters."));
        }
        if all.iter().take(n).any(|other| other.issuer == attester.issuer) {
            return Err(wrong("attesters must differ in their issuer."));
        }
        let keys = &attester.keys.keys;
        let usable =
            |key: &vestibule_jose::Jwk| ALGORITHMS.iter().any(|alg| key.serves(*alg)) && key.thumbprint().is_ok();
        if !(1..=MOST_KEYS).contains(&keys.len()) || !keys.iter().all(usable) {
            return Err(wrong("attesters.jwks must have 1 to 20 public keys for ES256, ES384, EdDSA or PS256."));
        }
    }
    Ok(())
}

fn wrong(what: &str) -> Error {
    invalid(format!("advancedConfigurations.attestationMetaData: {what}"))
}
