//! An Android device with one key of one app.

use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use vestibule_jose::Jwk;
use vestibule_jose::der::{BOOLEAN, ENUMERATED, SET, explicit};

use super::der::{element, octets, sequence, small};
use super::maker::{Extensions, Maker, Paper, public};

/// An Android device.
pub struct AndroidPhone {
    maker: Arc<Maker>,
    pair: EcdsaKeyPair,
    /// Package name of the app.
    pub package: String,
    /// SHA-256 of the certificates with which the app was signed.
    pub signers: Vec<[u8; 32]>,
    /// The app is told of.
    pub has_app: bool,
    /// How safe the place is that speaks: 0 for software, 1 for the trusted environment, 2 for StrongBox.
    pub attested_by: u8,
    /// How safe the place is where the key lives.
    pub kept_by: u8,
    /// The boot loader is locked.
    pub is_locked: bool,
    /// What it found: 0 verified, 1 signed by the user, 2 unverified, 3 failed.
    pub boot_state: u8,
    /// The hardware tells how the system started; otherwise the system tells that itself.
    pub hardware_saw_boot: bool,
    /// How the key came into being: 0 generated, 2 imported.
    pub origin: u8,
    /// The authority's certificate describes a key too.
    pub describes_above: bool,
    /// How the certificates are written.
    pub paper: Paper,
}

impl AndroidPhone {
    pub(super) fn new(maker: &Arc<Maker>, package: &str, signer: [u8; 32], paper: Paper) -> Self {
        Self {
            maker: Arc::clone(maker),
            pair: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
            package: package.to_owned(),
            signers: vec![signer],
            has_app: true,
            attested_by: 1,
            kept_by: 1,
            is_locked: true,
            boot_state: 0,
            hardware_saw_boot: true,
            origin: 0,
            describes_above: false,
            paper,
        }
    }

    /// The key's public half.
    pub fn public_key(&self) -> Jwk {
        Jwk::from_spki(&public(&self.pair)).unwrap()
    }

    /// The key's certificates, its own first, made for the challenge.
    pub fn chain(&self, challenge: &[u8]) -> Vec<Vec<u8>> {
        let said = Extensions::default().with(&DESCRIPTION, false, &self.description(challenge));
        let above = if self.describes_above { said.clone() } else { Extensions::default() };
        self.maker.chain(&self.paper, &self.pair, said, above)
    }

    fn description(&self, challenge: &[u8]) -> Vec<u8> {
        let boot = sequence(&[
            &octets(&[0; 32]),
            &element(BOOLEAN, &[&[if self.is_locked { 0xff } else { 0 }]]),
            &element(ENUMERATED, &[&[self.boot_state]]),
            &octets(&[7; 32]),
        ]);
        let boot = element(explicit(704), &[&boot]);
        let app = if self.has_app { element(explicit(709), &[&octets(&self.app())]) } else { Vec::new() };
        let purpose = element(explicit(1), &[&element(SET, &[&small(2)])]);
        let origin = element(explicit(702), &[&small(self.origin)]);
        let (system, hardware) = if self.hardware_saw_boot {
            (sequence(&[&app]), sequence(&[&purpose, &origin, &boot]))
        } else {
            (sequence(&[&boot, &app]), sequence(&[&purpose, &origin]))
        };
        sequence(&[
            &small(100),
            &element(ENUMERATED, &[&[self.attested_by]]),
            &small(100),
            &element(ENUMERATED, &[&[self.kept_by]]),
            &octets(challenge),
            &octets(&[]),
            &system,
            &hardware,
        ])
    }

    fn app(&self) -> Vec<u8> {
        let package = sequence(&[&octets(self.package.as_bytes()), &small(7)]);
        let signers: Vec<u8> = self.signers.iter().flat_map(|signer| octets(signer)).collect();
        sequence(&[&element(SET, &[&package]), &element(SET, &[&signers])])
    }
}

/// 1.3.6.1.4.1.11129.2.1.17.
const DESCRIPTION: [u8; 10] = [0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x01, 0x11];
