//! `vestibule demo`: a server with an application and a user, which logs the user in over HTTP and prints the exchange as
//! a script to paste.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde_json::{Value, json};
use vestibule_jose::{base64url, random, sha256};

use super::client::{Client, http};
use super::serve::{Running, told};
use super::table::{say, text};
use crate::config::{Config, DeliveryKind};
use crate::telemetry;

const TENANT: &str = "demo";
const USER: &str = "kim";
const CLIENT_ID: &str = "demo-application";
const REDIRECT: &str = "http://localhost:5173/callback";

pub(super) async fn run(listen: SocketAddr) -> anyhow::Result<()> {
    let admin_password = base64url(&random::<18>()?);
    let data = DemoData::make()?;
    let mut config = Config { listen, data: data.0.clone(), ..Config::default() };
    // The master key goes with the store: there is nothing to back up.
    config.log.filter = "warn,vestibule::wiring=error".to_owned();
    config.delivery.kind = DeliveryKind::Mailbox;
    telemetry::init(&config.log).map_err(told)?;
    let running = Running::open(&config, Some(admin_password.clone())).await?;
    let url = running.public_url.clone();
    let serving = tokio::spawn(async move { running.serve(&config).await });
    let scene = Scene::prepare(&url, admin_password).await?;
    scene.show(&url).await?;
    serving.await??;
    Ok(())
}

/// A store that goes when the demonstration ends.
struct DemoData(PathBuf);

impl DemoData {
    fn make() -> anyhow::Result<Self> {
        let name = format!("vestibule-demo-{}", base64url(&random::<9>()?));
        Ok(Self(std::env::temp_dir().join(name)))
    }
}

