//! From rows to the core's types and back: columns are read in the order in which the statement names them.

use rusqlite::types::{FromSql, FromSqlError};
use rusqlite::{Connection, Params, Row};
use serde::de::value::{Error as SpellingError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde::{Deserialize, Serialize};
use vestibule_core::error::Fault;
use vestibule_core::ports::store::Page;
use vestibule_core::ports::{TenantId, Timestamp};

use crate::sql::Statement;

/// What is asked of a connection.
pub(super) trait Ask {
    /// The one row that the statement finds.
    fn one<T>(&self, statement: Statement, params: impl Params, read: Read<T>) -> Result<Option<T>, Fault>;

    /// All rows that the statement finds.
    fn all<T>(&self, statement: Statement, params: impl Params, read: Read<T>) -> Result<Vec<T>, Fault>;

    /// Whether the statement finds a row.
    fn has(&self, statement: Statement, params: impl Params) -> Result<bool, Fault>;

    /// How many rows the statement changes.
    fn change(&self, statement: Statement, params: impl Params) -> Result<usize, Fault>;
}

/// Reads a row.
pub(super) type Read<T> = fn(&mut Columns<'_>) -> rusqlite::Result<T>;

impl Ask for Connection {
    fn one<T>(&self, statement: Statement, params: impl Params, read: Read<T>) -> Result<Option<T>, Fault> {
        let found = || {
            let mut prepared = self.prepare_cached(statement.text)?;
            let mut rows = prepared.query(params)?;
            rows.next()?.map(|row| read(&mut Columns { row, next: 0 })).transpose()
        };
        found().doing(statement.doing)
    }

    fn all<T>(&self, statement: Statement, params: impl Params, read: Read<T>) -> Result<Vec<T>, Fault> {
        let found = || {
            let mut prepared = self.prepare_cached(statement.text)?;
            let rows = prepared.query_map(params, |row| read(&mut Columns { row, next: 0 }))?;
            rows.collect()
        };
        let found: rusqlite::Result<Vec<T>> = found();
        found.doing(statement.doing)
    }

    fn has(&self, statement: Statement, params: impl Params) -> Result<bool, Fault> {
        self.prepare_cached(statement.text).and_then(|mut prepared| prepared.exists(params)).doing(statement.doing)
    }

    fn change(&self, statement: Statement, params: impl Params) -> Result<usize, Fault> {
        self.prepare_cached(statement.text).and_then(|mut prepared| prepared.execute(params)).doing(statement.doing)
    }
}

/// The part of a list that one statement finds and its length by another, at one moment.
pub(super) fn listed<T>(
    connection: &mut Connection,
    page: (Statement, impl Params),
    count: (Statement, impl Params),
    read: Read<T>,
) -> Result<(Vec<T>, usize), Fault> {
    let moment = connection.transaction().doing(page.0.doing)?;
    let list = moment.all(page.0, page.1, read)?;
    let count = moment.one(count.0, count.1, |row| row.count())?.unwrap_or(0);
    Ok((list, usize::try_from(count).unwrap_or(usize::MAX)))
}

/// The list of at most one thing, as a page shows it.
pub(super) fn only<T>(found: Option<T>, page: Page) -> (Vec<T>, usize) {
    let count = usize::from(found.is_some());
    (found.into_iter().skip(page.offset).take(page.limit).collect(), count)
}

/// The columns of a row, from left to right.
pub(super) struct Columns<'r> {
    row: &'r Row<'r>,
    next: usize,
}

impl Columns<'_> {
    /// The next column.
    pub fn take<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let column = self.next;
        self.next += 1;
        self.row.get(column)
    }

    /// The next column, a moment.
    pub fn moment(&mut self) -> rusqlite::Result<Timestamp> {
        self.take().map(Timestamp::from_micros)
    }

    /// The next column, a moment or nothing.
    pub fn maybe_moment(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        Ok(self.take::<Option<i64>>()?.map(Timestamp::from_micros))
    }

    /// The next column, a count that never was negative.
    pub fn count(&mut self) -> rusqlite::Result<u64> {
        let count: i64 = self.take()?;
        u64::try_from(count).map_err(|error| unreadable(error.into()))
    }

    /// The next column, a tenant's handle.
    pub fn tenant(&mut self) -> rusqlite::Result<TenantId> {
        self.text(|text| text.parse::<TenantId>().map_err(Into::into))
    }

    /// The next column, a JSON document.
    pub fn json<T: DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        self.text(|text| serde_json::from_str(text).map_err(Into::into))
    }

    /// The next column, a word that names a variant.
    pub fn word<T: DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        self.text(|text| read_word(text).map_err(Into::into))
    }

    /// The next column, a word that names a variant, or nothing.
    pub fn maybe_word<T: DeserializeOwned>(&mut self) -> rusqlite::Result<Option<T>> {
        let word: Option<String> = self.take()?;
        word.map(|word| read_word(&word).map_err(|error| unreadable(error.into()))).transpose()
    }

    fn text<T>(&mut self, read: impl FnOnce(&str) -> Result<T, Cause>) -> rusqlite::Result<T> {
        let column = self.next;
        self.next += 1;
        let text = self.row.get_ref(column)?.as_str()?;
        read(text).map_err(unreadable)
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

fn unreadable(cause: Cause) -> rusqlite::Error {
    FromSqlError::Other(cause).into()
}

fn read_word<T: DeserializeOwned>(word: &str) -> Result<T, SpellingError> {
    let spelled: StrDeserializer<'_, SpellingError> = word.into_deserializer();
    T::deserialize(spelled)
}

/// A value as the JSON document in which it is kept.
pub(super) fn json(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).doing("writing a document")
}

/// The word that names a variant.
pub(super) fn word(variant: &impl Serialize) -> Result<String, Fault> {
    let value = serde_json::to_value(variant).doing("spelling a variant")?;
    String::deserialize(value).doing("spelling a variant")
}

/// A count as a column keeps it. No revision ever comes near the limit; a forged one is equal to none.
pub(super) fn integer(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// Says what was being done when something failed.
pub(super) trait Doing<T> {
    fn doing(self, context: &'static str) -> Result<T, Fault>;
}

impl<T, E: Into<Cause>> Doing<T> for Result<T, E> {
    fn doing(self, context: &'static str) -> Result<T, Fault> {
        self.map_err(|error| Fault::from(context, error))
    }
}
