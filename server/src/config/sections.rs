//! Every key with its default, its limits and its reason: the one page to edit for a new knob.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use vestibule_core::error::Spelling;
use vestibule_core::tenant::MessageStyle;

use super::keys::KeysConfig;
use super::knob::section;
use super::messages::{DeliveryConfig, EmailConfig, PushConfig, SmsConfig};
use super::{Network, Origin};

section! {
    /// How one server is set up.
    Config in "" {
        /// Address and port to listen on. Loopback by default, so that nothing is reachable before it is meant to be.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 9443)), takes "an address and a port, as 0.0.0.0:9443 or [::]:9443; port 0 means any free one";
        /// Address under which clients reach the server. Issuer and every link are built on it, never on a request's Host.
        /// Left out, it is http://localhost:PORT (https with a certificate in the section tls); it must be set when listening beyond loopback.
        public_url: Option<Origin> = None, takes "an https URL without a path; http for loopback hosts only", like "\"https://login.example.com\"";
        /// Directory of what the server keeps: the database file lies in it.
        data: PathBuf = PathBuf::from("data"), takes "a path; a relative one starts at the working directory";
    }
    holds {
        /// Where things are kept.
        store: StoreConfig;
        /// The app-native login.
        native: NativeConfig;
        /// Proofs of possession.
        dpop: DpopConfig;
        /// Password hashing.
        hash: HashConfig;
        /// Passwords.
        passwords: PasswordsConfig;
        /// Limits against guessing.
        limits: LimitsConfig;
        /// Signing keys, and the master key over what the database keeps.
        keys: KeysConfig;
        /// Passkeys.
        passkeys: PasskeysConfig;
        /// Messages to users, and how many of them.
        sending: SendingConfig;
        /// Whether and how messages are carried.
        delivery: DeliveryConfig;
        /// Emails.
        email: EmailConfig;
        /// Short messages.
        sms: SmsConfig;
        /// Notifications to devices.
        push: PushConfig;
        /// Calls to other servers: identity providers, services of your own, message providers.
        egress: EgressConfig;
        /// Whose word is taken for what apps on phones are.
        attestation: AttestationConfig;
        /// The HTTP side.
        http: HttpConfig;
        /// TLS without a proxy in front.
        tls: TlsConfig;
        /// The audit log.
        audit: AuditConfig;
        /// The log.
        log: LogConfig;
    }
}

section! {
    /// Where things are kept.
    StoreConfig in "store" {
        /// The database. SQLite is a file of its own in the data directory and needs nothing else.
        url: StoreUrl = StoreUrl::Sqlite, takes "\"sqlite\", which is the file vestibule.db in the data directory";
    }
}

section! {
    /// The app-native login.
    NativeConfig in "native" {
        /// Spelling of error codes: 60001 as documented, or ABA-60001 for clients written against WSO2 Identity Server.
        /// A tenant may have its own.
        error_codes: Spelling = Spelling::Documented, takes "\"documented\" or \"wso2\"";
        /// Messages of a step: readable sentences, or the message keys of WSO2 Identity Server. A tenant may have its own.
        messages: MessageStyle = MessageStyle::Text, takes "\"text\" or \"wso2\"";
        /// How a wrong answer that may be repeated is sent: as the same step with a message, which shipped clients
        /// need, or as HTTP 400 with code 60003.
        retryable_failure: RetryableFailure = RetryableFailure::Step, takes "\"step\" or \"error\"";
        /// Tell clients why a login failed. Off, because it reveals which users exist and which are locked.
        show_auth_failure_reason: bool = false, takes "true or false";
    }
}

section! {
    /// Proofs of possession (DPoP, RFC 9449).
    DpopConfig in "dpop" {
        /// Whether a proof must carry a nonce of the server. Optional, one is checked where it is sent; required, a proof cannot
        /// be made ahead of time on a stolen phone, and each client's first call costs a second one.
        nonce: NonceRule = NonceRule::Optional, takes "\"optional\" or \"required\"";
        /// Seconds after which a proof is too old. Each is taken once in that time.
        max_age_seconds: u32 = 60, takes "5 to 600";
        /// Seconds that the clock of a client may be ahead.
        leeway_seconds: u32 = 10, takes "0 to 60";
    }
}

section! {
    /// Password hashing by Argon2id (RFC 9106).
    HashConfig in "hash" {
        /// Memory of one hash in KiB. The default is OWASP's; each hashing thread keeps this much.
        memory_kib: u32 = 19_456, takes "8 per lane of `parallelism` or more, up to 1048576";
        /// Passes over the memory: time per hash grows with it. Stored hashes move to new settings at the next login.
        iterations: u32 = 2, takes "1 to 64";
        /// Lanes of one hash. They are computed one after the other; set it only to match hashes made elsewhere.
        parallelism: u32 = 1, takes "1 to 64";
        /// Threads that hash. 0 is one per core, which bounds memory to cores times `memory_kib`.
        threads: u32 = 0, takes "0 to 1024";
        /// Jobs that wait per thread before logins are told to come back later: about a quarter of a second of work.
        queue: u32 = 18, takes "1 to 10000";
    }
}

