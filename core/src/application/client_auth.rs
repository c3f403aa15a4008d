//! How an application shows that it is the application: the method that it registered, with what is needed to check it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use vestibule_jose::{Algorithm, JwkSet};

use crate::ports::Timestamp;

/// A way for a client to show who it is, by its registered name (RFC 7591 §2, OpenID Connect Core §9, RFC 8705 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// The secret in the `Authorization` header.
    ClientSecretBasic,
    /// The secret among the parameters.
    ClientSecretPost,
    /// An assertion with a keyed hash that is made with the secret.
    ClientSecretJwt,
    /// An assertion that is signed with a key of the client's.
    PrivateKeyJwt,
    /// A certificate of an authority that the operator names.
    TlsClientAuth,
    /// A certificate whose key the client registered.
    SelfSignedTlsClientAuth,
    /// Nothing: the client is public.
    None,
}

impl AuthMethod {
    /// All methods, in the order of the documents.
    pub const ALL: &[Self] = &[
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
        Self::TlsClientAuth,
        Self::SelfSignedTlsClientAuth,
        Self::None,
    ];

    /// The registered name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::TlsClientAuth => "tls_client_auth",
            Self::SelfSignedTlsClientAuth => "self_signed_tls_client_auth",
            Self::None => "none",
        }
    }

    /// Whether it is by a client secret.
    pub const fn takes_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost | Self::ClientSecretJwt)
    }

    /// Whether it is by the certificate of the connection.
    pub const fn takes_certificate(self) -> bool {
        matches!(self, Self::TlsClientAuth | Self::SelfSignedTlsClientAuth)
    }

    /// Whether it needs keys of the client's.
    pub const fn takes_keys(self) -> bool {
        matches!(self, Self::PrivateKeyJwt | Self::SelfSignedTlsClientAuth)
    }
}

/// Algorithms by which a client may sign an assertion with a key of its own.
pub const ASSERTION_ALGORITHMS: &[Algorithm] =
    &[Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256];

/// What an application registered of its authentication.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientAuthentication {
    /// The only method that is accepted; none registered: the secret, in the header or among the parameters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<AuthMethod>,
    /// The only algorithm of its assertions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<Algorithm>,
    /// Its public keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<JwkSet>,
    /// Where its public keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The name in its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<CertificateName>,
    /// Access tokens hold only on connections with the certificate with which they were asked for (RFC 8705 §3).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub bound_tokens: bool,
}

/// The one name by which a certificate is told (RFC 8705 §2.1.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CertificateName {
    /// The subject's distinguished name (RFC 4514).
    SubjectDn(String),
    /// A DNS name among the alternative names.
    SanDns(String),
    /// A URI among the alternative names.
    SanUri(String),
    /// An address among the alternative names.
    SanIp(IpAddr),
    /// An email address among the alternative names.
    SanEmail(String),
}

/// A client secret as it is kept: SHA-256 of 256 random bits needs no slow hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSecret {
    /// Its name for operators; those of older versions have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// SHA-256 of the secret.
    pub digest: [u8; 32],
    /// The secret itself, sealed, where a keyed hash must be checked with it (`client_secret_jwt`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is no good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

impl ClientSecret {
    /// A secret without an end.
    pub const fn new(digest: [u8; 32], created: Timestamp) -> Self {
        Self { id: String::new(), digest, sealed: None, created, expires: None }
    }

    /// Its name for operators.
    pub fn name(&self) -> String {
        if self.id.is_empty() { self.created.micros().to_string() } else { self.id.clone() }
    }

    /// Whether it is good at that moment.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }
}
