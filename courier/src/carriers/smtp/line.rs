//! Connections to the mail server: opened, protected, logged in, and kept for a while. The library's own pool is not used:
//! it would take back a connection whose letter was given up in the middle, and the next letter would read its answer.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use vestibule_core::error::Fault;
use vestibule_core::ports::{Clock, Timestamp};

use crate::{Smtp, Tls};

/// How long an idle connection is kept; servers close theirs after five minutes (RFC 5321 §4.5.3.2.7).
const IDLE: Duration = Duration::from_secs(60);

/// How many idle connections are kept.
const KEPT: usize = 8;

/// How long a connection may take to open, or a kept one to say that it is alive.
const OPENING: Duration = Duration::from_secs(10);
const ALIVE: Duration = Duration::from_secs(3);

pub(super) struct Lines {
    host: String,
    port: u16,
    tls: Option<TlsParameters>,
    mode: Tls,
    login: Option<Credentials>,
    hello: ClientId,
    idle: Mutex<Vec<(AsyncSmtpConnection, Timestamp)>>,
    clock: Arc<dyn Clock>,
}

impl Lines {
    pub(super) fn new(smtp: &Smtp, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        let Smtp { host, port, tls: mode, login, .. } = smtp.clone();
        let is_here = matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1");
        if mode == Tls::None && login.is_some() && !is_here {
            return Err(Fault::new(
                "the password of the mail server would travel in the clear: choose starttls or implicit",
            ));
        }
        let login = login.map(|(user, password)| Credentials::new(user, password.expose().clone()));
        let tls = if mode == Tls::None { None } else { Some(parameters(smtp)?) };
        Ok(Self { host, port, tls, mode, login, hello: ClientId::default(), idle: Mutex::default(), clock })
    }

    /// A connection that is ready for a letter.
    pub(super) async fn take(&self) -> Result<AsyncSmtpConnection, Error> {
        while let Some(mut line) = self.kept() {
            if tokio::time::timeout(ALIVE, line.test_connected()).await == Ok(true) {
                return Ok(line);
            }
        }
        self.open().await
    }

    /// Keeps a connection on which all went well.
    pub(super) fn keep(&self, line: AsyncSmtpConnection) {
        let mut idle = self.idle();
        if idle.len() < KEPT {
            idle.push((line, self.clock.now()));
        }
    }

    fn kept(&self) -> Option<AsyncSmtpConnection> {
        let now = self.clock.now();
        let mut idle = self.idle();
        idle.retain(|(_, since)| now.since(*since) < IDLE);
        idle.pop().map(|(line, _)| line)
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, Error> {
        let wrapped = self.tls.clone().filter(|_| self.mode == Tls::Implicit);
        let server = (self.host.as_str(), self.port);
        let mut line = AsyncSmtpConnection::connect_tokio1(server, Some(OPENING), &self.hello, wrapped, None).await?;
        if let Some(tls) = self.tls.clone().filter(|_| self.mode == Tls::StartTls) {
            line.starttls(tls, &self.hello).await?;
        }
        if let Some(login) = &self.login {
            line.auth(DEFAULT_MECHANISMS, login).await?;
        }
        Ok(line)
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(AsyncSmtpConnection, Timestamp)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The machine's roots and the operator's.
fn parameters(smtp: &Smtp) -> Result<TlsParameters, Fault> {
    let mut parameters = TlsParameters::builder(smtp.host.clone());
    if let Some(path) = &smtp.roots {
        let told =
            |error: String| Fault::from("reading the mail server's roots", format!("{}: {error}", path.display()));
        let pem = std::fs::read(path).map_err(|error| told(error.to_string()))?;
        if !pem.windows(10).any(|window| window == b"-----BEGIN") {
            return Err(told("no certificate in PEM".to_owned()));
        }
        parameters = parameters.add_root_certificate(Certificate::from_pem(&pem).map_err(|e| told(e.to_string()))?);
    }
    parameters.build_rustls().map_err(|error| Fault::from("preparing TLS to the mail server", error))
}
