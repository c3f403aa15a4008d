//! Who calls and from where: the realm of the path, the client's address, what the headers show.

use std::net::{IpAddr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vestibule_core::attestation::{self, Evidence, Field};
use vestibule_core::audit::Origin;
use vestibule_core::error::{Code, Error};
use vestibule_core::flow::Source;
use vestibule_core::oauth::client_auth::{Call, ClientCertificate, Shown};
use vestibule_core::oauth::resource::{Presented, Scheme};
use vestibule_core::ports::{Secret, TenantId};
use vestibule_core::session::Presence;

use super::App;
use super::face::place;
use super::reply::Refusal;
use super::trace::TraceId;
use crate::config::Network;
use crate::serve::Peer;

/// The realm of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Realm {
    /// The tenant; whether it exists is another question.
    pub tenant: TenantId,
    /// The path named it.
    pub qualified: bool,
}

/// The header of a proof of possession (RFC 9449 §4.1).
pub(super) const DPOP: &str = "dpop";

/// How much of a `User-Agent` is kept.
const LONGEST_AGENT: usize = 200;

/// Who calls and from where.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The realm of the path.
    pub realm: Realm,
    /// Where the call comes from.
    pub source: Source,
    /// What it shows of the client.
    pub shown: Shown,
}

/// Networks that an operator names.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Sources exempt from the limits of addresses.
    pub exempt: Vec<Network>,
    /// The only sources that are served; empty for all.
    pub allowed: Vec<Network>,
    /// Sources that are not served.
    pub denied: Vec<Network>,
    /// The only sources from which the server is managed; empty for all that are served.
    pub managing: Vec<Network>,
}

impl Networks {
    /// Whether a connection comes from a proxy that is believed.
    pub(super) fn trusts(&self, peer: Option<IpAddr>) -> bool {
        peer.is_some_and(|peer| self.trusted_proxies.iter().any(|network| network.contains(peer)))
    }

    /// The client behind a connection: the last address in `X-Forwarded-For` that is not a trusted proxy's. From anybody
    /// else the header is not looked at; what is not an address ends the search at the hop that wrote it.
    fn source(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Source {
        let mut address = peer;
        let values = headers.get_all("x-forwarded-for").iter().rev();
        let hops = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
        for hop in hops {
            if !address.is_some_and(|address| listed(&self.trusted_proxies, address)) {
                break;
            }
            match std::str::from_utf8(hop).ok().and_then(|hop| read_hop(hop.trim())) {
                Some(next) => address = Some(next),
                None => break,
            }
        }
        let agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let agent = agent.map(|agent| agent.chars().take(LONGEST_AGENT).collect());
        let exempt = address.is_some_and(|address| listed(&self.exempt, address));
        Source { address, exempt, agent, presence: None }
    }

    /// Whether a source is served at all. Where only some are, one whose address is unknown is not.
    ///
    /// # Errors
    /// It is not (403).
    pub(crate) fn admit(&self, address: Option<IpAddr>) -> Result<(), Error> {
        let is_denied = address.is_some_and(|address| listed(&self.denied, address));
        if is_denied || !is_among(&self.allowed, address) { Err(Code::NetworkRefused.into()) } else { Ok(()) }
    }

    /// Whether the server may be managed from a source.
    ///
    /// # Errors
    /// It may not (403).
    pub(crate) fn admit_operator(&self, address: Option<IpAddr>) -> Result<(), Error> {
        if is_among(&self.managing, address) { Ok(()) } else { Err(Code::NetworkRefused.into()) }
    }
}

fn listed(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// A list that is empty names everybody.
fn is_among(networks: &[Network], address: Option<IpAddr>) -> bool {
    networks.is_empty() || address.is_some_and(|address| listed(networks, address))
}

/// The address of a hop, which some proxies write with a port or, of IPv6, in brackets or with a zone.
fn read_hop(hop: &str) -> Option<IpAddr> {
    if let Ok(address) = hop.parse() {
        return Some(address);
    }
    if let Ok(address) = hop.parse::<SocketAddr>() {
        return Some(address.ip());
    }
    let bare = hop.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(hop);
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    bare.parse().ok().map(IpAddr::V6)
}

/// Where a call comes from; looked at once and kept with the request by the outermost layer.
pub(crate) fn source_of(app: &App, extensions: &Extensions, headers: &HeaderMap) -> Source {
    let found = extensions.get::<Source>().cloned();
    found.unwrap_or_else(|| app.settings().networks.source(peer(extensions), headers))
}

/// The other end of the connection.
fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<Peer>().map(|Peer(address): &Peer| SocketAddr::ip(address).to_canonical())
}

/// Where a request comes from, as the audit log tells it.
pub(super) fn origin(source: &Source, extensions: &Extensions) -> Origin {
    let (address, agent) = (source.address, source.agent.clone());
    let trace = extensions.get::<TraceId>().map(|TraceId(trace)| trace.clone());
    Origin { address, agent, trace }
}

impl FromRequestParts<App> for Realm {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refusal> {
        let place = place(called(parts));
        let tenant = place.tenant.ok_or(Code::NotFound)?;
        Ok(Self { tenant, qualified: place.qualified })
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let realm = Realm::from_request_parts(parts, app).await?;
        let presence = session(app, &realm, &parts.headers);
        let source = Source { presence, ..source_of(app, &parts.extensions, &parts.headers) };
        let certificate = app.settings().certificates.shown(app, parts, peer(&parts.extensions));
        Ok(Self { realm, source, shown: shown(app, parts, certificate) })
    }
}

/// Name and password of an `Authorization: Basic` header, as they stand (RFC 7617 §2).
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, Secret<String>)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, rest) = value.split_once(' ')?;
    let decoded = scheme.eq_ignore_ascii_case("basic").then(|| STANDARD.decode(rest.trim()).ok()).flatten()?;
    let (name, password) = String::from_utf8(decoded)
        .ok()
        .and_then(|text| text.split_once(':').map(|(name, password)| (name.to_owned(), password.to_owned())))?;
    Some((name, Secret::new(password)))
}

