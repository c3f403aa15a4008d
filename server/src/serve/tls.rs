//! TLS 1.2 and 1.3 with the server's own certificate, for those who put no proxy in front. The certificate is read when
//! the server starts.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::version::{TLS12, TLS13};
use rustls::{DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// A certificate with its key, ready for handshakes.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
}

/// Why a certificate cannot be used. It names the file that is at fault.
#[derive(Debug)]
pub enum TlsError {
    /// The file cannot be read, or is not PEM.
    Unreadable(PathBuf, pem::Error),
    /// The file has no certificate in it.
    NoCertificate(PathBuf),
    /// The key does not fit the certificate, or one of them is of a kind that TLS does not take.
    Unfit(PathBuf, rustls::Error),
}

impl Tls {
    /// Reads a certificate chain and its private key (PKCS#8, PKCS#1 or SEC1) from PEM files. `asks`: clients are asked for
    /// certificates.
    ///
    /// # Errors
    /// A file cannot be used.
    pub fn load(certificate: &Path, key: &Path, asks: bool) -> Result<Self, TlsError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |error| TlsError::Unreadable(path, error)
        };
        let chain = CertificateDer::pem_file_iter(certificate).map_err(unreadable(certificate))?;
        let chain = chain.collect::<Result<Vec<_>, _>>().map_err(unreadable(certificate))?;
        if chain.is_empty() {
            return Err(TlsError::NoCertificate(certificate.to_owned()));
        }
        let secret = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
        Self::new(chain, secret, asks).map_err(|error| TlsError::Unfit(key.to_owned(), error))
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        asks: bool,
    ) -> Result<Self, rustls::Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_protocol_versions(&[&TLS13, &TLS12])?;
        let versions = match asks {
            true => versions.with_client_cert_verifier(Arc::new(AnyClient::default())),
            false => versions.with_no_client_auth(),
        };
        let mut config = versions.with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        self.acceptor.accept(stream).await
    }
}

/// Asks clients for a certificate and lets any through whose key the client has: by whom it was issued matters only to the
/// application that it is shown for (RFC 8705 §2).
#[derive(Debug)]
struct AnyClient(WebPkiSupportedAlgorithms);

impl Default for AnyClient {
    fn default() -> Self {
        Self(aws_lc_rs::default_provider().signature_verification_algorithms)
    }
}

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, error) => write!(f, "{}: {error}", path.display()),
            Self::NoCertificate(path) => write!(f, "{}: there is no PEM certificate in it", path.display()),
            Self::Unfit(path, error) => write!(f, "{}: does not serve with the certificate: {error}", path.display()),
        }
    }
}

impl std::error::Error for TlsError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/fixtures").join(name)
    }

    fn refused(certificate: &str, key: &str) -> String {
        Tls::load(&fixture(certificate), &fixture(key), false).err().unwrap().to_string()
    }

    #[test]
    fn a_certificate_loads_with_its_key() {
        assert!(Tls::load(&fixture("localhost.crt.pem"), &fixture("localhost.key.pem"), true).is_ok());
    }

    #[test]
    fn the_file_at_fault_is_named() {
        assert!(refused("localhost.key.pem", "localhost.key.pem").contains("localhost.key.pem: there is no"));
        assert!(refused("localhost.crt.pem", "localhost.crt.pem").contains("localhost.crt.pem: "));
        assert!(refused("localhost.crt.pem", "other.key.pem").contains("other.key.pem: does not serve"));
        assert!(refused("localhost.crt.pem", "absent.pem").contains("absent.pem: "));
    }
}
