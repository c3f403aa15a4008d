//! The call that a task answers: kept beside the task, so that rules deep inside tell the audit log where it came from.

use vestibule_core::audit::Origin;
use vestibule_core::ports::Calls;

tokio::task_local! {
    static CALL: Origin;
}

/// The call of the present task.
#[derive(Clone, Copy, Debug, Default)]
pub struct PresentCall;

impl PresentCall {
    /// Does work in answer to a call.
    pub async fn answer<F: Future>(origin: Origin, work: F) -> F::Output {
        CALL.scope(origin, work).await
    }
}

impl Calls for PresentCall {
    fn origin(&self) -> Origin {
        CALL.try_with(Origin::clone).unwrap_or_default()
    }
}
