//! Apps on phones that show what they are: forged makers of phones, a phone of each kind with an app on it, and instances of
//! apps that hold a key of their own.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vestibule_attest::forge::{AndroidPhone, ApplePhone, Forge, Play};
use vestibule_attest::{Attestor, Revoked, Roots};
use vestibule_core::application::Application;
use vestibule_core::attestation::{AndroidPolicy, AttestationPolicy};
use vestibule_core::ports::attest::Level;
use vestibule_core::ports::web::{WebAnswer, WebFailure, WebRequest};
use vestibule_core::ports::{Secret, TenantId, Web};
use vestibule_jose::{Algorithm, Family, SigningKey, base64url, sha256};

use crate::world::*;

pub const APPLE_APP: &str = "ABCDE12345.com.example.shop";
pub const PACKAGE: &str = "com.example.shop";
pub const SIGNER: [u8; 32] = [7; 32];
pub const ISSUER: &str = "http://localhost:9443/oauth2/token";
/// Serial number of a certificate that Google has revoked.
pub const REVOKED: [u8; 3] = [0x0b, 0xad, 0x01];

/// Headers of a request.
pub type Headers = Vec<(&'static str, String)>;

/// A world in which whoever asks another server fails the story.
pub struct Silence;

#[async_trait]
impl Web for Silence {
    async fn fetch(&self, request: WebRequest) -> Result<WebAnswer, WebFailure> {
        panic!("nobody is asked, least of all {}", request.url);
    }
}

/// A world with an application whose apps must show what they are, and phones with these apps.
pub struct Phones {
    pub world: World,
    pub forge: Forge,
    pub apple: ApplePhone,
    pub android: AndroidPhone,
    pub play: Play,
}

impl Phones {
    pub async fn new() -> Self {
        Self::set(|_| (), |_| ()).await
    }

    /// A world that is set up a little differently, with another policy.
    pub async fn set(change: impl FnOnce(&mut Setting), policy: impl FnOnce(&mut AttestationPolicy)) -> Self {
        let forge = Forge::new(START);
        let roots = Roots { revoked: revoked(), ..forge.roots() };
        let attestors = Arc::new(Attestor::new(roots).unwrap());
        let world = World::set(|setting| {
            setting.web = Arc::new(Silence);
            setting.attestors = attestors;
            change(setting);
        })
        .await;
        let phones = Self {
            apple: forge.apple(APPLE_APP),
            android: forge.android(PACKAGE, SIGNER),
            play: forge.play(PACKAGE, SIGNER),
            forge,
            world,
        };
        let settings = phones.policy();
        phones
            .world
            .app_with("shop", |app| {
                app.attestation = settings.clone();
                policy(&mut app.attestation);
            })
            .await;
        phones.world.app_with("other", |app| app.attestation = settings).await;
        phones.world.user("kim").await;
        phones
    }

    /// Every local kind is taken.
    fn policy(&self) -> AttestationPolicy {
        let (decryption, verification) = self.play.console_keys();
        let secrets = &self.world.house.secrets;
        let sealed = AndroidPolicy::seal(&Secret::new(decryption), [1; 12], secrets).unwrap();
        let mut policy = AttestationPolicy { required: true, ..AttestationPolicy::default() };
        policy.apple.app = Some(APPLE_APP.to_owned());
        policy.android.package = Some(PACKAGE.to_owned());
        policy.android.signers = vec![SIGNER];
        policy.android.key = Some(Level::TrustedEnvironment);
        policy.android.play_decryption = Some(sealed);
        policy.android.play_verification = Some(verification);
        policy
    }

    pub async fn challenge(&self) -> String {
        self.world.challenge("shop").await
    }

    /// App Attest by the phone's key, which is new.
    pub async fn app_attest(&self) -> Headers {
        let challenge = self.challenge().await;
        object(STANDARD.encode(self.apple.attestation(&hash(&challenge))), &challenge)
    }

    /// App Attest by the phone's key, which is known.
    pub async fn assertion(&mut self) -> Headers {
        let challenge = self.challenge().await;
        object(spelled_assertion(&mut self.apple, &challenge), &challenge)
    }

    pub async fn play_integrity(&self) -> Headers {
        let challenge = self.challenge().await;
        object(self.play.token(&base64url(&hash(&challenge))), &challenge)
    }

    pub async fn android_key(&self) -> Headers {
        let challenge = self.challenge().await;
        object(spelled_chain(&self.android.chain(challenge.as_bytes())), &challenge)
    }

    /// A client attestation of this server for an instance of the app, by the phone of Apple.
    pub async fn attested(&self, instance: &Instance) -> String {
        self.attested_by(&self.apple, instance).await
    }

    /// The same by another phone of Apple.
    pub async fn attested_by(&self, phone: &ApplePhone, instance: &Instance) -> String {
        let challenge = self.challenge().await;
        let object = STANDARD.encode(phone.attestation(&bound_hash(&challenge, instance)));
        self.exchange(instance, &object, &challenge).await.is(200).at("/client_attestation")
    }

    /// The next assertion by the phone of Apple, which speaks for an instance's key.
    pub fn bound_assertion(&mut self, challenge: &str, instance: &Instance) -> String {
        let assertion = self.apple.assertion(&bound_hash(challenge, instance));
        format!("{}.{}", STANDARD.encode(self.apple.id), STANDARD.encode(assertion))
    }

    /// The application as it is.
    pub async fn app(&self) -> Application {
        self.world.store().app_by_client(&TenantId::root(), "shop").await.unwrap().unwrap()
    }

    /// Asks for a client attestation.
    pub async fn exchange(&self, instance: &Instance, object: &str, challenge: &str) -> Answer {
        let proof = instance.proof(&self.world, challenge);
        let caller = self.world.anonymous().header("OAuth-Client-Attestation-PoP", &proof);
        self.ask_for_attestation(&caller, instance, object, challenge).await
    }

    pub async fn ask_for_attestation(
        &self,
        caller: &Caller,
        instance: &Instance,
        object: &str,
        challenge: &str,
    ) -> Answer {
        let jwk = instance.jwk().to_string();
        let form =
            [("client_id", "shop"), ("attestation", object), ("attestation_challenge", challenge), ("jwk", &jwk)];
        caller.form("/oauth2/attestation", &form).await
    }

    /// A client attestation with a proof that its key is held, for one request.
    pub async fn shows(&self, instance: &Instance, attestation: &str) -> Headers {
        client(attestation, &instance.proof(&self.world, &self.challenge().await))
    }
}

impl World {
    pub async fn challenge(&self, client_id: &str) -> String {
        let answer = self.anonymous().form("/oauth2/attestation/challenge", &[("client_id", client_id)]).await;
        assert_eq!(answer.is(200).member("/expires_in"), 300);
        answer.at("/attestation_challenge")
    }

    /// Somebody who sends these headers.
    pub fn showing(&self, headers: &Headers) -> Caller {
        headers.iter().fold(self.anonymous(), |caller, (name, value)| caller.header(name, value))
    }
}

/// An instance of an app with a key of its own.
pub struct Instance(SigningKey);

impl Instance {
    pub fn new() -> Self {
        Self(SigningKey::generate(Family::P256).unwrap())
    }

    pub fn jwk(&self) -> Value {
        serde_json::to_value(self.0.jwk()).unwrap()
    }

    pub fn thumbprint(&self) -> String {
        self.0.jwk().thumbprint().unwrap()
    }

    /// A proof that the key is held.
    pub fn proof(&self, world: &World, challenge: &str) -> String {
        let now = world.now().seconds();
        self.sign(POP, &json!({"aud": ISSUER, "jti": "one", "iat": now, "challenge": challenge}))
    }

    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        self.0.sign(Algorithm::ES256, typ, claims).unwrap()
    }
}

