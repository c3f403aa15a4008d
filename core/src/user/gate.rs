//! The one gate that decides whether a user may sign in: asked at every step, at code exchange, at refresh, at
//! introspection and at userinfo, so that no path can forget it.

use super::User;

/// Whether a user may sign in now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Yes.
    Open,
    /// No, for this reason, which is not told unless the operator wants it told.
    Shut(Shut),
}

/// Why a user may not sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shut {
    /// Switched off: SCIM's `active` is false.
    Disabled,
    /// Locked by an administrator.
    Locked,
}

impl User {
    /// Whether the user may sign in now.
    pub const fn gate(&self) -> Gate {
        if !self.active {
            Gate::Shut(Shut::Disabled)
        } else if self.locked {
            Gate::Shut(Shut::Locked)
        } else {
            Gate::Open
        }
    }
}
