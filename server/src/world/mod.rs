//! The real world behind the ports: the machine's clock, its randomness, and the threads on which slow work is done, so
//! that hashing and key generation never hold up a request of another kind.

pub mod blocklist;
mod calls;
mod clock;
mod entropy;
mod foundry;
mod hashing;
mod master;
mod vault;
mod web;

pub use calls::PresentCall;
pub use clock::SystemClock;
pub use entropy::SystemEntropy;
pub use foundry::Threads;
pub use hashing::{HashingPool, LONGEST_PASSWORD};
pub use master::{new_master, own_master, read_master, spell_master};
pub use vault::{MasterKey, Safe};
pub use web::{Egress, Outbound};
