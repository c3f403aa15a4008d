//! An Apple device with one key of one app.

use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use vestibule_jose::cbor::Value;
use vestibule_jose::der::explicit;
use vestibule_jose::sha256;

use super::der::{element, octets, sequence};
use super::maker::{Extensions, Maker, Paper};

/// `aaguid` of the production environment.
pub const PRODUCTION: [u8; 16] = *b"appattest\0\0\0\0\0\0\0";
/// `aaguid` of the development environment.
pub const DEVELOPMENT: [u8; 16] = *b"appattestdevelop";

/// An Apple device.
pub struct ApplePhone {
    maker: Arc<Maker>,
    pair: EcdsaKeyPair,
    /// Team id and bundle id.
    pub app_id: String,
    /// The key's id, as it names itself.
    pub id: [u8; 32],
    /// `aaguid` of the attestation.
    pub environment: [u8; 16],
    /// The count in the attestation.
    pub first_counter: u32,
    /// The count of the last assertion.
    pub counter: u32,
    /// `fmt` of the attestation.
    pub format: String,
    /// The certificate has the extension with the nonce.
    pub has_nonce: bool,
    /// How the certificates are written.
    pub paper: Paper,
}

impl ApplePhone {
    pub(super) fn new(maker: &Arc<Maker>, app_id: &str, paper: Paper) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self {
            id: sha256(pair.public_key().as_ref()),
            maker: Arc::clone(maker),
            pair,
            app_id: app_id.to_owned(),
            environment: PRODUCTION,
            first_counter: 0,
            counter: 0,
            format: "apple-appattest".to_owned(),
            has_nonce: true,
            paper,
        }
    }

    /// The attestation object over the hash of the client data.
    pub fn attestation(&self, client_data_hash: &[u8; 32]) -> Vec<u8> {
        let mut data = self.authenticator_data(0x40, self.first_counter);
        data.extend(self.environment);
        data.extend([0, 32]);
        data.extend(self.id);
        data.extend(self.cose_key());
        let nonce = octets(&sha256(&[&data, client_data_hash.as_slice()].concat()));
        let value = sequence(&[&element(explicit(1), &[&nonce])]);
        let mut extensions = Extensions::default().with(&[0x55, 0x1d, 0x13], true, &sequence(&[]));
        if self.has_nonce {
            extensions = extensions.with(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 0x08, 0x02], false, &value);
        }
        let chain = self.maker.chain(&self.paper, &self.pair, extensions, Extensions::default());
        let statement = Value::Map(vec![
            ("x5c".into(), Value::Array(chain.into_iter().map(Value::Bytes).collect())),
            ("receipt".into(), Value::Bytes(vec![0x30, 0x00])),
        ]);
        cbor(vec![
            ("fmt".into(), self.format.as_str().into()),
            ("attStmt".into(), statement),
            ("authData".into(), Value::Bytes(data)),
        ])
    }

    /// The next assertion, over the hash of the client data.
    pub fn assertion(&mut self, client_data_hash: &[u8; 32]) -> Vec<u8> {
        self.counter += 1;
        let data = self.authenticator_data(0, self.counter);
        let nonce = sha256(&[&data, client_data_hash.as_slice()].concat());
        let signature = self.pair.sign(&SystemRandom::new(), &nonce).unwrap();
        cbor(vec![
            ("signature".into(), Value::Bytes(signature.as_ref().to_vec())),
            ("authenticatorData".into(), Value::Bytes(data)),
        ])
    }

    fn authenticator_data(&self, flags: u8, counter: u32) -> Vec<u8> {
        [sha256(self.app_id.as_bytes()).as_slice(), &[flags], &counter.to_be_bytes()].concat()
    }

    fn cose_key(&self) -> Vec<u8> {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        let members = [(1, 2.into()), (3, (-7).into()), (-1, 1.into()), (-2, bytes(x)), (-3, bytes(y))];
        cbor(members.into_iter().map(|(name, value): (i64, Value)| (name.into(), value)).collect())
    }
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

fn cbor(members: Vec<(Value, Value)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(&Value::Map(members), &mut bytes).unwrap();
    bytes
}
