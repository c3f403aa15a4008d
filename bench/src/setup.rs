//! What a measurement needs in the server: one application and some users, made through the management API.

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use serde_json::{Value, json};

use crate::connection::{Body, Connection};
use crate::server::Target;

pub(crate) const PASSWORD: &str = "measure this password";
pub(crate) const REDIRECT: &str = "http://localhost:5173/cb";

/// What journeys are made of.
pub(crate) struct Scene {
    pub client_id: String,
    pub users: Vec<String>,
}

pub(crate) async fn prepare(target: &Target, users: usize, (alg, steps): (&str, &[&str])) -> anyhow::Result<Scene> {
    let mut connection = Connection::open(target.address).await?;
    let admin = administrator(target);
    let run = std::process::id();
    let step = |(id, name): (usize, &&str)| json!({ "id": id, "options": [{ "idp": "LOCAL", "authenticator": name }] });
    let steps: Vec<Value> = (1..).zip(steps).map(step).collect();
    let app = json!({
        "name": format!("bench-{run}"),
        "inboundProtocolConfiguration": { "oidc": {
            "grantTypes": ["authorization_code", "refresh_token"], "callbackURLs": [REDIRECT], "publicClient": true,
            "idToken": { "idTokenSignedResponseAlg": alg }, "accessToken": { "accessTokenSignedResponseAlg": alg },
        }},
        "authenticationSequence": { "type": "USER_DEFINED", "steps": steps },
        "advancedConfigurations": { "enableAPIBasedAuthentication": true },
    });
    let made = post(&mut connection, "/api/server/v1/applications", &admin, &app).await?;
    let client_id = made.pointer("/clientId").and_then(Value::as_str).context("no clientId")?.to_owned();
    let names: Vec<String> = (0..users).map(|n| format!("bench-{run}-{n}")).collect();
    for name in &names {
        post(&mut connection, "/scim2/Users", &admin, &json!({ "userName": name, "password": PASSWORD })).await?;
    }
    Ok(Scene { client_id, users: names })
}

/// The administrator's `Authorization` header.
pub(crate) fn administrator(target: &Target) -> String {
    format!("Basic {}", STANDARD.encode(format!("admin:{}", target.password)))
}

/// Makes something through the management API.
pub(crate) async fn post(
    connection: &mut Connection,
    path: &str,
    admin: &str,
    document: &Value,
) -> anyhow::Result<Value> {
    let (status, answer) = connection.send(Method::POST, path, Some(admin), Body::Json(document)).await?;
    if !status.is_success() {
        bail!("{path} answered {status}: {answer}");
    }
    Ok(answer)
}
