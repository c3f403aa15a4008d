//! `advancedConfigurations.attestationMetaData`: WSO2's members, and beside them those of this server. What is secret comes in and
//! never goes out.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use vestibule_core::admin::{AppDraft, AttestationDraft};
use vestibule_core::attestation::{AttestationPolicy, Attester, Device, Unattestable};
use vestibule_core::error::Error;
use vestibule_core::ports::Secret;
use vestibule_core::ports::attest::{Integrity, Level};

use super::super::super::association::{fingerprint, read_fingerprint};
use super::super::super::body::Object;
use super::super::json::{SecretText, invalid};

/// Client attestation. Members that are absent from a change stay as they are; an empty text takes one away.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct AttestationBody {
    /// Logins start only from an attested app.
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_client_attestation: Option<bool>,
    /// The client authenticates by its attestation at the token endpoint (`attest_jwt_client_auth`). Not WSO2's.
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_client_authentication: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    android_package_name: Option<String>,
    /// SHA-256 digests of the certificates that may have signed the Android app, as `AB:CD:…`. Not WSO2's.
    #[serde(skip_serializing_if = "Option::is_none")]
    android_thumbprints: Option<Vec<String>>,
    /// The least trust in an Android device. Not WSO2's.
    #[serde(skip_serializing_if = "Option::is_none")]
    android_device_integrity: Option<IntegrityName>,
    /// Where keys must live whose attestations are taken. Not WSO2's.
    #[serde(skip_serializing_if = "Option::is_none")]
    android_key_attestation: Option<LevelName>,
    /// Google's document of a service account, for standard tokens of Play Integrity. Never shown; `{}` takes it away.
    #[serde(skip_serializing)]
    android_attestation_service_credentials: Option<SecretDocument>,
    /// Decryption key of classic tokens, as the Play console shows it. Never shown. Not WSO2's.
    #[serde(skip_serializing)]
    play_decryption_key: Option<SecretText>,
    /// Verification key of classic tokens, as the Play console shows it. Not WSO2's.
    #[serde(skip_serializing_if = "Option::is_none")]
    play_verification_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apple_app_id: Option<String>,
    /// Keys of App Attest's development environment are taken too. Not WSO2's.
    #[serde(skip_serializing_if = "Option::is_none")]
    apple_allow_development: Option<bool>,
    /// Oldest statement or proof that is taken, in seconds. Not WSO2's.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age_in_seconds: Option<u64>,
    /// How long a client attestation of this server is good. Not WSO2's.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_attestation_expiry_in_seconds: Option<u64>,
    /// What devices may do that cannot be attested; others are refused. Not WSO2's.
    #[serde(skip_serializing_if = "Option::is_none")]
    unattestable: Option<BTreeMap<DeviceName, RuleName>>,
    /// Others whose client attestations are taken. Not WSO2's.
    #[serde(skip_serializing_if = "Option::is_none")]
    attesters: Option<Vec<Object<AttesterBody>>>,
}

/// Somebody else whose client attestations are taken.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AttesterBody {
    /// The claim `iss`.
    issuer: String,
    /// Its public keys (RFC 7517 §5).
    jwks: Value,
}

/// The names of the API for values of the rules.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident of $of:ident { $($variant:ident),+ })+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        enum $name { $($variant),+ }

        impl From<$of> for $name {
            fn from(of: $of) -> Self {
                match of { $($of::$variant => Self::$variant),+ }
            }
        }

        impl From<$name> for $of {
            fn from(name: $name) -> Self {
                match name { $($name::$variant => Self::$variant),+ }
            }
        }
    )+ };
}

names! {
    /// Least trust in a device.
    IntegrityName of Integrity { Basic, Device, Strong }
    /// A kind of device.
    DeviceName of Device { Ios, Android, Other }
    /// What a device may do that cannot be attested.
    RuleName of Unattestable { Refuse, BrowserOnly, StepUp }
}

/// Where a key must live whose attestation is taken.
#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum LevelName {
    /// Key attestations are not taken.
    None,
    TrustedEnvironment,
    StrongBox,
}

