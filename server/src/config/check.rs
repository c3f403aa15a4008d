//! What a configuration must fulfil beyond the types of its values. All problems are found, not only the first.

use std::ops::RangeInclusive;

use tracing_subscriber::EnvFilter;

use super::problem::Problem;
use super::{ClientCertificates, Config, ConfigError, Knob, host_of};

impl Config {
    /// Whether the values fit together and are within their limits.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        ConfigError::unless(self.problems(), ())
    }

    /// All that is wrong, in the order of the keys.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let addresses = [self.address(), self.scheme()].into_iter().flatten();
        let (hash, limits, http) = (&self.hash, &self.limits, &self.http);
        let ranges = [
            ("hash.memory_kib", hash.memory_kib, hash.parallelism.saturating_mul(8).max(8)..=1 << 20),
            ("hash.iterations", hash.iterations, 1..=64),
            ("hash.parallelism", hash.parallelism, 1..=64),
            ("hash.threads", hash.threads, 0..=1024),
            ("hash.queue", hash.queue, 1..=10_000),
            ("limits.user_misses", limits.user_misses, 1..=100),
            ("limits.lock_seconds", limits.lock_seconds, 1..=86_400),
            ("limits.longest_lock_seconds", limits.longest_lock_seconds, limits.lock_seconds..=86_400),
            (
                "limits.miss_cap",
                limits.miss_cap,
                if limits.miss_cap == 0 { 0 } else { limits.user_misses.max(5) }..=u32::MAX,
            ),
            ("limits.source_misses", limits.source_misses, 1..=1_000_000),
            ("passwords.min_length", self.passwords.min_length, 8..=64),
            (
                "passwords.min_length_single_factor",
                self.passwords.min_length_single_factor,
                self.passwords.min_length..=64,
            ),
            ("dpop.max_age_seconds", self.dpop.max_age_seconds, 5..=600),
            ("dpop.leeway_seconds", self.dpop.leeway_seconds, 0..=60),
            ("limits.network_misses", limits.network_misses, 0..=10_000_000),
            ("limits.app_misses", limits.app_misses, 0..=10_000_000),
            ("limits.tenant_misses", limits.tenant_misses, 0..=10_000_000),
            ("limits.source_requests", limits.source_requests, 0..=1_000_000),
            ("passwords.max_age_days", self.passwords.max_age_days, 0..=3650),
            ("audit.keep_days", self.audit.keep_days, 0..=36_500),
            ("audit.checkpoint_records", self.audit.checkpoint_records, 1..=1_000_000),
            ("audit.checkpoint_minutes", self.audit.checkpoint_minutes, 1..=1440),
            ("sending.per_destination", self.sending.per_destination, 1..=10_000),
            ("sending.per_user", self.sending.per_user, 1..=10_000),
            ("sending.per_prefix", self.sending.per_prefix, 1..=1_000_000),
            ("delivery.at_once", self.delivery.at_once, 1..=256),
            ("delivery.patience_seconds", self.delivery.patience_seconds, 1..=300),
            ("email.port", self.email.port.into(), 1..=65_535),
            ("http.body_limit_kib", http.body_limit_kib, 1..=16_384),
            ("http.request_timeout_seconds", http.request_timeout_seconds, 1..=600),
            ("http.header_timeout_seconds", http.header_timeout_seconds, 1..=600),
            ("http.shutdown_grace_seconds", http.shutdown_grace_seconds, 0..=600),
        ];
        let ranges =
            ranges.into_iter().chain(self.keys.ranges()).filter_map(|(key, value, range)| within(key, value, &range));
        let fitting = self.relying_party().chain(self.unfit_delivery());
        addresses.chain(ranges).chain(fitting).chain(self.pair()).chain(self.proxies()).chain(self.filter()).collect()
    }

    /// Beyond loopback the public URL cannot be guessed.
    fn address(&self) -> Option<Problem> {
        if self.public_url.is_some() {
            return None;
        }
        self.derived(self.listen).err().map(|says| Problem::of("public_url", says))
    }

    /// A server that speaks TLS itself is not reached by http.
    fn scheme(&self) -> Option<Problem> {
        let plain = self.public_url.as_ref().is_some_and(|origin| !origin.is_https());
        let clash = plain && self.tls.certificate.is_some();
        clash.then(|| Problem::of("public_url", "must be https, because [tls] has a certificate"))
    }

    /// Browsers refuse an RP ID that is not the page's host or a domain above it (WebAuthn §5.1.3), and a name is shown.
    fn relying_party(&self) -> impl Iterator<Item = Problem> {
        let public = self.public_url.clone().or_else(|| self.derived(self.listen).ok());
        let host = public.and_then(|origin| host_of(origin.as_str()));
        let is_above = |id: &str| {
            host.as_ref().is_none_or(|host| host == id || (id.contains('.') && host.ends_with(&format!(".{id}"))))
        };
        let id = self.passkeys.rp_id.as_deref().filter(|id| id.is_empty() || !is_above(id));
        let id =
            id.map(|id| Problem::of("passkeys.rp_id", format!("`{id}` does not fit; {}", takes("passkeys.rp_id"))));
        let is_name = (1..=64).contains(&self.passkeys.rp_name.chars().count());
        let name = (!is_name).then(|| Problem::of("passkeys.rp_name", takes("passkeys.rp_name")));
        id.into_iter().chain(name)
    }

    /// A certificate and its key come together.
    fn pair(&self) -> Option<Problem> {
        match (&self.tls.certificate, &self.tls.key) {
            (Some(_), None) => Some(Problem::of("tls.key", "must be set, because `tls.certificate` is")),
            (None, Some(_)) => Some(Problem::of("tls.certificate", "must be set, because `tls.key` is")),
            (None, None) if self.tls.client_certificates == ClientCertificates::Request => {
                Some(Problem::of("tls.certificate", "must be set, because `tls.client_certificates` is \"request\""))
            }
            _ => None,
        }
    }

    /// A header that is believed of nobody is a mistake.
    fn proxies(&self) -> Option<Problem> {
        let unheard = self.tls.client_certificate_header && self.limits.trusted_proxies.is_empty();
        unheard.then(|| {
            Problem::of(
                "limits.trusted_proxies",
                "must name the proxy, because `tls.client_certificate_header` is true",
            )
        })
    }

    fn filter(&self) -> Option<Problem> {
        let error = EnvFilter::try_new(&self.log.filter).err()?;
        Some(Problem::of("log.filter", format!("`{}`: {error}; {}", self.log.filter, takes("log.filter"))))
    }
}

