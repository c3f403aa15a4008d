//! `vestibule audit …`: records are asked of a running server; the whole log is checked and exported from its directory, with
//! or without a server that runs.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::Value;
use vestibule_core::audit::{Checked, Summary, Walker, check};
use vestibule_core::ports::store::{Ledger, StoredCheckpoint, Walk};
use vestibule_store::Sqlite;

use super::client::{Client, ServerArgs};
use super::serve::told;
use super::table::{say, text};

const PATH: &str = "/api/server/v1/audit";
/// Records that are read at once.
const BATCH: usize = 500;

/// `vestibule audit`.
#[derive(Args)]
pub(super) struct AuditArgs {
    #[command(flatten)]
    server: ServerArgs,
    #[command(subcommand)]
    command: AuditCommand,
}

/// What to do with the audit log.
#[derive(Subcommand)]
enum AuditCommand {
    /// List records, the oldest first.
    List {
        #[command(flatten)]
        filter: FilterArgs,
        /// So many at most.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Print records as JSON lines: a tenant's from a running server, or the whole log with its checkpoints from --data.
    Export {
        #[command(flatten)]
        filter: FilterArgs,
        /// Directory of the embedded store: the whole log of all tenants.
        #[arg(long, value_name = "DIR", conflicts_with_all = ["what", "user", "app", "flow", "trace", "since", "until", "after"])]
        data: Option<PathBuf>,
    },
    /// Check that nothing in the log was edited, removed, moved or cut off.
    Verify {
        /// A whole export (JSON lines) to check instead of the store.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
        /// Directory of the embedded store.
        #[arg(long, value_name = "DIR", default_value = "data")]
        data: PathBuf,
        /// A checkpoint that was kept elsewhere, as `audit checkpoint` prints it.
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
    },
    /// Print the newest checkpoint, to be kept where nobody who can change the log can reach it.
    Checkpoint {
        /// Directory of the embedded store.
        #[arg(long, value_name = "DIR", default_value = "data")]
        data: PathBuf,
    },
}

/// Which records.
#[derive(Args)]
struct FilterArgs {
    /// Kinds, as login.failed or login.*; several with commas.
    #[arg(long)]
    what: Option<String>,
    /// Id of the user whom they are about.
    #[arg(long)]
    user: Option<String>,
    /// Id of the application.
    #[arg(long)]
    app: Option<String>,
    /// Id of the login flow.
    #[arg(long)]
    flow: Option<String>,
    /// Trace id of the request.
    #[arg(long)]
    trace: Option<String>,
    /// Not before this moment, as 2026-01-31T12:00:00Z, or this day.
    #[arg(long)]
    since: Option<String>,
    /// Before this moment or day.
    #[arg(long)]
    until: Option<String>,
    /// After this record.
    #[arg(long, default_value_t = 0)]
    after: u64,
}

impl FilterArgs {
    /// The path that asks for them.
    fn path(&self, path: &str, after: u64, limit: u32) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let pairs = [
            ("what", &self.what),
            ("user", &self.user),
            ("app", &self.app),
            ("flow", &self.flow),
            ("trace", &self.trace),
            ("since", &self.since),
            ("until", &self.until),
        ];
        for (name, value) in pairs {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        query.append_pair("after", &after.to_string()).append_pair("limit", &limit.to_string());
        format!("{path}?{}", query.finish())
    }
}

pub(super) async fn run(AuditArgs { server, command }: AuditArgs) -> anyhow::Result<()> {
    match command {
        AuditCommand::List { filter, limit } => list(&server.connect()?, &filter, limit).await,
        AuditCommand::Export { filter, data: None } => export(&server.connect()?, &filter).await,
        AuditCommand::Export { data: Some(data), .. } => export_all(&data).await,
        AuditCommand::Verify { file, data, checkpoint } => verify(file.as_deref(), &data, checkpoint.as_deref()).await,
        AuditCommand::Checkpoint { data } => {
            let newest = open(&data)?.checkpoint_before(u64::MAX >> 1).await.map_err(told)?;
            let newest = newest.context("the log is not signed yet")?;
            say(&newest.line().map_err(told)?);
            Ok(())
        }
    }
}

async fn list(client: &Client, filter: &FilterArgs, limit: u32) -> anyhow::Result<()> {
    let (mut after, mut all) = (filter.after, Vec::new());
    loop {
        let left = limit.saturating_sub(u32::try_from(all.len())?);
        let mut found = client.call(Method::GET, &filter.path(PATH, after, left.min(1_000)), None).await?;
        after = found.pointer("/next").and_then(Value::as_u64).unwrap_or(after);
        if let Some(Value::Array(records)) = found.pointer_mut("/records") {
            all.append(records);
        }
        let more = found.pointer("/more").and_then(Value::as_bool).unwrap_or(false);
        if !more || all.len() >= usize::try_from(limit)? {
            break;
        }
    }
    let all = Value::Array(all);
    client.show(&all, &["SEQ", "TIME", "EVENT", "BY", "USER", "SOURCE", "REASON"], || rows(&all));
    Ok(())
}

fn rows(found: &Value) -> Vec<Vec<String>> {
    let columns = ["/seq", "/event/at", "/event/what", "/event/actor", "/event/user", "/event/source", "/event/reason"];
    let row = |record: &Value| columns.map(|at| text(record, at)).to_vec();
    found.as_array().into_iter().flatten().map(row).collect()
}

async fn export(client: &Client, filter: &FilterArgs) -> anyhow::Result<()> {
    let mut after = filter.after;
    loop {
        let path = filter.path(&format!("{PATH}/export"), after, 1_000);
        let (lines, next) = client.text(&path, "vestibule-next").await?;
        if !lines.is_empty() {
            say(lines.trim_end());
        }
        let next = next.and_then(|next| next.parse().ok()).unwrap_or(after);
        if next <= after {
            return Ok(());
        }
        after = next;
    }
}

/// The whole log, each checkpoint before the record of its number.
async fn export_all(data: &Path) -> anyhow::Result<()> {
    let store = open(data)?;
    let mut after = 0;
    let mut checkpoints = Vec::new();
    let mut signed = 0;
    loop {
        let batch = store.records(&Walk { after, limit: BATCH, ..Walk::default() }).await.map_err(told)?;
        for record in &batch {
            while checkpoints.last().is_none_or(|next: &StoredCheckpoint| next.seq <= record.seq) {
                if let Some(next) = checkpoints.pop() {
                    say(&next.line().map_err(told)?);
                    continue;
                }
                checkpoints = store.checkpoints(signed, BATCH).await.map_err(told)?;
                let Some(last) = checkpoints.last() else { break };
                signed = last.seq;
                checkpoints.reverse();
            }
            say(&record.line().map_err(told)?);
            after = record.seq;
        }
        if batch.len() < BATCH {
            return Ok(());
        }
    }
}

async fn verify(file: Option<&Path>, data: &Path, checkpoint: Option<&Path>) -> anyhow::Result<()> {
    let elsewhere = checkpoint.map(read_checkpoint).transpose()?;
    let checked = match file {
        Some(file) => lines(file, elsewhere.as_ref())?,
        None => check(&open(data)?, elsewhere.as_ref()).await.map_err(told)?,
    };
    match checked {
        Checked::Sound(summary) => {
            say(&sentence(&summary));
            Ok(())
        }
        Checked::Broken(finding) => Err(anyhow!("the audit log is not as it was written: {finding}")),
    }
}

fn lines(file: &Path, elsewhere: Option<&StoredCheckpoint>) -> anyhow::Result<Checked> {
    let reader = BufReader::new(File::open(file).with_context(|| format!("opening {}", file.display()))?);
    let mut walker = Walker::new(elsewhere);
    for line in reader.lines() {
        let line = line.with_context(|| format!("reading {}", file.display()))?;
        if let Err(finding) = walker.line(&line) {
            return Ok(Checked::Broken(finding));
        }
    }
    Ok(walker.end().map_or_else(Checked::Broken, Checked::Sound))
}

fn sentence(summary: &Summary) -> String {
    let Summary { records, after, last, checkpoints, signed, keys } = summary;
    let from = if *after > 0 { format!(", after {after} that were removed in time") } else { String::new() };
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    format!(
        "The audit log is sound: {records} records up to number {last}{from}.\n\
         Signed up to number {signed} by {checkpoints} checkpoints; keys: {}.",
        if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }
    )
}

fn read_checkpoint(file: &Path) -> anyhow::Result<StoredCheckpoint> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let read = StoredCheckpoint::read(text.trim());
    read.with_context(|| format!("{} is no signed checkpoint", file.display()))
}

/// The store, which must be there: opening would make one.
fn open(data: &Path) -> anyhow::Result<Sqlite> {
    let path = data.join("vestibule.db");
    if !path.exists() {
        bail!("there is no {}", path.display());
    }
    Sqlite::open(&path).map_err(told)
}
