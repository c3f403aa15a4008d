//! Work that nobody asks for, a little at a time, so that no request waits behind it: sweeping what is over, signing the
//! audit log and delivering it to webhooks, reading secrets that other nodes added, rotating signing keys by the calendar.
//! Each node does all of it, and they do not get in each other's way.

use std::sync::Arc;
use std::time::Duration;

use vestibule_core::audit::Keeping;
use vestibule_core::error::Fault;
use vestibule_core::house::House;
use vestibule_core::ports::store::Page;

const PAUSE: Duration = Duration::from_secs(15);
const AT_ONCE: usize = 500;

/// How often the audit log is looked at for webhooks that wait.
const GLANCE: Duration = Duration::from_secs(1);

/// How often the calendar of the signing keys is looked at.
const CALENDAR: Duration = Duration::from_secs(600);

/// Tenants that are read at once.
const TENANTS: usize = 100;

/// Keeps house until it is dropped.
pub async fn keep(house: Arc<House>, keeping: Keeping) {
    tokio::join!(
        sweep(&house),
        keep_audit(&house, keeping),
        serve_hooks(&house),
        read_secrets(&house),
        tend_keys(&house)
    );
}

async fn sweep(house: &House) {
    let ports = &house.ports;
    loop {
        match ports.store.sweep(ports.clock.now(), AT_ONCE).await {
            Ok(swept) if swept >= AT_ONCE => ports.clock.pause(Duration::from_millis(50)).await,
            Ok(_) => ports.clock.pause(PAUSE).await,
            Err(fault) => {
                tracing::error!(cause = %fault.chain(), "sweeping failed");
                ports.clock.pause(PAUSE).await;
            }
        }
    }
}

/// Signs and prunes the audit log.
async fn keep_audit(house: &House, keeping: Keeping) {
    loop {
        if let Err(error) = house.keep_audit(&keeping).await {
            let cause = error.cause().map(Fault::chain);
            tracing::error!(error = error.code().row().name, cause, "signing the audit log failed");
        }
        house.ports.clock.pause(PAUSE).await;
    }
}

/// Delivers the audit log to webhooks.
async fn serve_hooks(house: &House) {
    loop {
        match house.serve_hooks().await {
            Ok(true) => {}
            Ok(false) => house.ports.clock.pause(GLANCE).await,
            Err(fault) => {
                tracing::error!(cause = %fault.chain(), "delivering the audit log failed");
                house.ports.clock.pause(PAUSE).await;
            }
        }
    }
}

async fn read_secrets(house: &House) {
    loop {
        house.ports.clock.pause(house.keyring.rules().refresh).await;
        if let Err(fault) = house.secrets.reload(&house.ports).await {
            tracing::error!(cause = %fault.chain(), "server secrets could not be read again");
        }
    }
}

async fn tend_keys(house: &House) {
    loop {
        if let Err(fault) = tend_all_keys(house).await {
            tracing::error!(cause = %fault.chain(), "rotating signing keys failed");
        }
        house.ports.clock.pause(CALENDAR).await;
    }
}

/// Does for the signing keys of every tenant what is due. What fails of one tenant is logged and does not keep it from the
/// others: whether nothing failed.
///
/// # Errors
/// The tenants could not be read.
pub async fn tend_all_keys(house: &House) -> Result<bool, Fault> {
    let (mut offset, mut all_well) = (0, true);
    loop {
        let (tenants, _) = house.ports.store.tenants(Page { offset, limit: TENANTS }).await?;
        for tenant in &tenants {
            if let Err(fault) = house.keyring.tend(&tenant.id).await {
                all_well = false;
                tracing::error!(tenant = %tenant.id, cause = %fault.chain(), "rotating signing keys failed");
            }
        }
        if tenants.len() < TENANTS {
            return Ok(all_well);
        }
        offset += TENANTS;
    }
}
