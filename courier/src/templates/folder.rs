//! The operator's folder of templates: `<folder>/<language>/<message>.<form>`, and `<folder>/layout.html` around the HTML of
//! all emails. Anything else in it is a mistake and is told as one.

use std::fs;
use std::path::{Path, PathBuf};

use super::known::{KNOWN, forms};

/// A file of the operator's.
pub(super) struct Found {
    /// The template that it is.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
}

/// All files of the folder.
///
/// # Errors
/// It cannot be read, or holds something that is no template; the text names it.
pub(super) fn read(folder: &Path) -> Result<Vec<Found>, String> {
    let mut found = Vec::new();
    for path in entries(folder)? {
        let name = file_name(&path);
        if path.is_dir() {
            for file in entries(&path)? {
                found.push(template(&name.to_ascii_lowercase().replace('_', "-"), file)?);
            }
        } else if name == "layout.html" {
            found.push(Found { name, text: text(&path)?, path });
        } else {
            return Err(format!("{}: a template lies in the folder of its language", path.display()));
        }
    }
    Ok(found)
}

fn template(language: &str, path: PathBuf) -> Result<Found, String> {
    let file = file_name(&path);
    let parts = file.rsplit_once('.');
    let is_known = parts.is_some_and(|(message, form)| {
        let mut known = KNOWN.iter().filter(|known| known.name == message);
        known.any(|known| known.channels.iter().any(|channel| forms(*channel).contains(&form)))
    });
    if !is_known {
        let messages: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
        return Err(format!("{}: there is no such template; messages are {}", path.display(), messages.join(", ")));
    }
    Ok(Found { name: format!("{language}/{file}"), text: text(&path)?, path })
}

/// What lies in a folder, hidden files left out, in the order of names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let paths = fs::read_dir(folder).map_err(told)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths.collect::<Result<_, _>>().map_err(told)?;
    paths.retain(|path| !file_name(path).starts_with('.'));
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
