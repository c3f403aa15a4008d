//! The configuration: one TOML file, environment variables over it, the command line over both. Unknown keys and wrong
//! values stop the server with a list of all that is wrong; what the rest of the server needs is handed out as its types.
//! Secrets have no key here: keys name files of them, or they come in variables of their own ([`RESERVED`]).

mod address;
mod attestation;
mod carriers;
mod check;
mod keys;
mod knob;
mod load;
mod messages;
mod network;
mod origin;
mod problem;
mod sections;

use std::path::PathBuf;
use std::time::Duration;

use vestibule_core::attempt::TallyRule;
use vestibule_core::audit::Keeping;
use vestibule_core::budget::BudgetRule;
use vestibule_core::credential::Relying;
use vestibule_core::delivery::SendingRules;
use vestibule_core::flow::{MissRules, Rules};
use vestibule_core::oauth::dpop::ProofRules;
use vestibule_core::user::PasswordRules;

pub use address::Address;
pub use keys::KeysConfig;
pub use knob::{Knob, example};
pub use load::{Overrides, RESERVED, environment};
pub use messages::{
    DeliveryConfig, DeliveryKind, EmailConfig, EmailProvider, EmailTls, PushConfig, PushProvider, SmsConfig,
    SmsProvider,
};
pub use network::Network;
pub use origin::Origin;
pub use problem::{ConfigError, Problem};
pub use sections::{
    AttestationConfig, AuditConfig, ClientCertificates, Config, DpopConfig, EgressConfig, HashConfig, HttpConfig,
    LimitsConfig, LogConfig, LogFormat, NativeConfig, NonceRule, PasskeysConfig, PasswordsConfig, RetryableFailure,
    SendingConfig, StoreConfig, StoreUrl, TlsConfig,
};

use crate::serve::HttpLimits;

impl Config {
    /// What the operator decided about flows of a server at that public URL.
    pub fn rules(&self, public_url: &str) -> Rules {
        Rules {
            user: self.limits.user(),
            source: self.limits.source(),
            misses: self.limits.misses(),
            requests: self.limits.requests(),
            relying: self.passkeys.relying(public_url),
            sending: self.sending.rules(),
            passwords: self.passwords.rules(public_url),
            proofs: self.dpop.rules(),
            tell_reason: self.native.show_auth_failure_reason,
            failure_as_error: self.native.retryable_failure == RetryableFailure::Error,
        }
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.data.join("vestibule.db")
    }
}

impl LimitsConfig {
    /// Wrong answers per user and factor.
    fn user(&self) -> TallyRule {
        TallyRule {
            limit: self.user_misses,
            lock: seconds(self.lock_seconds),
            longest: seconds(self.longest_lock_seconds),
            cap: self.miss_cap,
        }
    }

    /// Wrong answers per source address. There is no cap: addresses change hands.
    fn source(&self) -> TallyRule {
        TallyRule { limit: self.source_misses, cap: 0, ..self.user() }
    }

    /// Wrong answers over all users.
    fn misses(&self) -> MissRules {
        MissRules {
            network: hourly(self.network_misses),
            app: hourly(self.app_misses),
            tenant: hourly(self.tenant_misses),
        }
    }

    /// Requests per source address: those of half a minute at once.
    fn requests(&self) -> BudgetRule {
        BudgetRule { limit: self.source_requests.div_ceil(2), span: Duration::from_secs(30) }
    }
}

impl PasswordsConfig {
    /// The rules of a server at that public URL; the operator's own list is read elsewhere.
    fn rules(&self, public_url: &str) -> PasswordRules {
        let length = |length| usize::try_from(length).unwrap_or(usize::MAX);
        PasswordRules {
            shortest: length(self.min_length),
            shortest_alone: length(self.min_length_single_factor),
            blocked: None,
            host: host_of(public_url).unwrap_or_default(),
            max_age: days(self.max_age_days),
        }
    }
}