section! {
    /// The audit log.
    AuditConfig in "audit" {
        /// Days after which records are removed; what stays can still be verified. 0 is never.
        keep_days: u32 = 0, takes "0 to 36500";
        /// New records after which the log is signed.
        checkpoint_records: u32 = 1_000, takes "1 to 1000000";
        /// Minutes after which the log is signed if there is a new record: an edit of what is not signed yet may go unseen.
        checkpoint_minutes: u32 = 5, takes "1 to 1440";
    }
}

section! {
    /// Limits against guessing.
    LimitsConfig in "limits" {
        /// Wrong answers per user and factor before a lock.
        user_misses: u32 = 5, takes "1 to 100";
        /// Seconds of the first lock; each further one is twice as long, so that guessing slows down by itself.
        lock_seconds: u32 = 30, takes "1 to 86400";
        /// Seconds of the longest lock, so that a stranger cannot lock a user out for days.
        longest_lock_seconds: u32 = 900, takes "`lock_seconds` or more, up to 86400";
        /// Wrong answers in a row after which only an administrator or another factor opens the account again
        /// (NIST SP 800-63B-4 §3.2.2 asks for 100 at most). 0 is never.
        /// A fifth of them is left to networks and devices from which the user signed in lately, and to no one else.
        miss_cap: u32 = 100, takes "0, or 5 or more and `user_misses` or more";
        /// Wrong answers per source address and tenant before that source is locked: against one guess at each of many users.
        source_misses: u32 = 50, takes "1 to 1000000";
        /// Wrong answers per network (the /24 of IPv4, the /48 of IPv6), tenant and hour before it is listened to no more,
        /// except for users who signed in from there lately. The first one for each user name counts five times, so that
        /// trying one password with many users is noticed soon. 0 is no limit.
        network_misses: u32 = 500, takes "0 to 10000000";
        /// Wrong answers per application and hour before strangers to the named user are listened to no more. 0 is no limit.
        app_misses: u32 = 5_000, takes "0 to 10000000";
        /// Wrong answers per tenant and hour before strangers to the named user are listened to no more. 0 is no limit.
        tenant_misses: u32 = 20_000, takes "0 to 10000000";
        /// Steps of logins per source address and minute, half of them at once; each node counts its own. A refused client
        /// secret, proof or attestation (401) counts as twenty. 0 is no limit.
        source_requests: u32 = 600, takes "0 to 1000000";
        /// Networks that are exempt from the limits of source addresses and networks.
        exempt_networks: Vec<Network> = loopback(), takes "a list of networks, as [\"10.0.0.0/8\", \"fd00::/8\"]";
        /// Networks that alone are served; empty for all. Health, keys and metadata are for everybody.
        allow_networks: Vec<Network> = Vec::new(), takes "a list of networks, as [\"10.0.0.0/8\", \"fd00::/8\"]";
        /// Networks that are not served, also where `allow_networks` has them.
        deny_networks: Vec<Network> = Vec::new(), takes "a list of networks, as [\"10.0.0.0/8\", \"fd00::/8\"]";
        /// Networks from which alone the server is managed; empty for all. Users look after themselves from anywhere.
        admin_networks: Vec<Network> = Vec::new(), takes "a list of networks, as [\"10.0.0.0/8\", \"fd00::/8\"]";
        /// Proxies whose X-Forwarded-For is believed. Empty, because anybody else can write what they like into it.
        trusted_proxies: Vec<Network> = Vec::new(), takes "a list of networks, as [\"10.0.0.0/8\", \"fd00::/8\"]";
    }
}

section! {
    /// Passwords.
    PasswordsConfig in "passwords" {
        /// Fewest characters of a new password (NIST SP 800-63B-4 §3.1.1.2).
        min_length: u32 = 8, takes "8 to 64";
        /// Fewest characters of a new password that is the only factor of the login in which it is renewed. A login with a shorter
        /// one goes on and is noted in the log.
        min_length_single_factor: u32 = 15, takes "`min_length` or more, up to 64";
        /// Passwords to refuse besides the common and breached ones that are built in: one a line, or SHA-1 digests in
        /// hexadecimal with or without `:COUNT`. Read at the start; takes 2.5 MB of memory for a million, and 50 MB while reading.
        blocklist_file: Option<PathBuf> = None, takes "the path of a file", like "\"/etc/vestibule/refused-passwords.txt\"";
        /// Days after which a password must be renewed at the next login. 0 is never, as NIST SP 800-63B-4 §3.1.1.2 wants it.
        max_age_days: u32 = 0, takes "0 to 3650";
    }
}

section! {
    /// Passkeys.
    PasskeysConfig in "passkeys" {
        /// The domain that passkeys belong to (WebAuthn's RP ID). They are lost when it changes.
        /// Left out, it is the host of `public_url`; a domain above it lets the pages of its other hosts use them too.
        rp_id: Option<String> = None, takes "the host of `public_url`, or a domain above it", like "\"example.com\"";
        /// The name that devices show for it.
        rp_name: String = "Vestibule".to_owned(), takes "1 to 64 characters";
        /// Origins besides the server's own whose pages may use passkeys, for every application. Each application's registered
        /// origins and Android apps may use them as well.
        origins: Vec<Origin> = Vec::new(), takes "a list of origins, as [\"https://shop.example.com\"]";
    }
}

