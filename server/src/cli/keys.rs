//! `vestibule keys …`.

use clap::{Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Client, ServerArgs};
use super::table::{say, text};
use crate::world::{SystemEntropy, new_master, spell_master};

const PATH: &str = "/api/server/v1/keys";

/// What to do with keys and secrets.
#[derive(Subcommand)]
pub(super) enum KeysCommand {
    /// List the signing keys.
    List,
    /// Give the tenant new signing keys; they are published now and sign once every verifier has them.
    Rotate {
        /// Sign with the new keys at once, although verifiers may not know them yet.
        #[arg(long)]
        now: bool,
        /// Kind of keys; all of them when absent.
        #[arg(long, value_enum, ignore_case = true)]
        kty: Option<Kty>,
    },
    /// Take a signing key back at once: tokens that it signed fail.
    Revoke {
        /// The key's kid.
        #[arg(allow_hyphen_values = true)]
        kid: String,
    },
    /// Add a server secret, from which flowIds, codes, sessions and sealed values are made; older ones still hold.
    RotateSecret,
    /// Seal every key and secret under the first master key.
    Rewrap,
    /// Print a new master key; this needs no server.
    NewMaster,
}

/// Kind of signing keys.
#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Kty {
    /// ES256.
    #[value(name = "EC")]
    Ec,
    /// RS256 and PS256.
    #[value(name = "RSA")]
    Rsa,
    /// EdDSA.
    #[value(name = "OKP")]
    Okp,
}

pub(super) async fn run(server: &ServerArgs, command: KeysCommand) -> anyhow::Result<()> {
    match command {
        KeysCommand::List => {
            let client = server.connect()?;
            let keys = client.call(Method::GET, PATH, None).await?;
            show(&client, &keys);
        }
        KeysCommand::Rotate { now, kty } => {
            let client = server.connect()?;
            let mut body = json!({ "atOnce": now });
            if let (Some(kty), Some(members)) = (kty.and_then(|kty| kty.to_possible_value()), body.as_object_mut()) {
                members.insert("kty".to_owned(), kty.get_name().into());
            }
            let keys = client.call(Method::POST, &format!("{PATH}/rotate"), Some(&body)).await?;
            show(&client, &keys);
        }
        KeysCommand::Revoke { kid } => {
            let client = server.connect()?;
            client.call(Method::DELETE, &format!("{PATH}/{kid}"), None).await?;
            client.confirm(&json!({ "revoked": kid }), &format!("Revoked the key {kid}; tokens that it signed fail."));
        }
        KeysCommand::RotateSecret => {
            let client = server.connect()?;
            let made = client.call(Method::POST, &format!("{PATH}/rotate-secret"), None).await?;
            client.confirm(&made, &format!("New things are made with it from {}.", text(&made, "/activeFrom")));
        }
        KeysCommand::Rewrap => {
            let client = server.connect()?;
            let done = client.call(Method::POST, &format!("{PATH}/rewrap"), None).await?;
            let sentence = format!("Sealed {} keys and secrets under the first master key.", text(&done, "/rewrapped"));
            client.confirm(&done, &sentence);
        }
        KeysCommand::NewMaster => say(spell_master(&new_master(&SystemEntropy)).expose()),
    }
    Ok(())
}

fn show(client: &Client, keys: &Value) {
    let row = |key: &Value| ["/kid", "/kty", "/state", "/activeFrom", "/removedAt"].map(|at| text(key, at)).to_vec();
    client.show(keys, &["KID", "KTY", "STATE", "SIGNS FROM", "REMOVED AT"], || {
        keys.as_array().into_iter().flatten().map(row).collect()
    });
}
