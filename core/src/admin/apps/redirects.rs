//! Redirect URIs as WSO2's scripts write them: plain, or several as one regular expression that only lists them. Here
//! a redirect URI is never a pattern, so such a list is taken apart and anything else of a pattern is refused.

use super::super::invalid;
use crate::application::Callback;
use crate::error::Error;

/// Most redirect URIs of an application.
const MOST: usize = 100;

/// Signs by which a regular expression means more than it says. `.` and `?` are left: they belong to URLs.
const PATTERN: &[char] = &['\\', '*', '+', '^', '$', '[', ']', '{', '}', '(', ')'];

/// Redirect URIs of an application, each once.
///
/// # Errors
/// One cannot be a redirect URI (RFC 9700 §2.6), a pattern is more than a list of them, or they are too many.
pub fn callbacks(texts: &[String]) -> Result<Vec<Callback>, Error> {
    let mut found: Vec<Callback> = Vec::new();
    for text in texts {
        for uri in listed(text)? {
            let callback = Callback::parse(uri).map_err(|bad| invalid(format!("callbackURLs: {bad}.")))?;
            if !found.contains(&callback) {
                found.push(callback);
            }
        }
    }
    if found.len() > MOST {
        return Err(invalid(format!("callbackURLs must be at most {MOST}.")));
    }
    Ok(found)
}

/// The URIs that one entry lists: `regexp=(a|b)` or a plain one.
fn listed(text: &str) -> Result<Vec<&str>, Error> {
    let Some(pattern) = text.strip_prefix("regexp=") else { return Ok(vec![text]) };
    let inner = pattern.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(pattern);
    if inner.contains(PATTERN) {
        return Err(invalid(
            "callbackURLs: a regexp may only list URLs, as in regexp=(https://a.example/cb|https://b.example/cb).",
        ));
    }
    Ok(inner.split('|').collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Vec<String>, String> {
        let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
        let found = callbacks(&texts).map_err(|error| error.description().to_owned())?;
        Ok(found.into_iter().map(String::from).collect())
    }

    #[test]
    fn a_regexp_that_lists_urls_is_those_urls() {
        let two = ["https://a.example/cb?x=1".to_owned(), "http://localhost:5173".to_owned()];
        assert_eq!(read(&["regexp=(https://a.example/cb?x=1|http://localhost:5173)"]).unwrap(), two);
        assert_eq!(read(&["regexp=https://a.example/cb?x=1|http://localhost:5173"]).unwrap(), two);
        assert_eq!(read(&[&two[0], "regexp=(http://localhost:5173)", &two[1]]).unwrap(), two);
    }

    #[test]
    fn any_other_regexp_is_refused() {
        for bad in [
            "regexp=https://.*",
            r"regexp=https://a\.example/cb",
            "regexp=(https://a.example/(x|y))",
            "regexp=https://a.example/[a-z]",
            "regexp=^https://a.example/$",
        ] {
            assert!(read(&[bad]).unwrap_err().contains("may only list URLs"), "{bad}");
        }
        assert!(read(&["regexp=(https://a.example/cb|)"]).is_err());
        assert_eq!(
            read(&["http://a.example/cb"]).unwrap_err(),
            "callbackURLs: an http redirect URI goes to localhost or a loopback address; others use https."
        );
    }
}
