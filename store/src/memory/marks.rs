//! Marks by key.

use std::collections::btree_map::Entry;

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::ports::Timestamp;
use vestibule_core::ports::store::Marks;

use super::Memory;

#[async_trait]
impl Marks for Memory {
    async fn mark(&self, key: &str, expires: Timestamp) -> Result<bool, Fault> {
        match self.kept().marks.entry(key.to_owned()) {
            Entry::Occupied(_) => Ok(false),
            Entry::Vacant(place) => {
                place.insert(expires);
                Ok(true)
            }
        }
    }
}
