//! Slips by key.

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::ports::store::{Slip, Slips};

use super::Memory;

#[async_trait]
impl Slips for Memory {
    async fn slip(&self, key: &str) -> Result<Option<Slip>, Fault> {
        Ok(self.kept().slips.get(key).cloned())
    }

    async fn leave(&self, slip: &Slip, seen: u64) -> Result<bool, Fault> {
        let slips = &mut self.kept().slips;
        let is_as_seen = match slips.get(&slip.key) {
            None => seen == 0,
            Some(kept) => seen != 0 && kept.version == seen && kept.tenant == slip.tenant,
        };
        if is_as_seen {
            slips.insert(slip.key.clone(), slip.clone());
        }
        Ok(is_as_seen)
    }

    async fn take(&self, key: &str) -> Result<Option<Slip>, Fault> {
        Ok(self.kept().slips.remove(key))
    }
}
