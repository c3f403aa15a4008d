//! From the keys of attestations to their verifier: whose word is taken, read from files when the server starts.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use vestibule_attest::{Attestor, Revoked, Roots};

use super::problem::Problem;
use super::{Config, ConfigError};

impl Config {
    /// What judges the statements of platforms.
    ///
    /// # Errors
    /// A file cannot be read, or does not hold what it should.
    pub fn attestor(&self) -> Result<Attestor, ConfigError> {
        let files = &self.attestation;
        let mut roots = Roots::production();
        if let Some(path) = &files.apple_root_file {
            roots.apple = certificates("attestation.apple_root_file", path)?;
        }
        if let Some(path) = &files.android_root_file {
            roots.google = certificates("attestation.android_root_file", path)?;
        }
        if let Some(path) = &files.android_revocation_file {
            let wrong = |says| Problem::of("attestation.android_revocation_file", says);
            let bytes = std::fs::read(path).map_err(|error| wrong(format!("reading {}: {error}", path.display())))?;
            roots.revoked = Revoked::read(&bytes)
                .map_err(|_| wrong(format!("{} is not Google's list of revoked certificates", path.display())))?;
        }
        Ok(Attestor::new(roots).map_err(|error| Problem::of("attestation", error.to_string()))?)
    }
}

/// The certificates of a file, at least one.
fn certificates(key: &str, path: &Path) -> Result<Vec<Vec<u8>>, Problem> {
    let read = || -> Result<Vec<Vec<u8>>, rustls::pki_types::pem::Error> {
        CertificateDer::pem_file_iter(path)?.map(|found| found.map(|der| der.to_vec())).collect()
    };
    let found = read().map_err(|error| Problem::of(key, format!("reading {}: {error}", path.display())))?;
    if found.is_empty() {
        return Err(Problem::of(key, format!("{} holds no certificate in PEM", path.display())));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(change: impl FnOnce(&mut Config, &Path)) -> String {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        change(&mut config, folder.path());
        config.attestor().map(|_| String::new()).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn files_are_read_or_told() {
        assert_eq!(told(|_, _| ()), "");
        let list = |text: &'static str| {
            told(move |config, folder| {
                let path = folder.join("status.json");
                std::fs::write(&path, text).unwrap();
                config.attestation.android_revocation_file = Some(path);
            })
        };
        assert_eq!(list(r#"{"entries": {"2c8cdddfd5e03bfc": {"status": "REVOKED"}}}"#), "");
        assert!(list("[]").contains("is not Google's list"));
        let missing = told(|config, folder| config.attestation.apple_root_file = Some(folder.join("none.pem")));
        assert!(missing.starts_with("attestation.apple_root_file: reading"), "{missing}");
        let empty = told(|config, folder| {
            std::fs::write(folder.join("empty.pem"), "").unwrap();
            config.attestation.android_root_file = Some(folder.join("empty.pem"));
        });
        assert!(empty.contains("holds no certificate"), "{empty}");
    }
}
