//! DER, written.

use vestibule_core::ports::Timestamp;
use vestibule_jose::der::{INTEGER, OCTET_STRING, OID, SEQUENCE};

/// An element of these parts.
pub fn element(tag: u32, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut der: Vec<u8> = tag.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    match content.len() {
        short @ 0..=0x7f => der.push(u8::try_from(short).unwrap()),
        long @ 0x80..=0xff => der.extend([0x81, u8::try_from(long).unwrap()]),
        longer => {
            der.push(0x82);
            der.extend(u16::try_from(longer).unwrap().to_be_bytes());
        }
    }
    der.extend(content);
    der
}

/// A SEQUENCE of these elements.
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, parts)
}

/// An INTEGER from zero to 127.
pub fn small(number: u8) -> Vec<u8> {
    element(INTEGER, &[&[number]])
}

/// An OCTET STRING.
pub fn octets(bytes: &[u8]) -> Vec<u8> {
    element(OCTET_STRING, &[bytes])
}

/// An OBJECT IDENTIFIER by its content.
pub fn oid(content: &[u8]) -> Vec<u8> {
    element(OID, &[content])
}

/// A moment as certificates write it (RFC 5280 section 4.1.2.5).
pub fn time(at: Timestamp) -> Vec<u8> {
    let digits: String = at.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
    if (1950..2050).contains(&digits[..4].parse::<u16>().unwrap()) {
        element(0x17, &[&digits.as_bytes()[2..], b"Z"])
    } else {
        element(0x18, &[digits.as_bytes(), b"Z"])
    }
}
