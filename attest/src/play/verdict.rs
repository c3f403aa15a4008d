//! The judgement of a payload. Its members are those of `TokenPayloadExternal`; numbers come as numbers or as text, as JSON
//! made from 64-bit integers does.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use vestibule_core::ports::Timestamp;
use vestibule_core::ports::attest::{Bound, Flaw, Integrity, PlayAsked, PlayVerdict};
use vestibule_jose::{base64url, from_base64url_lenient};

/// What the payload says, if it is about this app, this request and a device as good as asked for.
pub fn judge(payload: &Value, asked: &PlayAsked<'_>) -> Result<PlayVerdict, Flaw> {
    let payload = Payload::deserialize(payload).map_err(|_| Flaw::NotAnAttestation)?;
    let asked_at = payload.request_details.check(asked)?;
    // Answers that the Play console makes up for chosen testers.
    if payload.testing_details.is_testing_response {
        return Err(Flaw::DebugEnvironment);
    }
    payload.app_integrity.check(asked)?;
    let device = payload.device_integrity.verdicts();
    // Which lesser verdicts are listed too is a choice in the Play console.
    if !device.iter().any(|verdict| *verdict >= asked.device) {
        return Err(Flaw::DeviceUntrusted);
    }
    let licensed = payload.account_details.app_licensing_verdict == "LICENSED";
    Ok(PlayVerdict { device, licensed, version: payload.app_integrity.version_code, asked_at })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    request_details: Request,
    app_integrity: App,
    #[serde(default)]
    device_integrity: Device,
    #[serde(default)]
    account_details: Account,
    #[serde(default)]
    testing_details: Testing,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    request_package_name: String,
    nonce: Option<String>,
    request_hash: Option<String>,
    #[serde(deserialize_with = "whole")]
    timestamp_millis: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct App {
    app_recognition_verdict: String,
    package_name: Option<String>,
    #[serde(default)]
    certificate_sha256_digest: Vec<String>,
    #[serde(default, deserialize_with = "whole_if_any")]
    version_code: Option<u64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Device {
    device_recognition_verdict: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Account {
    app_licensing_verdict: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Testing {
    is_testing_response: bool,
}

impl Request {
    /// The moment of the request, if it is the one asked for.
    fn check(&self, asked: &PlayAsked<'_>) -> Result<Timestamp, Flaw> {
        if self.request_package_name != asked.package {
            return Err(Flaw::WrongApp);
        }
        let is_bound = match asked.bound {
            // Play takes the nonce with padding and without.
            Bound::Nonce(nonce) => self.nonce.as_deref().is_some_and(|found| unpadded(found) == unpadded(nonce)),
            Bound::RequestHash(hash) => self.request_hash.as_deref() == Some(hash),
        };
        if !is_bound {
            return Err(Flaw::WrongChallenge);
        }
        let micros = i64::try_from(self.timestamp_millis).ok().and_then(|millis| millis.checked_mul(1000));
        let asked_at = Timestamp::from_micros(micros.ok_or(Flaw::NotAnAttestation)?);
        if asked.now.since(asked_at) > asked.max_age || asked_at.since(asked.now) > SKEW {
            return Err(Flaw::Stale);
        }
        Ok(asked_at)
    }
}

impl App {
    /// Play knows the app as the one asked for, signed by one of its makers.
    fn check(&self, asked: &PlayAsked<'_>) -> Result<(), Flaw> {
        if self.app_recognition_verdict != "PLAY_RECOGNIZED" {
            return Err(Flaw::Unrecognised(short(&self.app_recognition_verdict)));
        }
        if self.package_name.as_deref() != Some(asked.package) {
            return Err(Flaw::WrongApp);
        }
        let found: Vec<Vec<u8>> =
            self.certificate_sha256_digest.iter().filter_map(|digest| from_base64url_lenient(digest)).collect();
        if !found.iter().any(|found| asked.signers.iter().any(|signer| signer == found.as_slice())) {
            return Err(Flaw::WrongSigner(found.first().map(|found| short(&base64url(found))).unwrap_or_default()));
        }
        Ok(())
    }
}

impl Device {
    fn verdicts(&self) -> BTreeSet<Integrity> {
        let known = [Integrity::Basic, Integrity::Device, Integrity::Strong];
        let is_found =
            |verdict: &Integrity| self.device_recognition_verdict.iter().any(|name| name == verdict.as_str());
        known.into_iter().filter(is_found).collect()
    }
}

fn unpadded(text: &str) -> &str {
    text.trim_end_matches('=')
}

/// Enough of a text from outside to be told.
fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Whole {
    Number(u64),
    Text(String),
}

fn whole<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    match Whole::deserialize(from)? {
        Whole::Number(number) => Ok(number),
        Whole::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

fn whole_if_any<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    whole(from).map(Some)
}

/// How far Google's clock may be ahead of ours.
const SKEW: Duration = Duration::from_secs(60);
