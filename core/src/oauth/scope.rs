//! Scopes: what they are called and what an application or user may be given.

use std::collections::BTreeSet;

use crate::error::{Code, Error};

/// Scopes of a user's login. Unknown ones are left out, as RFC 6749 §3.3 allows.
pub const USER_SCOPES: &[&str] = &["openid", "profile", "email", "phone", "offline_access", "internal_login"];

/// Scopes of the management API, given to an application itself (`client_credentials`).
pub const MANAGEMENT_SCOPES: &[&str] = &[
    "internal_application_mgt_create",
    "internal_application_mgt_delete",
    "internal_application_mgt_update",
    "internal_application_mgt_view",
    "internal_application_mgt_client_secret_create",
    "internal_tenant_mgt_create",
    "internal_tenant_mgt_view",
    "internal_user_mgt_create",
    "internal_user_mgt_delete",
    "internal_user_mgt_list",
    "internal_user_mgt_update",
    "internal_user_mgt_view",
    "internal_idp_view",
    "internal_idp_create",
    "internal_idp_update",
    "internal_idp_delete",
    "internal_authenticator_view",
    "internal_custom_authenticator_view",
    "internal_custom_authenticator_create",
    "internal_custom_authenticator_update",
    "internal_custom_authenticator_delete",
    "internal_audit_view",
    "internal_audit_webhook_manage",
    "internal_keystore_view",
    "internal_keystore_update",
    "internal_keystore_delete",
    "internal_server_secret_update",
];

const LONGEST: usize = 2048;

/// The scopes of a parameter.
///
/// # Errors
/// Too long, or with characters that a scope may not have (RFC 6749 §3.3).
pub fn read(text: Option<&str>) -> Result<BTreeSet<String>, Error> {
    let text = text.unwrap_or_default();
    let allowed = |b: u8| matches!(b, b' ' | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    if text.len() > LONGEST || !text.bytes().all(allowed) {
        return Err(Error::new(Code::InvalidScope).because("The scope parameter is malformed or too long."));
    }
    Ok(text.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect())
}

/// Those of the asked scopes that a user's login may carry.
pub fn of_login(asked: BTreeSet<String>) -> BTreeSet<String> {
    asked.into_iter().filter(|scope| USER_SCOPES.contains(&scope.as_str())).collect()
}

/// Scopes as one text.
pub fn spell(scopes: &BTreeSet<String>) -> String {
    scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}
