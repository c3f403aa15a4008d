//! Passkeys (WebAuthn Level 3): what an authenticator says is checked here against what it was asked. Whose passkey it is,
//! when a challenge ends and what an answer is worth are decided elsewhere.

#[cfg(any(test, feature = "softkey"))]
pub mod softkey;
pub mod verifier;

pub use verifier::Verifier;
