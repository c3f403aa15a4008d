//! Enrolling a device: the signed-in user gets a ticket, as a QR code or in the app itself; the device shows it with a
//! signature by a key of its own. The ticket is good once, whatever comes of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use vestibule_jose::{Jwk, base64url};

use super::signed::is_signed;
use super::{absent, check, invalid, signed_in};
use crate::admin::Operator;
use crate::audit::What;
use crate::credential::{Credential, Held, Kind, PushDevice};
use crate::error::{Code, Error, Fault};
use crate::house::House;
use crate::ports::store::{Added, Slip};
use crate::ports::{CredentialId, TenantId, UserId};
use crate::user::{Gate, User};

/// How long a ticket is good.
const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// Most devices of a user.
const MOST: usize = 10;

/// A ticket for one device.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// The handle that the device will have.
    pub device: String,
    /// What the device signs.
    pub challenge: String,
    /// Whose device it will be.
    pub user: User,
}

/// A device with its ticket.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// The handle in the ticket.
    pub device: String,
    /// A name for people.
    pub name: String,
    /// Its model.
    pub model: String,
    /// Its token at its push service.
    pub token: String,
    /// Its public key.
    pub key: Jwk,
    /// Its signature of `challenge.token`.
    pub signature: Vec<u8>,
}

/// A ticket as it is kept. Its challenge is derived from the handle.
#[derive(Serialize, Deserialize)]
struct Kept {
    user: UserId,
}

impl House {
    /// A ticket for one more device of the signed-in user.
    ///
    /// # Errors
    /// The caller is no signed-in user (403), has too many devices already (409), or the store failed.
    pub async fn push_ticket(&self, by: &Operator) -> Result<Ticket, Error> {
        let user = signed_in(by)?;
        by.owner()?.demand_factors(&self.ports).await?;
        self.has_room(&user.tenant, &user.id).await?;
        let device = CredentialId::random(&*self.ports.entropy).to_string();
        let challenge = self.challenge(&device);
        let kept = Kept { user: user.id };
        let body = serde_json::to_vec(&kept).map_err(|error| Fault::from("writing a ticket for a device", error))?;
        let expires = self.ports.clock.now() + LIFETIME;
        let slip = Slip { key: key(&device), tenant: user.tenant.clone(), version: 1, body, expires };
        if !self.ports.store.leave(&slip, 0).await? {
            return Err(Fault::new("a new ticket for a device was there already").into());
        }
        Ok(Ticket { device, challenge, user: user.clone() })
    }

    /// Enrols a device. Whoever shows the ticket needs no other credentials: it is the user's word.
    ///
    /// # Errors
    /// The ticket is not good, the signature does not fit or something in it is wrong (400), the user has too many devices
    /// (409), or the store failed.
    pub async fn enrol_push_device(&self, tenant: &TenantId, new: NewDevice) -> Result<Credential, Error> {
        check(Some(&new.name), Some(&new.token))?;
        check(Some(&new.model), None)?;
        let user = self.holder(tenant, &new).await?;
        self.has_room(tenant, &user.id).await?;
        let mut key = new.key;
        (key.kid, key.use_, key.alg) = (None, None, None);
        let key = serde_json::to_value(key).map_err(|error| Fault::from("writing a device's key", error))?;
        let held = Held::PushDevice(PushDevice { model: new.model, token: new.token, key });
        let device = Credential::new(&user, new.device, &new.name, held, &self.ports);
        match self.ports.store.add_credential(&device).await? {
            Added::Kept => {
                self.ports.record(self.told_of(What::FactorEnrolled, &device)).await?;
                self.tell(&user, "factor-added", &device.label).await?;
                Ok(device)
            }
            Added::Taken("user") => Err(absent()),
            Added::Taken(_) => Err(Error::new(Code::Conflict).because("The device is enrolled already.")),
        }
    }

    /// The user whose ticket the device shows with a fitting signature.
    async fn holder(&self, tenant: &TenantId, new: &NewDevice) -> Result<User, Error> {
        let unfit = || invalid("The ticket is used, too old or another one's, or the signature does not fit it.");
        let slip = self.ports.store.take(&key(&new.device)).await?;
        let now = self.ports.clock.now();
        let slip = slip.filter(|slip| slip.tenant == *tenant && now < slip.expires).ok_or_else(unfit)?;
        let kept: Kept =
            serde_json::from_slice(&slip.body).map_err(|error| Fault::from("reading a ticket for a device", error))?;
        let user = self.ports.store.user(tenant, &kept.user).await?;
        let user = user.filter(|user| user.gate() == Gate::Open).ok_or_else(unfit)?;
        // The ticket may be older than the newest secret.
        let challenges = self.secrets.digests(&[b"push ticket", new.device.as_bytes()]);
        let fits = |challenge: &[u8; 32]| {
            let message = format!("{}.{}", base64url(challenge), new.token);
            is_signed(&new.key, message.as_bytes(), &new.signature)
        };
        challenges.iter().any(fits).then_some(user).ok_or_else(unfit)
    }

    fn challenge(&self, device: &str) -> String {
        base64url(&self.secrets.digest(&[b"push ticket", device.as_bytes()]))
    }

    async fn has_room(&self, tenant: &TenantId, user: &UserId) -> Result<(), Error> {
        let held = self.ports.store.credentials(tenant, user).await?;
        if held.iter().filter(|credential| credential.kind() == Kind::PushDevice).count() < MOST {
            return Ok(());
        }
        Err(Error::new(Code::Conflict).because("The user has ten devices. Remove one first."))
    }
}

fn key(device: &str) -> String {
    format!("push-device/{device}")
}
