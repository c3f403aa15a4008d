//! Certificates of clients: from the connection, or from a trusted proxy's header (RFC 9440), read into what the rules
//! look at. Whoever comes with one has shown the key to it; whether it says who the client is, is for the rules.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use vestibule_core::oauth::client_auth::ClientCertificate;
use vestibule_core::ports::Timestamp;
use vestibule_jose::sha256;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{ASN1Time, FromDer as _, X509Certificate};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use super::App;
use crate::config::{ClientCertificates, TlsConfig};
use crate::serve::{PeerCertificates, TlsError};

/// The certificate of a proxy's client, and what leads from it to an authority (RFC 9440 §2).
const HEADER: &str = "client-cert";
const CHAIN: &str = "client-cert-chain";

/// Most certificates of one client.
const MOST: usize = 8;

/// Where certificates of clients are seen, and whose are good.
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    on_connections: bool,
    in_header: bool,
    authorities: Option<Arc<dyn ClientCertVerifier>>,
}

impl Certificates {
    /// As the operator configured it.
    ///
    /// # Errors
    /// The file of authorities cannot be used.
    pub fn of(config: &TlsConfig) -> Result<Self, TlsError> {
        Ok(Self {
            on_connections: config.client_certificates == ClientCertificates::Request,
            in_header: config.client_certificate_header,
            authorities: config.client_ca.as_deref().map(authorities).transpose()?,
        })
    }

    /// Whether certificates are seen at all.
    pub(super) const fn are_seen(&self) -> bool {
        self.on_connections || self.in_header
    }

    /// The certificate that came with a request. Through a trusted proxy it is the one that the proxy names, never the
    /// proxy's own; from anybody else the header is not looked at.
    pub(super) fn shown(&self, app: &App, parts: &Parts, peer: Option<IpAddr>) -> Option<ClientCertificate> {
        let by_proxy = self.in_header && app.settings().networks.trusts(peer);
        let chain = match by_proxy {
            true => named(&parts.headers)?,
            false => parts.extensions.get::<PeerCertificates>()?.0.to_vec(),
        };
        let now = app.house().ports.clock.now();
        let (own, others) = chain.split_first()?;
        let read = read(own, now);
        if read.is_none() {
            tracing::info!("a client certificate cannot be read");
        }
        read.map(|certificate| ClientCertificate { issued: self.issued(own, others, now), ..certificate })
    }

    fn issued(&self, own: &CertificateDer<'_>, others: &[CertificateDer<'_>], now: Timestamp) -> bool {
        let seconds = u64::try_from(now.seconds()).unwrap_or(0);
        let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        self.authorities.as_ref().is_some_and(|known| known.verify_client_cert(own, others, now).is_ok())
    }
}

/// The authorities in a PEM file.
fn authorities(path: &Path) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let unreadable = |error| TlsError::Unreadable(path.to_owned(), error);
    let unfit = |error| TlsError::Unfit(path.to_owned(), error);
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
        roots.add(certificate.map_err(unreadable)?).map_err(unfit)?;
    }
    if roots.is_empty() {
        return Err(TlsError::NoCertificate(path.to_owned()));
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
    verifier.map_err(|error| unfit(rustls::Error::General(error.to_string())))
}

/// The chain in a proxy's headers: byte sequences (RFC 8941 §3.3.5), the client's own first.
fn named(headers: &HeaderMap) -> Option<Vec<CertificateDer<'static>>> {
    let mut own = headers.get_all(HEADER).iter();
    let (Some(first), None) = (own.next(), own.next()) else { return None };
    let others = headers.get_all(CHAIN).iter().filter_map(|value| value.to_str().ok());
    let all = std::iter::once(first.to_str().ok()?).chain(others.flat_map(|value| value.split(',')));
    let bytes = |item: &str| {
        let encoded = item.trim().strip_prefix(':')?.strip_suffix(':')?;
        STANDARD.decode(encoded).ok().map(CertificateDer::from)
    };
    all.take(MOST).map(bytes).collect()
}

