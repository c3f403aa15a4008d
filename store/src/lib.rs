//! Where things are kept: in memory, which is the reference reading of the contract, and in a SQLite file. The contract
//! stands in [`vestibule_core::ports::store`] and, as tests that every backend runs, in `conformance`. A backend knows
//! rows and races; what a flow, a grant or a tally means is the core's, whose pure moves are applied under its lock.

mod budget;
mod claim;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "faults")]
mod faulty;
mod memory;
mod retention;
mod sql;
mod sqlite;

#[cfg(feature = "faults")]
pub use faulty::{Faulty, Verb};
pub use memory::Memory;
pub use sqlite::Sqlite;
