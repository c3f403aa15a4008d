//! The operator's own list of refused passwords, read at the start: passwords, one a line, or SHA-1 digests in hexadecimal,
//! with or without a count, as lists of breached passwords have them. It is kept in 2.5 bytes a password.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use vestibule_core::error::Fault;
use vestibule_core::user::{BlockKey, Blocklist};
use vestibule_jose::from_hex;

/// Longest line: a longer password cannot be set.
const LONGEST: usize = 1024;
/// Wrong lines that are told.
const TOLD: usize = 10;

/// Reads a list.
///
/// # Errors
/// The file cannot be read, or lines of it are wrong: they are named.
pub fn read(path: &Path) -> Result<Blocklist, Fault> {
    let unreadable = |error: std::io::Error| {
        let place = path.display();
        Fault::from("reading passwords.blocklist_file", format!("{place}: {error}"))
    };
    let mut lines = BufReader::new(File::open(path).map_err(unreadable)?);
    let (mut keys, mut wrong, mut line) = (Vec::new(), Vec::new(), Vec::new());
    for number in 1_usize.. {
        line.clear();
        if lines.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
            break;
        }
        match key(&line) {
            Ok(key) => keys.extend(key),
            Err(why) => wrong.push((number, why)),
        }
    }
    if !wrong.is_empty() {
        let told = wrong.iter().take(TOLD).map(|(number, why)| format!("{}:{number}: {why}", path.display()));
        let more = wrong.len().checked_sub(TOLD + 1).map(|more| format!("and {} more", more + 1));
        let told: Vec<_> = told.chain(more).collect();
        return Err(Fault::from("reading passwords.blocklist_file", told.join("; ")));
    }
    Blocklist::of(keys).ok_or(Fault::new("laying out passwords.blocklist_file"))
}

/// The key of a line; none for an empty one.
fn key(line: &[u8]) -> Result<Option<BlockKey>, String> {
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    if text.is_empty() {
        return Ok(None);
    }
    let (hex, count) = text.split_once(':').map_or((text, None), |(hex, count)| (hex, Some(count)));
    let digest: Option<[u8; 20]> = from_hex(hex).and_then(|bytes| bytes.try_into().ok());
    let Some(digest) = digest else { return Ok(Some(BlockKey::of(text))) };
    if count.is_some_and(|count| count.trim().parse::<u64>().is_err()) {
        return Err("what follows the SHA-1 is not a count".to_owned());
    }
    Ok(Some(BlockKey::of_sha1(&digest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &[u8]) -> Result<Blocklist, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let place = file.path().display().to_string();
        read(file.path()).map_err(|fault| fault.chain().replace(&place, "list.txt"))
    }

    #[test]
    fn a_list_is_of_passwords_and_of_digests_in_any_order() {
        // printf 'correct horse' | sha1sum, printf 'Battery Staple 9' | sha1sum
        let text = "Our Default 7\r\n\n2f9e53523b62abc141a2b4d6019d23cba835dbd0\n\
            4E01FC905E31A25CC995E0EA2BFD5347BF1EADC7:12\nwith:colon\nBlümchen am Weg";
        let list = list(text.as_bytes()).unwrap();
        for listed in [
            "correct horse",
            "Battery Staple 9",
            "Our Default 7",
            "our default 7",
            "with:colon",
            "BLÜMCHEN AM WEG",
            "Blu\u{308}mchen am Weg",
        ] {
            assert!(list.contains(listed), "{listed}");
        }
        for other in ["Our Default 8", "", "with", "battery staple 9"] {
            assert!(!list.contains(other), "{other}");
        }
    }

    #[test]
    fn wrong_lines_are_named_by_their_numbers() {
        let told = list(b"good\n\xff\xfe\n").unwrap_err();
        assert_eq!(told, "reading passwords.blocklist_file: list.txt:2: it is not UTF-8");
        let digest = "1a08b8b42e66ff1f3c5eb8e3f9a3a3eb2f4f9fd8";
        let told = list(format!("{digest}:1\n{digest}:x\n{}\n", "x".repeat(1025)).as_bytes()).unwrap_err();
        let expected = "list.txt:2: what follows the SHA-1 is not a count; list.txt:3: it is longer than 1024 bytes";
        assert_eq!(told, format!("reading passwords.blocklist_file: {expected}"));
        let told = list(&b"\xff\n".repeat(25)).unwrap_err();
        assert!(told.ends_with("list.txt:10: it is not UTF-8; and 15 more"), "{told}");
        assert!(read(Path::new("/nowhere/list.txt")).unwrap_err().chain().contains("/nowhere/list.txt"));
    }
}
