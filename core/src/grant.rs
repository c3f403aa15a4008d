//! A grant: what one login gave one application. It begins as a code, lives as a family of refresh tokens, and ends at
//! once when its code or one of its refresh tokens is shown a second time.
//!
//! Codes and refresh tokens are not stored: they name the grant and carry a keyed hash over it, its salt and their
//! generation, so a single row settles every race.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::oauth::admission::Binding;
use crate::ports::{AppId, GrantId, SessionId, TenantId, Timestamp, UserId};

/// What one login gave one application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Random.
    pub id: GrantId,
    /// The realm.
    pub tenant: TenantId,
    /// The application.
    pub app: AppId,
    /// The user.
    pub user: UserId,
    /// The session in which it was given.
    pub session: SessionId,
    /// Random; part of what codes and refresh tokens are made from.
    pub salt: [u8; 16],
    /// Where it stands.
    pub phase: Phase,
    /// When a code or, later, an unused refresh token is too old.
    pub expires: Timestamp,
    /// When the family ends whatever happens.
    pub ends: Timestamp,
    /// When it was given.
    pub created: Timestamp,
    /// What was asked for and proved; never changes.
    pub terms: Terms,
}

/// Where a grant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// A code is out and was not yet exchanged.
    Code,
    /// Exchanged. Refresh token number `generation` is the good one since `rotated`.
    Live {
        /// Number of the refresh token that is good now.
        generation: u32,
        /// Since when.
        rotated: Timestamp,
    },
    /// Over: replayed, logged out or revoked.
    Revoked,
}

/// What was asked for and proved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Granted scopes.
    pub scopes: BTreeSet<String>,
    /// Redirect URI of the request; the token request repeats it (RFC 6749 §4.1.3).
    pub redirect_uri: String,
    /// The request did not name it, so the token request need not either.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub redirect_implied: bool,
    /// PKCE challenge (RFC 7636).
    pub challenge: Option<Challenge>,
    /// OpenID Connect `nonce`.
    pub nonce: Option<String>,
    /// When the user proved who they are.
    pub authenticated: Timestamp,
    /// Authentication methods (RFC 8176).
    pub amr: Vec<String>,
    /// Authentication context class reached.
    pub acr: String,
    /// Names of claims asked for by the `claims` parameter for the ID token (OpenID Connect Core §5.5).
    pub id_token_claims: BTreeSet<String>,
    /// Names of claims asked for by the `claims` parameter for userinfo.
    pub userinfo_claims: BTreeSet<String>,
    /// What code and tokens are bound to.
    #[serde(default, skip_serializing_if = "Binding::is_free")]
    pub binding: Binding,
}

/// A PKCE challenge (RFC 7636 §4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Challenge {
    /// `S256`: the challenge as sent.
    S256(String),
    /// `plain`: the challenge as sent.
    Plain(String),
}

/// How a code exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// This exchange, and no other, has the grant.
    Granted,
    /// The code was exchanged before: the grant is revoked now.
    Replayed,
    /// There is no such code, or it is too old.
    Absent,
}

/// How a refresh ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// Refresh token number `0` is the good one now.
    Fresh(u32),
    /// An identical refresh within the window: number `0` is still unused and still the good one.
    Repeated(u32),
    /// An old refresh token: the grant is revoked now.
    Replayed,
    /// There is no such grant, it is over, or it is too old.
    Absent,
}

impl Redeemed {
    /// Whether this exchange has the grant.
    pub const fn is_granted(self) -> bool {
        matches!(self, Self::Granted)
    }
}

impl Rotated {
    /// Whether a refresh token is given.
    pub const fn is_given(self) -> bool {
        matches!(self, Self::Fresh(_) | Self::Repeated(_))
    }
}

/// A refresh, as the store settles it.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// The grant.
    pub grant: GrantId,
    /// Number of the refresh token shown.
    pub shown: u32,
    /// The present moment.
    pub now: Timestamp,
    /// How long an identical refresh is answered alike.
    pub window: Duration,
    /// When the next refresh token is too old, if it is not used.
    pub expires: Timestamp,
    /// Whether a refresh makes a new refresh token; else the one shown stays the good one.
    pub rotate: bool,
}

impl Grant {
    /// Whether tokens of this grant still hold.
    pub const fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. })
    }

    /// The move of a code exchange: pure, so that every store settles it alike. `expires` is when the first refresh
    /// token is too old.
    pub fn redeem(&mut self, now: Timestamp, expires: Timestamp) -> Redeemed {
        match self.phase {
            Phase::Code if now < self.expires => {
                self.phase = Phase::Live { generation: 0, rotated: now };
                self.expires = expires.min(self.ends);
                Redeemed::Granted
            }
            Phase::Code => Redeemed::Absent,
            Phase::Live { .. } | Phase::Revoked => {
                self.phase = Phase::Revoked;
                Redeemed::Replayed
            }
        }
    }

    /// The move of a refresh: pure, so that every store settles it alike.
    pub fn rotate(&mut self, rotation: &Rotation) -> Rotated {
        let Phase::Live { generation, rotated } = self.phase else { return Rotated::Absent };
        if rotation.now >= self.expires.min(self.ends) {
            return Rotated::Absent;
        }
        if rotation.shown == generation {
            let next = if rotation.rotate { generation.saturating_add(1) } else { generation };
            self.phase = Phase::Live { generation: next, rotated: rotation.now };
            self.expires = rotation.expires.min(self.ends);
            return Rotated::Fresh(next);
        }
        let is_last = rotation.shown.checked_add(1) == Some(generation);
        if is_last && !rotation.window.is_zero() && rotation.now < rotated + rotation.window {
            return Rotated::Repeated(generation);
        }
        self.phase = Phase::Revoked;
        Rotated::Replayed
    }
}
