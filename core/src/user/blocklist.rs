//! A set of passwords in little memory that answers whether a password is in it: an xor filter with fingerprints of 16 bits
//! (Graf, Lemire: Xor Filters, 2020) over the first eight bytes of SHA-1, since lists of breached passwords come as SHA-1.
//! Law: whatever was put in is found; anything else is found with a chance of 1 in 65,536. It takes 2.5 bytes a password.

use std::borrow::Cow;

use super::normalised_password;

/// Passwords that are not allowed.
#[derive(Clone)]
pub struct Blocklist {
    seed: u64,
    /// Three blocks of fingerprints, little-endian.
    table: Cow<'static, [u8]>,
}

/// A password as it is looked up. It is no secret of anybody: it is among millions of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlockKey(u64);

impl BlockKey {
    /// Of a password, whatever the case of its letters.
    pub fn of(password: &str) -> Self {
        Self::exactly(&normalised_password(password).to_lowercase())
    }

    /// Of a SHA-1, as lists of breached passwords have it. They tell `Password` and `password` apart.
    pub fn of_sha1(digest: &[u8; 20]) -> Self {
        let (first, _) = digest.split_at(8);
        Self(first.iter().fold(0, |key, byte| key << 8 | u64::from(*byte)))
    }

    fn exactly(password: &str) -> Self {
        Self::of_sha1(&vestibule_jose::sha1(password.as_bytes()))
    }
}

impl Blocklist {
    /// A set of these. The same keys make the same set, whatever their order. Takes about 50 bytes a key while it works.
    /// `None`: a thousand ways of laying it out failed, which does not happen.
    pub fn of(mut keys: Vec<BlockKey>) -> Option<Self> {
        keys.sort_unstable();
        keys.dedup();
        // A little more than 1.23 places a key lets nearly every layout succeed.
        let block = (keys.len() + keys.len() / 4 + 32) / 3 + 1;
        (0..1000).find_map(|seed| Some(Self { seed, table: Cow::Owned(layout(&keys, seed, block)?) }))
    }

    /// A set that [`Self::bytes`] wrote; anything else is an empty set.
    pub const fn from_bytes(bytes: &'static [u8]) -> Self {
        match bytes.split_first_chunk() {
            Some((seed, table)) => Self { seed: u64::from_le_bytes(*seed), table: Cow::Borrowed(table) },
            None => Self { seed: 0, table: Cow::Borrowed(&[]) },
        }
    }

    /// To be kept in a file.
    pub fn bytes(&self) -> Vec<u8> {
        [&self.seed.to_le_bytes(), &*self.table].concat()
    }

    /// Whether the password is in it, as it is or in lower case.
    pub fn contains(&self, password: &str) -> bool {
        self.has(BlockKey::of(password)) || self.has(BlockKey::exactly(&normalised_password(password)))
    }

    /// Whether the key is in it.
    pub fn has(&self, key: BlockKey) -> bool {
        let (places, print) = spread(key, self.seed, self.table.len() / 6);
        let found = places.into_iter().try_fold(0, |all, place| {
            let bytes = self.table.get(2 * place..)?.first_chunk()?;
            Some(all ^ u16::from_le_bytes(*bytes))
        });
        found == Some(print)
    }
}

impl std::fmt::Debug for Blocklist {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Blocklist({} bytes)", self.table.len())
    }
}

