//! Master keys as text: 32 random bytes in base64 or hex, in a file of their own or a variable. Where an operator names none,
//! the server keeps one beside its database.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use vestibule_core::error::Fault;
use vestibule_core::ports::{Entropy, Secret};
use vestibule_jose::from_hex;

use super::vault::MasterKey;

/// With or without padding, in the alphabet of RFC 4648 §4.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A new master key.
pub fn new_master(entropy: &dyn Entropy) -> MasterKey {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    Secret::new(bytes)
}

/// A master key as it is written down.
pub fn spell_master(key: &MasterKey) -> Secret<String> {
    Secret::new(STANDARD.encode(key.expose()))
}

/// Reads what [`spell_master`] writes, or 64 hexadecimal digits.
///
/// # Errors
/// It is no key, or one that was plainly not drawn at random; the sentence does not quote it.
pub fn read_master(text: &str) -> Result<MasterKey, &'static str> {
    let text = text.trim();
    let bytes = if text.len() == 64 { from_hex(text) } else { LENIENT.decode(text).ok() };
    let bytes = Secret::new(bytes.unwrap_or_default());
    let key: [u8; 32] = bytes.expose().as_slice().try_into().map_err(|_| FORM)?;
    let first = key.first().copied().unwrap_or_default();
    if key.iter().all(|byte| *byte == first) {
        return Err("is not a random key; `vestibule keys new-master` makes one");
    }
    Ok(Secret::new(key))
}

const FORM: &str = "is no master key: it must be 32 bytes in base64 or hex; `vestibule keys new-master` makes one";

/// The master key in a file of ours; `fresh` is written there if there is no file, readable by its owner alone. Answers it and
/// whether it was made now.
///
/// # Errors
/// The file cannot be read or written, or holds no key.
pub fn own_master(path: &Path, fresh: Option<&MasterKey>) -> Result<Option<(MasterKey, bool)>, Fault> {
    let failed = |why: String| Fault::from("reading the master key", format!("{} {why}", path.display()));
    match std::fs::read_to_string(path).map(Secret::new) {
        Ok(text) => Ok(Some((read_master(text.expose()).map_err(|why| failed(why.to_owned()))?, false))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let Some(fresh) = fresh else { return Ok(None) };
            write_new(path, fresh).map_err(|error| failed(error.to_string()))?;
            Ok(Some((fresh.clone(), true)))
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Writes the file and waits until it is on the disk: what is sealed must not outlive its key.
fn write_new(path: &Path, key: &MasterKey) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(format!("{}\n", spell_master(key).expose()).as_bytes())?;
    file.sync_all()?;
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> MasterKey {
        Secret::new(std::array::from_fn(|n| u8::try_from(n * 7).unwrap()))
    }

    #[test]
    fn base64_and_hex_are_read_and_anything_else_is_refused() {
        let spelled = spell_master(&key());
        let hex: String = key().expose().iter().map(|byte| format!("{byte:02X}")).collect();
        for text in [format!(" {}\n", spelled.expose()), spelled.expose().trim_end_matches('=').to_owned(), hex] {
            assert_eq!(read_master(&text).unwrap().expose(), key().expose());
        }
        for text in ["", "changeme", &spelled.expose()[4..], &"zz".repeat(32)] {
            assert_eq!(read_master(text).err(), Some(FORM), "{text}");
        }
    }

    // Checklist 113.
    #[test]
    fn a_key_that_nobody_drew_is_refused() {
        for text in ["00".repeat(32), "ff".repeat(32), STANDARD.encode([b'a'; 32])] {
            assert!(read_master(&text).err().unwrap().starts_with("is not a random key"));
        }
    }

    #[test]
    fn an_own_key_is_made_once_and_for_nobody_else_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        assert!(own_master(&path, None).unwrap().is_none());
        assert!(own_master(&path, Some(&key())).unwrap().unwrap().1);
        let (read, made) = own_master(&path, Some(&Secret::new([1; 32]))).unwrap().unwrap();
        assert_eq!((read.expose(), made), (key().expose(), false));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(&path, "oops").unwrap();
        assert!(own_master(&path, None).err().unwrap().chain().ends_with(FORM));
    }
}
