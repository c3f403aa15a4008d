//! Calls to other servers. A name is resolved here and only addresses that policy allows are called, so that a setting of a
//! connection cannot reach into the operator's own network (server-side request forgery); redirects are not followed, and
//! answers are bounded in size and time.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use vestibule_core::ports::Web;
use vestibule_core::ports::web::{LARGEST, Method, WebAnswer, WebFailure, WebRequest};

use crate::config::Network;

/// How long a call may take altogether.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take to be connected.
const CONNECTING: Duration = Duration::from_secs(5);

/// Which addresses may be called: public ones, and those that the operator lists.
#[derive(Clone, Debug, Default)]
pub struct Egress {
    /// Networks that may be called although they are not public.
    pub allowed: Vec<Network>,
}

/// Calls other servers from this machine.
pub struct Outbound {
    /// Made when it is first needed: most servers call nobody, and the machine's TLS roots take room.
    client: OnceLock<reqwest::Client>,
    egress: Arc<Egress>,
}

impl Outbound {
    /// Under a policy.
    pub fn new(egress: Egress) -> Self {
        Self { client: OnceLock::new(), egress: Arc::new(egress) }
    }

    fn client(&self) -> Result<&reqwest::Client, WebFailure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let egress = Arc::clone(&self.egress);
        let client = reqwest::Client::builder()
            .dns_resolver(Arc::new(Resolver(egress)))
            .redirect(Policy::none())
            .connect_timeout(CONNECTING)
            .timeout(PATIENCE)
            .user_agent(concat!("vestibule/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .build()
            .map_err(|error| WebFailure::Unreachable(reason(&error)))?;
        Ok(self.client.get_or_init(|| client))
    }
}

#[async_trait]
impl Web for Outbound {
    async fn fetch(&self, request: WebRequest) -> Result<WebAnswer, WebFailure> {
        // The address may have a secret in its query.
        let unreachable = |error: reqwest::Error| WebFailure::Unreachable(reason(&error.without_url()));
        let url = reqwest::Url::parse(&request.url).map_err(|_| WebFailure::Forbidden("no address".to_owned()))?;
        self.egress.check(&url)?;
        let client = self.client()?;
        let mut call = match request.method {
            Method::Get => client.get(url),
            Method::Post => client.post(url),
        };
        for (name, value) in &request.headers {
            let mut value = HeaderValue::from_str(value.expose())
                .map_err(|_| WebFailure::Forbidden(format!("the header {name} has a value that cannot be sent")))?;
            value.set_sensitive(true);
            call = call.header(HeaderName::from_static(name), value);
        }
        if let Some(body) = &request.body {
            call = call.body(body.expose().clone());
        }
        let mut answer = call.send().await.map_err(unreachable)?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(unreachable)? {
            if body.len() + part.len() > LARGEST {
                return Err(WebFailure::TooLarge);
            }
            body.extend_from_slice(&part);
        }
        Ok(WebAnswer { status, retry_after, body })
    }
}

impl Egress {
    /// Names are checked when they are resolved; an address that stands in the URL is not resolved.
    fn check(&self, url: &reqwest::Url) -> Result<(), WebFailure> {
        if !matches!(url.scheme(), "http" | "https") || !url.username().is_empty() {
            return Err(WebFailure::Forbidden("only plain http and https addresses are called".to_owned()));
        }
        let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        match host.parse::<IpAddr>() {
            Ok(address) if !self.allows(address) => Err(WebFailure::Forbidden(not_public(address))),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn allows(&self, address: IpAddr) -> bool {
        is_public(address.to_canonical()) || self.allowed.iter().any(|network| network.contains(address))
    }
}

/// Resolves names to the addresses that may be called.
struct Resolver(Arc<Egress>);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let egress = Arc::clone(&self.0);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> = found.iter().copied().filter(|found| egress.allows(found.ip())).collect();
            match (allowed.is_empty(), found.first()) {
                (true, Some(refused)) => Err(not_public(refused.ip()).into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

fn not_public(address: IpAddr) -> String {
    format!("{address} is not a public address; list its network in egress.allowed_networks to call it")
}

/// Addresses that belong to the internet at large (IANA's special-purpose registries).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            let is_special = matches!((a, b, c), (0 | 10 | 127 | 240..=255, ..))
                || matches!((a, b), (100, 64..=127) | (169, 254) | (172, 16..=31) | (192, 168) | (198, 18..=19))
                || matches!((a, b, c), (192, 0, 0 | 2) | (198, 51, 100) | (203, 0, 113) | (192, 88, 99));
            !is_special && !address.is_multicast()
        }
        // Global unicast is 2000::/3; documentation, 6to4 and Teredo in it lead elsewhere.
        IpAddr::V6(address) => {
            let [a, b, ..] = address.segments();
            a & 0xe000 == 0x2000 && a != 0x2002 && !matches!((a, b), (0x2001, 0..=0x01ff | 0x0db8))
        }
    }
}

/// The chain of causes, which has no secrets: neither body nor headers are in it.
fn reason(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut next: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = next {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fetch(egress: Egress, url: &str) -> Result<WebAnswer, WebFailure> {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Outbound::new(egress).fetch(WebRequest::get(url)))
    }

    // Checklist 114.
    #[test]
    fn addresses_of_the_operators_own_network_are_not_called() {
        for url in [
            "http://127.0.0.1:1/",
            "http://[::1]:1/",
            "http://10.1.2.3/",
            "http://169.254.169.254/latest",
            "http://[::ffff:127.0.0.1]/",
        ] {
            assert!(matches!(fetch(Egress::default(), url), Err(WebFailure::Forbidden(_))), "{url}");
        }
    }

    // Checklist 114.
    #[test]
    fn a_name_that_leads_into_the_own_network_is_not_called() {
        let Err(WebFailure::Unreachable(reason)) = fetch(Egress::default(), "http://localhost:1/") else { panic!() };
        assert!(reason.contains("egress.allowed_networks"), "{reason}");
    }

    #[test]
    fn a_network_that_the_operator_lists_is_called() {
        let egress = Egress { allowed: vec!["127.0.0.0/8".parse().unwrap()] };
        let Err(WebFailure::Unreachable(reason)) = fetch(egress, "http://127.0.0.1:1/") else { panic!() };
        assert!(reason.to_lowercase().contains("refused"), "{reason}");
    }

    #[test]
    fn a_failure_tells_nothing_of_the_address_that_was_called() {
        let egress = || Egress { allowed: vec!["127.0.0.0/8".parse().unwrap()] };
        for url in ["http://127.0.0.1:1/?token=hush", "http://localhost:1/?token=hush"] {
            let Err(WebFailure::Unreachable(reason)) = fetch(egress(), url) else { panic!() };
            assert!(!reason.contains("hush"), "{reason}");
        }
    }

    // Checklist 114.
    #[test]
    fn other_schemes_and_credentials_in_addresses_are_refused() {
        for url in ["file:///etc/passwd", "ftp://example.com/", "https://user:pass@example.com/", "nonsense"] {
            assert!(matches!(fetch(Egress::default(), url), Err(WebFailure::Forbidden(_))), "{url}");
        }
    }

    #[test]
    fn public_addresses_are_public() {
        for address in ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "172.32.0.1", "100.128.0.1"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["100.64.0.1", "192.0.2.1", "224.0.0.1", "fe80::1", "fd00::1", "2001:db8::1", "2002:7f00:1::"] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }
}
