//! A message in the words in which it is sent. It is made from a letter and its templates and handed to a carrier; it has
//! secrets in it, so its `Debug` says nothing.

use std::collections::BTreeMap;
use std::fmt;

use vestibule_core::delivery::Channel;
use vestibule_core::ports::{LetterId, TenantId, Timestamp};

/// A message as it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The letter's name; whatever a provider offers against doubles is made of it.
    pub id: LetterId,
    /// The realm.
    pub tenant: TenantId,
    /// The address, the number, or the device's token.
    pub to: String,
    /// Name of the template.
    pub template: String,
    /// When the letter was written.
    pub created: Timestamp,
    /// When it is of no use any more.
    pub expires: Timestamp,
    /// What it says.
    pub content: Content,
    /// The values that it was made of; to a device they travel as data.
    pub values: BTreeMap<String, String>,
}

/// What a message says.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// An email.
    Email {
        /// Its subject, one line.
        subject: String,
        /// Its text.
        text: String,
        /// The same for programs that show HTML.
        html: String,
    },
    /// A short message.
    Sms {
        /// Its text.
        text: String,
    },
    /// A notification on a device.
    Push {
        /// Its heading, one line.
        title: String,
        /// Its text.
        body: String,
    },
}

impl Content {
    /// How it travels.
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Email { .. } => Channel::Email,
            Self::Sms { .. } => Channel::Sms,
            Self::Push { .. } => Channel::Push,
        }
    }

    /// The heading, if it has one.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Email { subject, .. } => Some(subject),
            Self::Sms { .. } => None,
            Self::Push { title, .. } => Some(title),
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        match self {
            Self::Email { text, .. } | Self::Sms { text } => text,
            Self::Push { body, .. } => body,
        }
    }
}

impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} [hidden]", self.id, self.template)
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [hidden]", self.channel().as_str())
    }
}
