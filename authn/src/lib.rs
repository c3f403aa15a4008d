//! The ways of signing in, one folder each. None of them knows HTTP, a storage backend, another way of signing in, or
//! what comes after it: each asks, judges and says what it found. Those that go to another identity provider share
//! `federated`.

use vestibule_core::flow::authenticator::Authenticator;

pub mod apple;
pub mod backup_code;
pub mod basic;
pub mod custom;
pub mod email_otp;
pub mod enrolment;
pub mod facebook;
mod federated;
pub mod github;
pub mod google;
pub mod identifier;
pub mod linkedin;
pub mod magic_link;
pub mod microsoft;
pub mod oidc;
pub mod passkey;
pub mod push;
pub mod renewal;
mod sent;
pub mod sessions;
pub mod sms_otp;
pub mod totp;

pub use passkey::Verifier as PasskeyVerifier;

/// Every way of signing in that this build has.
pub const ALL: &[&dyn Authenticator] = &[
    apple::KIND,
    backup_code::KIND,
    basic::KIND,
    custom::KIND,
    email_otp::KIND,
    enrolment::BACKUP_CODES_KIND,
    enrolment::PASSKEY_KIND,
    enrolment::TOTP_KIND,
    facebook::KIND,
    github::KIND,
    google::KIND,
    identifier::KIND,
    linkedin::KIND,
    magic_link::KIND,
    microsoft::KIND,
    oidc::KIND,
    passkey::KIND,
    push::KIND,
    renewal::KIND,
    sessions::KIND,
    sms_otp::KIND,
    totp::KIND,
];
