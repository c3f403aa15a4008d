//! `advancedConfigurations`: app-native login, how long flows and sessions live, and what of WSO2's shape this server
//! does one way only.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::admin::AppDraft;
use vestibule_core::application::Application;

use super::super::super::body::Object;
use super::super::json::{Off, On};

/// Further settings of an application.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct AdvancedBody {
    /// Users may sign in on the app's own screens.
    #[serde(rename = "enableAPIBasedAuthentication", skip_serializing_if = "Option::is_none")]
    native: Option<bool>,
    /// Seconds that a login may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_expiry_in_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Object<SessionBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_sp_properties: Option<Vec<Off>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attestation_meta_data: Option<Object<AttestationBody>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discoverable_by_end_users: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    discoverable_groups: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_authorization: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fragment: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_authenticated_idp_list: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    saas: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_login_consent: Option<On>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_logout_consent: Option<On>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_app_configuration: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    use_external_consent_page: Option<Off>,
}

/// How long sessions live without use.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct SessionBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_timeout_in_seconds: Option<u64>,
    /// Of a user who asked to be remembered.
    #[serde(skip_serializing_if = "Option::is_none")]
    remember_me_timeout_in_seconds: Option<u64>,
}

/// Client attestation, which is off: the names of the apps are taken and mean nothing.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct AttestationBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_client_attestation: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    android_package_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    android_attestation_service_credentials: Option<Off>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apple_app_id: Option<String>,
}

impl AdvancedBody {
    pub(super) fn of(app: &Application) -> Self {
        let lifetimes = &app.oauth.lifetimes;
        let session = SessionBody {
            idle_timeout_in_seconds: Some(lifetimes.session_idle.as_secs()),
            remember_me_timeout_in_seconds: Some(lifetimes.session_remembered.as_secs()),
        };
        let attestation = AttestationBody { enable_client_attestation: Some(Off), ..AttestationBody::default() };
        Self {
            native: Some(app.native),
            flow_expiry_in_seconds: Some(lifetimes.flow.as_secs()),
            session: Some(Object(session)),
            additional_sp_properties: Some(Vec::new()),
            attestation_meta_data: Some(Object(attestation)),
            discoverable_by_end_users: Some(Off),
            enable_authorization: Some(Off),
            fragment: Some(Off),
            return_authenticated_idp_list: Some(Off),
            saas: Some(Off),
            skip_login_consent: Some(On),
            skip_logout_consent: Some(On),
            use_external_consent_page: Some(Off),
            ..Self::default()
        }
    }

    pub(super) fn apply(&self, draft: &mut AppDraft) {
        draft.native = self.native.unwrap_or(draft.native);
        let lifetimes = &mut draft.oauth.lifetimes;
        set(&mut lifetimes.flow, self.flow_expiry_in_seconds);
        if let Some(Object(session)) = &self.session {
            set(&mut lifetimes.session_idle, session.idle_timeout_in_seconds);
            set(&mut lifetimes.session_remembered, session.remember_me_timeout_in_seconds);
        }
    }
}

/// Sets a lifetime if it is given.
pub(super) fn set(lifetime: &mut Duration, seconds: Option<u64>) {
    if let Some(seconds) = seconds {
        *lifetime = Duration::from_secs(seconds);
    }
}
