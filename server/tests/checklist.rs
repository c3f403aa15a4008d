//! The security checklist: each of its statements is shown by tests that carry its number (`// Checklist 17.` above them),
//! or is told to be open. `docs/security-checklist.md` is made from here and from the tests.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "checklist/statements.rs"]
mod statements;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use statements::{STATEMENTS, Standing};

/// Where tests are.
const FOLDERS: [&str; 9] = ["jose", "core", "attest", "authn", "store", "courier", "server", "bench", "e2e/tests"];

/// A test that shows a statement.
struct Shown {
    file: String,
    name: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
        let path = entry.path();
        let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() && !path.ends_with("node_modules") {
            files(&path, found);
        } else if kind == "rs" || kind == "mjs" {
            found.push(path);
        }
    }
}

/// The name of the test that follows a mark: a function, or the title of a test in JavaScript.
fn name<'a>(lines: impl Iterator<Item = &'a str>) -> Option<String> {
    lines.take(8).find_map(|line| {
        let function = line.split_once("fn ").and_then(|(_, rest)| rest.split_once('('));
        let title = || line.split_once("test('").and_then(|(_, rest)| rest.split_once('\''));
        function.or_else(title).map(|(name, _)| name.replace('_', " "))
    })
}

/// The tests of each statement.
fn shown() -> BTreeMap<u16, Vec<Shown>> {
    let mut paths = Vec::new();
    FOLDERS.iter().for_each(|folder| files(&root().join(folder), &mut paths));
    paths.sort();
    let mut all: BTreeMap<u16, Vec<Shown>> = BTreeMap::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(numbers) = line.trim().strip_prefix("// Checklist ") else { continue };
            let file = path.strip_prefix(root()).unwrap().display().to_string();
            let name = name(lines.iter().skip(at + 1).copied());
            let name = name.unwrap_or_else(|| panic!("{file}:{}: no test follows the mark", at + 1));
            for number in numbers.trim_end_matches('.').split(", ") {
                let number = number.parse().unwrap_or_else(|_| panic!("{file}:{}: {number} is no number", at + 1));
                all.entry(number).or_default().push(Shown { file: file.clone(), name: name.clone() });
            }
        }
    }
    all
}

#[test]
fn every_statement_is_shown_by_a_test_or_told_to_be_open() {
    let shown = shown();
    for (index, (number, text, standing)) in STATEMENTS.iter().enumerate() {
        assert_eq!(usize::from(*number), index + 1, "statements are numbered in order");
        match standing {
            Standing::Holds => assert!(shown.contains_key(number), "no test shows statement {number}: {text}"),
            Standing::Partly(_) | Standing::Open(_) | Standing::Checked(_) => {}
        }
    }
    for number in shown.keys() {
        assert!(usize::from(*number) <= STATEMENTS.len(), "there is no statement {number}");
    }
}

#[test]
fn the_page_of_the_checklist_is_made_from_the_tests() {
    let shown = shown();
    let count = |wanted: fn(&Standing) -> bool| STATEMENTS.iter().filter(|(.., standing)| wanted(standing)).count();
    let holds = count(|standing| matches!(standing, Standing::Holds | Standing::Checked(_)));
    let (partly, open) = (
        count(|standing| matches!(standing, Standing::Partly(_))),
        count(|standing| matches!(standing, Standing::Open(_))),
    );
    let mut page = format!(
        "# Security checklist\n\n\
         <!-- Made from the tests by `UPDATE=1 cargo test -p vestibule --test checklist`. -->\n\n\
         What a login server is held to, after OWASP ASVS 5.0, RFC 9700, NIST SP 800-63B-4, FAPI 2.0 and what others were \
         broken by. A test that shows a statement carries its number (`// Checklist 17.`). Of {} statements {holds} hold, \
         {partly} hold in part and {open} are open.\n\n",
        STATEMENTS.len()
    );
    for (number, text, standing) in STATEMENTS {
        writeln!(page, "{number}. {text}").unwrap();
        match standing {
            Standing::Holds => {}
            Standing::Partly(what) => writeln!(page, "   - **In part:** {what}").unwrap(),
            Standing::Open(what) => writeln!(page, "   - **Open:** {what}").unwrap(),
            Standing::Checked(what) => writeln!(page, "   - Checked by {what}").unwrap(),
        }
        for Shown { file, name } in shown.get(number).into_iter().flatten() {
            writeln!(page, "   - {name} (`{file}`)").unwrap();
        }
    }
    let path = root().join("docs/security-checklist.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/security-checklist.md is out of date: run UPDATE=1 cargo test --test checklist");
}
