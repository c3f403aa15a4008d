//! The rooms put together over one set of ports. Endpoints ask here; the rooms do not know each other.

use std::sync::Arc;

use crate::account::Accounts;
use crate::admin::Administration;
use crate::attestation::Attestation;
use crate::error::Fault;
use crate::flow::{Engine, Registry, Rules};
use crate::keyring::{KeyRules, Keyring};
use crate::oauth::client_auth::Clients;
use crate::oauth::dpop::Proofs;
use crate::oauth::issue::Issuer;
use crate::oauth::metadata::PublicUrl;
use crate::ports::Ports;
use crate::secrets::Secrets;
use crate::throttle::Throttle;
use crate::wrapping;

/// The rules of one server.
pub struct House {
    /// The world.
    pub ports: Ports,
    /// The server's own secrets.
    pub secrets: Arc<Secrets>,
    /// The tenants' signing keys.
    pub keyring: Arc<Keyring>,
    /// Proofs of possession.
    pub proofs: Arc<Proofs>,
    /// The server's addresses.
    pub urls: PublicUrl,
    /// Who asks.
    pub clients: Arc<Clients>,
    /// What apps show of themselves.
    pub attestation: Arc<Attestation>,
    /// Login flows.
    pub engine: Engine,
    /// Tokens.
    pub issuer: Issuer,
    /// Users' own accounts.
    pub accounts: Accounts,
    /// Operators' work.
    pub admin: Administration,
    /// What sources cost this node.
    pub throttle: Throttle,
}

impl House {
    /// Puts the rooms together; makes the server's secret at the first start.
    ///
    /// # Errors
    /// The store or the vault failed, or the database is sealed under a master key that is not at hand.
    pub async fn open(
        ports: Ports,
        urls: PublicUrl,
        registry: Registry,
        (rules, keys): (Rules, KeyRules),
    ) -> Result<Self, Fault> {
        wrapping::unlock(&ports).await?;
        let secrets = Arc::new(Secrets::load(&ports).await?);
        let proofs = Arc::new(Proofs::new(ports.clone(), Arc::clone(&secrets), rules.proofs));
        let keyring = Arc::new(Keyring::new(ports.clone(), keys));
        let admin = Administration::new(ports.clone(), Arc::clone(&secrets), Arc::clone(&keyring), rules.clone());
        let accounts = Accounts::new(ports.clone(), Arc::clone(&secrets), rules.clone());
        let throttle = Throttle::new(rules.requests);
        let clients = Arc::new(Clients::new(ports.clone(), Arc::clone(&secrets), urls.clone()));
        let engine = Engine {
            ports: ports.clone(),
            secrets: Arc::clone(&secrets),
            proofs: Arc::clone(&proofs),
            urls: urls.clone(),
            registry,
            rules,
        };
        let attestation =
            Arc::new(Attestation::new(ports.clone(), Arc::clone(&secrets), Arc::clone(&keyring), urls.clone()));
        let issuer = Issuer {
            ports: ports.clone(),
            secrets: Arc::clone(&secrets),
            proofs: Arc::clone(&proofs),
            keyring: Arc::clone(&keyring),
            urls: urls.clone(),
            clients: Arc::clone(&clients),
            attestation: Arc::clone(&attestation),
        };
        Ok(Self {
            ports,
            secrets,
            keyring,
            proofs,
            urls,
            clients,
            attestation,
            engine,
            issuer,
            accounts,
            admin,
            throttle,
        })
    }
}
