//! One connection from its first byte to its last: TLS if there is a certificate, then HTTP/1.1 or HTTP/2 within limits
//! that keep one client from holding more than its share.

use std::io;
use std::pin::pin;

use axum::Router;
use hyper::body::Incoming;
use hyper::{Request, service};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tower::Service as _;

use super::activity::Activity;
use super::{HttpLimits, Peer, PeerCertificates, Tls};

/// Whether connections go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// They do.
    Open,
    /// They end after the requests in progress.
    Closing,
    /// They end now.
    Cut,
}

/// What is spoken on every connection.
#[derive(Clone)]
pub(super) struct Protocol {
    pub limits: HttpLimits,
    service: Router,
    tls: Option<Tls>,
    http: Builder<TokioExecutor>,
}

impl Protocol {
    /// HTTP for this router.
    pub fn new(service: Router, tls: Option<Tls>, limits: HttpLimits) -> Self {
        let mut http = Builder::new(TokioExecutor::new());
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_timeout)
            .max_headers(100)
            .max_buf_size(MOST_HEADER_BYTES);
        http.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(MOST_STREAMS)
            // Rapid reset (CVE-2023-44487): streams reset before they are served may not pile up.
            .max_pending_accept_reset_streams(20)
            // Made-you-reset (CVE-2025-8671): nor may those that the client makes this side reset.
            .max_local_error_reset_streams(200)
            .max_header_list_size(MOST_HEADER_LIST)
            .keep_alive_interval(limits.header_timeout)
            .keep_alive_timeout(limits.header_timeout);
        Self { limits, service, tls, http }
    }

    /// Serves a connection until it ends, stalls or is told to end. Whoever is served holds `phase`.
    pub async fn speak(
        self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        Peer(peer): Peer,
        phase: watch::Receiver<Phase>,
    ) {
        let ended = match &self.tls {
            None => self.http(stream, (Peer(peer), None), phase).await,
            Some(tls) => match self.handshake(tls, stream, phase.clone()).await {
                Ok(stream) => {
                    let certificates = stream.get_ref().1.peer_certificates();
                    let certificates = certificates
                        .map(|shown| PeerCertificates(shown.iter().cloned().map(CertificateDer::into_owned).collect()));
                    self.http(stream, (Peer(peer), certificates), phase).await
                }
                Err(error) => Err(error.into()),
            },
        };
        // Clients hang up, scan and speak other protocols all day: none of it is the operator's concern.
        if let Err(error) = ended {
            tracing::debug!(%peer, error = %chain(&*error), "a connection ended early");
        }
    }

    /// TLS before HTTP, within the time for headers and not beyond the server's own end.
    async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        tls: &Tls,
        stream: S,
        mut phase: watch::Receiver<Phase>,
    ) -> io::Result<tokio_rustls::server::TlsStream<S>> {
        let ended = async { drop(phase.wait_for(|phase| *phase != Phase::Open).await) };
        tokio::select! {
            handshake = tls.accept(stream) => handshake,
            () = tokio::time::sleep(self.limits.header_timeout) => Err(io::ErrorKind::TimedOut.into()),
            () = ended => Err(io::ErrorKind::Interrupted.into()),
        }
    }

    async fn http(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
        (peer, certificates): (Peer, Option<PeerCertificates>),
        mut phase: watch::Receiver<Phase>,
    ) -> Result<(), BoxError> {
        let activity = Activity::default();
        let router = self.service.clone();
        let counted = activity.clone();
        let service = service::service_fn(move |mut request: Request<Incoming>| {
            let in_progress = counted.begin();
            request.extensions_mut().insert(peer);
            certificates.clone().map(|certificates| request.extensions_mut().insert(certificates));
            let answer = router.clone().call(request);
            async move {
                let answer = answer.await;
                drop(in_progress);
                answer
            }
        });
        let mut connection = pin!(self.http.serve_connection(TokioIo::new(stream), service));
        let mut stalls = pin!(activity.stalls(self.limits.header_timeout));
        let mut told = false;
        loop {
            tokio::select! {
                ended = connection.as_mut() => return ended,
                () = &mut stalls => return Err(io::Error::from(io::ErrorKind::TimedOut).into()),
                changed = phase.changed() => {
                    if changed.is_err() || *phase.borrow_and_update() == Phase::Cut {
                        return Err(io::Error::from(io::ErrorKind::Interrupted).into());
                    }
                    if !std::mem::replace(&mut told, true) {
                        connection.as_mut().graceful_shutdown();
                    }
                }
            }
        }
    }
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An error and its causes on one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Request line and headers of HTTP/1.1. Flows are opaque and some URLs are long, but not longer than this.
const MOST_HEADER_BYTES: usize = 64 * 1024;

/// Headers of HTTP/2, uncompressed.
const MOST_HEADER_LIST: u32 = 64 * 1024;

/// Requests at once on one HTTP/2 connection (RFC 9113 §6.5.2 recommends 100 or more).
const MOST_STREAMS: u32 = 100;
