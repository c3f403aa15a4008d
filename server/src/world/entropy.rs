//! The machine's randomness. Law: no byte is handed out that the generator did not make.

use vestibule_core::ports::Entropy;

/// The generator of `aws-lc-rs`, seeded by the kernel (RFC 4086 §7).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    /// Ends the process when the generator fails: keys and codes of unchanged or half-filled bytes could be guessed, and
    /// a machine without randomness can do nothing here that is safe.
    fn fill(&self, bytes: &mut [u8]) {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            tracing::error!("the random number generator failed; the process ends");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_draws_are_alike() {
        let (mut one, mut two) = ([0; 32], [0; 32]);
        SystemEntropy.fill(&mut one);
        SystemEntropy.fill(&mut two);
        assert_ne!(one, two);
        assert_ne!(one, [0; 32]);
    }
}
