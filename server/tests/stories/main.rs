//! What the product does, told over HTTP: the real router in-process on the memory store, with a fixed clock and seeded
//! chance. A reader should be able to learn the API from these files.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a story that cannot go on has failed"
)]

mod abuse;
mod acquaintances;
mod associations;
mod attestation;
mod attestation_policy;
mod attestation_refusals;
mod attester;
mod audit;
mod audit_hooks;
mod authenticators;
mod backup_codes;
mod browsers;
mod caller;
mod claims;
mod client_assertions;
mod client_certificates;
mod client_keys;
mod client_secrets;
mod clients;
mod codes;
mod crowds;
mod devices;
mod discovery;
mod dpop;
mod dpop_beginnings;
mod dpop_refusals;
mod email_otp;
mod enrolment;
mod enrolment_limits;
mod errors;
mod factors;
mod faults;
mod federation;
mod first_party;
mod flows;
mod gate;
mod guessing;
mod holdings;
mod imported_users;
mod interruptions;
mod keys;
mod login;
mod logout;
mod magic_link;
mod mailbox;
mod management_access;
mod management_apps;
mod management_connections;
mod management_tenants;
mod master_key;
mod me;
mod me_backup;
mod me_contacts;
mod me_passkeys;
mod me_password;
mod me_totp;
mod openapi;
mod operators;
mod option_limits;
mod passkey_refusals;
mod passkeys;
mod password_rules;
mod phone;
mod phones;
mod ports;
mod pressure;
mod prover;
mod providers;
mod push;
mod push_devices;
mod pushed;
mod races;
mod refreshes;
mod renewal;
mod requests;
mod scim_users;
mod sendings;
mod session_limit;
mod sessions;
mod signatures;
mod sms_otp;
mod steps;
mod stolen_password;
mod strictness;
mod suspicion;
mod sweeping;
mod tenants;
mod token_use;
mod totp;
mod tracing;
mod ways;
mod world;
