//! Stories of letters, from the outbox to the provider.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod carrying;
mod mail_server;
mod push;
mod sms;
mod smtp;
mod world;
