//! Every refusal that the server can utter, on one page. Bodies, `docs/errors.md` and the OpenAPI document are made
//! from these rows; after an edit run `UPDATE=1 cargo test --test generated`.

use serde::{Deserialize, Serialize};

/// Which spelling of the codes goes on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spelling {
    /// As documented: `60001`.
    #[default]
    Documented,
    /// As WSO2 Identity Server sends it: `ABA-60001`.
    Wso2,
}

/// One refusal as it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Stable name, the `error` member of the body.
    pub name: &'static str,
    /// The documented code.
    pub documented: &'static str,
    /// The code that WSO2 Identity Server sends.
    pub wso2: &'static str,
    /// HTTP status.
    pub status: u16,
    /// OAuth error name where the endpoint speaks OAuth (RFC 6749 §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1).
    pub oauth: &'static str,
    /// Fixed message of the code.
    pub message: &'static str,
    /// Default description; `{{name}}` is filled in where the refusal is raised.
    pub description: &'static str,
}

impl Row {
    /// The code in the given spelling.
    pub const fn code(&self, spelling: Spelling) -> &'static str {
        match spelling {
            Spelling::Documented => self.documented,
            Spelling::Wso2 => self.wso2,
        }
    }
}

macro_rules! catalogue {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $documented:literal, $wso2:literal, $status:literal, $oauth:literal, $message:literal, $description:literal;)+) => {
        /// Names the refusals. Which row each has is [`Code::row`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant),+ }

        impl Code {
            /// All refusals, in the order of the documents.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// How the refusal is told.
            pub const fn row(self) -> &'static Row {
                match self {
                    $(Self::$variant => &Row {
                        name: $name, documented: $documented, wso2: $wso2, status: $status,
                        oauth: $oauth, message: $message, description: $description,
                    }),+
                }
            }
        }
    };
}