impl DpopConfig {
    fn rules(&self) -> ProofRules {
        ProofRules {
            age: seconds(self.max_age_seconds),
            ahead: seconds(self.leeway_seconds),
            nonce_required: self.nonce == NonceRule::Required,
        }
    }
}

impl PasskeysConfig {
    /// The relying party of a server at that public URL.
    fn relying(&self, public_url: &str) -> Relying {
        let url = public_url.trim_end_matches('/');
        let host = || host_of(url).unwrap_or_default();
        let own = std::iter::once(url.to_owned());
        Relying {
            id: self.rp_id.clone().unwrap_or_else(host),
            name: self.rp_name.clone(),
            origins: own.chain(self.origins.iter().map(ToString::to_string)).collect(),
        }
    }
}

/// The host of a URL.
fn host_of(url: &str) -> Option<String> {
    url::Url::parse(url).ok()?.host_str().map(str::to_owned)
}

impl SendingConfig {
    fn rules(&self) -> SendingRules {
        SendingRules {
            destination: hourly(self.per_destination),
            user: hourly(self.per_user),
            prefix: hourly(self.per_prefix),
        }
    }
}

impl AuditConfig {
    /// When the log is signed and how long it is kept.
    pub fn keeping(&self) -> Keeping {
        Keeping {
            records: self.checkpoint_records.into(),
            span: Duration::from_secs(60 * u64::from(self.checkpoint_minutes)),
            keep: days(self.keep_days),
        }
    }
}

impl HttpConfig {
    /// Longest request body in bytes.
    pub fn body_limit(&self) -> usize {
        usize::try_from(self.body_limit_kib).unwrap_or(usize::MAX).saturating_mul(1024)
    }

    /// Longest time for one answer.
    pub fn request_timeout(&self) -> Duration {
        seconds(self.request_timeout_seconds)
    }

    /// What bounds connections.
    pub fn limits(&self) -> HttpLimits {
        HttpLimits {
            header_timeout: seconds(self.header_timeout_seconds),
            shutdown_grace: seconds(self.shutdown_grace_seconds),
        }
    }
}

fn hourly(limit: u32) -> BudgetRule {
    BudgetRule { limit, span: Duration::from_secs(3600) }
}

fn days(count: u32) -> Duration {
    Duration::from_secs(60 * 60 * 24 * u64::from(count))
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(count.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_are_the_limits() {
        let mut config = Config::default();
        config.native.retryable_failure = RetryableFailure::Error;
        let rules = config.rules("https://login.example.com");
        assert_eq!((rules.user.limit, rules.user.cap, rules.user.lock), (5, 100, Duration::from_secs(30)));
        assert_eq!((rules.source.limit, rules.source.cap, rules.source.longest), (50, 0, Duration::from_secs(900)));
        assert!(rules.failure_as_error);
        assert!(!rules.tell_reason);
    }

    #[test]
    fn passkeys_belong_to_the_host_of_the_public_url_unless_told_otherwise() {
        let mut config = Config::default();
        let relying = config.rules("https://login.example.com:8443").relying;
        assert_eq!((relying.id.as_str(), relying.name.as_str()), ("login.example.com", "Vestibule"));
        assert_eq!(relying.origins, ["https://login.example.com:8443"]);
        config.passkeys.rp_id = Some("example.com".to_owned());
        config.passkeys.origins = vec!["https://shop.example.com".parse().unwrap()];
        let relying = config.rules("https://login.example.com").relying;
        assert_eq!(relying.id, "example.com");
        assert_eq!(relying.origins, ["https://login.example.com", "https://shop.example.com"]);
    }

    #[test]
    fn units_are_converted() {
        let http = HttpConfig::default();
        assert_eq!(http.body_limit(), 262_144);
        assert_eq!(http.request_timeout(), Duration::from_secs(30));
        assert_eq!(http.limits().header_timeout, Duration::from_secs(10));
        assert_eq!(Config::default().database(), PathBuf::from("data/vestibule.db"));
    }
}