/// The path that was called: nested routers see only the rest of it.
fn called(parts: &Parts) -> &str {
    parts.extensions.get::<axum::extract::OriginalUri>().map_or(&parts.uri, |original| &original.0).path()
}

/// What a client shows of itself.
fn shown(app: &App, parts: &Parts, certificate: Option<ClientCertificate>) -> Shown {
    let url = format!("{}{}", app.house().urls.as_str(), called(parts));
    let proofs = parts.headers.get_all(DPOP).iter().map(|value| value.to_str().unwrap_or_default().to_owned());
    let call = Call { method: parts.method.to_string(), url };
    Shown {
        basic: client_basic(&parts.headers),
        certificate,
        proofs: proofs.take(2).collect(),
        call,
        evidence: evidence(&parts.headers),
    }
}

/// What a client shows of the app that calls. Names of headers are compared without regard to case (RFC 9110 §5.1).
fn evidence(headers: &HeaderMap) -> Evidence {
    let field = |name| {
        let mut values = headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (None, _) => Field::Absent,
            (Some(value), None) => value.to_str().map_or(Field::Unfit, |text| Field::Once(text.to_owned())),
            (Some(_), Some(_)) => Field::Unfit,
        }
    };
    Evidence {
        object: field(attestation::OBJECT),
        challenge: field(attestation::CHALLENGE),
        platform: field(attestation::PLATFORM),
        jwt: field(attestation::JWT),
        pop: field(attestation::POP),
    }
}

