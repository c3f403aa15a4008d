//! The built-in vault: AES-256-GCM under master keys that the operator keeps apart from the database. Each is named by itself,
//! so that what is wrapped tells which one opens it.

use std::sync::Arc;

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::ports::{Entropy, Secret, Vault, Wrapped};
use vestibule_jose::{SealKey, derive, hex};

/// A 256-bit master key.
pub type MasterKey = Secret<[u8; 32]>;

/// Wraps under the first of its master keys and opens what any of them wrapped.
pub struct Safe {
    keys: Vec<SealKey>,
    entropy: Arc<dyn Entropy>,
}

impl Safe {
    /// Over master keys, the one that wraps first.
    ///
    /// # Errors
    /// There is none.
    pub fn new(masters: &[MasterKey], entropy: Arc<dyn Entropy>) -> Result<Self, Fault> {
        let keys = masters.iter().map(seal_key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(NONE) } else { Ok(Self { keys, entropy }) }
    }
}

const NONE: Fault = Fault::new("there is no master key");

#[async_trait]
impl Vault for Safe {
    fn keys(&self) -> Vec<String> {
        self.keys.iter().map(|key| hex(&key.key_id())).collect()
    }

    async fn wrap(&self, purpose: &str, plain: &[u8]) -> Result<Wrapped, Fault> {
        let first = self.keys.first().ok_or(NONE)?;
        let mut nonce = [0; 12];
        self.entropy.fill(&mut nonce);
        let sealed = first.seal(purpose, nonce, plain).map_err(|error| Fault::from("wrapping a secret", error))?;
        Ok(Wrapped { key: hex(&first.key_id()), bytes: sealed.into_bytes() })
    }

    async fn unwrap(&self, purpose: &str, wrapped: &Wrapped) -> Result<Secret<Vec<u8>>, Fault> {
        let refused = |why: String| Fault::from("opening a wrapped secret", why);
        let key = self.keys.iter().find(|key| hex(&key.key_id()) == wrapped.key);
        let key = key.ok_or_else(|| refused(format!("there is no master key {}", wrapped.key)))?;
        let text = std::str::from_utf8(&wrapped.bytes).unwrap_or_default();
        let plain = key.open(purpose, text).ok_or_else(|| refused(format!("the {purpose} was changed")))?;
        Ok(Secret::new(plain.to_vec()))
    }
}

/// The name and the key that are derived from a master key; the master key itself seals nothing.
fn seal_key(master: &MasterKey) -> Result<SealKey, Fault> {
    let broken = |error| Fault::from("deriving keys from a master key", error);
    let id = derive(master.expose(), "vault name").map_err(broken)?;
    let id = id.first_chunk::<4>().copied().unwrap_or_default();
    SealKey::new(id, &*derive(master.expose(), "vault seal").map_err(broken)?).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::SystemEntropy;

    fn safe(masters: &[u8]) -> Safe {
        let masters: Vec<_> = masters.iter().map(|number| Secret::new([*number; 32])).collect();
        Safe::new(&masters, Arc::new(SystemEntropy)).unwrap()
    }

    #[tokio::test]
    async fn the_first_key_wraps_and_all_open() {
        let old = safe(&[1]).wrap("a", b"plain").await.unwrap();
        let both = safe(&[2, 1]);
        assert_eq!(both.unwrap("a", &old).await.unwrap().expose(), b"plain");
        let new = both.wrap("a", b"plain").await.unwrap();
        assert_eq!((&old.key, &new.key), (&both.keys()[1], &both.keys()[0]));
        let says = safe(&[1]).unwrap("a", &new).await.unwrap_err().chain();
        assert_eq!(says, format!("opening a wrapped secret: there is no master key {}", new.key));
    }

    #[tokio::test]
    async fn what_is_wrapped_is_of_no_use_elsewhere_or_when_it_is_changed() {
        let safe = safe(&[1]);
        let mut wrapped = safe.wrap("a", b"plain").await.unwrap();
        assert!(!wrapped.bytes.windows(5).any(|bytes| bytes == b"plain"));
        assert!(safe.unwrap("b", &wrapped).await.is_err());
        *wrapped.bytes.last_mut().unwrap() ^= 1;
        assert!(safe.unwrap("a", &wrapped).await.is_err());
        let open = Wrapped { key: Wrapped::PLAIN.to_owned(), bytes: b"plain".to_vec() };
        assert!(safe.unwrap("a", &open).await.is_err());
    }

    #[test]
    fn a_safe_without_a_key_is_none() {
        assert!(Safe::new(&[], Arc::new(SystemEntropy)).is_err());
    }
}