pub const POP: &str = "oauth-client-attestation-pop+jwt";
pub const ATTESTATION: &str = "oauth-client-attestation+jwt";

/// What is hashed of a challenge.
pub fn hash(challenge: &str) -> [u8; 32] {
    sha256(challenge.as_bytes())
}

/// What is hashed of a challenge where the statement speaks for an instance's key too.
pub fn bound_hash(challenge: &str, instance: &Instance) -> [u8; 32] {
    sha256(format!("{challenge}.{}", instance.thumbprint()).as_bytes())
}

pub fn object(object: String, challenge: &str) -> Headers {
    vec![("x-client-attestation", object), ("x-client-attestation-challenge", challenge.to_owned())]
}

pub fn client(attestation: &str, proof: &str) -> Headers {
    vec![("oauth-client-attestation", attestation.to_owned()), ("oauth-client-attestation-pop", proof.to_owned())]
}

/// The name of a key and its next assertion, as the header has them.
pub fn spelled_assertion(phone: &mut ApplePhone, challenge: &str) -> String {
    let assertion = phone.assertion(&hash(challenge));
    format!("{}.{}", STANDARD.encode(phone.id), STANDARD.encode(assertion))
}

/// A chain of certificates, as the header has it.
pub fn spelled_chain(chain: &[Vec<u8>]) -> String {
    json!(chain.iter().map(|der| STANDARD.encode(der)).collect::<Vec<_>>()).to_string()
}

fn revoked() -> Revoked {
    Revoked::read(br#"{"entries": {"bad01": {"status": "REVOKED"}}}"#).unwrap()
}