/// Id and secret of a client, which are form-encoded in the header (RFC 6749 §2.3.1).
fn client_basic(headers: &HeaderMap) -> Option<(String, Secret<String>)> {
    let decode = |text: &str| {
        let pairs = format!("v={text}");
        url::form_urlencoded::parse(pairs.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    // A literal '&' or '=' cannot be form-encoded, so such a secret is taken as it stands.
    let plain = |text: &str| if text.contains('&') { text.to_owned() } else { decode(text).unwrap_or_default() };
    basic(headers).map(|(id, secret)| (plain(&id), Secret::new(plain(secret.expose()))))
}

/// The token of an `Authorization: Bearer` or `DPoP` header (RFC 6750 §2.1, RFC 9449 §7.1).
pub(crate) fn presented<'a>(headers: &'a HeaderMap, shown: &'a Shown) -> Option<Presented<'a>> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let schemes = [("bearer", Scheme::Bearer), ("dpop", Scheme::Dpop)];
    let (_, scheme) = schemes.into_iter().find(|(name, _)| scheme.eq_ignore_ascii_case(name))?;
    Some(Presented { scheme, token: token.trim(), shown })
}

/// The session that the cookie of the realm names.
fn session(app: &App, realm: &Realm, headers: &HeaderMap) -> Option<Presence> {
    let name = session_cookie(app, &realm.tenant);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    app.house().secrets.read_cookie(value)
}

/// Name of a tenant's session cookie. Over TLS the prefix binds it to this host (RFC 6265bis §4.1.3).
pub(crate) fn session_cookie(app: &App, tenant: &TenantId) -> String {
    let prefix = if app.house().urls.is_https() { "__Host-" } else { "" };
    format!("{prefix}vestibule-session-{tenant}")
}

/// Where a native flow of the realm goes on, as the request named it.
pub(crate) fn authn_url(app: &App, tenant: &TenantId, qualified: bool) -> String {
    let urls = &app.house().urls;
    if qualified && tenant.is_root() {
        return format!("{}/t/{tenant}/oauth2/authn", urls.as_str());
    }
    urls.of(tenant, "/oauth2/authn")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(peer: &str, forwarded: &[&str]) -> Option<IpAddr> {
        let networks = Networks { trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()], ..Networks::default() };
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        networks.source(peer.parse().ok(), &headers).address
    }

    fn address(text: &str) -> Option<IpAddr> {
        text.parse().ok()
    }

    // Checklist 27.
    #[test]
    fn forwarded_headers_are_believed_of_trusted_proxies_only() {
        assert_eq!(source("203.0.113.9", &["198.51.100.1"]), address("203.0.113.9"));
        assert_eq!(source("10.0.0.1", &["198.51.100.1"]), address("198.51.100.1"));
        assert_eq!(source("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"]), address("198.51.100.1"));
        assert_eq!(source("10.0.0.1", &["1.1.1.1", "198.51.100.1"]), address("198.51.100.1"));
        assert_eq!(source("10.0.0.1", &["a"]), address("10.0.0.1"));
        // What a client put before it does not hide what the proxy wrote.
        assert_eq!(source("10.0.0.1", &["1.1.1.1", "é, 198.51.100.1"]), address("198.51.100.1"));
    }

    // Checklist 27.
    #[test]
    fn a_hop_may_have_a_port_brackets_or_a_zone() {
        for (hop, expected) in [
            ("198.51.100.1:4711", "198.51.100.1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("::ffff:198.51.100.1", "::ffff:198.51.100.1"),
        ] {
            assert_eq!(source("10.0.0.1", &[hop]), address(expected), "{hop}");
        }
        for bad in ["", "unknown", "198.51.100.1:", "[198.51.100.1", "1.2.3.4:x", "2001:db8::1:port", "198.51.100.1%x"]
        {
            assert_eq!(source("10.0.0.1", &[bad]), address("10.0.0.1"), "{bad}");
        }
    }

    #[test]
    fn denied_networks_are_not_served_and_allowed_ones_alone() {
        let list = |text: &str| vec![text.parse().unwrap()];
        let deny = Networks { denied: list("203.0.113.0/24"), ..Networks::default() };
        assert!(deny.admit(address("203.0.113.9")).is_err() && deny.admit(address("203.0.114.9")).is_ok());
        assert!(deny.admit(None).is_ok());
        let both = Networks { allowed: list("203.0.112.0/20"), ..deny };
        assert!(both.admit(address("203.0.113.9")).is_err() && both.admit(address("203.0.114.9")).is_ok());
        assert!(both.admit(address("10.0.0.1")).is_err() && both.admit(None).is_err());
        assert!(both.admit_operator(None).is_ok());
        let inside = Networks { managing: list("10.0.0.0/8"), ..Networks::default() };
        assert!(
            inside.admit_operator(address("10.1.1.1")).is_ok() && inside.admit_operator(address("11.1.1.1")).is_err()
        );
    }

    #[test]
    fn basic_credentials_of_clients_are_form_decoded() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "Basic YSUzQWI6cCUyMHc=".parse().unwrap());
        let (id, secret) = client_basic(&headers).unwrap();
        assert_eq!((id.as_str(), secret.expose().as_str()), ("a:b", "p w"));
    }
}
