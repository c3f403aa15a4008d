//! What an application may register of its authentication: each method with what it needs and with nothing else.

use url::Url;

use super::super::{invalid, is_text};
use crate::application::{ASSERTION_ALGORITHMS, AuthMethod, CertificateName, ClientAuthentication, OauthSettings};
use crate::error::Error;
use crate::ports::web::is_address;

const MOST_KEYS: usize = 32;
const LONGEST_KEYS: usize = 64 * 1024;
const LONGEST_NAME: usize = 512;

pub(super) fn check(settings: &OauthSettings) -> Result<(), Error> {
    let ClientAuthentication { method, alg, keys, jwks_uri, subject, bound_tokens } = &settings.client_auth;
    // Refresh tokens of a public client would have to be bound too (RFC 8705 §4).
    if settings.public && *bound_tokens {
        return Err(wrong("tlsClientCertificateBoundAccessTokens is for applications with publicClient false."));
    }
    if settings.public && !matches!(method, None | Some(AuthMethod::None)) {
        return Err(wrong("tokenEndpointAuthMethod must be none for a public client."));
    }
    if !settings.public && *method == Some(AuthMethod::None) {
        return Err(wrong("tokenEndpointAuthMethod none is for applications with publicClient true."));
    }
    let has_keys = keys.is_some() || jwks_uri.is_some();
    match method {
        Some(method) if method.takes_keys() && !has_keys => {
            return Err(wrong(format!("jwks or jwksUri is needed for {}.", method.as_str())));
        }
        Some(method) if method.takes_keys() => {}
        _ if has_keys => {
            return Err(wrong("jwks and jwksUri are for private_key_jwt and self_signed_tls_client_auth."));
        }
        _ => {}
    }
    if keys.is_some() && jwks_uri.is_some() {
        return Err(wrong("either jwks or jwksUri is set, not both."));
    }
    match (method, alg) {
        (Some(AuthMethod::PrivateKeyJwt), Some(alg)) if !ASSERTION_ALGORITHMS.contains(alg) => {
            return Err(wrong("tokenEndpointAuthSigningAlg must be PS256, ES256, EdDSA or RS256."));
        }
        (Some(AuthMethod::PrivateKeyJwt), _) | (_, None) => {}
        (_, Some(_)) => return Err(wrong("tokenEndpointAuthSigningAlg is for private_key_jwt.")),
    }
    match (method, subject) {
        (Some(AuthMethod::TlsClientAuth), Some(name)) => self::subject(name)?,
        (Some(AuthMethod::TlsClientAuth), None) => {
            return Err(wrong(
                "tls_client_auth needs one of tlsClientAuthSubjectDn, …SanDns, …SanUri, …SanIp, …SanEmail.",
            ));
        }
        (_, Some(_)) => return Err(wrong("the name of a certificate is for tls_client_auth.")),
        (_, None) => {}
    }
    self::keys(&settings.client_auth)
}

fn keys(registered: &ClientAuthentication) -> Result<(), Error> {
    if let Some(uri) = &registered.jwks_uri {
        let is_https = Url::parse(uri).is_ok_and(|url| url.scheme() == "https");
        if !is_https || !is_address(uri) || uri.len() > LONGEST_NAME {
            return Err(wrong("jwksUri must be an https address."));
        }
    }
    let Some(keys) = &registered.keys else { return Ok(()) };
    if !(1..=MOST_KEYS).contains(&keys.keys.len()) {
        return Err(wrong(format!("jwks must have 1 to {MOST_KEYS} keys.")));
    }
    let length = serde_json::to_vec(keys).map_or(usize::MAX, |text| text.len());
    if length > LONGEST_KEYS || !keys.keys.iter().all(|key| key.thumbprint().is_ok()) {
        return Err(wrong("jwks must be public keys of the kinds RSA, P-256, P-384 or Ed25519."));
    }
    Ok(())
}

fn subject(name: &CertificateName) -> Result<(), Error> {
    let text = match name {
        CertificateName::SanIp(_) => return Ok(()),
        CertificateName::SubjectDn(text) if !text.contains('=') => {
            return Err(wrong("tlsClientAuthSubjectDn must be a distinguished name such as CN=app,O=Example."));
        }
        CertificateName::SubjectDn(text)
        | CertificateName::SanDns(text)
        | CertificateName::SanUri(text)
        | CertificateName::SanEmail(text) => text,
    };
    if text.trim().is_empty() || !is_text(text, LONGEST_NAME) {
        return Err(wrong(format!("the name of a certificate must have 1 to {LONGEST_NAME} characters.")));
    }
    Ok(())
}

fn wrong(what: impl std::fmt::Display) -> Error {
    invalid(format!("clientAuthentication: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(change: impl FnOnce(&mut OauthSettings)) -> String {
        let mut settings = OauthSettings::default();
        change(&mut settings);
        check(&settings).err().map(|error| error.description().to_owned()).unwrap_or_default()
    }

    #[test]
    fn each_method_takes_what_it_needs_and_nothing_else() {
        let with = |method, uri: Option<&str>| {
            said(|settings| {
                settings.client_auth.method = Some(method);
                settings.client_auth.jwks_uri = uri.map(str::to_owned);
            })
        };
        let uri = Some("https://app.example/keys");
        assert_eq!(with(AuthMethod::ClientSecretPost, None), "");
        assert_eq!(with(AuthMethod::PrivateKeyJwt, uri), "");
        assert_eq!(with(AuthMethod::SelfSignedTlsClientAuth, uri), "");
        for (method, uri) in [
            (AuthMethod::ClientSecretPost, uri),
            (AuthMethod::PrivateKeyJwt, None),
            (AuthMethod::PrivateKeyJwt, Some("http://app.example/keys")),
            (AuthMethod::PrivateKeyJwt, Some("https://me@app.example/keys")),
            (AuthMethod::TlsClientAuth, None),
            (AuthMethod::None, None),
        ] {
            assert!(with(method, uri).starts_with("clientAuthentication: "), "{method:?} {uri:?}");
        }
        assert!(
            !said(
                |settings| (settings.public, settings.client_auth.method) = (true, Some(AuthMethod::ClientSecretPost))
            )
            .is_empty()
        );
        assert!(
            !said(|settings| settings.client_auth.subject = Some(CertificateName::SanDns("a.example".to_owned())))
                .is_empty()
        );
    }
}
