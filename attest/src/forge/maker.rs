//! A maker of phones: its root, the authority below that signs for devices, and the certificates of a device's key.

use std::time::Duration;

use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
};
use vestibule_core::ports::Timestamp;
use vestibule_jose::der::{BIT_STRING, BOOLEAN, INTEGER, SET, explicit};

use super::der::{element, octets, oid, sequence, small, time};

/// How certificates are written; each field breaks one thing.
#[derive(Clone, Debug)]
pub struct Paper {
    /// The key's certificate is valid from here.
    pub from: Timestamp,
    /// The key's certificate is valid until here.
    pub until: Timestamp,
    /// Serial number of the key's certificate: the content of its INTEGER.
    pub serial: Vec<u8>,
    /// Serial number of the authority's certificate.
    pub middle_serial: Vec<u8>,
    /// The authority's certificate is valid until here.
    pub middle_until: Timestamp,
    /// The root that vouches for the authority is another one of the same name.
    pub is_foreign: bool,
    /// The key's certificate is signed by somebody else in the authority's name.
    pub is_resigned: bool,
    /// The authority's certificate does not say that it is one.
    pub is_layman: bool,
    /// The authority may not sign certificates.
    pub may_not_sign: bool,
    /// How often the authority vouches for itself on the way, which its own certificate forbids.
    pub detours: usize,
    /// The key's certificate insists on something unknown.
    pub is_strange: bool,
    /// The root is the end of the chain.
    pub has_root: bool,
    /// What is wrong in place of everything right: the certificates in another order.
    pub is_reversed: bool,
}

impl Paper {
    /// Right in every way, from a day before `now` to two days after.
    pub fn new(now: Timestamp) -> Self {
        let day = Duration::from_secs(86_400);
        Self {
            from: now - day,
            until: now + day * 2,
            serial: vec![0x5e, 0x71, 0xa1],
            middle_serial: vec![0x00, 0xab, 0xcd],
            middle_until: now + day * 365,
            is_foreign: false,
            is_resigned: false,
            is_layman: false,
            may_not_sign: false,
            detours: 0,
            is_strange: false,
            has_root: false,
            is_reversed: false,
        }
    }
}

/// A maker of phones.
pub struct Maker {
    name: String,
    now: Timestamp,
    root: EcdsaKeyPair,
    /// Somebody else's root.
    stranger: EcdsaKeyPair,
    middle: EcdsaKeyPair,
    outsider: EcdsaKeyPair,
}

/// What a certificate says about its key.
#[derive(Clone, Default)]
pub struct Extensions(Vec<Vec<u8>>);

impl Extensions {
    /// One more.
    pub fn with(mut self, name: &[u8], is_critical: bool, value: &[u8]) -> Self {
        let critical = if is_critical { element(BOOLEAN, &[&[0xff]]) } else { Vec::new() };
        self.0.push(sequence(&[&oid(name), &critical, &octets(value)]));
        self
    }

    fn authority(paper: &Paper, longest: &[u8]) -> Self {
        let usage = if paper.may_not_sign { [0x07, 0x80] } else { [0x02, 0x04] };
        let constraints = if paper.is_layman { Vec::new() } else { [&element(BOOLEAN, &[&[0xff]]), longest].concat() };
        Self::default().with(&[0x55, 0x1d, 0x13], true, &sequence(&[&constraints])).with(
            &[0x55, 0x1d, 0x0f],
            true,
            &element(BIT_STRING, &[&usage]),
        )
    }
}

struct Certificate<'a> {
    serial: &'a [u8],
    issuer: &'a str,
    subject: &'a str,
    validity: [Timestamp; 2],
    key: &'a EcdsaKeyPair,
    extensions: &'a Extensions,
}