/// What a certificate says.
fn read(der: &CertificateDer<'_>, now: Timestamp) -> Option<ClientCertificate> {
    let (rest, certificate) = X509Certificate::from_der(der).ok()?;
    if !rest.is_empty() {
        return None;
    }
    let now = ASN1Time::from_timestamp(now.seconds()).ok()?;
    let mut read = ClientCertificate {
        digest: sha256(der),
        key: certificate.public_key().raw.to_vec(),
        subject: distinguished(certificate.subject()),
        in_time: certificate.validity().is_valid_at(now),
        ..ClientCertificate::default()
    };
    let names = certificate.subject_alternative_name().ok()?;
    for name in names.iter().flat_map(|names| &names.value.general_names) {
        match name {
            GeneralName::DNSName(name) => read.dns.push((*name).to_owned()),
            GeneralName::URI(name) => read.uris.push((*name).to_owned()),
            GeneralName::RFC822Name(name) => read.emails.push((*name).to_owned()),
            GeneralName::IPAddress(bytes) => read.addresses.extend(address(bytes)),
            _ => {}
        }
    }
    Some(read)
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four: Option<[u8; 4]> = bytes.try_into().ok();
    let sixteen: Option<[u8; 16]> = bytes.try_into().ok();
    four.map(IpAddr::from).or(sixteen.map(IpAddr::from))
}

/// A distinguished name as text: the last part first (RFC 4514 §2).
fn distinguished(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> =
        name.iter_rdn().map(|part| part.iter().map(attribute).collect::<Vec<_>>().join("+")).collect();
    parts.reverse();
    parts.join(",")
}

/// Types of attributes that have short names (RFC 4514 §3), and two that everybody spells.
const TYPES: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.5", "SERIALNUMBER"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("1.2.840.113549.1.9.1", "EMAILADDRESS"),
];

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let short = TYPES.iter().find(|(known, _)| *known == oid).map(|(_, short)| *short);
    match (short, attribute.as_str()) {
        (Some(short), Ok(value)) => format!("{short}={}", escaped(value)),
        _ => format!("{oid}=#{}", vestibule_jose::hex(attribute.as_slice())),
    }
}

/// A value with what would end it escaped (RFC 4514 §2.4): else a name could pose as two.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::with_capacity(value.len());
    for (place, c) in value.chars().enumerate() {
        match c {
            '\0' => text.push_str("\\00"),
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', c]),
            ' ' if place == 0 || place == last => text.extend(['\\', c]),
            '#' if place == 0 => text.extend(['\\', c]),
            _ => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> CertificateDer<'static> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/fixtures");
        CertificateDer::from_pem_file(folder.join(name)).unwrap()
    }

    #[test]
    fn a_certificate_is_read() {
        let read = read(&fixture("client.crt.pem"), Timestamp::from_seconds(1_800_000_000)).unwrap();
        assert_eq!(read.subject, "CN=billing\\, eu,O=Example");
        assert_eq!(read.dns, ["billing.example.com"]);
        assert_eq!(read.uris, ["urn:example:billing"]);
        assert_eq!(read.emails, ["billing@example.com"]);
        assert_eq!(read.addresses, [IpAddr::from([192, 0, 2, 7])]);
        assert!(read.in_time && !read.issued);
        assert!(super::read(&fixture("client.crt.pem"), Timestamp::from_seconds(0)).is_some_and(|read| !read.in_time));
    }

    #[test]
    fn a_value_cannot_pose_as_another_part_of_the_name() {
        assert_eq!(escaped("a,O=b"), "a\\,O=b");
        assert_eq!(escaped(" # "), "\\ #\\ ");
        assert_eq!(escaped("#a\0"), "\\#a\\00");
    }

    #[test]
    fn a_proxys_header_is_one_byte_sequence() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, value.parse().unwrap());
            named(&headers).map(|chain| chain.len())
        };
        assert_eq!(with(":AQAB:"), Some(1));
        for bad in ["AQAB", ":AQAB", ":AQ AB:", ":!:", ":AQAB:, :AQAB:"] {
            assert_eq!(with(bad), None, "{bad}");
        }
    }
}
