//! The line to a provider: its connection's settings with their defaults, and calls that tell the provider's failures from
//! this server's own.

use serde_json::Value;
use vestibule_core::connection::Connection;
use vestibule_core::error::Fault;
use vestibule_core::flow::authenticator::{Context, Setting};
use vestibule_core::ports::Secret;
use vestibule_core::ports::web::{WebAnswer, WebFailure, WebRequest};

/// Why nobody is signed in.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// What was said is not good; why is for the log.
    Wrong(&'static str),
    /// The provider, or the user there, said no.
    Denied,
    /// The provider cannot be asked now.
    Unreachable(&'static str),
    /// A part of this server failed, or the connection is set up wrongly.
    Fault(Fault),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// The line to a provider.
#[derive(Clone, Copy)]
pub(crate) struct Line<'a> {
    /// Where the flow stands.
    pub cx: Context<'a>,
    /// The connection.
    pub connection: &'a Connection,
    known: &'static [Setting],
}

impl<'a> Line<'a> {
    /// The line of the option's connection.
    pub fn new(cx: &Context<'a>, known: &'static [Setting]) -> Result<Self, Fault> {
        let connection = cx.connection.ok_or(Fault::new("an option elsewhere has no connection"))?;
        Ok(Self { cx: *cx, connection, known })
    }

    /// A setting or its default.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        let default = || self.known.iter().find(|setting| setting.name == name).map(|setting| setting.default);
        let given = self.connection.setting(name).filter(|value| !value.is_empty());
        given.or_else(default).filter(|value| !value.is_empty())
    }

    /// A setting without which nothing goes.
    pub fn demand(&self, name: &str) -> Result<&'a str, Fault> {
        self.text(name).ok_or_else(|| Fault::from("reading a connection's settings", format!("{name} is absent")))
    }

    /// Whether a switch is on.
    pub fn is_on(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// A setting that is secret.
    pub fn secret(&self, name: &str) -> Result<Option<Secret<String>>, Fault> {
        self.connection.secret(name, self.cx.secrets)
    }

    /// Whether the app brings tokens of the provider's own SDK.
    pub fn is_native(&self) -> bool {
        self.is_on("isTrustedTokenIssuer")
    }

    /// Calls the provider. An answer that says nothing of the request, but that the provider is unwell, is no answer.
    pub async fn fetch(&self, request: WebRequest) -> Result<WebAnswer, Refusal> {
        match self.cx.ports.web.fetch(request).await {
            Ok(answer) if answer.status >= 500 || answer.status == 429 => {
                Err(Refusal::Unreachable("the provider is unwell"))
            }
            Ok(answer) => Ok(answer),
            Err(WebFailure::Forbidden(why)) => Err(Fault::from("calling an address that is not allowed", why).into()),
            Err(WebFailure::Unreachable(why)) => {
                tracing::warn!(connection = %self.connection.name, why, "an identity provider cannot be reached");
                Err(Refusal::Unreachable("the provider cannot be reached"))
            }
            Err(WebFailure::TooLarge) => Err(Refusal::Wrong("the provider's answer is too large")),
        }
    }

    /// What an API of the provider's tells the holder of an access token.
    pub async fn ask(&self, url: &str, token: &Secret<String>) -> Result<Value, Refusal> {
        let request = WebRequest::get(url)
            .with("accept", "application/json".to_owned())
            .with("user-agent", "Vestibule".to_owned())
            .with("authorization", format!("Bearer {}", token.expose()));
        let answer = self.fetch(request).await?;
        if !answer.is_success() {
            return Err(Refusal::Wrong("the provider's API refused the access token"));
        }
        serde_json::from_slice(&answer.body).map_err(|_| Refusal::Wrong("the provider's API answered no JSON"))
    }
}
