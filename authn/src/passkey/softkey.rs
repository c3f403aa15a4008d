//! A passkey in software: browser and authenticator in one, for tests. It answers rightly as made, and wrongly in whatever
//! way a test sets its fields. It belongs in no server: the feature `softkey` is for dev-dependencies.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

use aws_lc_rs::encoding::{AsBigEndian, EcPublicKeyUncompressedBin};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RsaKeyPair,
};
use ciborium::Value as Cbor;
use serde_json::{Value, json};
use vestibule_jose::{base64url, sha256};

/// The user was there.
pub const PRESENT: u8 = 1;
/// The user was verified.
pub const VERIFIED: u8 = 1 << 2;
/// The passkey may be synchronised.
pub const BACKUP_ELIGIBLE: u8 = 1 << 3;
/// The passkey is synchronised.
pub const BACKED_UP: u8 = 1 << 4;
/// There is a new passkey in the data; a creation sets it by itself.
pub const ATTESTED: u8 = 1 << 6;
/// There are extensions in the data.
pub const EXTENSIONS: u8 = 1 << 7;

/// A passkey and what it says. A new one is like those that phones synchronise: user verified, backed up, not counting.
pub struct SoftKey {
    pair: Pair,
    /// Its credential id.
    pub id: Vec<u8>,
    /// Model of the authenticator.
    pub aaguid: [u8; 16],
    /// The relying party that it answers.
    pub rp_id: String,
    /// The page that it was asked by.
    pub origin: String,
    /// `crossOrigin` of the client data.
    pub cross_origin: Option<bool>,
    /// `topOrigin` of the client data.
    pub top_origin: Option<String>,
    /// `type` of the client data, instead of the right one.
    pub kind: Option<String>,
    /// Flags of the authenticator data (WebAuthn Level 3 §6.1).
    pub flags: u8,
    /// The count of signatures in the next answer; it does not move by itself.
    pub counter: u32,
    /// CBOR at the end of the authenticator data; the flag is set apart.
    pub extensions: Vec<u8>,
    /// Format of the attestation: `packed` is self-attestation, any other has an empty statement.
    pub format: String,
    /// The algorithm in key and statement, instead of the right one.
    pub algorithm: Option<i64>,
    /// `userHandle` of a proof: the user's id as it was given at the creation.
    pub user_handle: Option<Vec<u8>>,
    /// How it says that it can be reached.
    pub transports: Vec<String>,
    /// `credProps.rk` of a creation.
    pub discoverable: Option<bool>,
}

/// The kinds of passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ECDSA on P-256.
    Es256,
    /// ECDSA on P-384.
    Es384,
    /// Ed25519.
    EdDsa,
    /// RSA with PKCS #1 v1.5 and SHA-256; slow to make.
    Rs256,
}

