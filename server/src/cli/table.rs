//! What the command line prints: tables for people, JSON for programs.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "this is where the command line prints")]

use serde_json::Value;

/// Prints a line.
pub(super) fn say(text: &str) {
    println!("{text}");
}

/// Prints a line of progress, beside what the command prints.
pub(super) fn note(text: &str) {
    eprintln!("{text}");
}

/// Prints why a command failed.
pub(super) fn complain(error: &anyhow::Error) {
    eprintln!("vestibule: {error:#}");
}

/// Prints a document as one line of JSON.
pub(super) fn json_line(document: &Value) {
    println!("{document}");
}

/// Prints a document as JSON.
pub(super) fn json(document: &Value) {
    println!("{document:#}");
}

/// Prints rows below their headings, each column as wide as it needs.
pub(super) fn rows(headings: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(headings.get(column).map(|heading| heading.len())).max().unwrap_or(0)
    };
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells.enumerate().map(|(n, cell)| format!("{cell:<0$}", width(n))).collect();
        println!("{}", padded.join("  ").trim_end());
    };
    line(&mut headings.iter().copied());
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
}

/// A member of a document as text.
pub(super) fn text(document: &Value, pointer: &str) -> String {
    match document.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}
