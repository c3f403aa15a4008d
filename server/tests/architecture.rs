//! The architecture as tests: the crate graph, the length of files and functions, and what each crate refuses to know.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

const CRATES: [&str; 8] = ["jose", "core", "attest", "authn", "store", "courier", "server", "bench"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// All Rust files below a folder of the workspace.
fn files(folder: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.sort();
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// A file's lines before its tests.
fn production(text: &str) -> impl Iterator<Item = &str> {
    text.lines().take_while(|line| !line.starts_with("#[cfg(test)]"))
}

#[test]
fn crates_depend_on_each_other_as_the_floor_plan_says() {
    let allowed: BTreeMap<&str, &[&str]> = [
        ("jose", &[] as &[&str]),
        ("core", &["jose"]),
        ("attest", &["core", "jose"]),
        ("authn", &["core", "jose"]),
        ("store", &["core", "jose"]),
        ("courier", &["core", "jose"]),
        ("server", &["attest", "authn", "core", "courier", "jose", "store"]),
        ("bench", &[]),
    ]
    .into();
    for name in CRATES {
        let manifest = fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap().keys();
        let arrows: Vec<&str> = dependencies.filter_map(|name| name.strip_prefix("vestibule-")).collect();
        for arrow in &arrows {
            assert!(allowed[name].contains(arrow), "{name} must not know {arrow}");
        }
    }
}

#[test]
fn each_crate_refuses_to_know_what_is_not_its_business() {
    let refused: [(&str, &[&str]); 6] = [
        ("jose/src", &["std::time", "tokio", "axum", "rusqlite", "std::env", "std::fs"]),
        ("core/src", &["tokio", "axum", "rusqlite", "std::env", "std::fs", "SystemTime", "Instant::now"]),
        ("attest/src", &["axum", "rusqlite", "tokio", "reqwest", "std::env", "std::fs", "SystemTime", "Instant::now"]),
        ("authn/src", &["axum", "rusqlite", "tokio", "std::env", "std::fs", "SystemTime", "vestibule_store"]),
        ("store/src", &["axum", "SystemTime", "Instant::now", "std::env"]),
        ("courier/src", &["axum", "rusqlite", "SystemTime::now", "Instant::now", "std::env", "vestibule_store"]),
    ];
    for (folder, words) in refused {
        for path in files(folder) {
            let text = fs::read_to_string(&path).unwrap();
            for line in production(&text).filter(|line| !line.trim_start().starts_with("//")) {
                for word in words {
                    assert!(!line.contains(word), "{} knows {word}: {line}", shown(&path));
                }
            }
        }
    }
}

#[test]
fn time_and_chance_come_through_the_door() {
    for path in files("server/src") {
        let name = shown(&path);
        let text = fs::read_to_string(&path).unwrap();
        if name.contains("/world/") || name.contains("/cli/") {
            continue;
        }
        for word in ["SystemTime", "aws_lc_rs::rand", "vestibule_jose::random"] {
            assert!(!production(&text).any(|line| line.contains(word)), "{name} knows {word}");
        }
    }
}

#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    let mut lengths = Vec::new();
    for folder in CRATES {
        for path in files(folder) {
            let lines = fs::read_to_string(&path).unwrap().lines().count();
            assert!(lines <= 400, "{} has {lines} lines", shown(&path));
            lengths.push(lines);
        }
    }
    lengths.sort_unstable();
    let (count, median) = (lengths.len(), lengths[lengths.len() / 2]);
    // Written past the test runner, which keeps what a passing test prints.
    let longest = lengths.last().unwrap();
    writeln!(std::io::stdout(), "{count} files, median {median} lines, longest {longest}").unwrap();
}

#[test]
fn no_function_is_longer_than_sixty_lines() {
    for folder in CRATES {
        for path in files(&format!("{folder}/src")) {
            let text = fs::read_to_string(&path).unwrap();
            let mut open: Option<(usize, String, usize)> = None;
            for (number, line) in text.lines().enumerate() {
                let indent = line.len() - line.trim_start().len();
                let begins = line.trim_start().trim_start_matches("pub ").trim_start_matches("pub(super) ");
                let begins = begins.trim_start_matches("pub(crate) ").trim_start_matches("async ");
                if begins.trim_start_matches("const ").starts_with("fn ") {
                    open = Some((indent, line.trim().to_owned(), number));
                } else if let Some((depth, name, start)) = &open
                    && line.trim_end() == format!("{}}}", " ".repeat(*depth))
                {
                    let length = number - start + 1;
                    assert!(length <= 60, "{}: {name} has {length} lines", shown(&path));
                    open = None;
                }
            }
        }
    }
}

#[test]
fn every_module_opens_with_what_it_owns() {
    for folder in CRATES {
        for path in files(&format!("{folder}/src")) {
            let text = fs::read_to_string(&path).unwrap();
            let is_tests = shown(&path).ends_with("tests.rs");
            assert!(is_tests || text.starts_with("//!"), "{} does not say what it is", shown(&path));
        }
    }
}

#[test]
fn a_way_of_signing_in_is_named_nowhere_in_production_code_but_in_its_crate() {
    let folders: Vec<PathBuf> = fs::read_dir(root().join("authn/src"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    assert!(!folders.is_empty());
    for folder in folders {
        let module = format!("vestibule_authn::{}", folder.file_name().unwrap().to_str().unwrap());
        for path in ["core/src", "store/src", "server/src"].iter().flat_map(|folder| files(folder)) {
            let text = fs::read_to_string(&path).unwrap();
            assert!(!text.contains(&module), "{} names {module}", shown(&path));
        }
    }
}
