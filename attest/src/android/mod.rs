//! Android's key attestation (<https://source.android.com/docs/security/features/keystore/attestation>): the device's
//! hardware signs a certificate for a key of an app, and says for which app, on what kind of system and where it lives. Law:
//! what the system says counts only because the hardware says that the system is its maker's.

mod description;

use vestibule_core::ports::attest::{AndroidAsked, AndroidKey, Flaw, Level};
use vestibule_jose::{Jwk, base64url};

use crate::roots::Revoked;
use crate::x509::{self, Anchor, Certificate};
use description::App;

pub use description::Description;

/// The key that a chain speaks for.
pub fn key(
    anchors: &[Anchor],
    revoked: &Revoked,
    chain: &[Vec<u8>],
    asked: &AndroidAsked<'_>,
) -> Result<AndroidKey, Flaw> {
    let chain = x509::chain(chain.iter().map(Vec::as_slice))?;
    // The device dates the certificate of its key by its own clock; the challenge says that it is new.
    x509::trusted(&chain, anchors, asked.now)?;
    if chain.iter().any(|certificate| revoked.contains(certificate.serial)) {
        return Err(Flaw::Revoked);
    }
    let leaf = only_description(&chain)?;
    let description = leaf.extension(DESCRIPTION).and_then(Description::read).ok_or(Flaw::NotAnAttestation)?;
    if description.challenge != asked.challenge {
        return Err(Flaw::WrongChallenge);
    }
    let level = level(&description).filter(|level| *level >= asked.level).ok_or(Flaw::SecurityLevel)?;
    // Whoever runs another system can have it say what it likes about apps.
    let boot = description.boot.as_ref().ok_or(Flaw::BootState)?;
    if !boot.is_locked || boot.state != VERIFIED {
        return Err(Flaw::BootState);
    }
    if description.origin != Some(GENERATED) {
        return Err(Flaw::Imported);
    }
    app(&description.app.ok_or(Flaw::WrongApp)?, asked)?;
    Ok(AndroidKey { public_key: Jwk::from_spki(leaf.key).map_err(|_| Flaw::Algorithm)?, level })
}

/// The certificate of the key, which alone has a description. One further up would be about a key that may sign others, and
/// its holder could then describe a key as it likes.
fn only_description<'a, 'b>(chain: &'a [Certificate<'b>]) -> Result<&'a Certificate<'b>, Flaw> {
    let (leaf, above) = chain.split_first().ok_or(Flaw::NotAnAttestation)?;
    if above.iter().any(|certificate| certificate.extension(DESCRIPTION).is_some()) {
        return Err(Flaw::Chain);
    }
    Ok(leaf)
}

/// Where the key lives: the weaker of where it is and of who says so.
fn level(description: &Description<'_>) -> Option<Level> {
    match description.attested_by.min(description.kept_by) {
        1 => Some(Level::TrustedEnvironment),
        2 => Some(Level::StrongBox),
        _ => None,
    }
}

/// The app is the one asked for, signed by one of its makers.
fn app(app: &App<'_>, asked: &AndroidAsked<'_>) -> Result<(), Flaw> {
    if !app.packages.contains(&asked.package.as_bytes()) {
        return Err(Flaw::WrongApp);
    }
    if !app.signers.iter().any(|found| asked.signers.iter().any(|signer| signer == found)) {
        return Err(Flaw::WrongSigner(app.signers.first().map(|found| base64url(found)).unwrap_or_default()));
    }
    Ok(())
}

/// 1.3.6.1.4.1.11129.2.1.17.
const DESCRIPTION: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x01, 0x11];
const VERIFIED: i64 = 0;
const GENERATED: i64 = 0;
