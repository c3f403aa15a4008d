//! Marks: one relaxed write each.

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::ports::Timestamp;
use vestibule_core::ports::store::Marks;

use super::Sqlite;
use super::row::Ask;
use super::writer::Durability;
use crate::sql::marks;

#[async_trait]
impl Marks for Sqlite {
    async fn mark(&self, key: &str, expires: Timestamp) -> Result<bool, Fault> {
        let key = key.to_owned();
        let mark = move |db: &rusqlite::Connection| Ok(db.change(marks::MARK, (&key, expires.micros()))? > 0);
        self.writer.write(Durability::Relaxed, mark).await
    }
}
