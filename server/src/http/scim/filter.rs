//! Filters (RFC 7644 §3.4.2.2), as far as they go here: one attribute that equals one value. The same form stands in the
//! brackets of a patch's path.

use serde_json::Value;
use vestibule_core::error::Error;

use super::super::management::invalid;
use super::USER;

/// `attribute eq value`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Equality {
    /// Name of the attribute in lower case.
    pub attribute: String,
    /// A text, number or switch.
    pub value: Value,
}

impl Equality {
    /// Reads an equality from the beginning of `text`; gives back what follows it.
    pub(super) fn read(text: &str) -> Option<(Self, &str)> {
        let (attribute, rest) = text.trim_start().split_once(' ')?;
        let (operator, rest) = rest.trim_start().split_once(' ')?;
        let named = attribute.chars().all(|c| c.is_ascii_alphanumeric() || "_-$.:".contains(c));
        if attribute.is_empty() || !named || !operator.eq_ignore_ascii_case("eq") {
            return None;
        }
        // A value is JSON, so a quoted bracket or blank is nothing special.
        let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
        let value = values.next()?.ok().filter(|value| !value.is_array() && !value.is_object())?;
        let rest = rest.get(values.byte_offset()..)?;
        Some((Self { attribute: attribute.to_ascii_lowercase(), value }, rest))
    }
}

/// The user name that the filter of a list asks for.
pub(super) fn user_name(filter: &str) -> Result<String, Error> {
    let found = Equality::read(filter).filter(|(_, rest)| rest.trim().is_empty());
    let named = found.and_then(|(equality, _)| {
        let own = equality.attribute.strip_prefix(&USER.to_ascii_lowercase()).and_then(|rest| rest.strip_prefix(':'));
        let is_name = own.unwrap_or(&equality.attribute) == "username";
        equality.value.as_str().filter(|_| is_name).map(str::to_owned)
    });
    named.ok_or_else(|| invalid("filter must be userName eq, followed by a name in double quotes."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_names_one_user() {
        for (filter, name) in [
            (r#"userName eq "kim""#, "kim"),
            (r#" USERNAME  EQ  "kim" "#, "kim"),
            (r#"urn:ietf:params:scim:schemas:core:2.0:User:userName eq "kim""#, "kim"),
            (r#"userName eq "k\"i\\m and \u00e9""#, "k\"i\\m and \u{e9}"),
            (r#"userName eq "a or b""#, "a or b"),
        ] {
            assert_eq!(user_name(filter).unwrap(), name, "{filter}");
        }
    }

    #[test]
    fn other_filters_are_refused() {
        for filter in [
            "",
            "userName",
            "userName eq",
            "userName pr",
            "userName eq kim",
            "userName eq 'kim'",
            "userName eq 1",
            r#"userName co "kim""#,
            r#"userName eq "kim" or userName eq "eve""#,
            r#"(userName eq "kim")"#,
            r#"not userName eq "kim""#,
            r#"emails.value eq "kim@example.com""#,
            r#"userName eq "kim"#,
        ] {
            assert!(user_name(filter).is_err(), "{filter}");
        }
    }
}
