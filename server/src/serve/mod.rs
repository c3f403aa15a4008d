//! Connections: accepting them, TLS, HTTP/1.1 and HTTP/2 within limits, and an orderly end. What a request means is the
//! router's business; it learns from here only who is at the other end ([`Peer`]).

mod activity;
mod connection;
mod door;
mod signal;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustls::pki_types::CertificateDer;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use signal::shutdown_signal;
pub use tls::{Tls, TlsError};

use connection::{Phase, Protocol};
use door::Door;

/// The address at the other end of the connection, as an extension of each request. Behind a proxy it is the proxy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// The certificates with which the client at the other end came, its own first, as an extension of each request. It has
/// shown the key to the first; whose it is, nobody has looked at.
#[derive(Clone, Debug)]
pub struct PeerCertificates(pub Arc<[CertificateDer<'static>]>);

/// What bounds connections.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// For a TLS handshake, the first request and the headers of each.
    pub header_timeout: Duration,
    /// For requests in progress once the server is told to stop.
    pub shutdown_grace: Duration,
}

/// How serving ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every request was answered.
    Drained,
    /// So many connections were cut when the grace was over.
    Cut(usize),
}

/// Serves until `shutdown` is ready, then lets requests in progress finish within the grace.
pub async fn serve(
    listener: TcpListener,
    service: Router,
    tls: Option<Tls>,
    limits: HttpLimits,
    shutdown: impl Future<Output = ()>,
) -> Ended {
    run(listener, Protocol::new(service, tls, limits), shutdown).await
}

async fn run(mut door: impl Door, protocol: Protocol, shutdown: impl Future<Output = ()>) -> Ended {
    let grace = protocol.limits.shutdown_grace;
    let phase = watch::Sender::new(Phase::Open);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let (stream, peer) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = door::accept(&mut door) => accepted,
        };
        tokio::spawn(protocol.clone().speak(stream, Peer(peer), phase.subscribe()));
    }
    // The port is free for the next process while this one still answers.
    drop(door);
    phase.send_replace(Phase::Closing);
    if tokio::time::timeout(grace, phase.closed()).await.is_ok() {
        return Ended::Drained;
    }
    let left = phase.receiver_count();
    phase.send_replace(Phase::Cut);
    if left == 0 { Ended::Drained } else { Ended::Cut(left) }
}

#[cfg(test)]
mod tests;
