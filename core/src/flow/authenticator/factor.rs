//! What kind of thing a proof is of: what tokens say of it, which wrong answers are counted together, and how much it is
//! worth beside another.

use serde::{Deserialize, Serialize};

/// What kind of thing a proof is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Factor {
    /// Something known: a password.
    Password,
    /// A code computed by a device or taken from a sheet.
    Otp,
    /// Something received by email. It shows who reads the mail, and is no second factor (NIST SP 800-63B-4 §3.1.3).
    Email,
    /// A code received on a telephone.
    Sms,
    /// A key held by a device.
    Key,
    /// A key held by a device that verified its user by PIN or finger: two factors in one.
    VerifiedKey,
    /// A registered device on which the user agreed.
    Device,
    /// Another identity provider's word.
    Federated,
    /// The word of a service of the operator's.
    Service,
}

impl Factor {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Password,
        Self::Otp,
        Self::Email,
        Self::Sms,
        Self::Key,
        Self::VerifiedKey,
        Self::Device,
        Self::Federated,
        Self::Service,
    ];

    /// Authentication method reference (RFC 8176 §2).
    pub const fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Otp | Self::Email => "otp",
            Self::Sms => "sms",
            Self::Key | Self::VerifiedKey | Self::Device => "hwk",
            Self::Federated => "fed",
            Self::Service => "ext",
        }
    }

    /// Which wrong answers are counted together; `None` for what cannot be guessed. What a mailbox is sent is apart from what
    /// is held: a right code of the weaker kind must not forgive guesses at the stronger.
    pub const fn pool(self) -> Option<&'static str> {
        match self {
            Self::Password => Some("pwd"),
            Self::Otp | Self::Sms => Some("otp"),
            Self::Email => Some("mail"),
            Self::Key | Self::VerifiedKey | Self::Device | Self::Federated | Self::Service => None,
        }
    }

    /// The pools of whose owner it is a proof: a key that verifies its user is no weaker than a password with a code.
    pub const fn opens(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::Otp | Self::Sms => &["otp"],
            Self::Email => &["mail"],
            Self::VerifiedKey => &["pwd", "otp", "mail"],
            Self::Key | Self::Device | Self::Federated | Self::Service => &[],
        }
    }

    /// A factor whose wrong answers are counted in the pool.
    pub fn of_pool(pool: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|factor| factor.pool() == Some(pool))
    }

    /// Whether it is something known or something held; neither says nothing of the person's own factors.
    pub const fn class(self) -> Option<Class> {
        match self {
            Self::Password => Some(Class::Known),
            Self::Otp | Self::Sms | Self::Key | Self::Device => Some(Class::Held),
            Self::VerifiedKey => Some(Class::Both),
            Self::Email | Self::Federated | Self::Service => None,
        }
    }
}

/// Classes of factors (NIST SP 800-63B-4 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Something known.
    Known,
    /// Something held.
    Held,
    /// Something held that is opened by something known or by the person.
    Both,
}
