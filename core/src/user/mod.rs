//! Users as the rules see them. Names are compared in one canonical form; a password is only ever a hash here.

mod blocklist;
mod gate;
mod name;
mod password;

use serde::{Deserialize, Serialize};

pub use blocklist::{BlockKey, Blocklist};
pub use gate::{Gate, Guest, Shut};
pub use name::{canonical_name, normalised_password};
pub use password::{PasswordRules, Weakness, Whose};

use crate::ports::{PasswordHash, TenantId, Timestamp, UserId};

/// Someone who can sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Never changes and is never given to another user.
    pub id: UserId,
    /// The realm.
    pub tenant: TenantId,
    /// Counts the changes; a change names the revision that it saw.
    pub revision: u64,
    /// The name as it was given.
    pub name: String,
    /// The name as it is compared, unique in the tenant: see [`canonical_name`].
    pub canonical: String,
    /// The password's hash, when there is a password.
    pub password: Option<PasswordHash>,
    /// May administer the server or, in a tenant other than the root, that tenant.
    pub administrator: bool,
    /// SCIM's `active` (RFC 7643 §4.1.1).
    pub active: bool,
    /// Locked by an administrator; locks after wrong passwords end by themselves and stand elsewhere.
    pub locked: bool,
    /// An administrator wants another password at the next login.
    pub renew_password: bool,
    /// When the password was last set; `None` if that was before it was noted.
    pub password_set: Option<Timestamp>,
    /// What is known of the person.
    pub profile: Profile,
    /// When the user was made.
    pub created: Timestamp,
    /// When the user was last changed.
    pub modified: Timestamp,
}

/// What is known of a person (RFC 7643 §4.1, OpenID Connect Core §5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Whole name, when it is not given name and family name.
    pub formatted: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// SCIM's `displayName`.
    pub display_name: Option<String>,
    /// Name by which the person is called.
    pub nick_name: Option<String>,
    /// BCP 47 language tag.
    pub locale: Option<String>,
    /// IANA time zone.
    pub zone: Option<String>,
    /// Email addresses; the primary one first.
    pub emails: Vec<Contact>,
    /// Telephone numbers; the `mobile` one receives messages.
    pub phones: Vec<Contact>,
}

/// An address or number at which a person is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The address or number.
    pub value: String,
    /// SCIM's `type`: `work`, `home`, `mobile`, …
    pub kind: Option<String>,
    /// SCIM's `primary`.
    pub primary: bool,
    /// Whether the person has shown that it is theirs; only the server sets it.
    pub verified: bool,
}

impl User {
    /// The user with another password, which nobody wants renewed.
    #[must_use]
    pub fn with_password(&self, password: PasswordHash, now: Timestamp) -> Self {
        Self {
            revision: self.revision.saturating_add(1),
            password: Some(password),
            renew_password: false,
            password_set: Some(now),
            modified: now,
            ..self.clone()
        }
    }
}

impl Profile {
    /// Whole name for people.
    pub fn full_name(&self) -> Option<String> {
        self.formatted.clone().or_else(|| match (&self.given_name, &self.family_name) {
            (Some(given), Some(family)) => Some(format!("{given} {family}")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        })
    }

    /// The address that mail is sent to.
    pub fn email(&self) -> Option<&Contact> {
        self.emails.iter().find(|email| email.primary).or_else(|| self.emails.first())
    }

    /// The number that messages are sent to.
    pub fn phone(&self) -> Option<&Contact> {
        let mobile = |phone: &&Contact| phone.kind.as_deref() == Some("mobile");
        self.phones.iter().find(mobile).or_else(|| self.phones.first())
    }
}