catalogue! {
    /// Client authentication, client attestation or the caller's own authentication failed.
    Unauthorized = "unauthorized", "401", "401", 401, "invalid_client", "Unauthorized", "Client authentication failure or client attestation failure.";
    /// Anything else that is wrong with a request.
    InvalidRequest = "invalid_request", "60001", "ABA-60001", 400, "invalid_request", "Invalid authentication request.", "Received authentication request is invalid.";
    /// The flow ended in failure.
    AuthenticationFailed = "authentication_failed", "60002", "ABA-60002", 400, "access_denied", "Authentication failure.", "Authentication flow has concluded with a failure.";
    /// The attempt failed or was not evaluated; the flow is still open.
    AuthenticationFailedRetry = "authentication_failed_retry", "60003", "ABA-60003", 400, "access_denied", "Authentication failure.", "Authentication failure please retry.";
    /// The authenticatorId is absent or does not decode.
    InvalidAuthenticatorId = "invalid_authenticator_id", "60004", "ABA-60004", 400, "invalid_request", "Invalid authenticatorId.", "Provided authenticatorId {{authenticator_id}} is invalid.";
    /// The tenant has no such client.
    ApplicationNotFound = "application_not_found", "60005", "ABA-60005", 400, "invalid_client", "Unable to find application.", "Unable to find application for clientId {{client_id}} in tenant domain {{tenant_domain}}.";
    /// The authenticator of the step cannot run natively.
    AuthenticatorNotSupported = "authenticator_not_supported", "60006", "ABA-60006", 501, "server_error", "Authenticator not supported.", "Configured authenticator {{authenticator_name}} is not supported.";
    /// The application has not switched app-native authentication on.
    AppNativeNotEnabled = "app_native_not_enabled", "60008", "ABA-60007", 400, "unauthorized_client", "App native authentication is not enabled for the application.", "App native authentication is not enabled for this application with id {{client_id}}.";
    /// The flow is known but too old.
    FlowTimeout = "flow_timeout", "60008", "ABA-60008", 400, "access_denied", "Authentication flow time out.", "Authentication flow has timed out as it took too long to complete.";
    /// Unknown, malformed, tampered, finished or failed flow.
    InvalidFlowId = "invalid_flow_id", "60009", "ABA-60009", 400, "invalid_request", "Invalid flow identifier.", "The provided flowId is invalid.";
    /// The logout cannot be carried out as asked.
    InvalidLogoutRequest = "invalid_logout_request", "60010", "ABA-60010", 400, "invalid_request", "Invalid logout request.", "Received logout request is invalid.";
    /// The application is switched off.
    ApplicationDisabled = "application_disabled", "60011", "ABA-60011", 400, "unauthorized_client", "Application is disabled.", "The application is disabled, and access is restricted.";
    /// A well-formed authenticatorId that is not an option of the current step.
    InvalidAuthenticator = "invalid_authenticator", "60012", "ABA-60012", 400, "invalid_request", "Invalid authenticator.", "Requested authenticator is invalid.";
    /// The application's limit of failed one-time codes is reached.
    MaxAttemptsExceeded = "max_attempts_exceeded", "60013", "ABA-60013", 400, "access_denied", "Maximum retry attempts exceeded.", "The maximum number of OTP verification failure attempts configured for the application has been exceeded.";
    /// The application's limit of re-sent one-time codes is reached.
    MaxResendsExceeded = "max_resends_exceeded", "60014", "ABA-60014", 400, "access_denied", "Maximum resend attempts exceeded.", "The maximum number of OTP resend attempts configured for the application has been exceeded.";
    /// A part of the server failed.
    UnableToProceed = "unable_to_proceed", "65001", "ABA-65001", 500, "server_error", "Unable to proceed with authentication.", "Server encountered an error while processing the authentication request.";
    /// The application's login flow names an authenticator that this build does not have.
    AuthenticatorNotFound = "authenticator_not_found", "65002", "ABA-65002", 500, "server_error", "Unable to find authenticator.", "Authenticator not found for name: {{authenticator_name}}.";
    /// A stored flow that this version cannot read.
    UnknownFlowStatus = "unknown_flow_status", "65003", "ABA-65003", 500, "server_error", "Unknown authentication flow status.", "Unknown authentication flow status: {{flow_status}}.";
    /// The store failed while the application was read.
    ApplicationUnavailable = "application_unavailable", "65004", "ABA-65004", 500, "server_error", "Unable to retrieve application.", "Server encountered an error while retrieving application for clientId {{client_id}} in tenant domain {{tenant_domain}}.";
    /// The store failed while a logout was carried out.
    LogoutFailed = "logout_failed", "65005", "ABA-65005", 500, "server_error", "Unable to proceed with logout.", "Server encountered an error while processing the logout request.";
    /// Overload: the hashing queue is full or a wait was too long.
    TemporarilyUnavailable = "temporarily_unavailable", "65001", "ABA-65001", 503, "temporarily_unavailable", "Unable to proceed with authentication.", "The server is busy. Try again later.";
    /// A rate limit was reached.
    TooManyRequests = "too_many_requests", "60001", "ABA-60001", 429, "temporarily_unavailable", "Invalid authentication request.", "Too many requests. Try again later.";
    /// Code, refresh token or its bindings do not hold (RFC 6749 §5.2).
    InvalidGrant = "invalid_grant", "60001", "ABA-60001", 400, "invalid_grant", "Invalid grant.", "The authorization code or refresh token is invalid, expired, revoked or was issued to another client.";
    /// The application may not use this grant (RFC 6749 §5.2).
    UnauthorizedClient = "unauthorized_client", "60001", "ABA-60001", 400, "unauthorized_client", "Unauthorized client.", "The application is not allowed to use this grant type.";
    /// No such grant type (RFC 6749 §5.2).
    UnsupportedGrantType = "unsupported_grant_type", "60001", "ABA-60001", 400, "unsupported_grant_type", "Unsupported grant type.", "The grant type is not supported.";
    /// The scope is malformed or wider than granted (RFC 6749 §5.2).
    InvalidScope = "invalid_scope", "60001", "ABA-60001", 400, "invalid_scope", "Invalid scope.", "The requested scope is malformed or exceeds what may be granted.";
    /// The proof of possession of a client attestation answers no challenge (draft-ietf-oauth-attestation-based-client-auth §6.1).
    UseAttestationChallenge = "use_attestation_challenge", "60001", "ABA-60001", 400, "use_attestation_challenge", "Invalid authentication request.", "The client attestation must answer a fresh challenge of this server.";
    /// The access token is missing, expired or revoked (RFC 6750 §3.1).
    InvalidToken = "invalid_token", "401", "401", 401, "invalid_token", "Unauthorized", "The access token is missing, malformed, expired or revoked.";
    /// The login is too old for this (RFC 9470 §3).
    InsufficientAuthentication = "insufficient_user_authentication", "401", "401", 401, "insufficient_user_authentication", "Unauthorized", "A more recent login is required: sign in again and repeat this with the new access token.";
    /// The caller is known but may not do this (RFC 6750 §3.1).
    Forbidden = "forbidden", "403", "403", 403, "insufficient_scope", "Forbidden", "The caller does not have the permission for this operation.";
    /// The operator does not serve the caller's network.
    NetworkRefused = "network_refused", "403", "403", 403, "access_denied", "Forbidden", "The server does not take this request from the network of the caller.";
    /// No such resource.
    NotFound = "not_found", "404", "404", 404, "invalid_request", "Not found", "There is no resource at this path.";
    /// The path does not take this method.
    MethodNotAllowed = "method_not_allowed", "405", "405", 405, "invalid_request", "Method not allowed", "The path does not take this method.";
    /// The resource exists already, or changed meanwhile.
    Conflict = "conflict", "409", "409", 409, "invalid_request", "Conflict", "The resource exists already or was changed meanwhile.";
    /// What the request answers is over.
    Gone = "gone", "410", "410", 410, "invalid_request", "Gone", "The request was answered before, is too old or was replaced by another one.";
    /// The body is longer than the endpoint takes.
    PayloadTooLarge = "payload_too_large", "413", "413", 413, "invalid_request", "Payload too large", "The request body is longer than this endpoint takes.";
    /// The body is of a type that the endpoint does not take.
    UnsupportedMediaType = "unsupported_media_type", "415", "415", 415, "invalid_request", "Unsupported media type", "The endpoint does not take a body of this content type.";
    /// A management request is wrong: the description names the member and what it should be.
    InvalidInput = "invalid_input", "400", "400", 400, "invalid_request", "Invalid input", "The request is invalid.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_refusal_has_a_name_of_its_own() {
        let names: HashSet<_> = Code::ALL.iter().map(|code| code.row().name).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn wso2_codes_are_the_documented_ones_with_a_prefix_but_for_app_native_not_enabled() {
        for code in Code::ALL {
            let row = code.row();
            if *code == Code::AppNativeNotEnabled {
                assert_eq!((row.documented, row.wso2), ("60008", "ABA-60007"));
            } else if row.documented.len() == 5 {
                assert_eq!(row.wso2, format!("ABA-{}", row.documented));
            } else {
                assert_eq!(row.wso2, row.documented);
            }
        }
    }
}
