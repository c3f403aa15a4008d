//! Serving without a port: connections are pipes that come in through a channel.

use std::io;
use std::sync::Arc;

use axum::Extension;
use axum::routing::get;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt as _, DuplexStream};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::*;

const LIMITS: HttpLimits =
    HttpLimits { header_timeout: Duration::from_secs(10), shutdown_grace: Duration::from_secs(10) };

type Arrival = io::Result<(DuplexStream, SocketAddr)>;

impl Door for mpsc::UnboundedReceiver<Arrival> {
    type Stream = DuplexStream;

    async fn next(&mut self) -> Arrival {
        match self.recv().await {
            Some(arrival) => arrival,
            None => std::future::pending().await,
        }
    }
}

/// A running server.
struct Site {
    door: mpsc::UnboundedSender<Arrival>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<Ended>,
}

impl Site {
    fn open(service: Router, tls: Option<Tls>) -> Self {
        let (door, arrivals) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { drop(stopped.await) };
        let ended = tokio::spawn(run(arrivals, Protocol::new(service, tls, LIMITS), shutdown));
        Self { door, stop, ended }
    }

    fn connect(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        self.door.send(Ok((theirs, "192.0.2.1:4711".parse().unwrap()))).unwrap();
        ours
    }

    /// Tells the server to stop, and returns once it accepts no more.
    async fn stop(self) -> JoinHandle<Ended> {
        self.stop.send(()).unwrap();
        self.door.closed().await;
        self.ended
    }
}

fn hello() -> Router {
    Router::new().route("/", get(|Extension(Peer(peer)): Extension<Peer>| async move { format!("hello {peer}") }))
}

