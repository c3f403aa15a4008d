//! Parts of lists.

use vestibule_core::error::Error;
use vestibule_core::oauth::Params;
use vestibule_core::ports::store::Page;

use super::json::invalid;

/// Length of a page that does not ask for one.
const USUAL: usize = 30;
/// Longest page; a longer one that is asked for is cut.
const LONGEST: usize = 100;

/// The page that `limit` and `offset` ask for.
pub(super) fn of(params: &Params) -> Result<Page, Error> {
    let number = |name: &str, usual: usize| match params.get(name) {
        None => Ok(usual),
        Some(text) => text.parse().map_err(|_| invalid(format!("{name} must be a whole number."))),
    };
    let offset: usize = number("offset", 0)?;
    // Stores count in 63 bits.
    Ok(Page { offset: offset.min(usize::MAX >> 1), limit: number("limit", USUAL)?.min(LONGEST) })
}

/// The name that `filter=name eq X` asks for.
pub(super) fn name(params: &Params) -> Result<Option<&str>, Error> {
    let Some(filter) = params.get("filter") else { return Ok(None) };
    let mut words = filter.trim().splitn(3, ' ');
    let (attribute, operator, value) = (words.next(), words.next(), words.next());
    let is = |word: Option<&str>, name| word.is_some_and(|word| word.eq_ignore_ascii_case(name));
    let name = value
        .map(str::trim)
        .map(|value| value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value));
    match name {
        Some(name) if is(attribute, "name") && is(operator, "eq") && !name.is_empty() => Ok(Some(name)),
        _ => Err(invalid("filter must be name eq, followed by a name.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(name: &str, value: &str) -> Params {
        Params::read([(name.to_owned(), value.to_owned())]).unwrap()
    }

    #[test]
    fn a_filter_names_one_application() {
        for filter in ["name eq My app", "name eq \"My app\"", "NAME EQ My app"] {
            assert_eq!(name(&params("filter", filter)).unwrap(), Some("My app"), "{filter}");
        }
        for filter in ["name co app", "clientId eq app", "name eq", "name", "name eq \"\""] {
            assert!(name(&params("filter", filter)).is_err(), "{filter}");
        }
    }

    #[test]
    fn a_page_has_bounds() {
        assert_eq!(of(&Params::default()).unwrap(), Page { offset: 0, limit: 30 });
        assert_eq!(of(&params("limit", "1000")).unwrap().limit, 100);
        assert!(of(&params("offset", "-1")).is_err());
    }
}
