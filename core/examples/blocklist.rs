//! Makes the embedded list of common and breached passwords from lists in plain text, one password a line, the most
//! common first:
//!
//! ```sh
//! cargo run --release -p vestibule-core --example blocklist -- OUT LIST...
//! ```
//!
//! Of all lists the first 80,000 different passwords of eight or more characters are taken, whatever their case; shorter
//! ones are refused by their length. The same lists make the same file.

use std::collections::HashSet;
use std::error::Error;

use vestibule_core::user::{BlockKey, Blocklist, normalised_password};

const MOST: usize = 80_000;
const SHORTEST: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let out = arguments.next().ok_or("usage: blocklist OUT LIST...")?;
    let mut taken = HashSet::new();
    for list in arguments {
        let bytes = std::fs::read(list)?;
        // Lists of breached passwords have lines in no encoding at all; nobody types those.
        let lines = bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok());
        for line in lines {
            let password = normalised_password(line.trim_end_matches('\r')).to_lowercase();
            if password.chars().count() >= SHORTEST && taken.len() < MOST {
                taken.insert(password);
            }
        }
    }
    let keys = taken.iter().map(|password| BlockKey::of(password)).collect();
    let list = Blocklist::of(keys).ok_or("no layout was found")?;
    std::fs::write(out, list.bytes())?;
    Ok(())
}
