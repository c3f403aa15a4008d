//! Signing in at other identity providers and by services of the operator's, with a web that is a function.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod accounts;
mod catalogue;
mod custom;
mod providers;
mod tokens;
mod world;
