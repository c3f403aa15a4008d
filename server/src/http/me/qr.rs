//! QR codes as pictures in data URIs (RFC 2397): SVG, and a PNG of one bit a pixel, which is written here by hand because it
//! needs no compression.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qrcode::render::svg;
use qrcode::{Color, QrCode};
use vestibule_core::error::Fault;

/// Pixels of a module, and light modules around the code (ISO/IEC 18004 §9.1 wants four).
const SCALE: usize = 6;
const QUIET: usize = 4;

/// A QR code in both forms.
pub(super) struct Pictures {
    pub svg: String,
    pub png: String,
}

/// The pictures of a text.
pub(super) fn pictures(text: &str) -> Result<Pictures, Fault> {
    let code = QrCode::new(text).map_err(|error| Fault::from("drawing a QR code", error))?;
    let side = u32::try_from((code.width() + 2 * QUIET) * SCALE).unwrap_or_default();
    let svg = code.render::<svg::Color<'_>>().min_dimensions(side, side).build();
    let uri = |kind: &str, bytes: &[u8]| format!("data:{kind};base64,{}", STANDARD.encode(bytes));
    Ok(Pictures { svg: uri("image/svg+xml", svg.as_bytes()), png: uri("image/png", &png(&code)) })
}

/// A PNG of greys of one bit (PNG specification, third edition, §5 and §10).
fn png(code: &QrCode) -> Vec<u8> {
    let side = (code.width() + 2 * QUIET) * SCALE;
    let modules = code.to_colors();
    let is_dark = |x: usize, y: usize| {
        let module = |pixel: usize| (pixel / SCALE).checked_sub(QUIET).filter(|module| *module < code.width());
        let place = module(x).zip(module(y)).map(|(x, y)| y * code.width() + x);
        place.and_then(|place| modules.get(place)) == Some(&Color::Dark)
    };
    let mut rows = Vec::new();
    for y in 0..side {
        rows.push(0);
        for byte in 0..side.div_ceil(8) {
            rows.push((0..8).fold(0, |bits, bit| bits << 1 | u8::from(!is_dark(byte * 8 + bit, y))));
        }
    }
    let side = u32::try_from(side).unwrap_or_default().to_be_bytes();
    let header = [side.as_slice(), &side, &[1, 0, 0, 0, 0]].concat();
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, *b"IHDR", &header);
    chunk(&mut png, *b"IDAT", &stored(&rows));
    chunk(&mut png, *b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let named = [kind.as_slice(), data].concat();
    png.extend(u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    png.extend(&named);
    png.extend(crc(&named).to_be_bytes());
}

/// Bytes in a zlib stream without compression (RFC 1950, RFC 1951 §3.2.4).
fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let mut blocks = bytes.chunks(usize::from(u16::MAX)).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or_default();
        stream.push(u8::from(blocks.peek().is_none()));
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    stream.extend(adler(bytes).to_be_bytes());
    stream
}

/// CRC-32 of a chunk (PNG specification, annex D).
fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 })
    };
    !bytes.iter().fold(u32::MAX, step)
}

/// Adler-32 (RFC 1950 §9).
fn adler(bytes: &[u8]) -> u32 {
    let (low, high) = bytes.iter().fold((1u32, 0u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    high << 16 | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_specifications() {
        assert_eq!(crc(b"IEND"), 0xae42_6082);
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(adler(b"Wikipedia"), 0x11e6_0398);
    }

    #[test]
    fn a_picture_has_a_light_frame_and_a_dark_corner() {
        let code = QrCode::new("x").unwrap();
        let png = png(&code);
        let side = (21 + 8) * 6;
        assert_eq!(&png[16..24], [0, 0, 0, side as u8, 0, 0, 0, side as u8]);
        // Signature, header, the chunk's length and name, the stream's and the block's header.
        let rows = &png[8 + 25 + 8 + 7..];
        let row = |y: usize| &rows[y * (1 + side / 8 + 1)..][1..=side / 8];
        assert!(row(0).iter().all(|byte| *byte == 0xff));
        assert_eq!(&row(24)[..4], [0xff, 0xff, 0xff, 0]);
    }

    #[test]
    fn a_long_text_fits() {
        assert!(pictures(&"x".repeat(1000)).is_ok());
        assert!(pictures(&"x".repeat(4000)).is_err());
    }
}