enum Pair {
    Ec(EcdsaKeyPair, i64),
    Ed(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl SoftKey {
    /// A new passkey at a relying party, asked by a page of `origin`.
    pub fn new(kind: Kind, rp_id: &str, origin: &str) -> Self {
        let pair = match kind {
            Kind::Es256 => Pair::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(), -7),
            Kind::Es384 => Pair::Ec(EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap(), -35),
            Kind::EdDsa => Pair::Ed(Ed25519KeyPair::generate().unwrap()),
            Kind::Rs256 => Pair::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
        };
        Self::of(pair, rp_id, origin)
    }

    /// An Ed25519 passkey whose every answer depends on `seed` and the question only.
    pub fn seeded(seed: [u8; 32], rp_id: &str, origin: &str) -> Self {
        Self::of(Pair::Ed(Ed25519KeyPair::from_seed_unchecked(&seed).unwrap()), rp_id, origin)
    }

    /// The `RegistrationResponseJSON` (WebAuthn Level 3 §5.1.8.3) to `challenge`, written as the options have it.
    pub fn create(&self, challenge: &str) -> Value {
        let client_data = self.client_data("webauthn.create", challenge);
        let data = self.authenticator_data(self.flags | ATTESTED);
        let statement = if self.format == "packed" {
            let signature = self.sign(&data, &client_data);
            Cbor::Map(vec![("alg".into(), self.algorithm().into()), ("sig".into(), Cbor::Bytes(signature))])
        } else {
            Cbor::Map(Vec::new())
        };
        let object = Cbor::Map(vec![
            ("fmt".into(), self.format.as_str().into()),
            ("attStmt".into(), statement),
            ("authData".into(), Cbor::Bytes(data)),
        ]);
        let response = json!({
            "clientDataJSON": base64url(&client_data),
            "attestationObject": base64url(&cbor(&object)),
            "transports": self.transports,
        });
        let extensions = self.discoverable.map_or_else(|| json!({}), |rk| json!({ "credProps": { "rk": rk } }));
        self.answer(&response, &extensions)
    }

    /// The `AuthenticationResponseJSON` (§5.1.8.4) to `challenge`, written as the options have it.
    pub fn get(&self, challenge: &str) -> Value {
        let client_data = self.client_data("webauthn.get", challenge);
        let data = self.authenticator_data(self.flags);
        let mut response = json!({
            "clientDataJSON": base64url(&client_data),
            "authenticatorData": base64url(&data),
            "signature": base64url(&self.sign(&data, &client_data)),
        });
        if let (Some(handle), Some(members)) = (&self.user_handle, response.as_object_mut()) {
            members.insert("userHandle".to_owned(), base64url(handle).into());
        }
        self.answer(&response, &json!({}))
    }

    fn of(pair: Pair, rp_id: &str, origin: &str) -> Self {
        let mut key = Self {
            pair,
            id: Vec::new(),
            aaguid: [0; 16],
            rp_id: rp_id.to_owned(),
            origin: origin.to_owned(),
            cross_origin: Some(false),
            top_origin: None,
            kind: None,
            flags: PRESENT | VERIFIED | BACKUP_ELIGIBLE | BACKED_UP,
            counter: 0,
            extensions: Vec::new(),
            format: "none".to_owned(),
            algorithm: None,
            user_handle: None,
            transports: vec!["internal".to_owned(), "hybrid".to_owned()],
            discoverable: None,
        };
        key.id = sha256(&key.public()).to_vec();
        key
    }

    fn answer(&self, response: &Value, extensions: &Value) -> Value {
        let id = base64url(&self.id);
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "response": response,
            "clientExtensionResults": extensions,
        })
    }

    fn client_data(&self, kind: &str, challenge: &str) -> Vec<u8> {
        let kind = self.kind.as_deref().unwrap_or(kind);
        let mut told = json!({ "type": kind, "challenge": challenge, "origin": self.origin });
        if let Some(cross) = self.cross_origin {
            told["crossOrigin"] = cross.into();
        }
        if let Some(top) = &self.top_origin {
            told["topOrigin"] = top.as_str().into();
        }
        told.to_string().into_bytes()
    }

    fn authenticator_data(&self, flags: u8) -> Vec<u8> {
        let mut data = sha256(self.rp_id.as_bytes()).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        if flags & ATTESTED != 0 {
            data.extend(self.aaguid);
            data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
            data.extend(&self.id);
            data.extend(self.public());
        }
        data.extend(&self.extensions);
        data
    }

    fn sign(&self, data: &[u8], client_data: &[u8]) -> Vec<u8> {
        let message = [data, sha256(client_data).as_slice()].concat();
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair, _) => pair.sign(&random, &message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(&message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature).unwrap();
                signature
            }
        }
    }

    fn algorithm(&self) -> i64 {
        self.algorithm.unwrap_or(match self.pair {
            Pair::Ec(_, algorithm) => algorithm,
            Pair::Ed(_) => -8,
            Pair::Rsa(_) => -257,
        })
    }

    /// The public key as a `COSE_Key`.
    fn public(&self) -> Vec<u8> {
        let algorithm = self.algorithm();
        let members: Vec<(i64, Cbor)> = match &self.pair {
            Pair::Ec(pair, _) => {
                let point: EcPublicKeyUncompressedBin<'_> = pair.public_key().as_be_bytes().unwrap();
                let (_, point) = point.as_ref().split_first().unwrap();
                let (x, y) = point.split_at(point.len() / 2);
                let curve: i64 = if x.len() == 32 { 1 } else { 2 };
                vec![(1, 2.into()), (3, algorithm.into()), (-1, curve.into()), (-2, bytes(x)), (-3, bytes(y))]
            }
            Pair::Ed(pair) => {
                let x = bytes(pair.public_key().as_ref());
                vec![(1, 1.into()), (3, algorithm.into()), (-1, 6.into()), (-2, x)]
            }
            Pair::Rsa(pair) => {
                // The DER of such a key ends in the modulus and the five bytes of the exponent 65537.
                let (head, e) = pair.public_key().as_ref().split_last_chunk::<5>().unwrap();
                let n = head.last_chunk::<256>().unwrap();
                vec![(1, 3.into()), (3, algorithm.into()), (-1, bytes(n)), (-2, bytes(e.last_chunk::<3>().unwrap()))]
            }
        };
        cbor(&Cbor::Map(members.into_iter().map(|(name, value)| (name.into(), value)).collect()))
    }
}

fn bytes(bytes: &[u8]) -> Cbor {
    Cbor::Bytes(bytes.to_vec())
}

fn cbor(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}
