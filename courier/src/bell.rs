//! The bell that wakes the courier when a letter was posted. Ringing twice before anybody listens is one ring, and a ring
//! is never lost.

use std::sync::Arc;

use tokio::sync::Notify;

/// Wakes the courier; its clones ring the same bell.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<Notify>);

impl vestibule_core::ports::Bell for Bell {
    fn ring(&self) {
        self.0.notify_one();
    }
}

impl Bell {
    /// Returns at the next ring, or at once after one that nobody has heard.
    pub(crate) async fn rung(&self) {
        self.0.notified().await;
    }
}
