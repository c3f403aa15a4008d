//! Devices that answer push notifications: enrolled by a signed-in user with a ticket that is good once, then answering
//! questions with signatures. Law: a device shows that it has its key whenever it speaks, and a token made for one
//! purpose is no good for another.

mod answer;
mod enrol;
mod signed;

pub use answer::Given;
pub use enrol::{NewDevice, Ticket};

use crate::admin::Operator;
use crate::audit::{Actor, Event, What};
use crate::credential::{Credential, Held, Kind, PushDevice};
use crate::error::{Code, Error};
use crate::house::House;
use crate::ports::TenantId;
use crate::ports::store::Saved;
use crate::user::User;

/// Longest name or model in characters, and longest token of a push service in bytes.
const LONGEST_NAME: usize = 100;
const LONGEST_TOKEN: usize = 4096;

/// What is to change of a device.
#[derive(Clone, Debug, Default)]
pub struct DeviceEdit {
    /// Another name.
    pub name: Option<String>,
    /// Another token at its push service.
    pub token: Option<String>,
}

impl House {
    /// Something that the user of a device did about it.
    fn told_of(&self, what: What, device: &Credential) -> Event {
        self.ports.event(what, &device.tenant).by(Actor::User(device.user)).factor(device)
    }

    /// The signed-in user's devices, oldest first.
    ///
    /// # Errors
    /// The caller is no signed-in user (403), or the store failed.
    pub async fn push_devices(&self, by: &Operator) -> Result<Vec<Credential>, Error> {
        let user = signed_in(by)?;
        let mut held = self.ports.store.credentials(&user.tenant, &user.id).await?;
        held.retain(|credential| credential.kind() == Kind::PushDevice);
        Ok(held)
    }

    /// One of the signed-in user's devices, by its handle.
    ///
    /// # Errors
    /// There is none (404), the caller is no signed-in user (403), or the store failed.
    pub async fn push_device(&self, by: &Operator, handle: &str) -> Result<Credential, Error> {
        let user = signed_in(by)?;
        let found = self.ports.store.credential(&user.tenant, Kind::PushDevice, handle).await?;
        found.filter(|device| device.user == user.id).ok_or_else(absent)
    }

    /// Changes one of the signed-in user's devices.
    ///
    /// # Errors
    /// As [`Self::push_device`]; something in the edit is wrong (400), or the device was changed meanwhile (409).
    pub async fn change_push_device(&self, by: &Operator, handle: &str, edit: DeviceEdit) -> Result<Credential, Error> {
        let device = self.push_device(by, handle).await?;
        self.edit_device(device, edit).await
    }

    /// Removes one of the signed-in user's devices.
    ///
    /// # Errors
    /// As [`Self::push_device`].
    pub async fn remove_push_device(&self, by: &Operator, handle: &str) -> Result<(), Error> {
        let device = self.push_device(by, handle).await?;
        by.owner()?.demand_trust(&self.ports).await?;
        self.drop_device(signed_in(by)?, &device).await
    }

    async fn edit_device(&self, before: Credential, edit: DeviceEdit) -> Result<Credential, Error> {
        check(edit.name.as_deref(), edit.token.as_deref())?;
        let Held::PushDevice(device) = &before.held else { return Err(absent()) };
        let token = edit.token.unwrap_or_else(|| device.token.clone());
        let after = Credential {
            label: edit.name.unwrap_or_else(|| before.label.clone()),
            held: Held::PushDevice(PushDevice { token, ..device.clone() }),
            revision: before.revision.saturating_add(1),
            ..before.clone()
        };
        match self.ports.store.save_credential(&after, before.revision).await? {
            Saved::Kept => {
                self.ports.record(self.told_of(What::FactorChanged, &after)).await?;
                Ok(after)
            }
            Saved::Moved | Saved::Taken(_) => {
                Err(Error::new(Code::Conflict).because("The device was changed meanwhile. Read it again."))
            }
        }
    }

    async fn drop_device(&self, user: &User, device: &Credential) -> Result<(), Error> {
        if !self.ports.store.remove_credential(&device.tenant, &user.id, &device.id).await? {
            return Err(absent());
        }
        self.ports.record(self.told_of(What::FactorRemoved, device)).await?;
        self.tell(user, "factor-removed", &device.label).await
    }

    /// Tells the user by email that a device was enrolled or removed.
    async fn tell(&self, user: &User, template: &str, label: &str) -> Result<(), Error> {
        let world = (&self.ports, &*self.secrets);
        let values = [("factor", label.to_owned())].into();
        let to = (user, user.profile.locale.clone());
        if let Some(letter) = self.engine.rules.sending.notice(world, to, (template, values))? {
            self.ports.post(&letter).await?;
        }
        Ok(())
    }

    /// The device of that handle, whosever it is.
    async fn device(&self, tenant: &TenantId, handle: &str) -> Result<Option<(Credential, PushDevice)>, Error> {
        let found = self.ports.store.credential(tenant, Kind::PushDevice, handle).await?;
        Ok(found.and_then(|credential| match &credential.held {
            Held::PushDevice(device) => Some((credential.clone(), device.clone())),
            _ => None,
        }))
    }
}

fn signed_in(by: &Operator) -> Result<&User, Error> {
    by.user().ok_or_else(|| Code::Forbidden.into())
}

fn absent() -> Error {
    Error::new(Code::NotFound).because("There is no such device.")
}

fn invalid(sentence: &'static str) -> Error {
    Error::new(Code::InvalidInput).because(sentence)
}

/// Refuses names that are no text for people and tokens that cannot be a push service's.
fn check(name: Option<&str>, token: Option<&str>) -> Result<(), Error> {
    let is_text =
        |text: &str| (1..=LONGEST_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if name.is_some_and(|name| !is_text(name)) {
        return Err(invalid("name and model have 1 to 100 characters, none of them a control character."));
    }
    let is_token =
        |token: &str| (1..=LONGEST_TOKEN).contains(&token.len()) && token.bytes().all(|b| b.is_ascii_graphic());
    if token.is_some_and(|token| !is_token(token)) {
        return Err(invalid("deviceToken has 1 to 4096 printable characters."));
    }
    Ok(())
}
