//! Where connections come in. What goes wrong while accepting one never ends the server: it is logged, and when the
//! machine has run out of something, tried again after a pause.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

/// Something that lets connections in: a listener, or a test's channel.
pub(super) trait Door: Send {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// The next connection.
    fn next(&mut self) -> impl Future<Output = io::Result<(Self::Stream, SocketAddr)>> + Send;
}

impl Door for TcpListener {
    type Stream = TcpStream;

    async fn next(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = TcpListener::accept(self).await?;
        // Answers are small and written whole: waiting to fill a packet only delays them.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps its delay");
        }
        Ok((stream, peer))
    }
}

/// The next connection, however long it takes to get one.
pub(super) async fn accept<D: Door>(door: &mut D) -> (D::Stream, SocketAddr) {
    loop {
        match door.next().await {
            Ok(connection) => return connection,
            // The client left before it was let in: its loss alone.
            Err(error) if is_clients(&error) => tracing::debug!(%error, "a connection ended before it began"),
            // Out of descriptors or memory (EMFILE, ENFILE, ENOBUFS): accepting again at once would spin.
            Err(error) => {
                tracing::error!(%error, "connections cannot be accepted; trying again shortly");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn is_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Long enough to let connections end, short enough not to be noticed.
const PAUSE: Duration = Duration::from_millis(200);