section! {
    /// Messages to users: how many may be sent before further ones are left out in silence, so that nobody can tell.
    SendingConfig in "sending" {
        /// Messages per address or number and hour.
        per_destination: u32 = 10, takes "1 to 10000";
        /// Messages per user, channel and hour.
        per_user: u32 = 10, takes "1 to 10000";
        /// Short messages per tenant, hour and prefix of a number (its first six characters): against calls that are paid
        /// for by you and earned by somebody else.
        per_prefix: u32 = 300, takes "1 to 1000000";
    }
}

section! {
    /// Calls to other servers: identity providers, services of your own, message providers.
    EgressConfig in "egress" {
        /// Networks that may be called although they are not public. Empty, so that the address of a connection cannot lead
        /// into your own network.
        allowed_networks: Vec<Network> = Vec::new(), takes "a list of networks, as [\"10.0.0.0/8\", \"fd00::/8\"]";
    }
}

section! {
    /// Whose word is taken for what apps on phones are. The files are read when the server starts.
    AttestationConfig in "attestation" {
        /// Google's list of revoked certificates of Android key attestation;
        /// it is at `android.googleapis.com/attestation/status`. Left out, nothing is revoked: fetch it daily.
        android_revocation_file: Option<PathBuf> = None, takes "the path of a JSON file", like "\"/etc/vestibule/android-status.json\"";
        /// Root certificates of App Attest as PEM, in place of Apple's, which is built in.
        apple_root_file: Option<PathBuf> = None, takes "the path of a PEM file", like "\"/etc/vestibule/apple-root.pem\"";
        /// Root certificates of Android key attestation as PEM, in place of Google's, which are built in.
        android_root_file: Option<PathBuf> = None, takes "the path of a PEM file", like "\"/etc/vestibule/android-roots.pem\"";
    }
}

section! {
    /// The HTTP side.
    HttpConfig in "http" {
        /// Longest request body in KiB: no endpoint needs more.
        body_limit_kib: u32 = 256, takes "1 to 16384";
        /// Seconds after which an answer is given up.
        request_timeout_seconds: u32 = 30, takes "1 to 600";
        /// Seconds for a TLS handshake and for the headers of a request, so that silent connections do not pile up.
        header_timeout_seconds: u32 = 10, takes "1 to 600";
        /// Seconds that requests in progress have to finish when the server is told to stop.
        shutdown_grace_seconds: u32 = 10, takes "0 to 600";
    }
}

section! {
    /// TLS without a proxy in front.
    TlsConfig in "tls" {
        /// Certificate chain as PEM, the server's own certificate first. With `key`, the server itself speaks TLS.
        certificate: Option<PathBuf> = None, takes "the path of a file; set together with `key`", like "\"/etc/vestibule/tls/fullchain.pem\"";
        /// Private key of the certificate as PEM.
        key: Option<PathBuf> = None, takes "the path of a file; set together with `certificate`", like "\"/etc/vestibule/tls/key.pem\"";
        /// Whether clients are asked for certificates, for applications that authenticate by them (RFC 8705). Nobody needs one,
        /// and any is let through: whose it is, is looked at where an application authenticates.
        client_certificates: ClientCertificates = ClientCertificates::Off, takes "\"off\" or \"request\"";
        /// Take the certificate from the header Client-Cert (RFC 9440) of `limits.trusted_proxies`, which must remove that
        /// header from what clients send.
        client_certificate_header: bool = false, takes "true or false";
        /// Authorities as PEM whose certificates are good for tls_client_auth.
        client_ca: Option<PathBuf> = None, takes "the path of a file", like "\"/etc/vestibule/tls/client-ca.pem\"";
    }
}

section! {
    /// The log, on standard error.
    LogConfig in "log" {
        /// Lines for people, or one JSON object a line for machines.
        format: LogFormat = LogFormat::Text, takes "\"text\" or \"json\"";
        /// What is logged: a level, or levels per part as in info,vestibule::http=debug.
        filter: String = "info".to_owned(), takes "error, warn, info, debug, trace or off, with exceptions per part";
    }
}

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StoreUrl {
    /// A file in the data directory.
    #[serde(rename = "sqlite")]
    Sqlite,
}

/// Whether clients are asked for certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientCertificates {
    /// They are not.
    Off,
    /// They are, and may come without.
    Request,
}

/// How a failure that may be repeated is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RetryableFailure {
    /// As the open step with a message.
    Step,
    /// As HTTP 400 with the step beside it.
    Error,
}

/// Whether proofs of possession must carry a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NonceRule {
    /// They may.
    Optional,
    /// They must.
    Required,
}

/// What log lines look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// The machine itself.
fn loopback() -> Vec<Network> {
    ["127.0.0.0/8", "::1/128"].iter().filter_map(|text| text.parse().ok()).collect()
}
