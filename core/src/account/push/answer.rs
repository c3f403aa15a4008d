//! What devices send with a signature instead of a token of their user's: the answer to a question, another name or
//! push token, and that they go.

use serde::Deserialize;

use super::signed::{Heading, claims, heading, in_time};
use super::{DeviceEdit, absent, invalid};
use crate::audit::What;
use crate::credential::push::{Answer, Found};
use crate::credential::{Credential, PushDevice};
use crate::error::{Code, Error};
use crate::house::House;
use crate::ports::TenantId;
use crate::user::{Gate, User};

/// What a device says of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Given {
    /// It is the user's.
    Approved,
    /// It is not.
    Denied,
}

/// Claims of an answer. Others are not looked at.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AnswerClaims {
    push_auth_id: String,
    response: Given,
    challenge: String,
    #[serde(default)]
    number_challenge: Option<String>,
    #[serde(default)]
    iat: Option<i64>,
    exp: i64,
}

/// Claims with which a device changes itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EditClaims {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    device_token: Option<String>,
    #[serde(default)]
    iat: Option<i64>,
    exp: i64,
}

/// Claims with which a device goes. Closed, or an answer that somebody saw would remove the device.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FarewellClaims {
    #[serde(default)]
    iat: Option<i64>,
    exp: i64,
}

impl House {
    /// Whether a device has answered the question of that id. Of an id that is nobody's it says what it says of one that
    /// nobody has answered.
    ///
    /// # Errors
    /// The store failed.
    pub async fn is_push_answered(&self, tenant: &TenantId, id: &str) -> Result<bool, Error> {
        let found = Found::by_id(&self.ports, &self.secrets, (tenant, id)).await?;
        Ok(found.is_some_and(|found| found.question.state != Answer::Awaited))
    }

    /// Takes a device's answer.
    ///
    /// # Errors
    /// It is not signed by a device that was asked, does not fit the question or names another number (400); the question
    /// was answered, is too old or was replaced (410); or the store failed. A wrong number is a refusal.
    pub async fn answer_push(&self, tenant: &TenantId, token: &str) -> Result<Given, Error> {
        let heading = heading(token)?;
        let handle = heading.device.clone().ok_or_else(|| invalid("The header of the token names no deviceId."))?;
        let stranger = || invalid("The token was not signed by the device.");
        let (credential, device, _) = self.signer(tenant, &handle).await?.ok_or_else(stranger)?;
        let given: AnswerClaims = claims(token, &heading, &device)?;
        in_time(given.iat, given.exp, self.ports.clock.now())?;
        let id = given.push_auth_id.as_str();
        let found = Found::by_id(&self.ports, &self.secrets, (tenant, id)).await?;
        let found = found.filter(|found| found.question.state == Answer::Awaited).ok_or(Code::Gone)?;
        if found.question.user != credential.user || !found.question.devices.contains(&handle) {
            return Err(Code::Gone.into());
        }
        if !found.is_challenge(&self.secrets, id, &given.challenge) {
            return Err(invalid("The challenge is not that of the notification."));
        }
        let number = given.number_challenge.as_deref().unwrap_or_default();
        let is_right = given.response == Given::Denied || found.is_number(&self.secrets, id, number);
        let answer = match given.response {
            Given::Approved if is_right => Answer::Approved(handle),
            Given::Approved | Given::Denied => Answer::Denied,
        };
        if !found.answer(&self.ports, answer).await? {
            return Err(Code::Gone.into());
        }
        let event = self.told_of(What::PushAnswered, &credential);
        let response = if given.response == Given::Approved { "approved" } else { "denied" };
        self.ports.record(event.with("response", response).with("number", is_right)).await?;
        if is_right { Ok(given.response) } else { Err(invalid("The number is not the one that the sign-in shows.")) }
    }

    /// Changes a device at its own word.
    ///
    /// # Errors
    /// There is no such device (404), the token is not its own or something in it is wrong (400), the device was changed
    /// meanwhile (409), or the store failed.
    pub async fn change_device_itself(&self, tenant: &TenantId, handle: &str, token: &str) -> Result<(), Error> {
        let heading = of_device(token, handle)?;
        let (credential, device, _) = self.signer(tenant, handle).await?.ok_or_else(absent)?;
        let given: EditClaims = claims(token, &heading, &device)?;
        in_time(given.iat, given.exp, self.ports.clock.now())?;
        if given.name.is_none() && given.device_token.is_none() {
            return Err(invalid("The token names nothing to change: name or deviceToken."));
        }
        self.edit_device(credential, DeviceEdit { name: given.name, token: given.device_token }).await?;
        Ok(())
    }

    /// Removes a device at its own word.
    ///
    /// # Errors
    /// There is no such device (404), the token is not its own or is too old (400), or the store failed.
    pub async fn remove_device_itself(&self, tenant: &TenantId, handle: &str, token: &str) -> Result<(), Error> {
        let heading = of_device(token, handle)?;
        let (credential, device, user) = self.signer(tenant, handle).await?.ok_or_else(absent)?;
        let given: FarewellClaims = claims(token, &heading, &device)?;
        in_time(given.iat, given.exp, self.ports.clock.now())?;
        self.drop_device(&user, &credential).await
    }

    /// The device of that handle and its user, if that user may sign in.
    async fn signer(&self, tenant: &TenantId, handle: &str) -> Result<Option<(Credential, PushDevice, User)>, Error> {
        let Some((credential, device)) = self.device(tenant, handle).await? else { return Ok(None) };
        let user = self.ports.store.user(tenant, &credential.user).await?;
        let user = user.filter(|user| user.gate() == Gate::Open);
        Ok(user.map(|user| (credential, device, user)))
    }
}

/// The heading of a token that is meant for this device.
fn of_device(token: &str, handle: &str) -> Result<Heading, Error> {
    let heading = heading(token)?;
    if heading.device.as_deref().is_some_and(|named| named != handle) {
        return Err(invalid("The header of the token names another device."));
    }
    Ok(heading)
}
