//! Backup codes: a sheet of ten codes of fifty bits, each good once, of which only keyed hashes are kept.

use super::BackupCodes;
use super::totp::base32;
use crate::ports::{Ports, Secret, UserId};
use crate::secrets::Secrets;
use vestibule_jose::{base64url, from_base64url};

/// Codes on a sheet.
pub const SHEET: usize = 10;
/// Characters of a code.
const LENGTH: usize = 10;

/// A fresh sheet in clear; it is shown once.
pub fn sheet(ports: &Ports) -> Vec<Secret<String>> {
    let code = || base32(&ports.random::<7>()).chars().take(LENGTH).collect::<String>().to_lowercase();
    (0..SHEET).map(|_| Secret::new(code())).collect()
}

impl BackupCodes {
    /// What is kept of a sheet.
    pub fn of<'a>(codes: impl IntoIterator<Item = &'a Secret<String>>, user: &UserId, secrets: &Secrets) -> Self {
        let digests = codes.into_iter().map(|code| base64url(&secrets.digest(&parts(user, code.expose()))));
        Self { digests: digests.collect() }
    }

    /// The sheet without `code`, if the code is on it. Case, blanks and hyphens do not matter.
    pub fn without(&self, code: &str, user: &UserId, secrets: &Secrets) -> Option<Self> {
        let spelled: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
        let spelled = Secret::new(spelled.to_lowercase());
        let parts = parts(user, spelled.expose());
        let is_code = |digest: &String| from_base64url(digest).is_some_and(|digest| secrets.is_digest(&parts, &digest));
        // All are compared, so that the time does not tell the place.
        let places: Vec<bool> = self.digests.iter().map(is_code).collect();
        if !places.contains(&true) {
            return None;
        }
        let left = self.digests.iter().zip(places).filter(|(_, is_it)| !is_it);
        Some(Self { digests: left.map(|(digest, _)| digest.clone()).collect() })
    }
}

fn parts<'a>(user: &'a UserId, code: &'a str) -> [&'a [u8]; 3] {
    [b"backup code", user.as_bytes(), code.as_bytes()]
}
