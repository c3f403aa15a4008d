//! `/api/users/v1/me/password`.

use axum::response::Response;
use schemars::JsonSchema;
use serde::Deserialize;
use vestibule_core::error::Error;

use super::super::management::{Call, SecretText};
use super::done;

/// Another password.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PasswordBody {
    current_password: SecretText,
    new_password: SecretText,
}

pub(crate) async fn change(call: Call) -> Result<Response, Error> {
    let PasswordBody { current_password: SecretText(current), new_password: SecretText(new) } = call.json()?;
    call.accounts().change_password(call.owner()?, &current, &new).await?;
    Ok(done())
}
