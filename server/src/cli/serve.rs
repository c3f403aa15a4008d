//! `vestibule serve`: opens the store, makes what the first start makes, and serves until it is told to stop.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use vestibule_core::admin::{ADMINISTRATOR, FirstAdministrator};
use vestibule_core::error::Fault;
use vestibule_core::house::House;
use vestibule_core::ports::{Secret, TenantId};
use vestibule_courier::{Bell, Courier};
use vestibule_store::Sqlite;

use super::{ServeArgs, table};
use crate::config::{ClientCertificates, Config, DeliveryConfig, DeliveryKind, Overrides, environment};
use crate::http::{App, router};
use crate::serve::{Ended, Tls, serve, shutdown_signal};
use crate::{housekeeping, telemetry, wiring};

pub(super) async fn run(args: &ServeArgs) -> anyhow::Result<()> {
    let options = Overrides { listen: args.listen, public_url: args.public_url.clone(), data: args.data.clone() };
    let config = Config::load(args.config.as_deref(), environment(), &options)?;
    config.check()?;
    telemetry::init(&config.log).map_err(told)?;
    let password = std::env::var("VESTIBULE_ADMIN_PASSWORD").ok();
    let running = Running::open(&config, password).await?;
    if let FirstAdministrator::Made { generated: Some(password) } = &running.administrator {
        table::say(&format!("administrator: {ADMINISTRATOR}\npassword (shown this once): {}", password.expose()));
    }
    running.serve(&config).await
}

/// A server that is ready to serve.
pub(super) struct Running {
    listener: TcpListener,
    house: Arc<House>,
    courier: Arc<Courier>,
    administrator: FirstAdministrator,
    /// Where it listens.
    pub bound: SocketAddr,
    /// Where clients reach it.
    pub public_url: String,
}

impl Running {
    /// Binds the address, opens the store and makes what the first start makes; `password`: the administrator's, if it
    /// has to be made.
    pub(super) async fn open(config: &Config, password: Option<String>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(config.listen).await;
        let listener = listener.with_context(|| format!("listening on {}", config.listen))?;
        let bound = listener.local_addr()?;
        let public_url = config.public_url_for(bound)?;
        private_directory(&config.data).with_context(|| format!("making the directory {}", config.data.display()))?;
        let store = Arc::new(Sqlite::open(&config.database()).map_err(told)?);
        let bell = Bell::default();
        let masters = config.master_keys(&|name| std::env::var(name).ok())?;
        let vault = Arc::new(wiring::vault(config, masters, &*store).await.map_err(told)?);
        let ports = wiring::ports(config, store, vault, bell.clone()).map_err(told)?;
        let authenticators = wiring::AUTHENTICATORS.iter().copied();
        let house = Arc::new(wiring::house(config, ports, &public_url, authenticators).await.map_err(told)?);
        let settings = config.courier(&|name| std::env::var(name).ok())?;
        let courier =
            wiring::courier(&settings, &house, bell).map_err(|fault| anyhow!("messages: {}", fault.chain()))?;
        let administrator = house.admin.first_start(password.map(Secret::new)).await;
        let administrator = administrator.map_err(|error| match error.cause() {
            Some(cause) => anyhow!("the first start: {}", cause.chain()),
            None => anyhow!("the first start: {}", error.description()),
        })?;
        Ok(Self { listener, house, courier: Arc::new(courier), administrator, bound, public_url })
    }

    /// Serves until the process is told to stop.
    pub(super) async fn serve(self, config: &Config) -> anyhow::Result<()> {
        let tls = match (&config.tls.certificate, &config.tls.key) {
            (Some(certificate), Some(key)) => {
                Some(Tls::load(certificate, key, config.tls.client_certificates == ClientCertificates::Request)?)
            }
            _ => None,
        };
        // RSA keys take a while: they are made beside serving, and who needs one first waits for it.
        let house = Arc::clone(&self.house);
        tokio::spawn(async move { house.keyring.prepare(&TenantId::root()).await });
        let keeping = tokio::spawn(housekeeping::keep(Arc::clone(&self.house), config.audit.keeping()));
        let app = App::new(self.house, wiring::http_settings(config, &self.courier)?);
        tracing::info!(listen = %self.bound, public_url = %self.public_url, "serving");
        say_what_becomes_of_messages(&config.delivery);
        let (stop, stopped) = oneshot::channel::<()>();
        let carrying = tokio::spawn(async move { self.courier.run(async { drop(stopped.await) }).await });
        let ended = serve(self.listener, router(app), tls, config.http.limits(), shutdown_signal()).await;
        keeping.abort();
        // Letters under way are carried to their end, or they would come twice; none takes longer than the courier's patience.
        drop(stop);
        if let Err(lost) = carrying.await {
            tracing::error!(cause = %lost, "carrying messages ended badly");
        }
        match ended {
            Ended::Drained => tracing::info!("stopped"),
            Ended::Cut(connections) => tracing::warn!(connections, "stopped; requests were cut off"),
        }
        Ok(())
    }
}

/// Says once what a message may expect.
fn say_what_becomes_of_messages(delivery: &DeliveryConfig) {
    match delivery.kind {
        DeliveryKind::None => tracing::info!(
            "no messages are sent (delivery.kind is none): users of applications with codes or links by email, SMS or push \
             cannot finish signing in"
        ),
        DeliveryKind::Mailbox if delivery.mailbox_public => {
            tracing::warn!("messages are shown to everybody at /dev/mailbox: whoever reads it can sign in as anybody");
        }
        DeliveryKind::Mailbox => tracing::info!("messages are sent to nobody; they are shown at /dev/mailbox"),
        DeliveryKind::Live => {}
    }
}

/// A fault as the command line tells it.
pub(super) fn told(fault: Fault) -> anyhow::Error {
    anyhow!(fault.chain())
}

/// The data directory, readable by its owner alone: keys lie in it.
fn private_directory(path: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
