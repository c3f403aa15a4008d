//! Work that nobody asks for: sweeping what is over, a little at a time, so that no request waits behind it.

use std::sync::Arc;
use std::time::Duration;

use vestibule_core::house::House;

const PAUSE: Duration = Duration::from_secs(15);
const AT_ONCE: usize = 500;

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
