//! `vestibule tenant …`.

use clap::Subcommand;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::table::text;

const PATH: &str = "/api/server/v1/tenants";

/// What to do with tenants.
#[derive(Subcommand)]
pub(super) enum TenantCommand {
    /// List the tenants.
    List,
    /// Make a tenant.
    Create {
        /// Its handle in `/t/{tenant}`: a-z, 0-9, '.', '-'.
        handle: String,
        /// A name for people.
        #[arg(long)]
        name: Option<String>,
    },
}

pub(super) async fn run(client: &Client, command: TenantCommand) -> anyhow::Result<()> {
    match command {
        TenantCommand::List => {
            let found = client.call(Method::GET, PATH, None).await?;
            client.show(&found, &["HANDLE", "NAME", "CREATED"], || rows(&found));
        }
        TenantCommand::Create { handle, name } => {
            let mut body = json!({ "domain": handle });
            if let (Some(name), Some(members)) = (name, body.as_object_mut()) {
                members.insert("name".to_owned(), name.into());
            }
            let made = client.call(Method::POST, PATH, Some(&body)).await?;
            client.confirm(&made, &format!("Made the tenant {handle}; its paths begin with /t/{handle}."));
        }
    }
    Ok(())
}

fn rows(found: &Value) -> Vec<Vec<String>> {
    let tenants = found.pointer("/tenants").and_then(Value::as_array);
    let row = |tenant: &Value| ["/domain", "/name", "/createdDate"].map(|at| text(tenant, at)).to_vec();
    tenants.into_iter().flatten().map(row).collect()
}
