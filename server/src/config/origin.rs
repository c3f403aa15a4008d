//! The server's public URL: scheme, host and port, nothing more. Every address that the server utters is built on it,
//! so it is configured or derived from the listener, and never read from a request.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::problem::Problem;
use super::{Config, ConfigError};

/// A public URL without a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl Origin {
    /// The URL, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether clients come by TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl Config {
    /// The public URL of a server that listens at `bound`: the configured one, else one derived from the address.
    ///
    /// # Errors
    /// The address is not a loopback one and `public_url` is not set.
    pub fn public_url_for(&self, bound: SocketAddr) -> Result<String, ConfigError> {
        if let Some(configured) = &self.public_url {
            return Ok(configured.as_str().to_owned());
        }
        self.derived(bound).map(|origin| origin.0).map_err(|says| Problem::of("public_url", says).into())
    }

    /// The public URL that follows from a listening address.
    pub(super) fn derived(&self, bound: SocketAddr) -> Result<Origin, String> {
        let address = bound.ip().to_canonical();
        if !address.is_loopback() {
            return Err(format!(
                "must be set when the server listens on {address}, which is not a loopback address: \
                 the https URL that clients use, such as https://login.example.com"
            ));
        }
        let scheme = if self.tls.certificate.is_some() { "https" } else { "http" };
        let host = if address == LOCALHOST_V4 || address == LOCALHOST_V6 { "localhost" } else { &address.to_string() };
        format!("{scheme}://{host}:{}", bound.port()).parse()
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("`{text}` is not a URL: {error}"))?;
        let host = url.host().ok_or_else(|| format!("`{text}` has no host"))?;
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&host) => {}
            "http" => return Err(format!("`{text}` must be https: http is for loopback hosts alone")),
            _ => return Err(format!("`{text}` must begin with https://")),
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare {
            return Err(format!("`{text}` must have no path, query or fragment"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must have no user name or password in it".to_owned());
        }
        Ok(Self(url.origin().ascii_serialization()))
    }
}

/// Whether a host can only be this machine (RFC 6761 §6.3, RFC 8252 §7.3).
pub(super) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).to_canonical().is_loopback(),
    }
}

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const LOCALHOST_V4: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const LOCALHOST_V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

#[cfg(test)]
mod tests {
    use super::*;

    fn derived(bound: &str) -> Result<String, String> {
        Config::default().public_url_for(bound.parse().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_public_url_is_an_origin() {
        for (given, kept) in [
            ("https://login.example.com", "https://login.example.com"),
            ("https://login.example.com/", "https://login.example.com"),
            ("https://LOGIN.example.com:443", "https://login.example.com"),
            ("https://login.example.com:8443", "https://login.example.com:8443"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
            ("http://localhost:9443", "http://localhost:9443"),
            ("http://127.0.0.2:9443", "http://127.0.0.2:9443"),
            ("http://[::1]:9443", "http://[::1]:9443"),
        ] {
            assert_eq!(given.parse::<Origin>().unwrap().as_str(), kept);
        }
    }

    #[test]
    fn what_is_not_an_origin_is_refused() {
        for (given, why) in [
            ("http://login.example.com", "https"),
            ("http://localhost.example.com", "https"),
            ("ftp://login.example.com", "https://"),
            ("https://login.example.com/auth", "path"),
            ("https://login.example.com?", "query"),
            ("https://login.example.com#", "fragment"),
            ("https://kim:secret@login.example.com", "user name"),
            ("login.example.com", "not a URL"),
            ("", "not a URL"),
        ] {
            let refused = given.parse::<Origin>().unwrap_err();
            assert!(refused.contains(why), "{given}: {refused}");
        }
    }

    #[test]
    fn the_public_url_follows_from_a_loopback_listener() {
        assert_eq!(derived("127.0.0.1:9443").as_deref(), Ok("http://localhost:9443"));
        assert_eq!(derived("[::1]:80").as_deref(), Ok("http://localhost"));
        assert_eq!(derived("127.0.0.7:9443").as_deref(), Ok("http://127.0.0.7:9443"));
        assert_eq!(derived("[::ffff:127.0.0.1]:9443").as_deref(), Ok("http://localhost:9443"));
    }

    #[test]
    fn a_listener_with_tls_is_reached_by_https() {
        let mut config = Config::default();
        config.tls.certificate = Some("cert.pem".into());
        assert_eq!(config.public_url_for("127.0.0.1:9443".parse().unwrap()).unwrap(), "https://localhost:9443");
    }

    #[test]
    fn any_other_listener_needs_a_public_url() {
        let refused = derived("0.0.0.0:9443").unwrap_err();
        assert!(refused.starts_with("public_url: must be set when the server listens on 0.0.0.0"), "{refused}");
        let config = Config { public_url: Some("https://a.example".parse().unwrap()), ..Config::default() };
        assert_eq!(config.public_url_for("0.0.0.0:9443".parse().unwrap()).unwrap(), "https://a.example");
    }
}
