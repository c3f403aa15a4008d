//! Names of things. Each kind of thing has its own type, so that a user cannot be looked up by an application's id.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Entropy, Timestamp};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// The id that these sixteen bytes spell.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The sixteen bytes of the id, the form in which stores keep it.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// A new id of random bits (UUID version 4, RFC 9562 §5.4).
            pub fn random(entropy: &dyn Entropy) -> Self {
                let mut bytes = [0; 16];
                entropy.fill(&mut bytes);
                Self(uuid::Builder::from_random_bytes(bytes).into_uuid())
            }

            /// A new id that sorts by the moment it was made (UUID version 7, RFC 9562 §5.7).
            pub fn ordered(now: Timestamp, entropy: &dyn Entropy) -> Self {
                let mut bytes = [0; 10];
                entropy.fill(&mut bytes);
                let millis = u64::try_from(now.micros() / 1_000).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// An application, as the management API names it.
    AppId,
    /// A user; the `sub` of tokens and the `id` of SCIM.
    UserId,
    /// A signed-in session; the `sid` of tokens.
    SessionId,
    /// What one login gave one application: its code, then its tokens.
    GrantId,
    /// One run of a login flow; sealed into its flowId.
    FlowNumber,
    /// Something that a user holds: a passkey, a key for one-time codes.
    CredentialId,
    /// A connection to another identity provider or service.
    ConnectionId,
    /// A webhook of the audit log.
    HookId,
    /// A message in the outbox.
    LetterId,
}

/// A tenant's handle, as it stands in `/t/{tenant}`: 1 to 64 of `a-z`, `0-9`, `.`, `-`, beginning and ending with a letter or digit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantId(Arc<str>);

impl TenantId {
    /// The tenant of paths without `/t/{tenant}`.
    pub const ROOT: &'static str = "carbon.super";

    /// The tenant of paths without `/t/{tenant}`.
    pub fn root() -> Self {
        Self(Arc::from(Self::ROOT))
    }

    /// Whether this is the tenant of unqualified paths.
    pub fn is_root(&self) -> bool {
        &*self.0 == Self::ROOT
    }

    /// The handle as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantId {
    type Err = BadTenantId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let alphanumeric = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let bytes = text.as_bytes();
        let framed = bytes.first().is_some_and(alphanumeric) && bytes.last().is_some_and(alphanumeric);
        let spelled = bytes.iter().all(|b| alphanumeric(b) || *b == b'.' || *b == b'-');
        if framed && spelled && bytes.len() <= 64 { Ok(Self(Arc::from(text))) } else { Err(BadTenantId) }
    }
}

impl TryFrom<String> for TenantId {
    type Error = BadTenantId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TenantId> for String {
    fn from(id: TenantId) -> Self {
        id.0.as_ref().to_owned()
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a tenant's handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTenantId;

impl fmt::Display for BadTenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a tenant's handle is 1 to 64 of a-z, 0-9, '.', '-', beginning and ending with a letter or digit")
    }
}

impl std::error::Error for BadTenantId {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_handle_is_a_path_segment_that_needs_no_escaping() {
        for good in ["carbon.super", "acme", "a", "x-1.example"] {
            assert!(good.parse::<TenantId>().is_ok(), "{good}");
        }
        for bad in ["", ".", "-a", "a-", "A", "a/b", "a b", "ä", &"a".repeat(65)] {
            assert!(bad.parse::<TenantId>().is_err(), "{bad}");
        }
    }
}
