//! `vestibule mailbox tail`: the development mailbox of a running server, in a terminal.

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use reqwest::StatusCode;
use serde_json::Value;
use vestibule_core::ports::Timestamp;

use super::client::http;
use super::table::{complain, json_line, say, text};

/// How often a server is asked for news.
const ROUND: Duration = Duration::from_secs(1);

/// What to do with the mailbox.
#[derive(Subcommand)]
pub(super) enum MailboxCommand {
    /// Print messages, one a line, with the code or link of each.
    Tail(TailArgs),
}

/// How to print messages.
#[derive(Args)]
pub(super) struct TailArgs {
    /// URL of the server, on this machine.
    #[arg(long, env = "VESTIBULE_SERVER", default_value = "http://localhost:9443")]
    server: String,
    /// Wait for further messages.
    #[arg(long, short)]
    follow: bool,
    /// Print each message as a line of JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: MailboxCommand) -> anyhow::Result<()> {
    let MailboxCommand::Tail(args) = command;
    let client = http()?;
    let base = format!("{}/dev/mailbox/messages", args.server.trim_end_matches('/'));
    let (mut last, mut is_lost) = (String::new(), false);
    loop {
        match fetch(&client, &base, &last).await {
            Ok(messages) => {
                for message in &messages {
                    if args.json {
                        json_line(message)
                    } else {
                        say(&line(message))
                    }
                    last = text(message, "/id");
                }
                is_lost = false;
            }
            // Who develops restarts the server now and then; that is told once.
            Err(error) if args.follow && error.is::<reqwest::Error>() => {
                if !is_lost {
                    complain(&error.context("trying again"));
                }
                is_lost = true;
            }
            Err(error) => return Err(error),
        }
        if !args.follow {
            return Ok(());
        }
        tokio::time::sleep(ROUND).await;
    }
}

/// The messages after the one of that id; all when it is not known.
async fn fetch(client: &reqwest::Client, base: &str, last: &str) -> anyhow::Result<Vec<Value>> {
    let url = if last.is_empty() { base.to_owned() } else { format!("{base}?since={last}") };
    let response = client.get(&url).send().await?;
    if response.status() == StatusCode::NOT_FOUND {
        bail!(
            "there is no mailbox at {base}: a server shows one with kind = \"mailbox\" in [delivery], to callers of its \
             own machine"
        );
    }
    let answer: Value = response.error_for_status()?.json().await.with_context(|| format!("reading {base}"))?;
    Ok(answer.pointer("/messages").and_then(Value::as_array).cloned().unwrap_or_default())
}

/// A message in a line: when, how, to whom, what to type or open, and what it is about.
fn line(message: &Value) -> String {
    let time = Timestamp::from_micros(message.pointer("/time").and_then(Value::as_i64).unwrap_or_default());
    let [channel, to, code, link, subject, template] =
        ["/channel", "/to", "/code", "/link", "/subject", "/template"].map(|at| text(message, at));
    let key = [code, link].into_iter().find(|key| !key.is_empty()).unwrap_or_else(|| "-".to_owned());
    let about = if subject.is_empty() { template } else { subject };
    printable(&format!("{time}  {channel:<5}  {to}  {key}  {about}"))
}

/// Nothing that a terminal would take for a command of its own.
fn printable(line: &str) -> String {
    line.chars().filter(|letter| !letter.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_has_the_code_or_the_link() {
        let mut message = json!({
            "id": "1", "tenant": "carbon.super", "channel": "email", "to": "kim@example.com", "template": "otp",
            "subject": "482913 is your code", "text": "…", "html": null, "code": "482913", "link": null, "time": 0,
        });
        assert_eq!(line(&message), "1970-01-01T00:00:00.000Z  email  kim@example.com  482913  482913 is your code");
        message["code"] = Value::Null;
        message["link"] = "https://example.com/\u{1b}[2J".into();
        message["subject"] = Value::Null;
        assert_eq!(line(&message), "1970-01-01T00:00:00.000Z  email  kim@example.com  https://example.com/[2J  otp");
    }
}
