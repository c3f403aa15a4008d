//! Calls to other servers: identity providers, services of the operator's, message providers. Which addresses may be called
//! is the world's policy; redirects are never followed, and answers are bounded in size and time.

use async_trait::async_trait;
use url::{Host, Url};

use super::Secret;

/// Whether the server may be told to call an address: by TLS, or on this machine (RFC 6749 §3.1.2.1, RFC 8252 §8.3).
pub(crate) fn is_address(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_here);
    is_safe && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}

/// A call.
#[derive(Clone, Debug)]
pub struct WebRequest {
    /// Method.
    pub method: Method,
    /// Absolute address.
    pub url: String,
    /// Headers; values may be secret.
    pub headers: Vec<(&'static str, Secret<String>)>,
    /// Body, if any.
    pub body: Option<Secret<Vec<u8>>>,
}

/// The method of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Asks for something to be done.
    Post,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct WebAnswer {
    /// Status code.
    pub status: u16,
    /// Seconds after which to come back (`Retry-After`), if it said so.
    pub retry_after: Option<u64>,
    /// Body, at most [`LARGEST`] bytes.
    pub body: Vec<u8>,
}

/// Largest answer that is read, in bytes.
pub const LARGEST: usize = 1024 * 1024;

/// Why there was no answer. Unlike a fault of this server it says something about the other one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebFailure {
    /// The operator's policy does not allow this address.
    Forbidden(String),
    /// Nobody answered, or not in time; the text is for the log.
    Unreachable(String),
    /// The answer was too large.
    TooLarge,
}

/// Calls other servers.
#[async_trait]
pub trait Web: Send + Sync {
    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// There was no answer.
    async fn fetch(&self, request: WebRequest) -> Result<WebAnswer, WebFailure>;
}

impl WebRequest {
    /// A request that reads.
    pub fn get(url: impl Into<String>) -> Self {
        Self { method: Method::Get, url: url.into(), headers: Vec::new(), body: None }
    }

    /// A request with a JSON document.
    pub fn post_json(url: impl Into<String>, document: &serde_json::Value) -> Self {
        let body = Some(Secret::new(document.to_string().into_bytes()));
        Self { method: Method::Post, url: url.into(), headers: Vec::new(), body }
            .with("content-type", "application/json".to_owned())
    }

    /// A request with a form (WHATWG URL §5.2).
    pub fn post_form(url: impl Into<String>, fields: &[(&str, &str)]) -> Self {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let body = Some(Secret::new(form.into_bytes()));
        Self { method: Method::Post, url: url.into(), headers: Vec::new(), body }
            .with("content-type", "application/x-www-form-urlencoded".to_owned())
    }

    /// The request with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, Secret::new(value)));
        self
    }
}

impl WebAnswer {
    /// Whether the status says that it went well.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_encrypted_or_of_this_machine() {
        for good in ["https://id.example.com/token", "http://localhost:8080/a", "http://127.0.0.1/", "http://[::1]/"] {
            assert!(is_address(good), "{good}");
        }
        for bad in
            ["http://id.example.com/", "ftp://localhost/", "https://u:p@id.example.com/", "https://a.example/#b", ""]
        {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