impl Maker {
    /// A maker of that name.
    pub fn new(name: &str, now: Timestamp) -> Self {
        let p384 = || EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).unwrap();
        let p256 = || EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self { name: name.to_owned(), now, root: p384(), stranger: p384(), middle: p256(), outsider: p256() }
    }

    /// The certificate of its root.
    pub fn root(&self) -> Vec<u8> {
        self.self_signed(&self.root)
    }

    /// The certificates of a device's key, that one first; `above` is what the authority's says besides.
    pub fn chain(&self, paper: &Paper, key: &EcdsaKeyPair, extensions: Extensions, above: Extensions) -> Vec<Vec<u8>> {
        let root = if paper.is_foreign { &self.stranger } else { &self.root };
        let (root_name, middle_name) = (self.root_name(), self.middle_name());
        let extensions = if paper.is_strange { extensions.with(&[0x2a, 0x03], true, &[]) } else { extensions };
        let leaf = Certificate {
            serial: &paper.serial,
            issuer: &middle_name,
            subject: "Key",
            validity: [paper.from, paper.until],
            key,
            extensions: &extensions,
        };
        let mut said = Extensions::authority(paper, &small(0));
        said.0.extend(above.0);
        let middle = Certificate {
            serial: &paper.middle_serial,
            issuer: &root_name,
            subject: &middle_name,
            validity: [self.now - YEAR, paper.middle_until],
            key: &self.middle,
            extensions: &said,
        };
        let mut chain = vec![leaf.sign(if paper.is_resigned { &self.outsider } else { &self.middle }, Hash::Sha256)];
        let detour = Certificate { issuer: &middle_name, ..middle };
        chain.extend((0..paper.detours).map(|_| detour.sign(&self.middle, Hash::Sha256)));
        let middle = Certificate { issuer: &root_name, ..detour };
        chain.push(middle.sign(root, Hash::Sha384));
        if paper.has_root {
            chain.push(self.self_signed(root));
        }
        if paper.is_reversed {
            chain.reverse();
        }
        chain
    }

    fn self_signed(&self, root: &EcdsaKeyPair) -> Vec<u8> {
        let name = self.root_name();
        let extensions = Extensions::authority(&Paper::new(self.now), &[]);
        let validity = [self.now - YEAR, self.now + YEAR * 30];
        Certificate { serial: &[1], issuer: &name, subject: &name, validity, key: root, extensions: &extensions }
            .sign(root, Hash::Sha384)
    }

    fn root_name(&self) -> String {
        format!("{} Root CA", self.name)
    }

    fn middle_name(&self) -> String {
        format!("{} CA 1", self.name)
    }
}

/// With what an authority hashes; its key decides.
#[derive(Clone, Copy)]
enum Hash {
    Sha256,
    Sha384,
}

impl Certificate<'_> {
    fn sign(&self, issuer: &EcdsaKeyPair, hash: Hash) -> Vec<u8> {
        let algorithm = sequence(&[&oid(&[
            0x2a,
            0x86,
            0x48,
            0xce,
            0x3d,
            0x04,
            0x03,
            match hash {
                Hash::Sha256 => 0x02,
                Hash::Sha384 => 0x03,
            },
        ])]);
        let [from, until] = self.validity.map(time);
        let body = sequence(&[
            &element(explicit(0), &[&small(2)]),
            &element(INTEGER, &[self.serial]),
            &algorithm,
            &name(self.issuer),
            &sequence(&[&from, &until]),
            &name(self.subject),
            &public(self.key),
            &element(explicit(3), &[&sequence(&[&self.extensions.0.concat()])]),
        ]);
        let signature = issuer.sign(&SystemRandom::new(), &body).unwrap();
        sequence(&[&body, &algorithm, &element(BIT_STRING, &[&[0], signature.as_ref()])])
    }
}

/// A key as `SubjectPublicKeyInfo`.
pub fn public(pair: &EcdsaKeyPair) -> Vec<u8> {
    let der: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    der.as_ref().to_vec()
}

fn name(common: &str) -> Vec<u8> {
    let attribute = sequence(&[&oid(&[0x55, 0x04, 0x03]), &element(0x0c, &[common.as_bytes()])]);
    sequence(&[&element(SET, &[&attribute])])
}

const YEAR: Duration = Duration::from_secs(365 * 86_400);
