//! `vestibule user …`, over SCIM.

use std::io::Read as _;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::table::text;

const PATH: &str = "/scim2/Users";
const HEADINGS: &[&str] = &["ID", "NAME", "EMAIL", "ACTIVE", "LOCKED"];

const FACTOR_HEADINGS: &[&str] = &["ID", "KIND", "LABEL", "CREATED", "LAST USED"];

/// What to do with users.
#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// List the users.
    List,
    /// Show a user.
    Show {
        /// User name or id.
        user: String,
    },
    /// Make a user; the password is read from standard input.
    Create(NewUser),
    /// Make users of a file with one JSON object a line, as docs/importing-users.md describes them.
    Import {
        /// The file; - is standard input.
        file: String,
    },
    /// Give a user another password, read from standard input.
    Password {
        /// User name or id.
        user: String,
    },
    /// Lock a user: no login succeeds, sessions and tokens end.
    Lock {
        /// User name or id.
        user: String,
    },
    /// Unlock a user and forget wrong passwords.
    Unlock {
        /// User name or id.
        user: String,
    },
    /// Switch a user off.
    Disable {
        /// User name or id.
        user: String,
    },
    /// Switch a user on.
    Enable {
        /// User name or id.
        user: String,
    },
    /// List what a user holds besides a password.
    Factors {
        /// User name or id.
        user: String,
    },
    /// Take a factor away from a user, as when a device is lost.
    ResetFactor {
        /// User name or id.
        user: String,
        /// Id of the factor, as `factors` lists it.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        factor: Option<uuid::Uuid>,
        /// All of them; the password stays.
        #[arg(long)]
        all: bool,
    },
    /// Remove a user.
    Delete {
        /// User name or id.
        user: String,
    },
}

/// A user to make.
#[derive(Args)]
pub(super) struct NewUser {
    /// User name.
    name: String,
    /// Given name.
    #[arg(long)]
    given_name: Option<String>,
    /// Family name.
    #[arg(long)]
    family_name: Option<String>,
    /// Email address.
    #[arg(long)]
    email: Option<String>,
    /// Mobile number.
    #[arg(long)]
    mobile: Option<String>,
}

pub(super) async fn run(client: &Client, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::List => {
            let found = client.call(Method::GET, PATH, None).await?;
            let users = found.pointer("/Resources").and_then(Value::as_array);
            client.show(&found, HEADINGS, || users.into_iter().flatten().map(row).collect());
        }
        UserCommand::Show { user } => {
            let user = find(client, &user).await?;
            client.show(&user, HEADINGS, || vec![row(&user)]);
        }
        UserCommand::Create(new) => {
            let made = client.call(Method::POST, PATH, Some(&new.document(&password()?))).await?;
            client.confirm(&made, &format!("Made the user {} ({}).", new.name, text(&made, "/id")));
        }
        UserCommand::Import { file } => super::import::run(client, &file).await?,
        UserCommand::Password { user } => {
            let password = password()?;
            change(client, &user, json!({ "password": password }), "has a new password").await?;
        }
        UserCommand::Lock { user } => change(client, &user, locked(true), "is locked").await?,
        UserCommand::Unlock { user } => change(client, &user, locked(false), "is unlocked").await?,
        UserCommand::Disable { user } => change(client, &user, json!({ "active": false }), "is switched off").await?,
        UserCommand::Enable { user } => change(client, &user, json!({ "active": true }), "is switched on").await?,
        UserCommand::Factors { user } => {
            let found = client.call(Method::GET, &factors_of(&find(client, &user).await?), None).await?;
            let factors = found.as_array();
            client.show(&found, FACTOR_HEADINGS, || factors.into_iter().flatten().map(factor_row).collect());
        }
        UserCommand::ResetFactor { user, factor, .. } => {
            let path = factors_of(&find(client, &user).await?);
            let (path, what) = match factor {
                Some(factor) => (format!("{path}/{factor}"), format!("the factor {factor}")),
                None => (path, "all factors".to_owned()),
            };
            client.call(Method::DELETE, &path, None).await?;
            client.confirm(&json!({ "removed": what }), &format!("Removed {what} of the user {user}."));
        }
        UserCommand::Delete { user } => {
            let found = find(client, &user).await?;
            client.call(Method::DELETE, &format!("{PATH}/{}", text(&found, "/id")), None).await?;
            client.confirm(&json!({ "deleted": text(&found, "/id") }), &format!("Removed the user {user}."));
        }
    }
    Ok(())
}

impl NewUser {
    fn document(&self, password: &str) -> Value {
        let mut document = json!({ "schemas": [], "userName": self.name, "password": password });
        let emails = self.email.as_ref().map(|email| json!([{ "value": email, "primary": true }]));
        let phones = self.mobile.as_ref().map(|mobile| json!([{ "type": "mobile", "value": mobile }]));
        let mut name = json!({});
        for (member, value) in [("givenName", &self.given_name), ("familyName", &self.family_name)] {
            if let (Some(value), Some(name)) = (value, name.as_object_mut()) {
                name.insert(member.to_owned(), value.clone().into());
            }
        }
        let name = Some(name).filter(|name| name.as_object().is_some_and(|name| !name.is_empty()));
        for (member, value) in [("name", name), ("emails", emails), ("phoneNumbers", phones)] {
            if let (Some(value), Some(document)) = (value, document.as_object_mut()) {
                document.insert(member.to_owned(), value);
            }
        }
        document
    }
}

fn locked(locked: bool) -> Value {
    json!({ "urn:scim:wso2:schema": { "accountLocked": locked } })
}

async fn change(client: &Client, user: &str, value: Value, sentence: &str) -> anyhow::Result<()> {
    let found = find(client, user).await?;
    let patch = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "value": value }],
    });
    let path = format!("{PATH}/{}", text(&found, "/id"));
    let changed = client.call(Method::PATCH, &path, Some(&patch)).await?;
    client.confirm(&changed, &format!("The user {user} {sentence}."));
    Ok(())
}

async fn find(client: &Client, user: &str) -> anyhow::Result<Value> {
    if uuid::Uuid::try_parse(user).is_ok() {
        return client.call(Method::GET, &format!("{PATH}/{user}"), None).await;
    }
    let quoted = serde_json::to_string(user)?;
    let path = Client::filtered(PATH, Some(&format!("userName eq {quoted}")));
    let found = client.call(Method::GET, &path, None).await?;
    let Some(user_found) = found.pointer("/Resources/0") else { bail!("there is no user {user}") };
    Ok(user_found.clone())
}

fn row(user: &Value) -> Vec<String> {
    ["/id", "/userName", "/emails/0/value", "/active", "/urn:scim:wso2:schema/accountLocked"]
        .map(|at| text(user, at))
        .to_vec()
}

fn factors_of(user: &Value) -> String {
    format!("/api/server/v1/users/{}/factors", text(user, "/id"))
}

fn factor_row(factor: &Value) -> Vec<String> {
    ["/id", "/kind", "/label", "/created", "/lastUsed"].map(|at| text(factor, at)).to_vec()
}

/// A password from standard input: never from an argument, which other processes can see.
fn password() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).context("reading the password from standard input")?;
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        bail!("give the password on standard input");
    }
    Ok(password)
}
