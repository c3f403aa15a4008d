//! Sessions: what a user has proved to the server, reused by later logins (single sign-on) until it is too old.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::flow::Proof;
use crate::oauth::dpop::Thumbprint;
use crate::ports::{SessionId, TenantId, Timestamp, UserId};

/// A signed-in session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The `sid` of tokens. What a client shows instead is a keyed derivation of it.
    pub id: SessionId,
    /// The realm.
    pub tenant: TenantId,
    /// Whose it is.
    pub user: UserId,
    /// What has been proved, oldest first.
    pub proofs: Vec<Proof>,
    /// When the user last proved something: the `auth_time` of tokens.
    pub authenticated: Timestamp,
    /// When it began.
    pub created: Timestamp,
    /// When it was last used.
    pub seen: Timestamp,
    /// How long it lives without use.
    pub idle: Duration,
    /// When it ends whatever happens.
    pub ends: Timestamp,
    /// What the app said of itself at the last login (`User-Agent`), so that people recognise it.
    pub agent: Option<String>,
}

/// A session as a caller showed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// The session.
    pub session: SessionId,
    /// When the user had last proved something as the name was given out. A cookie is good only until the next proof, so
    /// that one planted before a login is worth nothing after it (session fixation, ASVS 7.2.4).
    pub as_of: Option<Timestamp>,
    /// The key without which the name is worth nothing.
    pub key: Option<Thumbprint>,
}

impl Presence {
    /// Whether the session still has the name that was shown.
    pub fn is_of(&self, session: &Session) -> bool {
        self.as_of.is_none_or(|moment| moment == session.authenticated)
    }
}

impl Session {
    /// When it ends if it is not used again.
    pub fn expires(&self) -> Timestamp {
        self.ends.min(self.seen + self.idle)
    }

    /// Whether it still holds.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires()
    }
}
