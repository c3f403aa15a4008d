//! `/api/users/v1/me/totp`, in WSO2's shape; the secret, its address and pictures of it are besides.

use axum::Json;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::account::TotpOffer;
use vestibule_core::error::Error;

use super::super::management::{Call, invalid};
use super::{CodeText, done, qr};

/// What to do with the authenticator app.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TotpBody {
    action: Action,
    /// A code that the app shows; for VALIDATE.
    verification_code: Option<CodeText>,
}

#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Action {
    /// Make a secret that waits to be confirmed.
    Init,
    /// Show the secret that waits.
    View,
    /// Make another secret; a confirmed one stays good until the new one is confirmed.
    Refresh,
    /// Confirm the secret by a code.
    Validate,
}

/// A secret, or whether a code was right.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum TotpAnswer {
    /// A secret that waits to be confirmed.
    Offer(OfferBody),
    /// Whether the code was right, and so the app is enrolled.
    Verdict {
        #[serde(rename = "isValid")]
        is_valid: bool,
    },
}

/// A secret that waits to be confirmed.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OfferBody {
    /// The address `otpauth://…` in base64, as WSO2 sends it.
    qr_code_url: String,
    /// The secret in base32.
    secret: String,
    /// The address `otpauth://…`.
    uri: String,
    /// A QR code of the address as a data URI.
    qr_svg: String,
    /// The same as a PNG.
    qr_png: String,
}

/// A secret.
#[derive(Serialize, JsonSchema)]
pub(crate) struct TotpSecretBody {
    /// In base32.
    secret: String,
}

pub(crate) async fn act(call: Call) -> Result<Response, Error> {
    let TotpBody { action, verification_code } = call.json()?;
    let (owner, accounts) = (call.owner()?, call.accounts());
    let offer = match action {
        Action::Init => accounts.begin_totp(owner, false).await?,
        Action::Refresh => accounts.begin_totp(owner, true).await?,
        Action::View => accounts.waiting_totp(owner).await?,
        Action::Validate => {
            let CodeText(code) = verification_code.ok_or_else(|| invalid("verificationCode is missing."))?;
            let is_valid = accounts.confirm_totp(owner, code.expose()).await?;
            return Ok(Json(TotpAnswer::Verdict { is_valid }).into_response());
        }
    };
    Ok(Json(TotpAnswer::Offer(OfferBody::of(&offer)?)).into_response())
}

pub(crate) async fn secret(call: Call) -> Result<Response, Error> {
    let offer = call.accounts().waiting_totp(call.owner()?).await?;
    Ok(Json(TotpSecretBody { secret: offer.secret.expose().clone() }).into_response())
}

pub(crate) async fn remove(call: Call) -> Result<Response, Error> {
    call.accounts().remove_totp(call.owner()?).await?;
    Ok(done())
}

impl OfferBody {
    fn of(offer: &TotpOffer) -> Result<Self, Error> {
        let uri = offer.uri.expose();
        let pictures = qr::pictures(uri)?;
        Ok(Self {
            qr_code_url: STANDARD.encode(uri),
            secret: offer.secret.expose().clone(),
            uri: uri.clone(),
            qr_svg: pictures.svg,
            qr_png: pictures.png,
        })
    }
}
