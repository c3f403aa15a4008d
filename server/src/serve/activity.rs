//! Whether a connection does anything. A client that connects and stays silent, or sends half a preface, costs a
//! descriptor for as long as it likes; the protocols' own timers do not see all such clients, so requests are watched.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Counts a connection's requests.
#[derive(Clone, Default)]
pub(super) struct Activity {
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// A request in progress; it ends when this is dropped, answered or not.
pub(super) struct InProgress(Activity);

impl Activity {
    /// Notes that a request has begun.
    pub fn begin(&self) -> InProgress {
        self.counts.begun.fetch_add(1, Ordering::Relaxed);
        InProgress(self.clone())
    }

    /// Returns when the connection has been without requests for a whole span: `first` for the first request, [`IDLE`]
    /// after it.
    pub async fn stalls(&self, first: Duration) {
        let mut span = first;
        let mut seen = 0;
        loop {
            tokio::time::sleep(span).await;
            // Ended is read first: a request that ends meanwhile looks in progress, not the other way round.
            let ended = self.counts.ended.load(Ordering::Acquire);
            let begun = self.counts.begun.load(Ordering::Acquire);
            if begun == ended && begun == seen {
                return;
            }
            (seen, span) = (begun, IDLE);
        }
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.counts.ended.fetch_add(1, Ordering::Release);
    }
}

/// How long a connection may stay between requests. HTTP/1.1's header timeout is shorter; this is for HTTP/2.
const IDLE: Duration = Duration::from_secs(120);

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_silent_connection_stalls_after_the_first_span() {
        let began = tokio::time::Instant::now();
        Activity::default().stalls(FIRST).await;
        assert_eq!(began.elapsed(), FIRST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_with_a_request_in_progress_does_not_stall() {
        let activity = Activity::default();
        let request = activity.begin();
        let watched = tokio::time::timeout(IDLE * 100, activity.stalls(FIRST));
        assert!(watched.await.is_err());
        drop(request);
        assert!(tokio::time::timeout(IDLE * 2, activity.stalls(FIRST)).await.is_ok());
    }
}
