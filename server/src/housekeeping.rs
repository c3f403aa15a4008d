//! Work that nobody asks for, a little at a time, so that no request waits behind it: sweeping what is over, signing the
//! audit log, and delivering it to webhooks.

use std::sync::Arc;
use std::time::Duration;

use vestibule_core::audit::Keeping;
use vestibule_core::house::House;

const PAUSE: Duration = Duration::from_secs(15);
const AT_ONCE: usize = 500;

/// How often the audit log is looked at for webhooks that wait.
const GLANCE: Duration = Duration::from_secs(1);

/// Sweeps until it is dropped.
pub async fn sweep(house: Arc<House>) {
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

/// Signs and prunes the audit log until it is dropped.
pub async fn keep_audit(house: Arc<House>, keeping: Keeping) {
    loop {
        if let Err(error) = house.keep_audit(&keeping).await {
            let cause = error.cause().map(vestibule_core::error::Fault::chain);
            tracing::error!(error = error.code().row().name, cause, "signing the audit log failed");
        }
        house.ports.clock.pause(PAUSE).await;
    }
}

/// Delivers the audit log to webhooks until it is dropped.
pub async fn serve_hooks(house: Arc<House>) {
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
