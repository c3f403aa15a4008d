//! Bytes to verified claims and back: signed tokens (JWS), public keys (JWK), sealed tokens (AEAD), DER, CBOR and the
//! few primitives the other crates need, all on `aws-lc-rs`. It knows no clock, storage, HTTP or user: whoever calls
//! decides what claims mean and when they end. Law: nothing a token says about itself chooses how it is checked; a proof
//! that brings its own key (`prove`) shows that its maker has that key and nothing else.

mod algorithm;
pub mod cbor;
pub mod der;
mod digest;
mod encoding;
mod error;
mod hotp;
mod jwk;
mod mac;
mod proof;
mod random;
mod seal;
mod signing_key;
mod spki;
mod verify;

pub use algorithm::{Algorithm, Family};
pub use digest::{left_half_hash, sha1, sha256};
pub use encoding::{base64url, from_base64url, from_base64url_lenient, from_hex, hex, pkcs8_of_pem};
pub use error::{KeyError, VerifyError};
pub use hotp::hotp;
pub use jwk::{Jwk, JwkSet};
pub use mac::{MacKey, derive, equal};
pub use proof::{Proof, prove};
pub use random::random;
pub use seal::SealKey;
pub use signing_key::SigningKey;
pub use verify::{Header, Verified, verify, verify_by, verify_hs256};
