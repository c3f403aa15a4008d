//! `/api/users/v2/me/webauthn`, in WSO2's shape: what a browser or phone is asked, what it answers, and the passkeys that
//! came of it.

use axum::Json;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vestibule_core::account::PasskeyOffer;
use vestibule_core::credential::passkey::{Creation, user_handle};
use vestibule_core::credential::{Credential, Held};
use vestibule_core::error::Error;
use vestibule_core::user::User;

use super::super::management::{Call, invalid};
use super::done;

/// Where a passkey will be made.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeyStartBody {
    /// The origin of the page or app.
    #[expect(dead_code, reason = "describes a form that is read by hand")]
    app_id: String,
}

/// What a browser or phone is asked.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeyOptionsBody {
    /// To be repeated with the answer.
    request_id: String,
    /// `PublicKeyCredentialCreationOptionsJSON` (WebAuthn Level 3 §5.1.9).
    public_key_credential_creation_options: Value,
}

/// What it answered.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PasskeyFinishBody {
    request_id: String,
    /// `RegistrationResponseJSON` (WebAuthn Level 3 §5.1.8.3).
    credential: Value,
}

/// A passkey, without anything that is secret.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasskeyBody {
    credential: NamedBody,
    display_name: String,
    registration_time: String,
    is_usernameless_supported: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_used: Option<String>,
    /// It is synchronised between devices.
    backed_up: bool,
    /// Model of the authenticator.
    #[serde(skip_serializing_if = "Option::is_none")]
    aaguid: Option<String>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct NamedBody {
    credential_id: String,
    user_handle: String,
}

/// A change of a passkey: `[{"operation": "REPLACE", "path": "/displayName", "value": "My phone"}]`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasskeyChangeBody {
    /// `replace`; JSON Patch calls it `op`.
    #[serde(alias = "op")]
    operation: String,
    /// `/displayName`
    path: String,
    value: String,
}

pub(crate) async fn start(call: Call) -> Result<Response, Error> {
    offer(call, false).await
}

pub(crate) async fn start_usernameless(call: Call) -> Result<Response, Error> {
    offer(call, true).await
}

async fn offer(call: Call, usernameless: bool) -> Result<Response, Error> {
    let form = call.form(&["appId"])?;
    let origin = form.get("appId").ok_or_else(|| invalid("appId is missing."))?;
    let offer = call.accounts().begin_passkey(call.owner()?, origin, usernameless).await?;
    let user = call.by.user().ok_or(vestibule_core::error::Code::Forbidden)?;
    Ok(Json(PasskeyOptionsBody::of(&offer, user)).into_response())
}

pub(crate) async fn finish(call: Call) -> Result<Response, Error> {
    let PasskeyFinishBody { request_id, credential } = call.json()?;
    let made = call.accounts().finish_passkey(call.owner()?, &request_id, &credential).await?;
    Ok(Json(PasskeyBody::of(&made)).into_response())
}

pub(crate) async fn list(call: Call) -> Result<Response, Error> {
    let passkeys = call.accounts().passkeys(call.owner()?).await?;
    Ok(Json(passkeys.iter().filter_map(PasskeyBody::of).collect::<Vec<_>>()).into_response())
}

pub(crate) async fn rename(call: Call) -> Result<Response, Error> {
    let changes: Vec<PasskeyChangeBody> = call.json_list()?.ok_or_else(|| invalid("The body must be a list."))?;
    let [change] = changes.as_slice() else { return Err(invalid("The body must be a list of one operation.")) };
    if !change.operation.eq_ignore_ascii_case("replace") || change.path != "/displayName" {
        return Err(invalid("The operation must be a replace of /displayName."));
    }
    let renamed = call.accounts().rename_passkey(call.owner()?, call.raw_id(), &change.value).await?;
    Ok(Json(PasskeyBody::of(&renamed)).into_response())
}

pub(crate) async fn remove(call: Call) -> Result<Response, Error> {
    call.accounts().remove_passkey(call.owner()?, call.raw_id()).await?;
    Ok(done())
}

impl PasskeyOptionsBody {
    fn of(offer: &PasskeyOffer, user: &User) -> Self {
        let creation = Creation {
            party: &offer.party,
            challenge: &offer.challenge,
            user,
            held: offer.held.iter().collect(),
            usernameless: offer.usernameless,
            lifetime: offer.lifetime,
        };
        let options = creation.options();
        Self { request_id: offer.request.clone(), public_key_credential_creation_options: options }
    }
}

impl PasskeyBody {
    /// A passkey; none of another thing that a user holds.
    fn of(credential: &Credential) -> Option<Self> {
        let Held::Passkey(key) = &credential.held else { return None };
        Some(Self {
            credential: NamedBody { credential_id: key.id.clone(), user_handle: user_handle(&credential.user) },
            display_name: credential.label.clone(),
            registration_time: credential.created.to_string(),
            is_usernameless_supported: key.discoverable,
            last_used: credential.used.map(|moment| moment.to_string()),
            backed_up: key.backed_up,
            aaguid: key.aaguid.clone(),
        })
    }
}
