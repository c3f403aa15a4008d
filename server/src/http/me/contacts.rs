//! `/api/users/v1/me/verifications`: email address and telephone number.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::delivery::Channel;
use vestibule_core::error::Error;

use super::super::management::Call;
use super::{CodeText, done};

/// Which address to confirm.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerificationBody {
    channel: ChannelBody,
}

/// A code that was sent to an address.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerificationCodeBody {
    channel: ChannelBody,
    code: CodeText,
}

/// How a code travels.
#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum ChannelBody {
    /// To the email address.
    Email,
    /// To the telephone number.
    Sms,
}

/// A code is on its way, if the budget of messages allows it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VerificationSentBody {
    channel: ChannelBody,
    /// Seconds for which it is good.
    expires_in: u64,
}

pub(crate) async fn ask(call: Call) -> Result<Response, Error> {
    let VerificationBody { channel } = call.json()?;
    let asked = call.accounts().ask_contact(call.owner()?, channel.into()).await?;
    let body = VerificationSentBody { channel, expires_in: asked.lifetime.as_secs() };
    Ok((StatusCode::ACCEPTED, Json(body)).into_response())
}

pub(crate) async fn confirm(call: Call) -> Result<Response, Error> {
    let VerificationCodeBody { channel, code: CodeText(code) } = call.json()?;
    call.accounts().confirm_contact(call.owner()?, channel.into(), code.expose()).await?;
    Ok(done())
}

impl From<ChannelBody> for Channel {
    fn from(channel: ChannelBody) -> Self {
        match channel {
            ChannelBody::Email => Self::Email,
            ChannelBody::Sms => Self::Sms,
        }
    }
}
