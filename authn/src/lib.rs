//! The ways of signing in, one folder each. None of them knows HTTP, a storage backend, another way of signing in, or
//! what comes after it: each asks, judges and says what it found.

use vestibule_core::flow::authenticator::Authenticator;

pub mod basic;
pub mod identifier;
pub mod passkey;

pub use passkey::Verifier as PasskeyVerifier;

/// Every way of signing in that this build has.
pub const ALL: &[&dyn Authenticator] = &[basic::KIND, identifier::KIND];
