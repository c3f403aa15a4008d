//! The call that is being answered. It is known around the rules rather than handed through them, as the span of the log
//! is: where an event came from cannot be forgotten on the way.

use crate::audit::Origin;

/// Knows which call the present task answers.
pub trait Calls: Send + Sync {
    /// Where it came from; nowhere for what the server does by itself.
    fn origin(&self) -> Origin;
}

impl Calls for Origin {
    /// Always the same one: that of a command or a test.
    fn origin(&self) -> Origin {
        self.clone()
    }
}
