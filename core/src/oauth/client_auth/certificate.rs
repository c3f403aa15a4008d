//! The certificate of the connection (RFC 8705 §2): one of an authority's that bears the registered name, or one whose key
//! is registered. Who reads certificates and checks their chains is the server; the rules see what they say.

use std::net::IpAddr;

use vestibule_jose::{Jwk, VerifyError, base64url};

use super::{Clients, refused};
use crate::application::{Application, AuthMethod, CertificateName};
use crate::error::Error;

/// What a client's certificate says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientCertificate {
    /// SHA-256 of the whole certificate (`x5t#S256`, RFC 8705 §3.1).
    pub digest: [u8; 32],
    /// Its key as a DER `SubjectPublicKeyInfo`.
    pub key: Vec<u8>,
    /// The subject's distinguished name (RFC 4514).
    pub subject: String,
    /// DNS names.
    pub dns: Vec<String>,
    /// URIs.
    pub uris: Vec<String>,
    /// Addresses.
    pub addresses: Vec<IpAddr>,
    /// Email addresses.
    pub emails: Vec<String>,
    /// It is in its time of validity.
    pub in_time: bool,
    /// It was issued by an authority that the operator names, for clients.
    pub issued: bool,
}

impl ClientCertificate {
    /// The digest as tokens name it.
    pub fn thumbprint(&self) -> String {
        base64url(&self.digest)
    }

    fn bears(&self, name: &CertificateName) -> bool {
        match name {
            CertificateName::SubjectDn(name) => normalized(&self.subject) == normalized(name),
            CertificateName::SanDns(name) => self.dns.iter().any(|own| own.eq_ignore_ascii_case(name)),
            CertificateName::SanUri(name) => self.uris.contains(name),
            CertificateName::SanIp(name) => self.addresses.contains(name),
            CertificateName::SanEmail(name) => self.emails.contains(name),
        }
    }
}

impl Clients {
    pub(super) async fn check_certificate(
        &self,
        app: &Application,
        method: AuthMethod,
        certificate: &ClientCertificate,
    ) -> Result<(), Error> {
        if !certificate.in_time {
            return Err(refused("The client certificate is not valid now."));
        }
        if method == AuthMethod::TlsClientAuth {
            if !certificate.issued {
                return Err(refused("The client certificate was not issued by an authority that the server trusts."));
            }
            let name = app.oauth.client_auth.subject.as_ref();
            return match name.is_some_and(|name| certificate.bears(name)) {
                true => Ok(()),
                false => Err(refused("The client certificate does not bear the name that the application registered.")),
            };
        }
        let thumbprint = |key: &Jwk| key.thumbprint().ok();
        let own = Jwk::from_spki(&certificate.key).ok().and_then(|key| thumbprint(&key));
        let own =
            own.ok_or_else(|| refused("The key of the client certificate is of a kind that is not supported."))?;
        let found = self.with_keys_of(app, |keys| {
            let known = keys.keys.iter().take(MOST_KEYS).any(|key| thumbprint(key).is_some_and(|key| key == own));
            if known { Ok(()) } else { Err(VerifyError::UnknownKey) }
        });
        found.await?.map_err(|_| refused("The key of the client certificate is none of the application's keys."))
    }
}

/// Keys of a client that are looked at.
const MOST_KEYS: usize = 32;

/// A distinguished name in one spelling: types in capitals, no blanks around separators.
fn normalized(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in name.chars() {
        match c {
            ',' | '+' if !escaped => {
                if c == '+' {
                    parts.push("+".to_owned());
                }
                parts.push(String::new());
            }
            _ => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
        escaped = c == '\\' && !escaped;
    }
    parts.iter().map(|part| part.trim()).map(spelled).collect()
}

fn spelled(part: &str) -> String {
    match part.split_once('=') {
        Some((kind, value)) => format!("{}={}", kind.trim().to_ascii_uppercase(), value.trim_start()),
        None => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distinguished_name_may_be_spelled_in_several_ways() {
        let subject = "CN=app\\, one,O=Example+OU=a b".to_owned();
        let certificate = ClientCertificate { subject, ..ClientCertificate::default() };
        let bears = |name: &str| certificate.bears(&CertificateName::SubjectDn(name.to_owned()));
        assert!(bears("CN=app\\, one,O=Example+OU=a b") && bears("cn=app\\, one, o=Example + ou=a b"));
        for other in [
            "CN=app\\, one",
            "O=Example+OU=a b,CN=app\\, one",
            "CN=app\\, one,O=Example,OU=a b",
            "",
            "CN=App\\, one,O=Example+OU=a b",
        ] {
            assert!(!bears(other), "{other}");
        }
    }

    #[test]
    fn a_name_counts_only_in_its_own_place() {
        let certificate = ClientCertificate {
            dns: vec!["app.example".to_owned()],
            addresses: vec![[192, 0, 2, 1].into()],
            ..ClientCertificate::default()
        };
        assert!(certificate.bears(&CertificateName::SanDns("App.example".to_owned())));
        assert!(certificate.bears(&CertificateName::SanIp([192, 0, 2, 1].into())));
        assert!(!certificate.bears(&CertificateName::SanUri("app.example".to_owned())));
        assert!(!certificate.bears(&CertificateName::SanEmail("app.example".to_owned())));
    }
}