fn within(key: &str, value: u32, range: &RangeInclusive<u32>) -> Option<Problem> {
    (!range.contains(&value)).then(|| Problem::of(key, format!("{value} is out of range; {}", takes(key))))
}

/// What the key takes, as half a sentence.
pub(super) fn takes(key: &str) -> String {
    Knob::all().find(|knob| knob.key() == key).map(|knob| format!("it takes {}", knob.takes)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(change: impl FnOnce(&mut Config)) -> Vec<String> {
        let mut config = Config::default();
        change(&mut config);
        config.problems().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_defaults_are_right() {
        assert_eq!(Config::default().check(), Ok(()));
    }

    #[test]
    fn every_problem_is_told_with_its_key() {
        let told = wrong(|config| {
            config.listen = "0.0.0.0:9443".parse().unwrap();
            config.hash.memory_kib = 31;
            config.hash.parallelism = 4;
            config.hash.iterations = 0;
            config.limits.longest_lock_seconds = 1;
            config.limits.miss_cap = 2;
            config.tls.certificate = Some("cert.pem".into());
            config.log.filter = "vestibule=loud".to_owned();
        });
        let keys: Vec<_> = told.iter().filter_map(|line| line.split(':').next()).collect();
        assert_eq!(
            keys,
            [
                "public_url",
                "hash.memory_kib",
                "hash.iterations",
                "limits.longest_lock_seconds",
                "limits.miss_cap",
                "tls.key",
                "log.filter"
            ]
        );
        assert_eq!(told[2], "hash.iterations: 0 is out of range; it takes 1 to 64");
    }

    #[test]
    fn passkeys_belong_to_the_public_url() {
        let told = |id: &str| {
            wrong(|config| {
                config.public_url = Some("https://login.example.com".parse().unwrap());
                config.passkeys.rp_id = Some(id.to_owned());
            })
        };
        for good in ["login.example.com", "example.com"] {
            assert_eq!(told(good), Vec::<String>::new());
        }
        for bad in ["", "com", "ample.com", "evil.example", "https://example.com"] {
            let expected = format!("`{bad}` does not fit; it takes the host of `public_url`, or a domain above it");
            assert_eq!(told(bad), [format!("passkeys.rp_id: {expected}")]);
        }
    }

    #[test]
    fn a_cap_of_zero_is_none() {
        assert_eq!(wrong(|config| config.limits.miss_cap = 0), Vec::<String>::new());
    }

    #[test]
    fn certificates_of_clients_come_by_tls_or_by_a_trusted_proxy() {
        let told = wrong(|config| config.tls.client_certificates = ClientCertificates::Request);
        assert_eq!(told, ["tls.certificate: must be set, because `tls.client_certificates` is \"request\""]);
        let told = wrong(|config| config.tls.client_certificate_header = true);
        assert_eq!(
            told,
            ["limits.trusted_proxies: must name the proxy, because `tls.client_certificate_header` is true"]
        );
    }

    #[test]
    fn a_server_with_a_certificate_has_no_http_address() {
        let told = wrong(|config| {
            config.public_url = Some("http://localhost:9443".parse().unwrap());
            config.tls.certificate = Some("cert.pem".into());
            config.tls.key = Some("key.pem".into());
        });
        assert_eq!(told, ["public_url: must be https, because [tls] has a certificate"]);
    }
}
