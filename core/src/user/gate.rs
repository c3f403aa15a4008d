//! The one gate that decides whether a user may sign in, with an application where there is one. It is asked at every step, and
//! only it makes a [`Guest`], without whom there is no session, no code and no token: a new path cannot forget it.

use super::User;
use crate::application::Application;

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
    /// The application is switched off.
    Application,
    /// The application is another tenant's.
    Tenant,
}

/// A user who may sign in with an application.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'a> {
    user: &'a User,
    app: &'a Application,
}

impl<'a> Guest<'a> {
    /// Lets a user through the gate to an application.
    ///
    /// # Errors
    /// The user may not sign in with it.
    pub fn admit(user: &'a User, app: &'a Application) -> Result<Self, Shut> {
        match user.gate() {
            _ if user.tenant != app.tenant => Err(Shut::Tenant),
            _ if !app.enabled => Err(Shut::Application),
            Gate::Shut(reason) => Err(reason),
            Gate::Open => Ok(Self { user, app }),
        }
    }

    /// The user.
    pub const fn user(self) -> &'a User {
        self.user
    }

    /// The application.
    pub const fn app(self) -> &'a Application {
        self.app
    }
}

impl User {
    /// Whether the user may sign in now, whatever the application.
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
