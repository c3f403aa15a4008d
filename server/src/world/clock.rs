//! The machine's clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use vestibule_core::ports::{Clock, Timestamp};

/// The machine's clock. It may jump when it is set; nothing that must not repeat relies on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    async fn pause(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_later_than_2023() {
        assert!(SystemClock.now() > Timestamp::from_seconds(1_700_000_000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends() {
        SystemClock.pause(Duration::from_secs(3600)).await;
    }
}
