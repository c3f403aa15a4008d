//! Where things are: every address that the server utters is built here from its public URL alone, never from a request
//! (poisoned `Host` headers have taken over accounts elsewhere).

use std::collections::BTreeSet;

use serde::Serialize;
use vestibule_jose::Algorithm;

use super::dpop;
use super::scope::USER_SCOPES;
use crate::application::{ASSERTION_ALGORITHMS, AuthMethod, GrantType};
use crate::attestation;
use crate::flow::authenticator::Factor;
use crate::keyring::ALGORITHMS;
use crate::ports::TenantId;

/// The server's public URL, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The public URL as it is configured.
    pub fn new(url: &str) -> Self {
        Self(url.trim_end_matches('/').to_owned())
    }

    /// The URL without a path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether browsers reach the server by TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The address of a path of a tenant.
    pub fn of(&self, tenant: &TenantId, path: &str) -> String {
        if tenant.is_root() { format!("{}{path}", self.0) } else { format!("{}/t/{tenant}{path}", self.0) }
    }

    /// The tenant's issuer. Shipped clients hard-code its path.
    pub fn issuer(&self, tenant: &TenantId) -> String {
        self.of(tenant, "/oauth2/token")
    }
}

/// Metadata of a tenant (OpenID Connect Discovery §3, RFC 8414 §2, RFC 9207 §3).
#[derive(Debug, Serialize)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    end_session_endpoint: String,
    /// Not standard: where a native flow goes on. Android's SDK reads it.
    authn_endpoint: String,
    /// draft-ietf-oauth-first-party-apps §4.
    authorization_challenge_endpoint: String,
    /// Challenges for proofs of possession (draft-ietf-oauth-attestation-based-client-auth §6.3).
    challenge_endpoint: String,
    /// Not standard: where an app gets a client attestation.
    client_attestation_endpoint: String,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: Vec<&'static str>,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: Vec<Algorithm>,
    pushed_authorization_request_endpoint: String,
    require_pushed_authorization_requests: bool,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<&'static str>,
    tls_client_certificate_bound_access_tokens: bool,
    dpop_signing_alg_values_supported: &'static [Algorithm],
    client_attestation_signing_alg_values_supported: &'static [Algorithm],
    client_attestation_pop_signing_alg_values_supported: &'static [Algorithm],
    code_challenge_methods_supported: [&'static str; 2],
    scopes_supported: &'static [&'static str],
    claims_supported: &'static [&'static str],
    claim_types_supported: [&'static str; 1],
    acr_values_supported: [&'static str; 2],
    amr_values_supported: Vec<&'static str>,
    prompt_values_supported: [&'static str; 3],
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
}

/// Claims that ID tokens or userinfo may carry.
pub const CLAIMS: &[&str] = &[
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "sid",
    "isk",
    "at_hash",
    "azp",
    "name",
    "given_name",
    "family_name",
    "nickname",
    "preferred_username",
    "username",
    "locale",
    "zoneinfo",
    "updated_at",
    "email",
    "email_verified",
    "phone_number",
    "phone_number_verified",
];

impl Metadata {
    /// The tenant's metadata. `certificates`: the server sees certificates of clients.
    pub fn of(urls: &PublicUrl, tenant: &TenantId, certificates: bool) -> Self {
        let at = |path| urls.of(tenant, path);
        let (ways, algorithms) = (client_methods(certificates), assertion_algorithms());
        let confidential = ways.iter().copied().filter(|way| *way != AuthMethod::None.as_str()).collect();
        let with_attested = |ways: Vec<&'static str>| ways.into_iter().chain([attestation::METHOD]).collect();
        let methods: BTreeSet<&str> = Factor::ALL.iter().map(|factor| factor.amr()).collect();
        Self {
            issuer: urls.issuer(tenant),
            authorization_endpoint: at("/oauth2/authorize"),
            token_endpoint: at("/oauth2/token"),
            userinfo_endpoint: at("/oauth2/userinfo"),
            jwks_uri: at("/oauth2/jwks"),
            introspection_endpoint: at("/oauth2/introspect"),
            revocation_endpoint: at("/oauth2/revoke"),
            end_session_endpoint: at("/oidc/logout"),
            authn_endpoint: at("/oauth2/authn"),
            authorization_challenge_endpoint: at("/oauth2/authorize-challenge"),
            challenge_endpoint: at("/oauth2/attestation/challenge"),
            client_attestation_endpoint: at("/oauth2/attestation"),
            response_types_supported: ["code"],
            response_modes_supported: ["direct"],
            grant_types_supported: GrantType::ALL.iter().map(|grant| grant.as_str()).collect(),
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: ALGORITHMS.to_vec(),
            pushed_authorization_request_endpoint: at("/oauth2/par"),
            require_pushed_authorization_requests: false,
            token_endpoint_auth_methods_supported: with_attested(ways.clone()),
            token_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            introspection_endpoint_auth_methods_supported: with_attested(confidential),
            introspection_endpoint_auth_signing_alg_values_supported: algorithms.clone(),
            revocation_endpoint_auth_methods_supported: with_attested(ways),
            revocation_endpoint_auth_signing_alg_values_supported: algorithms,
            tls_client_certificate_bound_access_tokens: certificates,
            dpop_signing_alg_values_supported: dpop::ALGORITHMS,
            client_attestation_signing_alg_values_supported: attestation::ALGORITHMS,
            client_attestation_pop_signing_alg_values_supported: attestation::ALGORITHMS,
            code_challenge_methods_supported: ["S256", "plain"],
            scopes_supported: USER_SCOPES,
            claims_supported: CLAIMS,
            claim_types_supported: ["normal"],
            acr_values_supported: crate::flow::ACR,
            amr_values_supported: methods.into_iter().chain(["mfa"]).collect(),
            prompt_values_supported: ["none", "login", "select_account"],
            claims_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
        }
    }
}

fn client_methods(certificates: bool) -> Vec<&'static str> {
    let offered = AuthMethod::ALL.iter().filter(|method| certificates || !method.takes_certificate());
    offered.map(|method| method.as_str()).collect()
}

fn assertion_algorithms() -> Vec<&'static str> {
    ASSERTION_ALGORITHMS.iter().map(|alg| alg.as_str()).chain(["HS256"]).collect()
}
