//! `advancedConfigurations`: app-native login, how long flows and sessions live, and what of WSO2's shape this server
//! does one way only.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::admin::AppDraft;
use vestibule_core::application::{Application, MobileApps};
use vestibule_core::error::Error;

use super::super::super::association::{fingerprint, read_fingerprint};
use super::super::super::body::Object;
use super::super::json::{Off, On, invalid};
use super::attestation::AttestationBody;

/// Further settings of an application.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct AdvancedBody {
    /// Users may sign in on the app's own screens.
    #[serde(rename = "enableAPIBasedAuthentication", skip_serializing_if = "Option::is_none")]
    native: Option<bool>,
    /// A user who must use a factor that is not enrolled yet is offered its enrolment inside the login. Not WSO2's.
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_in_flow_enrolment: Option<bool>,
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
    /// Apps on phones that are this application.
    #[serde(skip_serializing_if = "Option::is_none")]
    trusted_app_configuration: Option<Object<TrustedBody>>,
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

/// Apps on phones that are this application: their passkeys are those of its pages. The object is replaced as a whole.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct TrustedBody {
    /// True, or absent, where apps are named.
    #[serde(rename = "isFIDOTrustedApp", skip_serializing_if = "Option::is_none")]
    trusted: Option<bool>,
    /// Taken and means nothing: who may change the application has consented.
    #[serde(rename = "isConsentGranted", skip_serializing)]
    _consent: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    android_package_name: Option<String>,
    /// SHA-256 digests of the signing certificates, as `AB:CD:…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    android_thumbprints: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    apple_app_id: Option<String>,
}

impl TrustedBody {
    /// None where no app is named.
    fn of(mobile: &MobileApps) -> Option<Object<Self>> {
        (*mobile != MobileApps::default()).then(|| {
            Object(Self {
                trusted: Some(true),
                _consent: None,
                android_package_name: mobile.android_package.clone(),
                android_thumbprints: Some(mobile.android_digests.iter().map(fingerprint).collect()),
                apple_app_id: mobile.apple_app.clone(),
            })
        })
    }

    fn parse(&self) -> Result<MobileApps, Error> {
        let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let digest = |text: &String| {
            read_fingerprint(text).ok_or_else(|| {
                invalid(
                    "trustedAppConfiguration.androidThumbprints must be SHA-256 digests in hexadecimal pairs with colons.",
                )
            })
        };
        let mobile = MobileApps {
            android_package: text(&self.android_package_name),
            android_digests: self.android_thumbprints.iter().flatten().map(digest).collect::<Result<_, _>>()?,
            apple_app: text(&self.apple_app_id),
        };
        if self.trusted == Some(false) && mobile != MobileApps::default() {
            return Err(invalid("trustedAppConfiguration.isFIDOTrustedApp must be true where apps are named."));
        }
        Ok(mobile)
    }
}

impl AdvancedBody {
    pub(super) fn of(app: &Application) -> Self {
        let lifetimes = &app.oauth.lifetimes;
        let session = SessionBody {
            idle_timeout_in_seconds: Some(lifetimes.session_idle.as_secs()),
            remember_me_timeout_in_seconds: Some(lifetimes.session_remembered.as_secs()),
        };
        Self {
            native: Some(app.native),
            enable_in_flow_enrolment: Some(app.enrolment),
            trusted_app_configuration: TrustedBody::of(&app.mobile),
            flow_expiry_in_seconds: Some(lifetimes.flow.as_secs()),
            session: Some(Object(session)),
            additional_sp_properties: Some(Vec::new()),
            attestation_meta_data: Some(Object(AttestationBody::of(&app.attestation))),
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

    pub(super) fn apply(&self, draft: &mut AppDraft) -> Result<(), Error> {
        draft.native = self.native.unwrap_or(draft.native);
        draft.enrolment = self.enable_in_flow_enrolment.unwrap_or(draft.enrolment);
        if let Some(Object(trusted)) = &self.trusted_app_configuration {
            draft.mobile = trusted.parse()?;
        }
        if let Some(Object(attestation)) = &self.attestation_meta_data {
            attestation.apply(draft)?;
        }
        let lifetimes = &mut draft.oauth.lifetimes;
        set(&mut lifetimes.flow, self.flow_expiry_in_seconds);
        if let Some(Object(session)) = &self.session {
            set(&mut lifetimes.session_idle, session.idle_timeout_in_seconds);
            set(&mut lifetimes.session_remembered, session.remember_me_timeout_in_seconds);
        }
        Ok(())
    }
}

/// Sets a lifetime if it is given.
pub(super) fn set(lifetime: &mut Duration, seconds: Option<u64>) {
    if let Some(seconds) = seconds {
        *lifetime = Duration::from_secs(seconds);
    }
}
