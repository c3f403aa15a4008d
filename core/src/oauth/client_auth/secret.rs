//! A client secret as it stands, in the header or among the parameters (RFC 6749 §2.3.1).

use vestibule_jose::{equal, sha256};

use super::{WRONG, refused};
use crate::application::{Application, ClientSecret};
use crate::error::Error;
use crate::ports::Timestamp;

/// Whether the secret is one of the application's.
pub(super) fn check(secret: &str, app: &Application, now: Timestamp) -> Result<(), Error> {
    if is_known(secret, &app.secrets, now) { Ok(()) } else { Err(refused(WRONG)) }
}

/// Compared with every secret, in constant time each: which one it is does not show, nor how much of it is right.
pub(super) fn is_known(secret: &str, kept: &[ClientSecret], now: Timestamp) -> bool {
    let digest = sha256(secret.as_bytes());
    kept.iter().fold(false, |known, kept| known | (equal(&kept.digest, &digest) & kept.is_good(now)))
}
