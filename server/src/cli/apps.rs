//! `vestibule app …`.

use anyhow::bail;
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::table::{say, text};

const PATH: &str = "/api/server/v1/applications";

/// What to do with applications.
#[derive(Subcommand)]
pub(super) enum AppCommand {
    /// List the applications.
    List,
    /// Show an application as JSON.
    Show {
        /// Name or id.
        app: String,
    },
    /// Make an application with app-native login.
    Create(NewApp),
    /// Switch an application on.
    Enable {
        /// Name or id.
        app: String,
    },
    /// Switch an application off: no login, no tokens.
    Disable {
        /// Name or id.
        app: String,
    },
    /// Client secrets: several may be good at a time.
    Secret {
        /// What to do with them.
        #[command(subcommand)]
        command: SecretCommand,
    },
    /// Remove an application.
    Delete {
        /// Name or id.
        app: String,
    },
}

/// What to do with client secrets.
#[derive(Subcommand)]
pub(super) enum SecretCommand {
    /// List the client secrets of an application, without what is secret.
    List {
        /// Name or id.
        app: String,
    },
    /// Give an application one more client secret; the others stay good.
    Add {
        /// Name or id.
        app: String,
        /// Days for which it is good; without it until it is removed.
        #[arg(long)]
        days: Option<u32>,
    },
    /// Remove a client secret; it stops at once.
    Remove {
        /// Name or id of the application.
        app: String,
        /// Id of the secret.
        secret: String,
    },
    /// Give an application another client secret; all others stop.
    Renew {
        /// Name or id.
        app: String,
    },
}

/// An application to make.
#[derive(Args)]
pub(super) struct NewApp {
    /// A name, unique in the tenant.
    name: String,
    /// Where codes may go; may be repeated.
    #[arg(long = "redirect-uri", required = true)]
    redirect_uris: Vec<String>,
    /// Origin of a page that may call; may be repeated.
    #[arg(long = "origin")]
    origins: Vec<String>,
    /// Has a client secret (a server); without it the application is public (a mobile, desktop or browser app).
    #[arg(long)]
    confidential: bool,
    /// Grant types.
    #[arg(long = "grant", default_values = ["authorization_code", "refresh_token"])]
    grants: Vec<String>,
    /// One step of the login: names of authenticators separated by commas; may be repeated.
    #[arg(long = "step")]
    steps: Vec<String>,
}

pub(super) async fn run(client: &Client, command: AppCommand) -> anyhow::Result<()> {
    match command {
        AppCommand::List => {
            let found = client.call(Method::GET, PATH, None).await?;
            let apps = found.pointer("/applications").and_then(Value::as_array);
            client.show(&found, &["ID", "NAME", "CLIENT ID", "ENABLED"], || {
                apps.into_iter().flatten().map(row).collect()
            });
        }
        AppCommand::Show { app } => {
            let (id, _) = find(client, &app).await?;
            let app = client.call(Method::GET, &format!("{PATH}/{id}"), None).await?;
            say(&format!("{app:#}"));
        }
        AppCommand::Create(new) => {
            let made = client.call(Method::POST, PATH, Some(&new.document())).await?;
            let secret = text(&made, "/clientSecret");
            let secret =
                if secret.is_empty() { secret } else { format!("\nclient secret (shown this once): {secret}") };
            let (id, client_id) = (text(&made, "/id"), text(&made, "/clientId"));
            client
                .confirm(&made, &format!("Made the application {} ({id}).\nclient id: {client_id}{secret}", new.name));
        }
        AppCommand::Enable { app } => switch(client, &app, true).await?,
        AppCommand::Disable { app } => switch(client, &app, false).await?,
        AppCommand::Secret { command } => secret(client, command).await?,
        AppCommand::Delete { app } => {
            let (id, _) = find(client, &app).await?;
            client.call(Method::DELETE, &format!("{PATH}/{id}"), None).await?;
            client.confirm(&json!({ "deleted": id }), &format!("Removed the application {app}."));
        }
    }
    Ok(())
}

