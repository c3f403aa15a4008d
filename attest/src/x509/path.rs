//! From a certificate to a trusted key (RFC 5280 section 6.1). The chain comes in order and is followed as it comes: there
//! is no search, so its cost is its length.

use vestibule_core::ports::Timestamp;
use vestibule_core::ports::attest::Flaw;

use super::Certificate;

/// A key that is trusted, and its name. Nothing else of a root certificate counts (section 6.1.1 d): makers have issued one
/// key under several certificates, and devices carry the one of their year.
#[derive(Clone, Debug)]
pub struct Anchor {
    subject: Vec<u8>,
    key: Vec<u8>,
}

impl Anchor {
    /// The key of a root certificate.
    pub fn read(der: &[u8]) -> Option<Self> {
        let root = Certificate::read(der)?;
        Some(Self { subject: root.subject.to_vec(), key: root.key.to_vec() })
    }

    /// Whether it signed a certificate in its own name.
    pub fn signed(&self, certificate: &Certificate<'_>) -> bool {
        certificate.issuer == self.subject && certificate.is_signed_by(&self.key)
    }

    fn is(&self, certificate: &Certificate<'_>) -> bool {
        certificate.subject == self.subject && certificate.key == self.key
    }
}

/// The certificates of a chain, the one that it is about first.
pub fn chain<'a>(ders: impl ExactSizeIterator<Item = &'a [u8]>) -> Result<Vec<Certificate<'a>>, Flaw> {
    if !(1..=LONGEST_CHAIN).contains(&ders.len()) {
        return Err(Flaw::NotAnAttestation);
    }
    ders.map(|der| Certificate::read(der).ok_or(Flaw::NotAnAttestation)).collect()
}

/// Follows a chain to one of the anchors; the anchor's own certificate may be its end. The time of the first certificate is
/// left to the caller: some are dated by the device that they are about.
pub fn trusted(chain: &[Certificate<'_>], anchors: &[Anchor], now: Timestamp) -> Result<(), Flaw> {
    let mut rest = chain.iter().enumerate();
    while let Some((above, certificate)) = rest.next() {
        // The certificate that the chain is about stands below all others and signs none.
        let may_stand_here = above == 0 || certificate.may_sign(above - 1);
        if !certificate.is_understood() || !may_stand_here {
            return Err(Flaw::Chain);
        }
        if above > 0 && !certificate.is_valid(now) {
            return Err(Flaw::Expired);
        }
        if let Some(anchor) = anchors.iter().find(|anchor| anchor.signed(certificate)) {
            let is_end = rest.next().is_none_or(|(_, last)| anchor.is(last)) && rest.next().is_none();
            return is_end.then_some(()).ok_or(Flaw::Chain);
        }
        let (_, issuer) = rest.clone().next().ok_or(Flaw::Chain)?;
        if issuer.subject != certificate.issuer || !certificate.is_signed_by(issuer.key) {
            return Err(Flaw::Chain);
        }
    }
    Err(Flaw::Chain)
}

const LONGEST_CHAIN: usize = 8;
