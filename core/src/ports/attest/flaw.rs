//! What can be wrong with a statement of a platform, each with the sentence that tells a developer where to look.

use std::fmt;

/// What is wrong with a statement. Nothing in it is secret from the app that sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It cannot be read as what it should be.
    NotAnAttestation,
    /// Its certificates do not lead to a root of the platform's maker.
    Chain,
    /// A certificate is not valid at this moment.
    Expired,
    /// It is older than allowed, or from the future.
    Stale,
    /// It answers another challenge.
    WrongChallenge,
    /// It is about another app.
    WrongApp,
    /// The app was signed with another certificate; its SHA-256 in base64url, as far as it was told.
    WrongSigner(String),
    /// It comes from a development environment, or is an answer that was made up for testers.
    DebugEnvironment,
    /// It is about another key than was named.
    WrongKeyId,
    /// The counter did not rise.
    Counter,
    /// The signature does not hold.
    Signature,
    /// It was encrypted for somebody else.
    Undecipherable,
    /// Play does not recognise the app; its verdict.
    Unrecognised(String),
    /// The device is less trusted than asked for.
    DeviceUntrusted,
    /// A certificate was revoked.
    Revoked,
    /// The device is unlocked, or its system is not the one of its maker.
    BootState,
    /// The key does not live in hardware that is safe enough.
    SecurityLevel,
    /// The key was not made in that hardware, so it may exist elsewhere too.
    Imported,
    /// The key is of a kind that cannot be used.
    Algorithm,
}

impl Flaw {
    /// What a developer should look at.
    pub const fn sentence(&self) -> &'static str {
        match self {
            Self::NotAnAttestation => "The attestation cannot be read: send it whole, as the platform made it.",
            Self::Chain => "The attestation's certificates do not lead to a trusted root of the platform's maker.",
            Self::Expired => {
                "A certificate of the attestation is not valid now: have the device make a new attestation."
            }
            Self::Stale => {
                "The attestation is too old or from the future: make one for each request, and check the clock."
            }
            Self::WrongChallenge => "The attestation answers another challenge: use the newest one, byte for byte.",
            Self::WrongApp => "The attestation is about another app than this application's settings name.",
            Self::WrongSigner(_) => {
                "The app was signed with a certificate that this application's settings do not name."
            }
            Self::DebugEnvironment => {
                "The attestation is from a development or test environment, which this application does not take."
            }
            Self::WrongKeyId => "The attestation is about another key than the key id names.",
            Self::Counter => "The assertion's counter did not rise: it was used before, or the key was copied.",
            Self::Signature => "The signature does not hold: another key made it, or it is over other bytes.",
            Self::Undecipherable => {
                "The token cannot be decrypted: the keys in this application's settings are not those of the Play console."
            }
            Self::Unrecognised(_) => "Google Play does not recognise this build of the app.",
            Self::DeviceUntrusted => "The device does not meet the integrity that this application asks for.",
            Self::Revoked => "A certificate of the attestation was revoked by the platform's maker.",
            Self::BootState => "The device is unlocked or does not run its maker's verified system.",
            Self::SecurityLevel => "The key does not live in hardware that is as safe as this application asks for.",
            Self::Imported => "The key was not made in the device's secure hardware: create it there.",
            Self::Algorithm => "The key is of a kind that cannot be used: make an EC key on P-256.",
        }
    }
}

impl fmt::Display for Flaw {
    /// The sentence, and what was found instead.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.sentence())?;
        match self {
            Self::WrongSigner(found) if !found.is_empty() => write!(f, " Its SHA-256 is {found}."),
            Self::Unrecognised(verdict) if !verdict.is_empty() => write!(f, " Its verdict is {verdict}."),
            _ => Ok(()),
        }
    }
}
