//! `/api/users/v1/me/push`: the signed-in user's devices.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vestibule_core::account::push::{DeviceEdit, NewDevice, Ticket};
use vestibule_core::credential::{Credential, Held};
use vestibule_core::error::Error;
use vestibule_jose::{Jwk, from_base64url_lenient};

use super::super::management::{Call, created, invalid};

const PATH: &str = "/api/users/v1/me/push/devices";

/// A ticket for one device. Shown as a QR code, it is this object as text.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TicketBody {
    /// The id that the device will have.
    device_id: String,
    /// What the device signs, together with its push token.
    challenge: String,
    /// Whose device it will be.
    username: String,
    /// The server.
    host: String,
    /// The tenant, as it stands in `/t/{tenant}`.
    tenant_domain: String,
}

/// A device to enrol.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewDeviceBody {
    /// The id in the ticket.
    device_id: String,
    /// A name for people.
    name: String,
    /// Its model.
    model: String,
    /// Its token at its push service.
    device_token: String,
    /// Its public key: base64 of a DER SubjectPublicKeyInfo, or a JWK. RSA of 2048 bits or more, P-256 or Ed25519.
    public_key: Value,
    /// Base64 of its signature of `challenge.deviceToken`: RS256, ES256 (64 bytes) or EdDSA.
    signature: String,
    /// The app's push service. Which one is used is the operator's to say.
    #[serde(rename = "provider")]
    _provider: Option<Value>,
}

/// What changes of a device.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DeviceEditBody {
    /// Another name.
    name: Option<String>,
    /// Another token at its push service.
    device_token: Option<String>,
}

/// A device.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeviceBody {
    device_id: String,
    name: String,
    model: String,
    /// When it was enrolled.
    created: String,
    /// When it last agreed to a sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<String>,
}

impl DeviceBody {
    fn of(device: &Credential) -> Self {
        let model = match &device.held {
            Held::PushDevice(device) => device.model.clone(),
            _ => String::new(),
        };
        Self {
            device_id: device.handle.clone(),
            name: device.label.clone(),
            model,
            created: device.created.to_string(),
            last_used: device.used.map(|moment| moment.to_string()),
        }
    }
}

pub(crate) async fn ticket(call: Call) -> Result<Response, Error> {
    let house = call.app.house();
    let Ticket { device, challenge, user } = house.push_ticket(&call.by).await?;
    let body = TicketBody {
        device_id: device,
        challenge,
        username: user.name,
        host: house.urls.as_str().to_owned(),
        tenant_domain: user.tenant.to_string(),
    };
    Ok(Json(body).into_response())
}

pub(crate) async fn list(call: Call) -> Result<Response, Error> {
    let devices = call.app.house().push_devices(&call.by).await?;
    Ok(Json(devices.iter().map(DeviceBody::of).collect::<Vec<_>>()).into_response())
}

pub(crate) async fn enrol(call: Call) -> Result<Response, Error> {
    let body: NewDeviceBody = call.json()?;
    let new = NewDevice {
        key: key(body.public_key)?,
        signature: bytes(&body.signature).ok_or_else(|| invalid("signature is not base64."))?,
        device: body.device_id,
        name: body.name,
        model: body.model,
        token: body.device_token,
    };
    let device = call.app.house().enrol_push_device(call.by.tenant(), new).await?;
    created(&call.url(&format!("{PATH}/{}", device.handle)), DeviceBody::of(&device))
}

pub(crate) async fn show(call: Call) -> Result<Response, Error> {
    let device = call.app.house().push_device(&call.by, call.raw_id()).await?;
    Ok(Json(DeviceBody::of(&device)).into_response())
}

pub(crate) async fn change(call: Call) -> Result<Response, Error> {
    let body: DeviceEditBody = call.json()?;
    let edit = DeviceEdit { name: body.name, token: body.device_token };
    let device = call.app.house().change_push_device(&call.by, call.raw_id(), edit).await?;
    Ok(Json(DeviceBody::of(&device)).into_response())
}

pub(crate) async fn remove(call: Call) -> Result<Response, Error> {
    call.app.house().remove_push_device(&call.by, call.raw_id()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The public key of a device.
fn key(value: Value) -> Result<Jwk, Error> {
    let key = match &value {
        Value::String(text) => bytes(text).and_then(|der| Jwk::from_spki(&der).ok()),
        Value::Object(_) => serde_json::from_value(value).ok(),
        _ => None,
    };
    key.ok_or_else(|| invalid("publicKey is no key that can be used: send base64 of a SubjectPublicKeyInfo, or a JWK."))
}

/// Base64 of either alphabet, padded or not.
fn bytes(text: &str) -> Option<Vec<u8>> {
    from_base64url_lenient(&text.replace('+', "-").replace('/', "_"))
}