impl AttestationBody {
    pub(super) fn of(policy: &AttestationPolicy) -> Self {
        let AttestationPolicy { android, apple, .. } = policy;
        let attester = |attester: &Attester| {
            let jwks = serde_json::to_value(&attester.keys).unwrap_or_default();
            Object(AttesterBody { issuer: attester.issuer.clone(), jwks })
        };
        let rules: BTreeMap<_, _> =
            policy.unattestable.iter().map(|(device, rule)| ((*device).into(), (*rule).into())).collect();
        let attesters: Vec<_> = policy.attesters.iter().map(attester).collect();
        Self {
            enable_client_attestation: Some(policy.required),
            enable_client_authentication: Some(policy.authenticates),
            android_package_name: android.package.clone(),
            android_thumbprints: Some(android.signers.iter().map(fingerprint).collect()),
            android_device_integrity: Some(android.integrity.into()),
            android_key_attestation: Some(match android.key {
                None => LevelName::None,
                Some(Level::TrustedEnvironment) => LevelName::TrustedEnvironment,
                Some(Level::StrongBox) => LevelName::StrongBox,
            }),
            play_verification_key: android.play_verification.clone(),
            apple_app_id: apple.app.clone(),
            apple_allow_development: Some(apple.development),
            max_age_in_seconds: Some(policy.max_age.as_secs()),
            client_attestation_expiry_in_seconds: Some(policy.lifetime.as_secs()),
            unattestable: Some(rules),
            attesters: Some(attesters),
            ..Self::default()
        }
    }

    pub(super) fn apply(&self, draft: &mut AppDraft) -> Result<(), Error> {
        let AttestationDraft { policy, play_decryption, play_account } = &mut draft.attestation;
        policy.required = self.enable_client_attestation.unwrap_or(policy.required);
        policy.authenticates = self.enable_client_authentication.unwrap_or(policy.authenticates);
        set_text(&mut policy.apple.app, self.apple_app_id.as_ref());
        policy.apple.development = self.apple_allow_development.unwrap_or(policy.apple.development);
        let android = &mut policy.android;
        set_text(&mut android.package, self.android_package_name.as_ref());
        set_text(&mut android.play_verification, self.play_verification_key.as_ref());
        if let Some(texts) = &self.android_thumbprints {
            android.signers = texts.iter().map(|text| digest(text)).collect::<Result<_, _>>()?;
        }
        android.integrity = self.android_device_integrity.map_or(android.integrity, Into::into);
        android.key = match self.android_key_attestation {
            None => android.key,
            Some(LevelName::None) => None,
            Some(LevelName::TrustedEnvironment) => Some(Level::TrustedEnvironment),
            Some(LevelName::StrongBox) => Some(Level::StrongBox),
        };
        *play_account =
            self.android_attestation_service_credentials.as_ref().map(|SecretDocument(secret)| secret.clone());
        *play_decryption = self.play_decryption_key.as_ref().map(|SecretText(secret)| secret.clone());
        policy.max_age = self.max_age_in_seconds.map_or(policy.max_age, Duration::from_secs);
        policy.lifetime = self.client_attestation_expiry_in_seconds.map_or(policy.lifetime, Duration::from_secs);
        if let Some(rules) = &self.unattestable {
            policy.unattestable = rules.iter().map(|(device, rule)| ((*device).into(), (*rule).into())).collect();
        }
        if let Some(attesters) = &self.attesters {
            policy.attesters = attesters.iter().map(|Object(attester)| attester.parse()).collect::<Result<_, _>>()?;
        }
        Ok(())
    }
}

impl AttesterBody {
    fn parse(&self) -> Result<Attester, Error> {
        let keys = serde_json::from_value(self.jwks.clone()).map_err(|_| {
            invalid("advancedConfigurations.attestationMetaData.attesters.jwks must be a set of public keys.")
        })?;
        Ok(Attester { issuer: self.issuer.clone(), keys })
    }
}

fn set_text(kept: &mut Option<String>, given: Option<&String>) {
    if let Some(text) = given {
        *kept = Some(text.clone()).filter(|text| !text.is_empty());
    }
}

fn digest(text: &str) -> Result<[u8; 32], Error> {
    read_fingerprint(text).ok_or_else(|| {
        invalid("advancedConfigurations.attestationMetaData.androidThumbprints must be SHA-256 digests in hexadecimal pairs with colons.")
    })
}

/// An object whose contents are secret; an empty one is an empty text.
struct SecretDocument(Secret<String>);

impl<'de> Deserialize<'de> for SecretDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Map::<String, Value>::deserialize(deserializer)?;
        let text = if document.is_empty() { String::new() } else { Value::Object(document).to_string() };
        Ok(Self(Secret::new(text)))
    }
}

impl JsonSchema for SecretDocument {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SecretDocument".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "writeOnly": true })
    }
}
