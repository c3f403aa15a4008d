//! What users hold in stories: passkeys in software, devices that compute codes, and sheets of backup codes.

use serde_json::{Value, json};
use vestibule_authn::PasskeyVerifier;
use vestibule_authn::passkey::softkey::{Kind as Algorithm, SoftKey};
use vestibule_core::credential::totp::{PERIOD, TotpSecret};
use vestibule_core::credential::{BackupCodes, Credential, Held, Kind, backup};
use vestibule_core::ports::passkeys::{Asked, Party, Passkeys};
use vestibule_core::ports::store::Added;
use vestibule_core::ports::{Clock, Timestamp};
use vestibule_core::user::User;
use vestibule_jose::{base64url, from_base64url, hotp};

use crate::world::{Answer, BASE, World, id_of};

pub const PASSKEY: &str = "FIDOAuthenticator";
pub const TOTP: &str = "totp";
pub const BACKUP: &str = "backup-code-authenticator";
/// The relying party of the stories' server.
pub const RP: &str = "localhost";

/// A device that computes codes.
pub struct Totp(Vec<u8>);

impl Totp {
    /// A device that was told the secret as people type it.
    pub fn typed(base32: &str) -> Self {
        const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let values = base32.chars().map(|c| ALPHABET.find(c).unwrap());
        let bits: Vec<usize> = values.flat_map(|value| (0..5).rev().map(move |place| value >> place & 1)).collect();
        let byte = |bits: &[usize]| bits.iter().fold(0u8, |byte, bit| byte << 1 | u8::from(*bit == 1));
        Self(bits.chunks_exact(8).map(byte).collect())
    }

    pub fn code(&self, now: Timestamp) -> String {
        hotp(&self.0, u64::try_from(now.seconds() / PERIOD).unwrap(), 6)
    }

    /// A code of six digits that belongs to no moment near this one.
    pub fn wrong(&self, now: Timestamp) -> String {
        let counter = u64::try_from(now.seconds() / PERIOD).unwrap();
        let near: Vec<String> = (counter - 2..counter + 3).map(|counter| hotp(&self.0, counter, 6)).collect();
        (0..10).map(|digit| digit.to_string().repeat(6)).find(|code| !near.contains(code)).unwrap()
    }
}

impl World {
    /// A passkey of the user's, made at the server's own origin.
    pub async fn passkey(&self, user: &User) -> SoftKey {
        self.passkey_of(user, Algorithm::Es256).await
    }

    pub async fn passkey_of(&self, user: &User, algorithm: Algorithm) -> SoftKey {
        let mut key = SoftKey::new(algorithm, RP, BASE);
        key.user_handle = Some(user.id.as_bytes().to_vec());
        self.owns(user, &key).await;
        key
    }

    /// Puts a passkey into the store, as if the user had enrolled it.
    pub async fn owns(&self, user: &User, key: &SoftKey) {
        let party = Party { id: key.rp_id.clone(), name: String::new(), origins: vec![key.origin.clone()] };
        let asked = Asked { challenge: &[7; 32], verified: true };
        let made = PasskeyVerifier.created(&party, &asked, &key.create(&base64url(asked.challenge))).unwrap();
        self.add(user, made.id.clone(), Held::Passkey(made)).await;
    }

    /// A device of the user's that computes codes.
    pub async fn totp(&self, user: &User) -> Totp {
        let (ports, secrets) = (&self.house.ports, &*self.house.secrets);
        let secret = TotpSecret::random(ports);
        let held = Held::Totp(secret.seal(ports, secrets).unwrap().confirmed(0));
        self.add(user, user.id.to_string(), held).await;
        Totp::typed(secret.base32().expose())
    }

    /// A sheet of backup codes of the user's.
    pub async fn backup_codes(&self, user: &User) -> Vec<String> {
        let sheet = backup::sheet(&self.house.ports);
        let held = Held::BackupCodes(BackupCodes::of(&sheet, &user.id, &self.house.secrets));
        self.add(user, user.id.to_string(), held).await;
        sheet.iter().map(|code| code.expose().clone()).collect()
    }

    async fn add(&self, user: &User, handle: String, held: Held) {
        let credential = Credential::new(user, handle, "", held, &self.house.ports);
        assert_eq!(self.store().add_credential(&credential).await.unwrap(), Added::Kept);
    }

    /// The kinds of what the user holds, in their order.
    pub async fn held(&self, user: &User) -> Vec<Kind> {
        let held = self.store().credentials(&user.tenant, &user.id).await.unwrap();
        let mut kinds: Vec<Kind> = held.iter().map(Credential::kind).collect();
        kinds.sort();
        kinds
    }

    /// Answers a passkey's question.
    pub async fn touch(&self, flow: &str, key: &SoftKey, asked: &Value) -> Answer {
        self.respond(flow, PASSKEY, &proof(key, asked)).await
    }

    /// Answers with a `tokenResponse`.
    pub async fn respond(&self, flow: &str, authenticator: &str, response: &Value) -> Answer {
        let text = response.as_str().map_or_else(|| response.to_string(), str::to_owned);
        self.anonymous().answer(flow, &id_of(authenticator), json!({"tokenResponse": text})).await
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// What the first option of a step asks of an authenticator.
#[track_caller]
pub fn asked(answer: &Answer) -> Value {
    let data = answer.at("/nextStep/authenticators/0/metadata/additionalData/challengeData");
    serde_json::from_slice(&from_base64url(&data).unwrap()).unwrap()
}

/// The answer of a passkey to what it was asked.
pub fn proof(key: &SoftKey, asked: &Value) -> Value {
    let challenge = asked["publicKeyCredentialRequestOptions"]["challenge"].as_str().unwrap();
    json!({"requestId": asked["requestId"], "credential": key.get(challenge)})
}

/// The answer of an authenticator that makes a passkey.
pub fn creation(key: &SoftKey, asked: &Value) -> Value {
    let challenge = asked["publicKeyCredentialCreationOptions"]["challenge"].as_str().unwrap();
    json!({"requestId": asked["requestId"], "credential": key.create(challenge)})
}
