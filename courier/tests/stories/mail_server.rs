//! A mail server on a real socket that follows a script.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// What happens to a letter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Accept,
    /// The recipient is answered with this.
    Answer(&'static str),
    /// It is accepted, but the connection ends before the answer.
    Die,
    /// It is accepted, but the answer never comes.
    Hang,
}

/// What the server demands.
#[derive(Clone, Copy, Default)]
pub struct Demands {
    pub starttls: bool,
    pub implicit: bool,
    pub login: bool,
}

#[derive(Default)]
pub struct State {
    pub script: Mutex<VecDeque<Act>>,
    pub mails: Mutex<Vec<String>>,
    /// The commands of all connections; a connection begins with its number.
    pub heard: Mutex<Vec<String>>,
}

pub const CERTIFICATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stories/fixtures/localhost.crt.pem");
const KEY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stories/fixtures/localhost.key.pem");

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}
type Line = BufReader<Box<dyn Stream>>;

/// Opens a server; it lives as long as the test's runtime.
pub async fn open(demands: Demands, script: &[Act]) -> (u16, Arc<State>) {
    let state = Arc::new(State::default());
    state.script.lock().unwrap().extend(script);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let shared = Arc::clone(&state);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let state = Arc::clone(&shared);
            tokio::spawn(async move {
                let stream: Box<dyn Stream> = Box::new(socket);
                let stream = if demands.implicit { secured(stream).await } else { Some(stream) };
                if let Some(stream) = stream {
                    talk(BufReader::new(stream), demands, &state).await;
                }
            });
        }
    });
    (port, state)
}

async fn secured(stream: Box<dyn Stream>) -> Option<Box<dyn Stream>> {
    let certificate = CertificateDer::from_pem_file(Path::new(CERTIFICATE)).unwrap();
    let key = PrivateKeyDer::from_pem_file(Path::new(KEY)).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let stream = TlsAcceptor::from(Arc::new(config)).accept(stream).await.ok()?;
    Some(Box::new(stream))
}

async fn say(line: &mut Line, text: &str) {
    let _ = line.get_mut().write_all(format!("{text}\r\n").as_bytes()).await;
    let _ = line.get_mut().flush().await;
}

async fn hear(line: &mut Line) -> Option<String> {
    let mut text = String::new();
    (line.read_line(&mut text).await.ok()? > 0).then(|| text.trim_end().to_owned())
}

async fn talk(mut line: Line, demands: Demands, state: &State) {
    let (mut is_secure, mut is_known) = (demands.implicit, !demands.login);
    let mut act = Act::Accept;
    state.heard.lock().unwrap().push("CONNECTED".to_owned());
    say(&mut line, "220 mail.example ready").await;
    while let Some(command) = hear(&mut line).await {
        state.heard.lock().unwrap().push(command.clone());
        match command.split(' ').next().unwrap() {
            "EHLO" if demands.starttls && !is_secure => say(&mut line, "250-mail.example\r\n250 STARTTLS").await,
            "EHLO" => say(&mut line, "250-mail.example\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN").await,
            "STARTTLS" => {
                say(&mut line, "220 go ahead").await;
                let Some(stream) = secured(line.into_inner()).await else { return };
                (line, is_secure) = (BufReader::new(stream), true);
            }
            // The user `vestibule` with the password `open sesame`.
            "AUTH" if command == "AUTH PLAIN AHZlc3RpYnVsZQBvcGVuIHNlc2FtZQ==" => {
                is_known = true;
                say(&mut line, "235 welcome").await;
            }
            "AUTH" => say(&mut line, "535 5.7.8 unknown").await,
            "MAIL" if demands.starttls && !is_secure => say(&mut line, "530 5.7.0 STARTTLS first").await,
            "MAIL" if !is_known => say(&mut line, "530 5.7.0 who are you").await,
            "RCPT" => {
                act = state.script.lock().unwrap().pop_front().unwrap_or(Act::Accept);
                say(&mut line, if let Act::Answer(text) = act { text } else { "250 ok" }).await;
            }
            "DATA" => {
                say(&mut line, "354 go ahead").await;
                let mut mail = String::new();
                while let Some(text) = hear(&mut line).await.filter(|text| text != ".") {
                    mail.push_str(&text);
                    mail.push('\n');
                }
                state.mails.lock().unwrap().push(mail);
                match act {
                    Act::Die => return,
                    Act::Hang => std::future::pending::<()>().await,
                    Act::Accept | Act::Answer(_) => say(&mut line, "250 queued").await,
                }
            }
            "QUIT" => return say(&mut line, "221 bye").await,
            _ => say(&mut line, "250 ok").await,
        }
    }
}
