//! What the product does, told over HTTP: the real router in-process on the memory store, with a fixed clock and seeded
//! chance. A reader should be able to learn the API from these files.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a story that cannot go on has failed"
)]

mod associations;
mod authenticators;
mod browsers;
mod caller;
mod claims;
mod clients;
mod codes;
mod discovery;
mod errors;
mod faults;
mod flows;
mod guessing;
mod interruptions;
mod login;
mod logout;
mod mailbox;
mod management_access;
mod management_apps;
mod management_tenants;
mod me;
mod me_backup;
mod me_contacts;
mod me_passkeys;
mod me_password;
mod me_totp;
mod openapi;
mod operators;
mod phone;
mod ports;
mod pressure;
mod push;
mod push_devices;
mod races;
mod refreshes;
mod renewal;
mod requests;
mod scim_users;
mod session_limit;
mod sessions;
mod signatures;
mod steps;
mod strictness;
mod sweeping;
mod tenants;
mod token_use;
mod tracing;
mod world;
