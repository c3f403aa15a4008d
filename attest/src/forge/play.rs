//! Google Play, as it speaks of one app on one device.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap as _};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vestibule_core::ports::attest::{Bound, PlayKeys};
use vestibule_core::ports::{Secret, Timestamp};
use vestibule_jose::{base64url, random};

use super::maker::public;

/// Play.
pub struct Play {
    decryption: [u8; 32],
    pair: EcdsaKeyPair,
    /// Package name of the app that asked.
    pub package: String,
    /// Package name of the app that Play found.
    pub found_package: String,
    /// SHA-256 of the certificates with which the app was signed.
    pub signers: Vec<[u8; 32]>,
    /// `appRecognitionVerdict`.
    pub recognition: String,
    /// `deviceRecognitionVerdict`.
    pub device: Vec<String>,
    /// `appLicensingVerdict`.
    pub licensing: String,
    /// When the token was asked for.
    pub asked_at: Timestamp,
    /// The answer was made up for a tester.
    pub is_testing: bool,
    /// The token is signed with another key.
    pub is_resigned: bool,
    /// `alg` and `enc` of the encrypted token, instead of the right ones.
    pub header: Value,
}

impl Play {
    pub(super) fn new(package: &str, signer: [u8; 32], now: Timestamp) -> Self {
        Self {
            decryption: random().unwrap(),
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            package: package.to_owned(),
            found_package: package.to_owned(),
            signers: vec![signer],
            recognition: "PLAY_RECOGNIZED".to_owned(),
            device: vec!["MEETS_DEVICE_INTEGRITY".to_owned()],
            licensing: "LICENSED".to_owned(),
            asked_at: now,
            is_testing: false,
            is_resigned: false,
            header: json!({ "alg": "A256KW", "enc": "A256GCM" }),
        }
    }

    /// The app's keys.
    pub fn keys(&self) -> PlayKeys {
        let (decryption, verification) = self.console_keys();
        PlayKeys::read(&Secret::new(decryption), &verification).unwrap()
    }

    /// The app's keys as the Play console shows them: decryption, verification.
    pub fn console_keys(&self) -> (String, String) {
        (STANDARD.encode(self.decryption), STANDARD.encode(public(&self.pair)))
    }

    /// `tokenPayloadExternal`, as Google would decode a token.
    pub fn payload(&self, bound: Bound<'_>) -> Value {
        let millis = (self.asked_at.micros() / 1000).to_string();
        let mut request = json!({ "requestPackageName": self.package, "timestampMillis": millis });
        match bound {
            Bound::Nonce(nonce) => request["nonce"] = nonce.into(),
            Bound::RequestHash(hash) => request["requestHash"] = hash.into(),
        }
        let digests: Vec<String> = self.signers.iter().map(|signer| base64url(signer)).collect();
        let mut payload = json!({
            "requestDetails": request,
            "appIntegrity": {
                "appRecognitionVerdict": self.recognition,
                "packageName": self.found_package,
                "certificateSha256Digest": digests,
                "versionCode": "42",
            },
            "deviceIntegrity": { "deviceRecognitionVerdict": self.device },
            "accountDetails": { "appLicensingVerdict": self.licensing },
        });
        if self.is_testing {
            payload["testingDetails"] = json!({ "isTestingResponse": true });
        }
        payload
    }

    /// A classic token for the nonce.
    pub fn token(&self, nonce: &str) -> String {
        self.seal(&self.sign(&self.payload(Bound::Nonce(nonce))))
    }

    /// The signed token inside.
    pub fn sign(&self, payload: &Value) -> String {
        let signed = format!("{}.{}", base64url(br#"{"alg":"ES256"}"#), base64url(payload.to_string().as_bytes()));
        let other = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let pair = if self.is_resigned { &other } else { &self.pair };
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", base64url(signature.as_ref()))
    }

    /// The encrypted token around a text.
    pub fn seal(&self, text: &str) -> String {
        let header = base64url(self.header.to_string().as_bytes());
        let (content_key, nonce): ([u8; 32], [u8; 12]) = (random().unwrap(), random().unwrap());
        let mut wrapped = [0; 40];
        let kek = AesKek::new(&AES_256, &self.decryption).unwrap();
        let wrapped = kek.wrap(&content_key, &mut wrapped).unwrap();
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &content_key).unwrap());
        let mut content = text.as_bytes().to_vec();
        let aad = Aad::from(header.as_bytes());
        let tag = key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, &mut content).unwrap();
        let [wrapped, nonce, content, tag] = [&*wrapped, &nonce, &content, tag.as_ref()].map(base64url);
        format!("{header}.{wrapped}.{nonce}.{content}.{tag}")
    }
}
