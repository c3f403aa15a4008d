//! Redirect URIs: compared to the byte, with the one exception that RFC 8252 makes for loopback ports.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// A registered redirect URI.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Callback(String);

/// Why a text cannot be a redirect URI; the text is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRedirect(pub &'static str);

impl fmt::Display for BadRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for BadRedirect {}

/// Schemes that run code or read files where a redirect URI is opened.
const DANGEROUS: &[&str] =
    &["javascript", "data", "file", "vbscript", "blob", "about", "view-source", "filesystem", "ws", "wss", "ftp"];

impl Callback {
    /// Reads a redirect URI to register (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §2.6).
    ///
    /// # Errors
    /// Not absolute, with a fragment or user information, `http` to a host that is not this device, or of a scheme that
    /// runs code.
    pub fn parse(text: &str) -> Result<Self, BadRedirect> {
        if text.len() > 2048 || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(BadRedirect("a redirect URI has at most 2048 characters and no blanks"));
        }
        if text.contains('*') {
            return Err(BadRedirect("a redirect URI has no wildcard"));
        }
        let url = Url::parse(text).map_err(|_| BadRedirect("a redirect URI is an absolute URI"))?;
        if text.contains('#') {
            return Err(BadRedirect("a redirect URI has no fragment"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(BadRedirect("a redirect URI has no user information"));
        }
        if DANGEROUS.contains(&url.scheme()) {
            return Err(BadRedirect("the scheme of the redirect URI is not allowed"));
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(BadRedirect("an http redirect URI goes to localhost or a loopback address; others use https"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Whether an answer may go to `uri`: the same text, or the same loopback IP URI but for its port (RFC 8252 §7.3).
    pub fn accepts(&self, uri: &str) -> bool {
        self.0 == uri
            || (self.is_loopback_ip() && without_port(&self.0).is_some_and(|own| Some(own) == without_port(uri)))
    }

    /// The URI as it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_loopback_ip(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| {
            url.scheme() == "http" && !matches!(url.host(), Some(Host::Domain(_))) && is_loopback(&url)
        })
    }
}

impl TryFrom<String> for Callback {
    type Error = BadRedirect;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Callback> for String {
    fn from(callback: Callback) -> Self {
        callback.0
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// The URI without the digits of its port, or nothing if it does not parse. Compared as text, so that nothing else may differ.
fn without_port(uri: &str) -> Option<(String, String)> {
    let rest = uri.strip_prefix("http://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(end)?;
    let host = match authority.rsplit_once(':') {
        Some((host, port))
            if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok() =>
        {
            host
        }
        _ => authority,
    };
    Some((host.to_owned(), tail.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(registered: &str, asked: &str) -> bool {
        Callback::parse(registered).unwrap().accepts(asked)
    }

    // Checklist 71.
    #[test]
    fn a_redirect_uri_is_compared_to_the_byte() {
        assert!(accepts("https://a.example/cb", "https://a.example/cb"));
        assert!(accepts("http://localhost:5173", "http://localhost:5173"));
        for other in [
            "https://a.example/cb/",
            "https://a.example/CB",
            "https://a.example/cb?x",
            "https://a.example:443/cb",
            "https://A.example/cb",
        ] {
            assert!(!accepts("https://a.example/cb", other), "{other}");
        }
    }

    // Checklist 71.
    #[test]
    fn only_the_port_of_a_loopback_address_is_free() {
        assert!(accepts("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb"));
        assert!(accepts("http://[::1]:1/cb", "http://[::1]:2/cb"));
        assert!(!accepts("http://127.0.0.1/cb", "http://127.0.0.1:49152/other"));
        assert!(!accepts("http://127.0.0.1/cb", "http://127.0.0.1:1@evil.example/cb"));
        assert!(!accepts("http://127.0.0.1/cb", "http://127.0.0.2:1/cb"));
        assert!(!accepts("http://localhost:1/cb", "http://localhost:2/cb"));
        assert!(!accepts("https://127.0.0.1/cb", "https://127.0.0.1:2/cb"));
    }

    // Checklist 72.
    #[test]
    fn dangerous_redirect_uris_cannot_be_registered() {
        for bad in [
            "/cb",
            "javascript:alert(1)",
            "http://a.example/cb",
            "https://a.example/#x",
            "https://u@a.example/",
            "https://*.a.example/",
            "data:text/html,x",
            "https://a.example/a b",
        ] {
            assert!(Callback::parse(bad).is_err(), "{bad}");
        }
        for good in
            ["myapp://cb", "com.example.app:/cb", "https://a.example", "http://localhost:5173", "http://127.0.0.1/cb"]
        {
            assert!(Callback::parse(good).is_ok(), "{good}");
        }
    }
}