/// A router whose only answer waits until it is let go, and says when it was asked.
fn slow() -> (Router, Arc<Notify>, Arc<Notify>) {
    let (asked, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (their_asked, their_go) = (Arc::clone(&asked), Arc::clone(&go));
    let answer = move || async move {
        their_asked.notify_one();
        their_go.notified().await;
        "done"
    };
    (Router::new().route("/", get(answer)), asked, go)
}

fn tls() -> Tls {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/fixtures");
    Tls::load(&folder.join("localhost.crt.pem"), &folder.join("localhost.key.pem"), true).unwrap()
}

const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";
const ASK_ONCE: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

async fn rest(mut stream: impl AsyncReadExt + Unpin) -> String {
    let mut text = Vec::new();
    stream.read_to_end(&mut text).await.unwrap();
    String::from_utf8(text).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_and_knows_its_peer() {
    let site = Site::open(hello(), None);
    let mut client = site.connect();
    client.write_all(ASK_ONCE).await.unwrap();
    let answer = rest(client).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nhello 192.0.2.1:4711"), "{answer}");
    assert_eq!(site.stop().await.await.unwrap(), Ended::Drained);
}

#[tokio::test(start_paused = true)]
async fn a_request_in_progress_finishes_after_the_shutdown_began() {
    let (router, asked, go) = slow();
    let site = Site::open(router, None);
    let mut client = site.connect();
    client.write_all(ASK).await.unwrap();
    asked.notified().await;
    let ended = site.stop().await;
    assert!(!ended.is_finished());
    go.notify_one();
    let answer = rest(client).await;
    assert!(answer.ends_with("\r\n\r\ndone"), "{answer}");
    assert_eq!(ended.await.unwrap(), Ended::Drained);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_outlasts_the_grace_is_cut() {
    let (router, asked, _go) = slow();
    let site = Site::open(router, None);
    let mut client = site.connect();
    client.write_all(ASK).await.unwrap();
    asked.notified().await;
    let began = tokio::time::Instant::now();
    assert_eq!(site.stop().await.await.unwrap(), Ended::Cut(1));
    assert_eq!(began.elapsed().as_secs(), LIMITS.shutdown_grace.as_secs());
    assert_eq!(rest(client).await, "");
}

#[tokio::test(start_paused = true)]
async fn connections_without_a_request_do_not_delay_the_end() {
    let site = Site::open(hello(), Some(tls()));
    let plain = Site::open(hello(), None);
    let (shaking_hands, silent, mut idle) = (site.connect(), plain.connect(), plain.connect());
    idle.write_all(ASK).await.unwrap();
    idle.read_exact(&mut [0; 17]).await.unwrap();
    let began = tokio::time::Instant::now();
    for site in [site, plain] {
        assert_eq!(site.stop().await.await.unwrap(), Ended::Drained);
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
    drop((shaking_hands, silent, idle));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_stays_silent_or_stops_half_way_is_dropped() {
    for (tls, said) in [
        (None, &b""[..]),
        (None, b"PRI * HT"),
        (None, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        (None, b"GET / HTTP/1.1\r\nhost: "),
        (Some(tls()), b""),
        (Some(tls()), b"\x16\x03\x01"),
    ] {
        let site = Site::open(hello(), tls);
        let mut client = site.connect();
        client.write_all(said).await.unwrap();
        let began = tokio::time::Instant::now();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert!(began.elapsed() <= LIMITS.header_timeout * 2, "{said:?}: {:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn running_out_of_descriptors_does_not_end_the_server() {
    let site = Site::open(hello(), None);
    site.door.send(Err(io::Error::from_raw_os_error(24))).unwrap();
    site.door.send(Err(io::ErrorKind::ConnectionAborted.into())).unwrap();
    let mut client = site.connect();
    client.write_all(ASK_ONCE).await.unwrap();
    assert!(rest(client).await.ends_with("hello 192.0.2.1:4711"));
}

#[tokio::test(start_paused = true)]
async fn http_2_is_spoken_with_a_bound_on_streams() {
    let site = Site::open(hello(), None);
    let mut client = site.connect();
    client.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut head = [0; 9];
    client.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4, "the server's first frame is SETTINGS");
    let mut settings = vec![0; usize::from(head[2])];
    client.read_exact(&mut settings).await.unwrap();
    // SETTINGS_MAX_CONCURRENT_STREAMS is 3 (RFC 9113 §6.5.2).
    assert!(settings.chunks(6).any(|setting| setting == [0, 3, 0, 0, 0, 100]), "{settings:?}");
}

// Checklist 119.
#[tokio::test(start_paused = true)]
async fn tls_is_spoken_and_the_protocol_agreed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/fixtures");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("localhost.crt.pem")).unwrap()).unwrap();
    let site = Site::open(hello(), Some(tls()));
    for (version, offered, agreed) in [
        (&rustls::version::TLS13, &["h2", "http/1.1"][..], "h2"),
        (&rustls::version::TLS13, &["http/1.1"], "http/1.1"),
        (&rustls::version::TLS12, &["http/1.1"], "http/1.1"),
    ] {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let mut config = builder.with_root_certificates(roots.clone()).with_no_client_auth();
        config.alpn_protocols = offered.iter().map(|name| name.as_bytes().to_vec()).collect();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = connector.connect(name, site.connect()).await.unwrap();
        assert_eq!(client.get_ref().1.alpn_protocol(), Some(agreed.as_bytes()));
        if agreed == "http/1.1" {
            client.write_all(ASK_ONCE).await.unwrap();
            assert!(rest(client).await.ends_with("hello 192.0.2.1:4711"));
        }
    }
}

/// Comes with the certificate of one fixture and signs with the key of another.
#[derive(Debug)]
struct Comes(Arc<rustls::sign::CertifiedKey>);

impl Comes {
    fn with(certificate: &str, key: &str) -> Self {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/fixtures");
        let chain = vec![CertificateDer::from_pem_file(folder.join(certificate)).unwrap()];
        let key = rustls::pki_types::PrivateKeyDer::from_pem_file(folder.join(key)).unwrap();
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).unwrap();
        Self(Arc::new(rustls::sign::CertifiedKey::new(chain, key)))
    }
}

impl rustls::client::ResolvesClientCert for Comes {
    fn resolve(&self, _: &[&[u8]], _: &[rustls::SignatureScheme]) -> Option<Arc<rustls::sign::CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// What a request knows of the certificate with which its connection came, over each version of TLS.
async fn seen(comes: &Arc<Comes>, site: &Site) -> Vec<io::Result<String>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/fixtures");
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(folder.join("localhost.crt.pem")).unwrap()).unwrap();
    let mut all = Vec::new();
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider).with_protocol_versions(&[version]).unwrap();
        let comes = Arc::clone(comes);
        let config = builder.with_root_certificates(roots.clone()).with_client_cert_resolver(comes);
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let name = ServerName::try_from("localhost").unwrap();
        let answer = async {
            let mut client = connector.connect(name, site.connect()).await?;
            client.write_all(ASK_ONCE).await?;
            let mut text = String::new();
            client.read_to_string(&mut text).await?;
            Ok(text)
        };
        all.push(answer.await);
    }
    all
}

#[tokio::test(start_paused = true)]
async fn a_client_certificate_of_any_authority_reaches_the_request_once_its_key_is_shown() {
    let tell = |certificates: Option<Extension<PeerCertificates>>| async move {
        certificates.map_or("none".to_owned(), |Extension(PeerCertificates(chain))| format!("{:?}", chain.first()))
    };
    let site = Site::open(Router::new().route("/", get(tell)), Some(tls()));
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/fixtures");
    let own = format!("{:?}", Some(CertificateDer::from_pem_file(folder.join("client.crt.pem")).unwrap()));
    for answer in seen(&Arc::new(Comes::with("client.crt.pem", "client.key.pem")), &site).await {
        assert!(answer.unwrap().ends_with(&own));
    }
    // A certificate is no secret: without its key it opens no connection.
    for answer in seen(&Arc::new(Comes::with("client.crt.pem", "other.key.pem")), &site).await {
        assert!(answer.is_err());
    }
}
