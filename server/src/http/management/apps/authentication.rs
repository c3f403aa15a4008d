//! `clientAuthentication`: how an application authenticates, in WSO2's words with keys and names of certificates beside.

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::application::{AuthMethod, CertificateName, ClientAuthentication, OauthSettings};
use vestibule_core::error::Error;
use vestibule_jose::{Algorithm, JwkSet};

use super::super::json::{Off, invalid};

/// How an application authenticates. Naming a method begins anew: what the other one needed is forgotten.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct ClientAuthenticationBody {
    /// `client_secret_basic`, `client_secret_post`, `client_secret_jwt`, `private_key_jwt`, `tls_client_auth`,
    /// `self_signed_tls_client_auth` or `none`; empty for a secret in the header or among the parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint_auth_method: Option<String>,
    /// The only algorithm of its assertions: `PS256`, `ES256`, `EdDSA` or `RS256`.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint_auth_signing_alg: Option<String>,
    /// An assertion is good once, whatever is said here.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_endpoint_allow_reuse_pvt_key_jwt: Option<Off>,
    /// Its public keys, as a JWK set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    jwks: Option<JwkSet>,
    /// Where its public keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    jwks_uri: Option<String>,
    /// The subject of its certificate, as in `CN=app,O=Example`.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_auth_subject_dn: Option<String>,
    /// A DNS name of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_auth_san_dns: Option<String>,
    /// A URI of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_auth_san_uri: Option<String>,
    /// An address of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_auth_san_ip: Option<String>,
    /// Access tokens hold only on connections with the certificate with which they were asked for (RFC 8705 §3).
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_certificate_bound_access_tokens: Option<bool>,
    /// An email address of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    tls_client_auth_san_email: Option<String>,
}

/// Whether logins begin with a pushed request.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct PushBody {
    /// They must (RFC 9126 §6).
    #[serde(alias = "requirePushedAuthorizationRequests", skip_serializing_if = "Option::is_none")]
    require_push_authorization_request: Option<bool>,
}

impl PushBody {
    /// What is not usual.
    pub(super) fn of(settings: &OauthSettings) -> Option<Self> {
        settings.pushed_only.then_some(Self { require_push_authorization_request: Some(true) })
    }

    pub(super) fn apply(&self, settings: &mut OauthSettings) {
        settings.pushed_only = self.require_push_authorization_request.unwrap_or(settings.pushed_only);
    }
}

impl ClientAuthenticationBody {
    /// What is registered, if anything is.
    pub(super) fn of(settings: &OauthSettings) -> Option<Self> {
        if settings.client_auth == ClientAuthentication::default() {
            return None;
        }
        let ClientAuthentication { method, alg, keys, jwks_uri, subject, bound_tokens } = &settings.client_auth;
        let mut body = Self {
            token_endpoint_auth_method: Some(method.map_or("", AuthMethod::as_str).to_owned()),
            tls_client_certificate_bound_access_tokens: bound_tokens.then_some(true),
            token_endpoint_auth_signing_alg: alg.map(|alg| alg.as_str().to_owned()),
            jwks: keys.clone(),
            jwks_uri: jwks_uri.clone(),
            ..Self::default()
        };
        match subject.clone() {
            None => {}
            Some(CertificateName::SubjectDn(name)) => body.tls_client_auth_subject_dn = Some(name),
            Some(CertificateName::SanDns(name)) => body.tls_client_auth_san_dns = Some(name),
            Some(CertificateName::SanUri(name)) => body.tls_client_auth_san_uri = Some(name),
            Some(CertificateName::SanIp(name)) => body.tls_client_auth_san_ip = Some(name.to_string()),
            Some(CertificateName::SanEmail(name)) => body.tls_client_auth_san_email = Some(name),
        }
        Some(body)
    }

    pub(super) fn apply(&self, settings: &mut OauthSettings) -> Result<(), Error> {
        let mut own = match &self.token_endpoint_auth_method {
            Some(name) => ClientAuthentication { method: method(name)?, ..ClientAuthentication::default() },
            None => settings.client_auth.clone(),
        };
        if let Some(name) = given(&self.token_endpoint_auth_signing_alg) {
            let alg: Result<Algorithm, _> = name.parse();
            own.alg =
                Some(alg.map_err(|_| wrong("tokenEndpointAuthSigningAlg must be PS256, ES256, EdDSA or RS256."))?);
        }
        let uri = given(&self.jwks_uri);
        if self.jwks.is_some() || uri.is_some() {
            own.keys.clone_from(&self.jwks);
            own.jwks_uri = uri.map(str::to_owned);
        }
        own.bound_tokens = self.tls_client_certificate_bound_access_tokens.unwrap_or(settings.client_auth.bound_tokens);
        own.subject = self.subject()?.or(own.subject);
        settings.client_auth = own;
        Ok(())
    }

    /// The one name of a certificate (RFC 8705 §2.1.2).
    fn subject(&self) -> Result<Option<CertificateName>, Error> {
        let address = given(&self.tls_client_auth_san_ip).map(|text| {
            let address: Result<IpAddr, _> = text.parse();
            address.map_err(|_| wrong("tlsClientAuthSanIp must be an address such as 192.0.2.1 or 2001:db8::1."))
        });
        let text = |member: &Option<String>, name: fn(String) -> CertificateName| {
            given(member).map(|text| name(text.to_owned()))
        };
        let names = [
            text(&self.tls_client_auth_subject_dn, CertificateName::SubjectDn),
            text(&self.tls_client_auth_san_dns, CertificateName::SanDns),
            text(&self.tls_client_auth_san_uri, CertificateName::SanUri),
            address.transpose()?.map(CertificateName::SanIp),
            text(&self.tls_client_auth_san_email, CertificateName::SanEmail),
        ];
        let mut names = names.into_iter().flatten();
        match (names.next(), names.next()) {
            (name, None) => Ok(name),
            (_, Some(_)) => Err(wrong("a certificate is told by one name, not by several.")),
        }
    }
}

fn method(name: &str) -> Result<Option<AuthMethod>, Error> {
    if name.is_empty() {
        return Ok(None);
    }
    let known = AuthMethod::ALL.iter().copied().find(|method| method.as_str() == name);
    known.map(Some).ok_or_else(|| {
        let names: Vec<_> = AuthMethod::ALL.iter().map(|method| method.as_str()).collect();
        wrong(&format!("tokenEndpointAuthMethod must be one of {}.", names.join(", ")))
    })
}

fn given(member: &Option<String>) -> Option<&str> {
    member.as_deref().filter(|text| !text.is_empty())
}

fn wrong(what: &str) -> Error {
    invalid(format!("clientAuthentication: {what}"))
}
