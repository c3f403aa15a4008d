//! DER (X.690) one element at a time: as much of it as certificates, public keys and what devices sign need. Lengths are
//! minimal and below 64 KiB, and nothing is copied. Law: every reader says where it ends, so no byte goes unread by accident.

/// What is left to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Der<'a>(&'a [u8]);

/// One element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// Its identifier octets as a number (X.690 section 8.1.2).
    pub tag: u32,
    /// What is in it.
    pub content: &'a [u8],
    /// All of it, as it would be signed.
    pub whole: &'a [u8],
}

/// BOOLEAN.
pub const BOOLEAN: u32 = 0x01;
/// INTEGER.
pub const INTEGER: u32 = 0x02;
/// BIT STRING.
pub const BIT_STRING: u32 = 0x03;
/// OCTET STRING.
pub const OCTET_STRING: u32 = 0x04;
/// OBJECT IDENTIFIER.
pub const OID: u32 = 0x06;
/// ENUMERATED.
pub const ENUMERATED: u32 = 0x0a;
/// SEQUENCE and SEQUENCE OF.
pub const SEQUENCE: u32 = 0x30;
/// SET and SET OF.
pub const SET: u32 = 0x31;

/// The tag of `[number] EXPLICIT`.
pub const fn explicit(number: u32) -> u32 {
    match number {
        0..=30 => 0xa0 | number,
        31..=127 => 0xbf00 | number,
        _ => 0x00bf_8000 | (number >> 7 & 0x7f) << 8 | number & 0x7f,
    }
}

impl<'a> Der<'a> {
    /// All of `bytes`.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next element, whatever it is.
    pub fn element(&mut self) -> Option<Element<'a>> {
        let (tag, rest) = tag(self.0)?;
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length)?;
        let whole = self.0.get(..self.0.len() - rest.len())?;
        self.0 = rest;
        Some(Element { tag, content, whole })
    }

    /// The content of the next element, which has to be of that tag.
    pub fn take(&mut self, tag: u32) -> Option<&'a [u8]> {
        self.element().filter(|element| element.tag == tag).map(|element| element.content)
    }

    /// The content of the next element if it is of that tag; otherwise it stays to be read.
    pub fn optional(&mut self, tag: u32) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let content = ahead.take(tag)?;
        *self = ahead;
        Some(content)
    }

    /// The elements inside the next one, which has to be of that tag.
    pub fn inside(&mut self, tag: u32) -> Option<Self> {
        self.take(tag).map(Self)
    }

    /// A truth value.
    pub fn boolean(&mut self) -> Option<bool> {
        boolean(self.take(BOOLEAN)?)
    }

    /// A whole number of a tag, INTEGER or ENUMERATED, that fits.
    pub fn number(&mut self, tag: u32) -> Option<i64> {
        number(self.take(tag)?)
    }

    /// Nothing is left.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The content of a BOOLEAN (X.690 section 11.1).
pub const fn boolean(content: &[u8]) -> Option<bool> {
    match content {
        [0xff] => Some(true),
        [0x00] => Some(false),
        _ => None,
    }
}

/// The content of an INTEGER or ENUMERATED that fits (X.690 section 8.3).
pub fn number(content: &[u8]) -> Option<i64> {
    let (first, _) = content.split_first().filter(|_| content.len() <= 8)?;
    let start = if first & 0x80 == 0 { 0 } else { -1 };
    Some(content.iter().fold(start, |value: i64, byte| value << 8 | i64::from(*byte)))
}

/// Identifier octets of at most three bytes: numbers up to 16383.
fn tag(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let first = u32::from(*first);
    if first & 0x1f != 0x1f {
        return Some((first, rest));
    }
    match rest {
        [low @ 31..=0x7f, rest @ ..] => Some((first << 8 | u32::from(*low), rest)),
        [high @ 0x81..=0xff, low @ 0..=0x7f, rest @ ..] => {
            Some((first << 16 | u32::from(*high) << 8 | u32::from(*low), rest))
        }
        _ => None,
    }
}

/// A length in its shortest form (X.690 section 10.1).
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [short @ 0..=0x7f, rest @ ..] => Some((usize::from(*short), rest)),
        [0x81, long @ 0x80..=0xff, rest @ ..] => Some((usize::from(*long), rest)),
        [0x82, high @ 1..=0xff, low, rest @ ..] => Some((usize::from(u16::from_be_bytes([*high, *low])), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_ends_where_it_ends() {
        let mut der = Der::new(&[0x30, 0x03, 0x02, 0x01, 0x05, 0x01, 0x01, 0xff]);
        let mut inside = der.inside(SEQUENCE).unwrap();
        assert_eq!((inside.number(INTEGER), inside.is_empty()), (Some(5), true));
        assert_eq!((der.number(INTEGER), der.boolean(), der.is_empty()), (None, None, true));
    }

    #[test]
    fn what_is_absent_stays_to_be_read() {
        let mut der = Der::new(&[0x01, 0x01, 0x00]);
        assert_eq!(der.optional(INTEGER), None);
        assert_eq!(der.boolean(), Some(false));
    }

    #[test]
    fn high_tag_numbers_are_read_in_their_shortest_form() {
        for (number, bytes) in [(5, &[0xa5, 0x00][..]), (31, &[0xbf, 0x1f, 0x00]), (704, &[0xbf, 0x85, 0x40, 0x00])] {
            assert_eq!(Der::new(bytes).take(explicit(number)), Some(&[][..]), "{number}");
        }
        for bytes in [&[0xbf, 0x05, 0x00][..], &[0xbf, 0x80, 0x40, 0x00], &[0xbf, 0x81, 0x80, 0x00, 0x00], &[0xbf]] {
            assert_eq!(Der::new(bytes).element(), None, "{bytes:?}");
        }
    }

    #[test]
    fn a_length_that_could_be_shorter_or_is_only_claimed_is_refused() {
        for bytes in [
            &[0x04, 0x81, 0x01, 0x00][..],
            &[0x04, 0x82, 0x00, 0x01, 0x00],
            &[0x04, 0x80, 0x00, 0x00],
            &[0x04, 0x84, 0x00, 0x00, 0x00, 0x01, 0x00],
            &[0x04, 0x02, 0x00],
            &[0x04],
            &[],
        ] {
            assert_eq!(Der::new(bytes).element(), None, "{bytes:?}");
        }
        let long = [&[0x04, 0x82, 0x01, 0x00][..], &[7; 256]].concat();
        assert_eq!(Der::new(&long).take(OCTET_STRING), Some(&[7; 256][..]));
    }

    #[test]
    fn numbers_have_a_sign_and_a_limit() {
        assert_eq!(number(&[0x00, 0x80]), Some(128));
        assert_eq!(number(&[0x80]), Some(-128));
        assert_eq!(number(&[]), None);
        assert_eq!(number(&[1; 9]), None);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes: Vec<u8>) {
            let mut der = Der::new(&bytes);
            let mut read = 0;
            while let Some(element) = der.element() {
                read += element.whole.len();
            }
            proptest::prop_assert!(read <= bytes.len());
        }
    }
}
