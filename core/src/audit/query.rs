//! Looking records up: by who, what, where and when, a bounded part of the log at a time.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use vestibule_jose::base64url;

use super::{Record, What};
use crate::admin::{Administration, Operator, Permission, invalid};
use crate::error::{Error, Fault};
use crate::ports::store::{MIXED, Store, Walk};
use crate::ports::{AppId, FlowNumber, TenantId, Timestamp, UserId};

/// Records that one look reads at most, so that a rare kind of record does not make it endless.
const LOOK: usize = 10_000;

/// Records that are read at once.
const BATCH: usize = 500;

/// Which records are wanted. What is absent does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Kinds: names, or a beginning and `*`. Empty: all.
    pub what: Vec<String>,
    /// About a user.
    pub user: Option<UserId>,
    /// With an application.
    pub app: Option<AppId>,
    /// In a flow.
    pub flow: Option<FlowNumber>,
    /// In answer to a request.
    pub trace: Option<String>,
    /// Not earlier.
    pub since: Option<Timestamp>,
    /// Earlier.
    pub until: Option<Timestamp>,
}

/// Records that were found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The records, the oldest first.
    pub records: Vec<Record>,
    /// Up to which number was looked: where to go on.
    pub next: u64,
    /// Whether there may be more already.
    pub more: bool,
}

/// What a filter asks of a body; members that it does not know are not its business.
#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    what: std::borrow::Cow<'a, str>,
    app: Option<AppId>,
    flow: Option<FlowNumber>,
    trace: Option<String>,
}

/// A record as it leaves the server.
#[derive(Serialize)]
pub struct Shown<'a> {
    seq: u64,
    hash: String,
    event: &'a RawValue,
}

impl Record {
    /// The record as it leaves the server: its body is shown as it stands.
    ///
    /// # Errors
    /// Its body is no JSON.
    pub fn shown(&self) -> Result<Shown<'_>, Fault> {
        let event = serde_json::from_str(&self.body).map_err(unreadable)?;
        Ok(Shown { seq: self.seq, hash: base64url(&self.hash), event })
    }
}

/// Whether a text is a kind's name, or the beginning of one and `*`.
pub fn is_pattern(text: &str) -> bool {
    What::ALL.iter().any(|what| fits(text, what.name()))
}

/// Whether a kind's name is the pattern's, or begins as it does.
fn fits(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |beginning| name.starts_with(beginning))
}

impl Filter {
    /// Whether the record is wanted.
    fn admits(&self, record: &Record) -> Result<bool, Fault> {
        let late = self.since.is_none_or(|since| record.at >= since);
        let early = self.until.is_none_or(|until| record.at < until);
        if !late || !early || (self.user.is_some() && record.user != self.user) {
            return Ok(false);
        }
        if !self.reads_bodies() {
            return Ok(true);
        }
        let entry: Entry<'_> = serde_json::from_str(&record.body).map_err(unreadable)?;
        let what = self.what.is_empty() || self.what.iter().any(|pattern| fits(pattern, &entry.what));
        let app = self.app.is_none() || self.app == entry.app;
        let flow = self.flow.is_none() || self.flow == entry.flow;
        Ok(what && app && flow && (self.trace.is_none() || self.trace == entry.trace))
    }

    /// Whether something is wanted that only the body of a record tells.
    fn reads_bodies(&self) -> bool {
        !self.what.is_empty() || self.app.is_some() || self.flow.is_some() || self.trace.is_some()
    }

    /// Whether no later record can be wanted.
    fn is_past(&self, record: &Record) -> bool {
        self.until.is_some_and(|until| record.at > until + MIXED)
    }

    /// The first `limit` wanted records of a tenant after a number, as far as one look goes.
    ///
    /// # Errors
    /// The store failed.
    pub async fn find(&self, store: &dyn Store, tenant: &TenantId, after: u64, limit: usize) -> Result<Found, Fault> {
        let mut found = Found { next: after, ..Found::default() };
        if let Some(since) = self.since {
            match store.first_since(since).await? {
                Some(first) => found.next = after.max(first.saturating_sub(1)),
                None => return Ok(found),
            }
        }
        for _ in 0..LOOK.div_ceil(BATCH) {
            // One more than are missing, to see whether there are more.
            let missing = limit.saturating_sub(found.records.len()).saturating_add(1);
            let size = if self.reads_bodies() { BATCH } else { BATCH.min(missing) };
            let walk = Walk { tenant: Some(tenant.clone()), user: self.user, after: found.next, limit: size };
            let batch = store.records(&walk).await?;
            let is_last = batch.len() < size;
            for record in batch {
                if found.records.len() >= limit {
                    found.more = true;
                    return Ok(found);
                }
                if self.is_past(&record) {
                    return Ok(found);
                }
                found.next = record.seq;
                if self.admits(&record)? {
                    found.records.push(record);
                }
            }
            if is_last {
                return Ok(found);
            }
        }
        found.more = true;
        Ok(found)
    }
}

impl Administration {
    /// Records of the tenant that a filter admits, as far as one look goes.
    ///
    /// # Errors
    /// The caller may not (403), a kind is unknown (400), or the store failed.
    pub async fn audit(&self, by: &Operator, filter: &Filter, after: u64, limit: usize) -> Result<Found, Error> {
        by.demand(Permission::ViewAudit)?;
        if let Some(unknown) = filter.what.iter().find(|pattern| !is_pattern(pattern)) {
            let shown: String = unknown.chars().take(100).filter(char::is_ascii_graphic).collect();
            return Err(invalid(format!("what must be names of audit events, or beginnings followed by *: {shown}")));
        }
        Ok(filter.find(&*self.ports.store, by.tenant(), after, limit).await?)
    }
}

fn unreadable(error: serde_json::Error) -> Fault {
    Fault::from("reading an audit record", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_name_or_the_beginning_of_one() {
        for good in ["login.failed", "login.*", "*", "l*"] {
            assert!(is_pattern(good), "{good}");
        }
        for bad in ["", "login", "login.unheard", "x*", "*.failed"] {
            assert!(!is_pattern(bad), "{bad}");
        }
    }
}
