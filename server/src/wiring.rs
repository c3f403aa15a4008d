//! Literal wiring: which parts the server is made of. A new part is one line here.

use std::sync::Arc;

use vestibule_authn::PasskeyVerifier;
use vestibule_core::error::Fault;
use vestibule_core::flow::Registry;
use vestibule_core::flow::authenticator::Authenticator;
use vestibule_core::house::House;
use vestibule_core::oauth::metadata::PublicUrl;
use vestibule_core::ports::{Entropy, Ports, Store, Vault, Wrapped};

use vestibule_courier::{Bell, Courier, Settings};

use crate::config::{Config, DeliveryKind};
use crate::http::{Certificates, HttpSettings, Networks, ShownMailbox};
use crate::serve::TlsError;
use crate::world::{
    Egress, HashingPool, MasterKey, Outbound, PresentCall, Safe, SystemClock, SystemEntropy, Threads, blocklist,
    new_master, own_master,
};

/// The ways of signing in.
pub const AUTHENTICATORS: &[&dyn Authenticator] = vestibule_authn::ALL;

/// The world as it is: the machine's clock, chance and threads over a store; `bell` is the courier's.
///
/// # Errors
/// The hashing threads could not be started, or a file of the section `attestation` cannot be used.
pub fn ports(config: &Config, store: Arc<dyn Store>, vault: Arc<dyn Vault>, bell: Bell) -> Result<Ports, Fault> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let passwords = Arc::new(HashingPool::start(&config.hash, Arc::clone(&entropy))?);
    let attestor = config.attestor().map_err(|error| Fault::from("reading whose attestations are taken", error))?;
    let egress = Egress { allowed: config.egress.allowed_networks.clone() };
    Ok(Ports {
        store,
        clock: Arc::new(SystemClock),
        entropy,
        passwords,
        foundry: Arc::new(Threads::default()),
        vault,
        passkeys: Arc::new(PasskeyVerifier),
        attestors: Arc::new(attestor),
        web: Arc::new(Outbound::new(egress)),
        bell: Arc::new(bell),
        calls: Arc::new(PresentCall),
    })
}

/// The vault over the operator's master keys. Where there are none, over one that the server keeps beside its database: it is
/// made as long as nothing is sealed yet.
///
/// # Errors
/// The store failed, or the key is gone although the database needs it.
pub async fn vault(config: &Config, masters: Vec<MasterKey>, store: &dyn Store) -> Result<Safe, Fault> {
    let entropy = Arc::new(SystemEntropy);
    if !masters.is_empty() {
        return Safe::new(&masters, entropy);
    }
    let path = config.own_master_key();
    let under = store.wrapped_under().await?;
    let is_sealed = under.iter().any(|key| key != Wrapped::PLAIN);
    let fresh = (!is_sealed).then(|| new_master(&*entropy));
    let Some((own, is_made)) = own_master(&path, fresh.as_ref())? else {
        let says = format!(
            "the database is sealed under the master key {}, and there is none: put the file back as {}, or name it in \
             keys.master_key_file, or put the key into VESTIBULE_MASTER_KEY; without it the database cannot be used",
            under.join(", "),
            path.display()
        );
        return Err(Fault::from("opening the secrets of the database", says));
    };
    if is_made {
        tracing::warn!(
            path = %path.display(),
            "made a master key, which seals the keys and secrets in the database: back it up, apart from the database. Without \
             it the database cannot be used"
        );
    }
    Safe::new(&[own], entropy)
}

/// The rules over a world.
///
/// # Errors
/// The store failed, or the operator's list of refused passwords cannot be read.
pub async fn house(
    config: &Config,
    ports: Ports,
    public_url: &str,
    authenticators: impl IntoIterator<Item = &'static dyn Authenticator>,
) -> Result<House, Fault> {
    let mut rules = config.rules(public_url);
    if let Some(path) = &config.passwords.blocklist_file {
        rules.passwords.blocked = Some(Arc::new(blocklist::read(path)?));
    }
    let rules = (rules, config.keys.rules());
    House::open(ports, PublicUrl::new(public_url), Registry::new(authenticators), rules).await
}

/// The courier over the house's world and secrets, woken by the bell of its ports.
///
/// # Errors
/// The settings do not fit together, or a file that they name cannot be used.
pub fn courier(settings: &Settings, house: &House, bell: Bell) -> Result<Courier, Fault> {
    Ok(Courier::new(house.ports.clone(), Arc::clone(&house.secrets), settings)?.woken_by(bell))
}

/// The HTTP side's part of the configuration.
///
/// # Errors
/// The file of authorities for certificates of clients cannot be used.
pub fn http_settings(config: &Config, courier: &Courier) -> Result<HttpSettings, TlsError> {
    let shown = config.delivery.kind == DeliveryKind::Mailbox;
    Ok(HttpSettings {
        certificates: Certificates::of(&config.tls)?,
        mailbox: shown.then(|| ShownMailbox { messages: courier.mailbox(), to_all: config.delivery.mailbox_public }),
        error_codes: config.native.error_codes,
        messages: config.native.messages,
        body_limit: config.http.body_limit(),
        timeout: config.http.request_timeout(),
        networks: Networks {
            trusted_proxies: config.limits.trusted_proxies.clone(),
            exempt: config.limits.exempt_networks.clone(),
            allowed: config.limits.allow_networks.clone(),
            denied: config.limits.deny_networks.clone(),
            managing: config.limits.admin_networks.clone(),
        },
    })
}
