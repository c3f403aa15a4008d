//! bcrypt: `$2b$10$` and 53 characters of salt and tag. A password counts up to its 72nd byte, as it did where the hash
//! was made.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use vestibule_core::error::Fault;

use super::{Foreign, Read, number};

/// Two to this are the rounds: 16 takes some seconds.
const COSTS: std::ops::RangeInclusive<u32> = 4..=16;
/// Bytes that count, the closing zero among them.
const LONGEST: usize = 72;
/// Characters of the salt.
const SALT: usize = 22;
/// Bytes of the tag that are kept: the last one is left out.
const TAG: usize = 23;

const UNPADDED: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_encode_padding(false)
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone);
const OWN_BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, UNPADDED);

#[derive(Debug)]
struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    tag: [u8; TAG],
}

/// Reads what follows `$2b$`.
pub(super) fn read(text: &str) -> Read {
    let malformed = || "it is not of the form $2b$COST$ and 53 characters".to_owned();
    let (cost, rest) = text.split_once('$').ok_or_else(malformed)?;
    let (salt, tag) = rest.split_at_checked(SALT).ok_or_else(malformed)?;
    let bytes = |text| OWN_BASE64.decode(text).map_err(|_| malformed());
    Ok(Box::new(Bcrypt {
        cost: number("its cost", cost, COSTS)?,
        salt: bytes(salt)?.try_into().map_err(|_| malformed())?,
        tag: bytes(tag)?.try_into().map_err(|_| malformed())?,
    }))
}

impl Foreign for Bcrypt {
    fn is_of(&self, password: &[u8]) -> Result<bool, Fault> {
        // A zero ends the password for most makers of such hashes; none of them would have taken it.
        let is_text = !password.contains(&0);
        let mut key = password.to_vec();
        key.push(0);
        key.truncate(LONGEST);
        let tag = ::bcrypt::bcrypt(self.cost, self.salt, &key);
        zeroize::Zeroize::zeroize(&mut key);
        Ok(vestibule_jose::equal(tag.get(..TAG).unwrap_or_default(), &self.tag) && is_text)
    }
}
