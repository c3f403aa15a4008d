//! What an application asks of the apps that sign users in as it, and what becomes of devices that cannot say anything.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_jose::{JwkSet, base64url, sha256};

use crate::error::Fault;
use crate::ports::attest::{Integrity, Level, PlayKeys};
use crate::ports::{AppId, Secret};
use crate::secrets::Secrets;

/// What sealed secrets of a policy are for.
const PURPOSE: &str = "attestation";

/// Attestation of an application's apps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AttestationPolicy {
    /// Logins start only from an attested app (WSO2's `enableClientAttestation`).
    pub required: bool,
    /// The client authenticates by its attestation (`attest_jwt_client_auth`): tokens are given to attested apps alone.
    pub authenticates: bool,
    /// The app for Android.
    pub android: AndroidPolicy,
    /// The app for Apple's devices.
    pub apple: ApplePolicy,
    /// The oldest statement or proof that is taken.
    pub max_age: Duration,
    /// How long a client attestation of this server is good.
    pub lifetime: Duration,
    /// What devices may do that show nothing; those that are not named are refused.
    pub unattestable: BTreeMap<Device, Unattestable>,
    /// Others whose client attestations are taken besides this server's own.
    pub attesters: Vec<Attester>,
}

/// The app for Android.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AndroidPolicy {
    /// Package name.
    pub package: Option<String>,
    /// SHA-256 digests of the certificates that may have signed the app.
    pub signers: Vec<[u8; 32]>,
    /// The least trust in the device that Play Integrity must speak of.
    pub integrity: Integrity,
    /// Key attestations are taken of keys that live at least here; else none are.
    pub key: Option<Level>,
    /// Unwraps classic tokens of Play Integrity: sealed.
    pub play_decryption: Option<String>,
    /// Checks them: `SubjectPublicKeyInfo` in Base64, as the Play console shows it.
    pub play_verification: Option<String>,
    /// The service account for which Google decodes tokens: sealed.
    pub play_account: Option<String>,
}

/// The app for Apple's devices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ApplePolicy {
    /// App id, as `TEAMID.com.example.app`.
    pub app: Option<String>,
    /// Keys of App Attest's development environment are taken too.
    pub development: bool,
}

/// A kind of device, as an app calls it that shows nothing. It may lie: the mildest rule is what holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// Apple's devices.
    Ios,
    /// Android.
    Android,
    /// Everything else, and what is not said.
    Other,
}

/// What a device may do that shows nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unattestable {
    /// Nothing.
    #[default]
    Refuse,
    /// Sign in in a browser.
    BrowserOnly,
    /// Sign in with two factors.
    StepUp,
}

/// Somebody else whose client attestations are taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attester {
    /// The claim `iss` of its attestations.
    pub issuer: String,
    /// Its keys.
    pub keys: JwkSet,
}

impl Default for AttestationPolicy {
    fn default() -> Self {
        Self {
            required: false,
            authenticates: false,
            android: AndroidPolicy::default(),
            apple: ApplePolicy::default(),
            max_age: Duration::from_secs(60),
            lifetime: Duration::from_secs(3600),
            unattestable: BTreeMap::new(),
            attesters: Vec::new(),
        }
    }
}

impl Default for AndroidPolicy {
    fn default() -> Self {
        Self {
            package: None,
            signers: Vec::new(),
            integrity: Integrity::Device,
            key: None,
            play_decryption: None,
            play_verification: None,
            play_account: None,
        }
    }
}

impl AttestationPolicy {
    /// What a device may do that shows nothing.
    pub fn rule(&self, device: Device) -> Unattestable {
        self.unattestable.get(&device).copied().unwrap_or_default()
    }

    /// Digest of what the application says an app of its is: what was attested of one says nothing about another.
    pub(super) fn named_app(&self, id: &AppId) -> String {
        let Self { android, apple, .. } = self;
        let named = (id.as_bytes(), &apple.app, &android.package, &android.signers, android.key);
        // Bytes, texts and lists of them can always be written.
        base64url(&sha256(&serde_json::to_vec(&named).unwrap_or_default()))
    }
}

impl AndroidPolicy {
    /// Seals a secret for keeping. `nonce` is random.
    ///
    /// # Errors
    /// The cipher failed.
    pub fn seal(secret: &Secret<String>, nonce: [u8; 12], secrets: &Secrets) -> Result<String, Fault> {
        secrets.seal(PURPOSE, nonce, secret.expose().as_bytes())
    }

    /// The keys of classic tokens, if there are any.
    pub(crate) fn play_keys(&self, secrets: &Secrets) -> Result<Option<PlayKeys>, Fault> {
        let (Some(sealed), Some(verification)) = (&self.play_decryption, &self.play_verification) else {
            return Ok(None);
        };
        let keys = PlayKeys::read(&opened(sealed, secrets)?, verification);
        keys.map(Some).ok_or(Fault::new("stored keys of Play Integrity are no keys"))
    }

    /// Whether what is kept makes keys of classic tokens: both halves, and of the form that they must have.
    pub(crate) fn has_play_keys(&self, secrets: &Secrets) -> Result<bool, Fault> {
        let (Some(sealed), Some(verification)) = (&self.play_decryption, &self.play_verification) else {
            return Ok(false);
        };
        Ok(PlayKeys::read(&opened(sealed, secrets)?, verification).is_some())
    }

    /// The service account, if there is one: Google's JSON document.
    pub(super) fn account(&self, secrets: &Secrets) -> Result<Option<Secret<String>>, Fault> {
        self.play_account.as_ref().map(|sealed| opened(sealed, secrets)).transpose()
    }
}

fn opened(sealed: &str, secrets: &Secrets) -> Result<Secret<String>, Fault> {
    let plain = secrets.open(PURPOSE, sealed).ok_or(Fault::new("an application's secret of another server"))?;
    let text = String::from_utf8(plain.as_ref().to_vec());
    text.map(Secret::new).map_err(|error| Fault::from("reading an application's secret", error))
}
