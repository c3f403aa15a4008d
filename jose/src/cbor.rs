//! CBOR (RFC 8949) as authenticators write it: one item at a time, not deeper than any of theirs, and no member read that
//! is there twice, since two readers could then see two different things.

use ciborium::de::from_reader_with_recursion_limit;

pub use ciborium::Value;

/// The item at the front, and what follows it.
pub fn item(bytes: &[u8]) -> Option<(Value, &[u8])> {
    let mut rest = bytes;
    let item = from_reader_with_recursion_limit(&mut rest, DEEPEST).ok()?;
    Some((item, rest))
}

/// The only member of that name.
pub fn member(map: &[(Value, Value)], name: impl Into<Value>) -> Option<&Value> {
    let name = name.into();
    let mut found = map.iter().filter(|(key, _)| *key == name);
    match (found.next(), found.next()) {
        (Some((_, value)), None) => Some(value),
        _ => None,
    }
}

/// A whole number that fits.
pub fn integer(value: &Value) -> Option<i64> {
    value.as_integer()?.try_into().ok()
}

const DEEPEST: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_ends_where_it_ends() {
        let (value, rest) = item(&[0xa1, 0x01, 0x02, 0xff, 0xfe]).unwrap();
        assert_eq!(value, Value::Map(vec![(1.into(), 2.into())]));
        assert_eq!(rest, [0xff, 0xfe]);
    }

    #[test]
    fn a_member_that_is_there_twice_is_not_read() {
        let map = [(1.into(), 2.into()), (3.into(), 4.into()), (3.into(), 4.into())];
        assert_eq!(member(&map, 1), Some(&2.into()));
        assert_eq!(member(&map, 3), None);
        assert_eq!(member(&map, 5), None);
    }

    // Checklist 115.
    #[test]
    fn arrays_in_arrays_come_to_an_end() {
        assert!(item(&[&[0x81; 10][..], &[0]].concat()).is_some());
        assert!(item(&[&[0x81; 10_000][..], &[0]].concat()).is_none());
    }

    #[test]
    fn a_length_that_is_only_claimed_costs_nothing() {
        assert!(item(&[0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]).is_none());
        assert!(item(&[0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]).is_none());
        assert!(item(&[0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1]).is_none());
    }
}
