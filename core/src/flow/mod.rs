//! One login, from its first question to a code. The engine owns time, attempts, locks and saving; an authenticator asks
//! and judges; [`State`] moves are pure. Authenticators never learn what comes next, so no factor can be bypassed.

mod answers;
mod approach;
mod arrive;
pub mod authenticator;
mod claim;
mod conclude;
mod engine;
mod evaluate;
mod identify;
mod message;
mod policy;
mod prompt;
mod state;
mod steps;
mod ticket;
mod warn;

pub use answers::RawParams;
pub use approach::MissRules;
pub(crate) use approach::{Approach, Target};
pub use conclude::ACR;
pub use engine::{Engine, Rules, Source, Submission};
pub use message::{Message, MessageKind};
pub use policy::{Plan, PlannedStep, Registry, UNSUPPORTED};
pub use prompt::{Completion, Offer, Progressed, Step};
pub use state::{Asked, Passage, Progress, Proof, State, Tries, Turn, Who};
pub use ticket::Ticket;
