//! Asking the devices: for a user with devices a question is kept and a message goes to each of them; for everybody else
//! a question is kept that nobody will answer, so that both take the same time and look the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use vestibule_core::agent::Agent;
use vestibule_core::credential::push::{Asking, LIFETIME};
use vestibule_core::credential::{Credential, Held, PushDevice};
use vestibule_core::delivery::{Channel, Dispatch, Letter};
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{Begun, Context, Memo, Prompt, PromptKind};
use vestibule_core::ports::UserId;
use vestibule_core::user::User;
use vestibule_jose::base64url;

use super::{SCENARIO, SPEC};

/// What was asked.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    /// Id of the question.
    pub id: String,
    number: String,
}

/// A device that can be asked: its handle, and what it is.
type Device = (String, PushDevice);

impl Asked {
    /// What the app needs in order to wait, and what it shows.
    pub fn prompt(&self, cx: &Context<'_>) -> Prompt {
        let status = cx.urls.of(cx.tenant, &format!("/push-auth/check-status?pushAuthId={}", self.id));
        let prompt = SPEC.demand(PromptKind::Internal, &[SCENARIO]);
        prompt.with("statusEndpoint", status).with("numberChallenge", self.number.clone())
    }
}

/// Puts the question to all devices of the flow's user.
pub(super) async fn ask(cx: &Context<'_>) -> Result<Begun, Fault> {
    let nobody = UserId::random(&*cx.ports.entropy);
    let found = devices(cx, cx.subject.user().map_or(&nobody, |user| &user.id)).await?;
    let known = cx.subject.user().filter(|_| !found.is_empty());
    if cx.proven && known.is_none() {
        const TEXT: &str = "No device is registered for notifications.";
        return Ok(Begun::nothing(Message::failed(TEXT, "error.push.registered.device.not.found")));
    }
    let (challenge, number) = (base64url(&cx.ports.random::<32>()), cx.digits(2));
    let handles = |devices: &[Device]| devices.iter().map(|(handle, _)| handle.clone()).collect();
    let question = |user: UserId, devices: &[Device]| {
        let (flow, devices) = (cx.place.flow, handles(devices));
        Asking { tenant: cx.tenant, user, flow, devices, challenge: &challenge, number: &number }
    };
    let asking = match known {
        Some(user) => question(user.id, &found),
        None => question(nobody, &[]),
    };
    let (id, letters) = match (asking.keep(cx.ports, cx.secrets).await?, known) {
        (Some(id), Some(user)) => {
            let letters =
                found.iter().map(|device| letter(cx, user, device, (&id, &challenge))).collect::<Result<_, _>>()?;
            (id, letters)
        }
        (Some(id), None) => (id, Vec::new()),
        (None, _) if cx.proven => {
            const TEXT: &str = "Too many notifications wait for an answer. Try again in a few minutes.";
            return Ok(Begun::nothing(Message::failed(TEXT, "error.push.resent.count.exceeded")));
        }
        (None, _) => {
            let unasked = question(nobody, &[]).keep(cx.ports, cx.secrets).await?;
            (unasked.ok_or(Fault::new("a question to nobody found no place"))?, Vec::new())
        }
    };
    let asked = Asked { id, number };
    let memo = Some(Memo::of(&asked)?);
    Ok(Begun { memo, letters, ..Begun::of(asked.prompt(cx)) })
}

/// The devices of a user.
pub(super) async fn devices(cx: &Context<'_>, user: &UserId) -> Result<Vec<Device>, Fault> {
    let held = cx.ports.store.credentials(cx.tenant, user).await?;
    let device = |credential: Credential| match credential.held {
        Held::PushDevice(device) => Some((credential.handle, device)),
        _ => None,
    };
    Ok(held.into_iter().filter_map(device).collect())
}

/// The message to a device, in the words that shipped apps read. The number is not in it: the user types it.
fn letter(
    cx: &Context<'_>,
    user: &User,
    (handle, device): &Device,
    (id, challenge): (&str, &str),
) -> Result<Letter, Fault> {
    let Agent { browser, platform, .. } = Agent::read(cx.source.agent.as_deref());
    let address = cx.source.address.map_or_else(|| "Unknown".to_owned(), |address| address.to_string());
    let values = [
        ("app", cx.app.name.as_str()),
        ("applicationName", &cx.app.name),
        ("pushAuthId", id),
        ("pushId", id),
        ("challenge", challenge),
        ("deviceId", handle),
        ("username", &user.name),
        ("tenantDomain", cx.tenant.as_str()),
        ("userStoreDomain", "PRIMARY"),
        ("notificationScenario", "AUTHENTICATION"),
        ("ipAddress", &address),
        ("deviceOS", platform),
        ("browser", browser),
    ];
    let dispatch = Dispatch {
        channel: Channel::Push,
        to: device.token.clone(),
        template: "push-login".to_owned(),
        locale: user.profile.locale.clone(),
        values: values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>(),
    };
    cx.letter(&dispatch, LIFETIME)
}
