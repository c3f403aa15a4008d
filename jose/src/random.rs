//! Fresh randomness for callers that hold no entropy port of their own.

use crate::KeyError;

/// `N` unpredictable bytes from the library's generator (RFC 4086 section 7).
pub fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| KeyError::Library)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_draws_are_alike() {
        assert_ne!(super::random::<32>(), super::random::<32>());
    }
}
