//! `/api/server/v1/audit`: the tenant's audit log, looked up and exported.

use std::str::FromStr;

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use vestibule_core::audit::{Filter, Found, Record};
use vestibule_core::error::{Error, Fault};
use vestibule_core::oauth::Params;
use vestibule_core::ports::Timestamp;

use super::gate::Call;
use super::json::invalid;

/// Parameters of a query.
const KNOWN: &[&str] = &["what", "user", "app", "flow", "trace", "since", "until", "after", "limit"];
/// Records of a page that does not ask for a number.
const USUAL: usize = 100;
/// Records of a page at most.
const LONGEST: usize = 1_000;
/// Longest list of kinds in bytes.
const LONGEST_WHAT: usize = 2_000;

/// Where a page of lines ends: the `after` of the next one.
const NEXT: &str = "vestibule-next";

/// A page of records.
#[derive(Serialize, JsonSchema)]
pub(super) struct RecordList {
    /// The oldest first.
    #[schemars(with = "Vec<RecordBody>")]
    records: Vec<serde_json::Value>,
    /// The `after` of the next page.
    next: u64,
    /// Whether there may be more at once.
    more: bool,
}

/// A record.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AuditRecord")]
struct RecordBody {
    /// Its number in the log.
    seq: u64,
    /// Its hash in base64url.
    hash: String,
    /// What happened.
    event: serde_json::Map<String, serde_json::Value>,
}

pub(super) async fn list(call: Call) -> Result<Response, Error> {
    let Found { records, next, more } = find(&call, USUAL).await?;
    let value = |record: &Record| serde_json::to_value(record.shown()?).map_err(unwritten);
    let records = records.iter().map(value).collect::<Result<_, _>>()?;
    Ok(Json(RecordList { records, next, more }).into_response())
}

pub(super) async fn export(call: Call) -> Result<Response, Error> {
    let Found { records, next, .. } = find(&call, LONGEST).await?;
    let mut lines = String::new();
    for record in &records {
        lines.push_str(&record.line()?);
        lines.push('\n');
    }
    let headers = [(header::CONTENT_TYPE.as_str(), "application/x-ndjson".to_owned()), (NEXT, next.to_string())];
    Ok((headers, lines).into_response())
}

async fn find(call: &Call, usual: usize) -> Result<Found, Error> {
    let query = call.query(KNOWN)?;
    let what = query.get("what").unwrap_or_default();
    if what.len() > LONGEST_WHAT {
        return Err(invalid("what is too long."));
    }
    let filter = Filter {
        what: what.split(',').map(str::trim).filter(|kind| !kind.is_empty()).map(str::to_owned).collect(),
        user: read(&query, "user")?,
        app: read(&query, "app")?,
        flow: read(&query, "flow")?,
        trace: query.get("trace").map(str::to_owned),
        since: moment(&query, "since")?,
        until: moment(&query, "until")?,
    };
    let after: u64 = read(&query, "after")?.unwrap_or_default();
    let limit: usize = read(&query, "limit")?.unwrap_or(usual);
    // Stores count in 63 bits.
    call.admin().audit(&call.by, &filter, after.min(u64::MAX >> 1), limit.clamp(1, LONGEST)).await
}

fn read<T: FromStr>(query: &Params, name: &str) -> Result<Option<T>, Error> {
    let parse = |text: &str| text.parse().map_err(|_| invalid(format!("{name} is not an id or a number.")));
    query.get(name).map(parse).transpose()
}

fn moment(query: &Params, name: &str) -> Result<Option<Timestamp>, Error> {
    let parse = |text| {
        let wrong = || invalid(format!("{name} must be a moment in UTC, such as 2026-01-31T12:00:00Z, or a date."));
        Timestamp::read(text).ok_or_else(wrong)
    };
    query.get(name).map(parse).transpose()
}

fn unwritten(error: serde_json::Error) -> Fault {
    Fault::from("writing an audit record", error)
}
