//! A phone with an app that answers push notifications, as shipped ones do.

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vestibule_core::delivery::Dispatch;
use vestibule_core::ports::store::Delivery;
use vestibule_jose::base64url;

use crate::world::*;

pub const DEVICES: &str = "/api/users/v1/me/push/devices";
pub const DISCOVERY: &str = "/api/users/v1/me/push/discovery-data";

pub enum Key {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

pub struct Phone {
    pub id: String,
    pub token: String,
    pub key: Key,
}

impl Key {
    pub fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    pub fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub const fn alg(&self) -> &'static str {
        match self {
            Self::Ec(_) => "ES256",
            Self::Ed(_) => "EdDSA",
            Self::Rsa(_) => "RS256",
        }
    }

    pub fn spki(&self) -> Vec<u8> {
        let der: PublicKeyX509Der<'_> = match self {
            Self::Ec(pair) => pair.public_key().as_der().unwrap(),
            Self::Ed(pair) => pair.public_key().as_der().unwrap(),
            Self::Rsa(pair) => pair.public_key().as_der().unwrap(),
        };
        der.as_ref().to_vec()
    }

    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ec(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
                signature
            }
        }
    }
}

impl Phone {
    /// What the phone posts with a ticket.
    pub fn enrolment(ticket: &Answer, token: &str, key: &Key) -> Value {
        let signed = format!("{}.{token}", ticket.at("/challenge"));
        json!({
            "deviceId": ticket.at("/deviceId"), "name": "Kim's phone", "model": "Pixel 8", "deviceToken": token,
            "publicKey": STANDARD.encode(key.spki()), "signature": STANDARD.encode(key.sign(signed.as_bytes())),
            "provider": {"name": "FCM"},
        })
    }

    /// A phone that the user of this access token enrols.
    pub async fn of(world: &World, access_token: &str, key: Key) -> Self {
        let ticket = world.anonymous().bearer(access_token).get(DISCOVERY).await;
        let token = format!("fcm-{}", ticket.is(200).at("/deviceId"));
        let made = world.anonymous().json(Method::POST, DEVICES, &Self::enrolment(&ticket, &token, &key)).await;
        assert_eq!(made.is(201).at("/deviceId"), ticket.at("/deviceId"));
        Self { id: ticket.at("/deviceId"), token, key }
    }

    /// A token with these claims.
    pub fn signed(&self, claims: &Value) -> String {
        let header = json!({"alg": self.key.alg(), "typ": "JWT", "deviceId": self.id});
        let signed =
            format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()));
        format!("{signed}.{}", base64url(&self.key.sign(signed.as_bytes())))
    }

    /// The claims of an answer to a message.
    pub fn claims(world: &World, message: &Dispatch, response: &str, number: Option<&str>) -> Value {
        let mut claims = json!({
            "pushAuthId": message.values["pushId"], "challenge": message.values["challenge"], "response": response,
            "exp": world.house.ports.clock.now().seconds() + 60,
        });
        if let Some(number) = number {
            claims["numberChallenge"] = number.into();
        }
        claims
    }

    /// Sends an answer.
    pub async fn send(&self, world: &World, claims: &Value) -> Answer {
        let body = json!({"authResponse": self.signed(claims)});
        world.anonymous().json(Method::POST, "/push-auth/authenticate", &body).await
    }

    pub async fn approve(&self, world: &World, message: &Dispatch, number: &str) -> Answer {
        self.send(world, &Self::claims(world, message, "APPROVED", Some(number))).await
    }

    pub async fn deny(&self, world: &World, message: &Dispatch) -> Answer {
        self.send(world, &Self::claims(world, message, "DENIED", None)).await
    }
}

/// The messages that wait to be sent, oldest first; they wait no longer.
pub async fn sent(world: &World) -> Vec<Dispatch> {
    let now = world.house.ports.clock.now();
    let carried = world.store().carry(now, now + seconds(30), 100).await.unwrap();
    for carrying in &carried {
        assert!(world.store().carried(&carrying.letter.id, carrying.lease, Delivery::Arrived).await.unwrap());
    }
    carried.iter().map(|carrying| carrying.letter.open(&world.house.secrets).unwrap()).collect()
}