impl Drop for DemoData {
    fn drop(&mut self) {
        // Whatever is left lies in the system's temporary directory.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A tenant with an application and a user.
struct Scene {
    base: String,
    password: String,
    verifier: String,
    admin_password: String,
}

impl Scene {
    /// Makes tenant, application and user through the management API, as an operator would.
    async fn prepare(url: &str, admin_password: String) -> anyhow::Result<Self> {
        let root = Client::new(url.to_owned(), "admin".to_owned(), admin_password.clone(), false)?;
        let tenant = json!({ "domain": TENANT, "name": "Demonstration" });
        root.call(Method::POST, "/api/server/v1/tenants", Some(&tenant)).await?;
        let base = format!("{url}/t/{TENANT}");
        let own = Client::new(base.clone(), "admin".to_owned(), admin_password.clone(), false)?;
        let app = json!({
            "name": "Demo",
            "inboundProtocolConfiguration": { "oidc": {
                "clientId": CLIENT_ID,
                "grantTypes": ["authorization_code", "refresh_token"],
                "callbackURLs": [REDIRECT],
                "allowedOrigins": ["http://localhost:5173"],
                "publicClient": true,
            }},
            "advancedConfigurations": { "enableAPIBasedAuthentication": true },
        });
        own.call(Method::POST, "/api/server/v1/applications", Some(&app)).await?;
        let password = format!("{}-{}", base64url(&random::<6>()?), base64url(&random::<6>()?));
        let user = json!({
            "userName": USER, "password": password,
            "name": { "givenName": "Kim", "familyName": "Berry" },
            "emails": [{ "value": "kim@example.com", "primary": true }],
        });
        own.call(Method::POST, "/scim2/Users", Some(&user)).await?;
        Ok(Self { base, password, verifier: base64url(&random::<32>()?), admin_password })
    }

    /// Runs the login that the script describes and prints both.
    async fn show(&self, url: &str) -> anyhow::Result<()> {
        let http = http()?;
        let authorize = http.post(format!("{}/oauth2/authorize", self.base)).form(&self.authorize()).send().await?;
        let start: Value = authorize.json().await.context("starting the login")?;
        let flow = text(&start, "/flowId");
        let authn = http.post(format!("{}/oauth2/authn", self.base)).json(&self.answer(&flow)).send().await?;
        let done: Value = authn.json().await.context("answering")?;
        let code = text(&done, "/authData/code");
        let token = http.post(format!("{}/oauth2/token", self.base)).form(&self.exchange(&code)).send().await?;
        let tokens: Value = token.json().await.context("exchanging the code")?;
        if text(&tokens, "/id_token").is_empty() {
            bail!("the demonstration's own login failed: {start} {done} {tokens}");
        }
        say(&self.script(&start, &done, &tokens));
        say(&format!(
            "\n# The server stays up at {url} until you press Ctrl-C; its store goes with it.\n\
             # Codes and links by email, SMS and push are at {url}/dev/mailbox,\n\
             # and in a terminal: cargo run --release -- mailbox tail --follow --server {url}\n\
             # Manage it in another terminal:\n\
             #   export VESTIBULE_SERVER={url} VESTIBULE_ADMIN_PASSWORD={}\n\
             #   cargo run --release -- app list --tenant {TENANT}",
            self.admin_password
        ));
        Ok(())
    }

    fn authorize(&self) -> Vec<(&'static str, String)> {
        vec![
            ("client_id", CLIENT_ID.to_owned()),
            ("response_type", "code".to_owned()),
            ("response_mode", "direct".to_owned()),
            ("redirect_uri", REDIRECT.to_owned()),
            ("scope", "openid profile email".to_owned()),
            ("state", "hello".to_owned()),
            ("code_challenge", base64url(&sha256(self.verifier.as_bytes()))),
            ("code_challenge_method", "S256".to_owned()),
        ]
    }

    fn answer(&self, flow: &str) -> Value {
        let id = vestibule_core::application::authenticator_id("BasicAuthenticator", "LOCAL");
        let params = json!({ "username": USER, "password": self.password });
        json!({ "flowId": flow, "selectedAuthenticator": { "authenticatorId": id, "params": params } })
    }

    fn exchange(&self, code: &str) -> Vec<(&'static str, String)> {
        vec![
            ("grant_type", "authorization_code".to_owned()),
            ("client_id", CLIENT_ID.to_owned()),
            ("redirect_uri", REDIRECT.to_owned()),
            ("code_verifier", self.verifier.clone()),
            ("code", code.to_owned()),
        ]
    }

    /// The exchange as commands with their real answers; pasted, it is a new login each time.
    fn script(&self, start: &Value, done: &Value, tokens: &Value) -> String {
        let data = |pairs: Vec<(&str, String)>| {
            let line = |(name, value): (&str, String)| format!("  --data-urlencode {name}={}", quoted(&value));
            pairs.into_iter().map(line).collect::<Vec<_>>().join(" \\\n")
        };
        let answer = self.answer("'\"$FLOW\"'").to_string().replace(r#"'\"$FLOW\"'"#, r#"'"$FLOW"'"#);
        format!(
            r#"# Vestibule is up. This is a login on the app's own screens; paste all of it for another one.
BASE={base}

# 1. The app starts a login and is told what to ask.
STEP=$(curl -sS "$BASE/oauth2/authorize" -H 'Accept: application/json' \
{authorize})
echo "$STEP"
{shown_start}
FLOW=$(echo "$STEP" | sed -n 's/.*"flowId":"\([^"]*\)".*/\1/p')

# 2. It answers with the user's name and password and gets a code.
DONE=$(curl -sS "$BASE/oauth2/authn" -H 'Content-Type: application/json' \
  -d '{answer}')
echo "$DONE"
{shown_done}
CODE=$(echo "$DONE" | sed -n 's/.*"code":"\([^"]*\)".*/\1/p')

# 3. It exchanges the code for tokens.
curl -sS "$BASE/oauth2/token" \
{exchange}
{shown_tokens}
echo"#,
            base = self.base,
            authorize = data(self.authorize()),
            exchange = data(self.exchange("$CODE")).replace("'$CODE'", "\"$CODE\""),
            shown_start = comment(start),
            shown_done = comment(done),
            shown_tokens = comment(tokens),
        )
    }
}

/// A value for the shell.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// A document as comment lines, long values cut.
fn comment(document: &Value) -> String {
    let mut shown = document.clone();
    shorten(&mut shown);
    format!("{shown:#}").lines().map(|line| format!("#   {line}")).collect::<Vec<_>>().join("\n")
}

fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.chars().count() > 72 => {
            *text = format!("{}…", text.chars().take(60).collect::<String>());
        }
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(members) => members.values_mut().for_each(shorten),
        _ => {}
    }
}
