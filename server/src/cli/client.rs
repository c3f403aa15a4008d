//! A client of the management API, as anybody could write one.

use anyhow::{Context as _, bail};
use clap::Args;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;

use super::table;

/// Which server to speak to, and as whom.
#[derive(Args)]
pub(super) struct ServerArgs {
    /// URL of the server.
    #[arg(long, global = true, env = "VESTIBULE_SERVER", default_value = "http://localhost:9443")]
    server: String,
    /// Tenant to manage; the root tenant when absent.
    #[arg(long, global = true)]
    tenant: Option<String>,
    /// Name of the administrator; the password is read from VESTIBULE_ADMIN_PASSWORD.
    #[arg(long, global = true, env = "VESTIBULE_ADMIN_USER", default_value = "admin")]
    admin: String,
    /// Print JSON instead of tables.
    #[arg(long, global = true)]
    json: bool,
}

impl ServerArgs {
    pub(super) fn connect(&self) -> anyhow::Result<Client> {
        let password = std::env::var("VESTIBULE_ADMIN_PASSWORD")
            .context("set VESTIBULE_ADMIN_PASSWORD to the administrator's password")?;
        let tenant = self.tenant.as_ref().map(|tenant| format!("/t/{tenant}")).unwrap_or_default();
        let base = format!("{}{tenant}", self.server.trim_end_matches('/'));
        Client::new(base, self.admin.clone(), password, self.json)
    }
}

/// A client of one server and tenant.
pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    admin: String,
    password: String,
    json: bool,
}

impl Client {
    pub(super) fn new(base: String, admin: String, password: String, json: bool) -> anyhow::Result<Self> {
        Ok(Self { http: http()?, base, admin, password, json })
    }

    /// The answer's document; nothing where there is no body.
    pub(super) async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let request = self.http.request(method, format!("{}{path}", self.base));
        let request = request.basic_auth(&self.admin, Some(&self.password));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        answer(request).await.with_context(|| format!("calling {}{path}", self.base))
    }

    /// The answer's text and one of its headers.
    pub(super) async fn text(&self, path: &str, header: &str) -> anyhow::Result<(String, Option<String>)> {
        let request = self.http.get(format!("{}{path}", self.base)).basic_auth(&self.admin, Some(&self.password));
        let response = request.send().await?;
        if !response.status().is_success() {
            bail!("calling {}{path}: {}", self.base, response.status());
        }
        let header = response.headers().get(header).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok((response.text().await?, header))
    }

    /// A path with a filter and a large page.
    pub(super) fn filtered(path: &str, filter: Option<&str>) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        if let Some(filter) = filter {
            query.append_pair("filter", filter);
        }
        format!("{path}?{}", query.finish())
    }

    /// Shows a document: as JSON if that is wanted, else as a table.
    pub(super) fn show(&self, document: &Value, headings: &[&str], rows: impl FnOnce() -> Vec<Vec<String>>) {
        if self.json { table::json(document) } else { table::rows(headings, &rows()) }
    }

    /// Confirms what was done.
    pub(super) fn confirm(&self, document: &Value, sentence: &str) {
        if self.json { table::json(document) } else { table::say(sentence) }
    }
}

/// The server's refusal.
#[derive(Debug)]
pub(super) struct Refused {
    pub status: StatusCode,
    /// The reason that it gave.
    pub told: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.status, self.told)
    }
}

impl std::error::Error for Refused {}

/// A plain HTTP client over rustls.
pub(super) fn http() -> anyhow::Result<reqwest::Client> {
    let client = reqwest::Client::builder().user_agent(concat!("vestibule/", env!("CARGO_PKG_VERSION")));
    Ok(client.timeout(std::time::Duration::from_secs(60)).build()?)
}

async fn answer(request: RequestBuilder) -> anyhow::Result<Value> {
    let response = request.send().await?;
    let status = response.status();
    let body = response.bytes().await?;
    let document: Value = serde_json::from_slice(&body).unwrap_or_default();
    if !status.is_success() {
        let told =
            ["/description", "/detail", "/error_description"].iter().find_map(|at| document.pointer(at)?.as_str());
        let told = told.unwrap_or("the server gave no reason").to_owned();
        return Err(Refused { status, told }.into());
    }
    Ok(document)
}
