//! What holds and what does not: statements of forged phones, each broken in one way, and statements of real ones.

mod android;
mod apple;
mod certificates;
mod play;
mod real;
mod strange;

use vestibule_core::ports::Timestamp;

/// 2026-03-01T12:00:00Z.
const NOW: Timestamp = Timestamp::from_seconds(1_772_366_400);
const PACKAGE: &str = "com.example.bank";
const APP_ID: &str = "A1B2C3D4E5.com.example.bank";
const SIGNER: [u8; 32] = [0x51; 32];
const HASH: [u8; 32] = [0xc1; 32];
const CHALLENGE: &[u8] = b"a challenge of the server's";
