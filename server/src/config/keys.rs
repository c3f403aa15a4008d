//! Signing keys, and the master key over what the database keeps.

use std::path::{Path, PathBuf};

use vestibule_core::keyring::KeyRules;
use vestibule_core::ports::Secret;

use super::knob::section;
use super::problem::Problem;
use super::{Config, ConfigError, days, seconds};
use crate::world::{MasterKey, read_master};

section! {
    /// Signing keys, and the master key over what the database keeps.
    KeysConfig in "keys" {
        /// Days after which a key that signs tokens is replaced by a new one. 0 is never: rotate by `vestibule keys rotate`.
        rotate_after_days: u32 = 90, takes "0, or 7 to 3650";
        /// Minutes for which a new key is published before it signs, so that every verifier has it by then.
        publish_ahead_minutes: u32 = 120, takes "minutes that are longer than `jwks_max_age_seconds` and three times `refresh_seconds` together, up to 10080";
        /// Seconds for which verifiers may keep the published keys (Cache-Control of /oauth2/jwks).
        jwks_max_age_seconds: u32 = 3600, takes "0 to 86400";
        /// Seconds after which a node sees what others did to keys and secrets.
        refresh_seconds: u32 = 10, takes "1 to 300";
        /// File of the master key that seals private keys and secrets in the database: 32 bytes in base64 or hex, as
        /// `vestibule keys new-master` prints them. The variable VESTIBULE_MASTER_KEY does the same and may hold several,
        /// separated by commas, of which the first seals. Left out, the server makes master.key in the data directory.
        master_key_file: Option<PathBuf> = None, takes "the path of a file", like "\"/etc/vestibule/master.key\"";
        /// Files of master keys from before: what they sealed is opened, and nothing is sealed with them any more.
        former_master_key_files: Vec<PathBuf> = Vec::new(), takes "a list of paths, as [\"/etc/vestibule/master-2025.key\"]";
    }
}

/// Longest time for which a key may be published before it signs: a week.
const LONGEST_AHEAD: u32 = 7 * 24 * 60;

const VARIABLE: &str = "VESTIBULE_MASTER_KEY";

impl KeysConfig {
    /// What the operator decided about signing keys.
    pub fn rules(&self) -> KeyRules {
        KeyRules {
            rotate_after: days(self.rotate_after_days),
            publish_ahead: seconds(60) * self.publish_ahead_minutes,
            max_age: seconds(self.jwks_max_age_seconds),
            refresh: seconds(self.refresh_seconds),
        }
    }

    /// Ranges of numbers, for the check of the whole file.
    pub(super) fn ranges(&self) -> [(&'static str, u32, std::ops::RangeInclusive<u32>); 4] {
        let days = if self.rotate_after_days == 0 { 0..=0 } else { 7..=3650 };
        // A verifier's copy may be as old as its age allows, of a node that had not looked for its own interval, and whose
        // look may have been lost once or twice.
        let learnt = self.refresh_seconds.saturating_mul(3).saturating_add(self.jwks_max_age_seconds);
        [
            ("keys.rotate_after_days", self.rotate_after_days, days),
            ("keys.publish_ahead_minutes", self.publish_ahead_minutes, learnt.div_ceil(60)..=LONGEST_AHEAD),
            ("keys.jwks_max_age_seconds", self.jwks_max_age_seconds, 0..=86_400),
            ("keys.refresh_seconds", self.refresh_seconds, 1..=300),
        ]
    }
}

impl Config {
    /// The master keys that the operator gave, the one that seals first; read now, from the variable and files.
    ///
    /// # Errors
    /// A file cannot be read, or something is no master key.
    pub fn master_keys(&self, variables: &dyn Fn(&str) -> Option<String>) -> Result<Vec<MasterKey>, ConfigError> {
        let given = Secret::new(variables(VARIABLE).unwrap_or_default());
        let given = given.expose().split(',').filter(|text| !text.trim().is_empty());
        let given = given.map(|text| read_master(text).map_err(|why| Problem::at(VARIABLE, why)));
        let own = self.keys.master_key_file.iter().map(|path| read("keys.master_key_file", path));
        let former = self.keys.former_master_key_files.iter().map(|path| read("keys.former_master_key_files", path));
        let former: Vec<_> = former.collect::<Result<_, _>>()?;
        let keys: Vec<_> = given.chain(own).collect::<Result<_, _>>()?;
        if keys.is_empty() && !former.is_empty() {
            let says = format!("needs `keys.master_key_file` (or the variable {VARIABLE}) beside it, which seals");
            return Err(Problem::of("keys.former_master_key_files", says).into());
        }
        Ok(keys.into_iter().chain(former).collect())
    }

    /// The file of the master key that the server makes for itself.
    pub fn own_master_key(&self) -> PathBuf {
        self.data.join("master.key")
    }
}

fn read(key: &str, path: &Path) -> Result<MasterKey, Problem> {
    let text = std::fs::read_to_string(path).map(Secret::new);
    let text = text.map_err(|error| Problem::of(key, format!("reading {}: {error}", path.display())))?;
    read_master(text.expose()).map_err(|why| Problem::of(key, format!("{} {why}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(change: impl FnOnce(&mut KeysConfig)) -> Vec<String> {
        let mut config = Config::default();
        change(&mut config.keys);
        config.problems().iter().map(ToString::to_string).collect()
    }

    // Checklist 118.
    #[test]
    fn a_key_cannot_sign_before_every_verifier_may_have_it() {
        assert!(problems(|keys| keys.publish_ahead_minutes = 61).is_empty());
        let told = problems(|keys| keys.publish_ahead_minutes = 60);
        assert!(told[0].starts_with("keys.publish_ahead_minutes: 60 is out of range; it takes minutes"), "{told:?}");
        assert_eq!(problems(|keys| keys.jwks_max_age_seconds = 86_400).len(), 1);
        assert_eq!(problems(|keys| keys.rotate_after_days = 6).len(), 1);
        assert!(problems(|keys| keys.rotate_after_days = 0).is_empty());
    }

    #[test]
    fn master_keys_come_from_the_variable_and_files_and_the_first_seals() {
        let folder = tempfile::tempdir().unwrap();
        let hex = |number: u8| format!("{number:02x}{}", "5a".repeat(31));
        let file = |number: u8| {
            let path = folder.path().join(number.to_string());
            std::fs::write(&path, format!("{}\n", hex(number))).unwrap();
            path
        };
        let mut config = Config::default();
        config.keys.former_master_key_files = vec![file(4)];
        let first = |config: &Config, variable: Option<String>| {
            let keys = config.master_keys(&move |_| variable.clone()).map_err(|error| error.to_string())?;
            Ok::<_, String>(keys.iter().map(|key| key.expose()[0]).collect::<Vec<_>>())
        };
        assert!(
            first(&config, None).unwrap_err().starts_with("keys.former_master_key_files: needs `keys.master_key_file`")
        );
        config.keys.master_key_file = Some(file(3));
        assert_eq!(first(&config, None), Ok(vec![3, 4]));
        assert_eq!(first(&config, Some(format!("{}, {}", hex(1), hex(2)))), Ok(vec![1, 2, 3, 4]));
        assert!(
            first(&config, Some("changeme".to_owned())).unwrap_err().starts_with("VESTIBULE_MASTER_KEY: is no master")
        );
        config.keys.master_key_file = Some("/nowhere/master.key".into());
        assert!(first(&config, None).unwrap_err().starts_with("keys.master_key_file: reading /nowhere/master.key"));
    }
}