async fn secret(client: &Client, command: SecretCommand) -> anyhow::Result<()> {
    match command {
        SecretCommand::List { app } => {
            let (id, _) = find(client, &app).await?;
            let found = client.call(Method::GET, &format!("{PATH}/{id}/secrets"), None).await?;
            let secrets = found.as_array();
            client.show(&found, &["ID", "CREATED", "EXPIRES"], || {
                let row = |one: &Value| ["/id", "/created", "/expiresAt"].map(|at| text(one, at)).to_vec();
                secrets.into_iter().flatten().map(row).collect()
            });
        }
        SecretCommand::Add { app, days } => {
            let (id, _) = find(client, &app).await?;
            let body = days.map_or_else(|| json!({}), |days| json!({ "expiresIn": u64::from(days) * 86_400 }));
            let made = client.call(Method::POST, &format!("{PATH}/{id}/secrets"), Some(&body)).await?;
            client.confirm(&made, &shown_once(&made));
        }
        SecretCommand::Remove { app, secret } => {
            let (id, _) = find(client, &app).await?;
            client.call(Method::DELETE, &format!("{PATH}/{id}/secrets/{secret}"), None).await?;
            client.confirm(&json!({ "deleted": secret }), &format!("Removed a client secret of {app}."));
        }
        SecretCommand::Renew { app } => {
            let (id, _) = find(client, &app).await?;
            let path = format!("{PATH}/{id}/inbound-protocols/oidc/regenerate-secret");
            let made = client.call(Method::POST, &path, None).await?;
            client.confirm(&made, &shown_once(&made));
        }
    }
    Ok(())
}

fn shown_once(made: &Value) -> String {
    format!("client secret (shown this once): {}", text(made, "/clientSecret"))
}

impl NewApp {
    fn document(&self) -> Value {
        let option = |name: &str| json!({ "idp": "LOCAL", "authenticator": name.trim() });
        let step = |(n, names): (usize, &String)| json!({ "id": n + 1, "options": names.split(',').map(option).collect::<Vec<_>>() });
        let mut document = json!({
            "name": self.name,
            "inboundProtocolConfiguration": { "oidc": {
                "grantTypes": self.grants,
                "callbackURLs": self.redirect_uris,
                "allowedOrigins": self.origins,
                "publicClient": !self.confidential,
            }},
            "advancedConfigurations": { "enableAPIBasedAuthentication": true },
        });
        if let (false, Some(members)) = (self.steps.is_empty(), document.as_object_mut()) {
            let steps: Vec<_> = self.steps.iter().enumerate().map(step).collect();
            members.insert("authenticationSequence".to_owned(), json!({ "type": "USER_DEFINED", "steps": steps }));
        }
        document
    }
}

async fn switch(client: &Client, app: &str, enabled: bool) -> anyhow::Result<()> {
    let (id, _) = find(client, app).await?;
    let body = json!({ "applicationEnabled": enabled });
    let changed = client.call(Method::PATCH, &format!("{PATH}/{id}"), Some(&body)).await?;
    client.confirm(&changed, &format!("The application {app} is switched {}.", if enabled { "on" } else { "off" }));
    Ok(())
}

/// Id and listing of an application.
async fn find(client: &Client, app: &str) -> anyhow::Result<(String, Value)> {
    if uuid::Uuid::try_parse(app).is_ok() {
        return Ok((app.to_owned(), Value::Null));
    }
    let found = client.call(Method::GET, &Client::filtered(PATH, Some(&format!("name eq {app}"))), None).await?;
    let Some(first) = found.pointer("/applications/0") else { bail!("there is no application {app}") };
    Ok((text(first, "/id"), first.clone()))
}

fn row(app: &Value) -> Vec<String> {
    ["/id", "/name", "/clientId", "/applicationEnabled"].map(|at| text(app, at)).to_vec()
}
