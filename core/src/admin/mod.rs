//! What operators do: applications, users and tenants are made, changed and removed here. It owns the rules – who may do
//! what, defaults, bounds, secrets, which passwords are good enough – and leaves JSON to the endpoints. Law: nothing is
//! written but on behalf of an [`Operator`], whose right to it was found first.

mod apps;
mod basic;
mod connections;
mod factors;
mod first_start;
mod keys;
mod operator;
mod permission;
mod tenants;
mod users;

use std::borrow::Cow;
use std::sync::Arc;

pub use apps::{AppDraft, AttestationDraft, CreatedApp, NewApplication, callbacks};
pub use connections::{ATTRIBUTES, ConnectionDraft, Elsewhere};
pub use first_start::{ADMINISTRATOR, FirstAdministrator};
pub use keys::ShownKey;
pub use operator::{Credentials, Operator};
pub use permission::Permission;
pub use tenants::NewTenant;
pub use users::UserDraft;

use crate::audit::{Event, What};
use crate::error::{Code, Error};
use crate::flow::Rules;
use crate::keyring::Keyring;
use crate::ports::Ports;
use crate::secrets::Secrets;

/// Makes, changes and removes what a server is about.
pub struct Administration {
    pub(crate) ports: Ports,
    pub(crate) secrets: Arc<Secrets>,
    keyring: Arc<Keyring>,
    rules: Rules,
}

impl Administration {
    /// Over these ports; wrong passwords of administrators count by the rules of a login.
    pub fn new(ports: Ports, secrets: Arc<Secrets>, keyring: Arc<Keyring>, rules: Rules) -> Self {
        Self { ports, secrets, keyring, rules }
    }

    /// Something that an operator does in a tenant.
    pub(crate) fn told(&self, by: &Operator, what: What) -> Event {
        self.ports.event(what, by.tenant()).by(by.actor()).app(by.app())
    }
}

/// A refusal that names the member and what it should be.
pub(crate) fn invalid(description: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::InvalidInput).because(description)
}

pub(crate) fn conflict(description: impl Into<Cow<'static, str>>) -> Error {
    Error::new(Code::Conflict).because(description)
}

/// Somebody else changed the thing, twice in a row.
pub(crate) fn moved() -> Error {
    conflict("It was changed meanwhile. Read it again and repeat the change.")
}

/// A text for people: at most `longest` characters, none of them a control character.
pub(crate) fn is_text(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest && !text.chars().any(char::is_control)
}