/// A place in each of three blocks, and the fingerprint.
fn spread(BlockKey(key): BlockKey, seed: u64, block: usize) -> ([usize; 3], u16) {
    let mut hash = key.wrapping_add(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    for factor in [0xff51_afd7_ed55_8ccd, 0xc4ce_b9fe_1a85_ec53] {
        hash = (hash ^ hash >> 33).wrapping_mul(factor);
    }
    hash ^= hash >> 33;
    let within = |turned: u64| ((turned & 0xffff_ffff) as usize).wrapping_mul(block) >> 32;
    let places = [within(hash), block + within(hash.rotate_left(21)), 2 * block + within(hash.rotate_left(42))];
    (places, (hash ^ hash >> 32) as u16)
}

/// The table, if this seed lets the keys be taken out one by one, each alone in some place; they go in the other way round.
fn layout(keys: &[BlockKey], seed: u64, block: usize) -> Option<Vec<u8>> {
    // For each place how many keys are there, and all of them laid over each other.
    let mut crowds = vec![(0_u32, 0_u64); 3 * block];
    for key in keys {
        for place in spread(*key, seed, block).0 {
            let (count, over) = crowds.get_mut(place)?;
            (*count, *over) = (*count + 1, *over ^ key.0);
        }
    }
    let mut alone: Vec<usize> =
        (0..crowds.len()).filter(|place| crowds.get(*place).is_some_and(|c| c.0 == 1)).collect();
    let mut order = Vec::with_capacity(keys.len());
    while let Some(place) = alone.pop() {
        let &(count, key) = crowds.get(place)?;
        if count != 1 {
            continue;
        }
        let key = BlockKey(key);
        order.push((key, place));
        for other in spread(key, seed, block).0 {
            let (count, over) = crowds.get_mut(other)?;
            (*count, *over) = (*count - 1, *over ^ key.0);
            if *count == 1 {
                alone.push(other);
            }
        }
    }
    if order.len() != keys.len() {
        return None;
    }
    let mut prints = vec![0_u16; 3 * block];
    for (key, own) in order.into_iter().rev() {
        let (places, print) = spread(key, seed, block);
        let others = places.into_iter().filter(|place| *place != own);
        let value = others.filter_map(|place| prints.get(place)).fold(print, |all, one| all ^ one);
        *prints.get_mut(own)? = value;
    }
    Some(prints.into_iter().flat_map(u16::to_le_bytes).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(count: u64) -> Vec<BlockKey> {
        (0..count).map(|n| BlockKey::of(&format!("password number {n}"))).collect()
    }

    #[test]
    fn what_was_put_in_is_found_and_hardly_anything_else() {
        for count in [0, 1, 2, 3, 100, 20_000] {
            let list = Blocklist::of(keys(count)).unwrap();
            assert!(keys(count).into_iter().all(|key| list.has(key)), "{count}");
            let wrong = (0..60_000).filter(|n| list.has(BlockKey::of(&format!("another {n}")))).count();
            // One is expected.
            assert!(wrong <= 8, "{wrong} of 60000 with {count}");
        }
        let list = Blocklist::of(keys(20_000)).unwrap();
        assert!(list.bytes().len() <= 20_000 * 5 / 2 + 100);
    }

    #[test]
    fn the_order_makes_no_difference_and_bytes_are_read_back() {
        let list = Blocklist::of(keys(1000)).unwrap();
        let mut turned = keys(1000);
        turned.reverse();
        turned.extend(keys(10));
        assert_eq!(Blocklist::of(turned).unwrap().bytes(), list.bytes());
        let read = Blocklist::from_bytes(list.bytes().leak());
        assert!(keys(1000).into_iter().all(|key| read.has(key)));
        assert!(!Blocklist::from_bytes(b"").has(BlockKey::of("password")));
    }

    #[test]
    fn a_listed_password_is_found_in_any_case_but_a_listed_digest_as_it_is() {
        let list = Blocklist::of(vec![BlockKey::of("Tr0ub4dor&3")]).unwrap();
        assert!(list.contains("tr0ub4DOR&3") && list.contains("Tr0ub4dor&3"));
        let digest = vestibule_jose::sha1(b"Tr0ub4dor&3");
        let list = Blocklist::of(vec![BlockKey::of_sha1(&digest)]).unwrap();
        assert!(list.contains("Tr0ub4dor&3") && !list.contains("tr0ub4dor&3"));
    }
}
