//! `vestibule user import`: users of another server, one JSON object a line, made through SCIM. A line that fails is told
//! with its number and stops nothing; a user who is there already is left as it is, so that an import may be run again.

use std::io::BufRead;
use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::client::{Client, Refused};
use super::table;

const PATH: &str = "/scim2/Users";
const EXTENSION: &str = "urn:ietf:params:scim:schemas:extension:vestibule:2.0:User";
const WSO2: &str = "urn:scim:wso2:schema";
/// Lines between two words of progress.
const PROGRESS: usize = 500;
/// How often a line is sent to a server that is busy.
const TRIES: u32 = 4;

/// What became of the lines.
#[derive(Debug, Default)]
struct Tally {
    made: usize,
    existed: usize,
    failed: usize,
}

/// Imports a file; `-` is standard input.
///
/// # Errors
/// A line failed, the file cannot be read, or the server does not let this caller make users.
pub(super) async fn run(client: &Client, path: &str) -> anyhow::Result<()> {
    let mut lines: Box<dyn BufRead> = if path == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::io::BufReader::new(std::fs::File::open(path).with_context(|| format!("opening {path}"))?))
    };
    let mut tally = Tally::default();
    let mut line = Vec::new();
    for number in 1_usize.. {
        line.clear();
        if lines.read_until(b'\n', &mut line).with_context(|| format!("reading {path}"))? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let made = match document(&line) {
            Ok(user) => make(client, &user).await?,
            Err(why) => Err(why),
        };
        match made {
            Ok(true) => tally.made += 1,
            Ok(false) => {
                tally.existed += 1;
                table::note(&format!("line {number}: there is a user of that name already, who was not changed"));
            }
            Err(why) => {
                tally.failed += 1;
                table::note(&format!("line {number}: {why}"));
            }
        }
        if number % PROGRESS == 0 {
            table::note(&format!("{number} lines: {tally}"));
        }
    }
    let Tally { made, existed, failed } = tally;
    client.confirm(&json!({"made": made, "existed": existed, "failed": failed}), &format!("Imported {path}: {tally}."));
    if failed > 0 {
        bail!("{failed} lines were not imported");
    }
    Ok(())
}

/// Makes a user: whether it is new, or why the server did not take it.
///
/// # Errors
/// The next line would fare no better.
async fn make(client: &Client, user: &Value) -> anyhow::Result<Result<bool, String>> {
    for _ in 0..TRIES {
        let error = match client.call(Method::POST, PATH, Some(user)).await {
            Ok(_) => return Ok(Ok(true)),
            Err(error) => error,
        };
        let Some(refused) = error.chain().find_map(|cause| cause.downcast_ref::<Refused>()) else { return Err(error) };
        match refused.status {
            StatusCode::CONFLICT => return Ok(Ok(false)),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => return Err(error),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            _ => return Ok(Err(refused.told.clone())),
        }
    }
    bail!("the server is too busy")
}

/// The SCIM user of a line: one in Keycloak's words (`username`), or one in SCIM's, where `passwordHash` may stand at the top.
fn document(line: &[u8]) -> Result<Value, String> {
    let Ok(Value::Object(mut user)) = serde_json::from_slice::<Value>(line) else {
        return Err("it is not a JSON object".to_owned());
    };
    if user.contains_key("username") {
        return keycloak(&user);
    }
    if !user.contains_key("userName") {
        return Err("it has neither userName nor Keycloak's username".to_owned());
    }
    if let Some(hash) = user.remove("passwordHash") {
        user.insert(EXTENSION.to_owned(), json!({ "passwordHash": spelled(hash) }));
    }
    user.entry("schemas").or_insert_with(|| json!([]));
    Ok(Value::Object(user))
}

/// A user of Keycloak's export. What has no place here – groups, roles, attributes – is left behind.
fn keycloak(user: &Map<String, Value>) -> Result<Value, String> {
    let mut made = json!({ "schemas": [], "userName": user.get("username") });
    let text = |member: &str| user.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut add = |member: &str, value: Value| {
        if let Some(made) = made.as_object_mut() {
            made.insert(member.to_owned(), value);
        }
    };
    let (given, family) = (text("firstName"), text("lastName"));
    if given.is_some() || family.is_some() {
        add("name", json!({ "givenName": given, "familyName": family }));
    }
    if let Some(email) = text("email") {
        add("emails", json!([{ "value": email, "primary": true }]));
    }
    if let Some(enabled) = user.get("enabled") {
        add("active", enabled.clone());
    }
    let required = user.get("requiredActions").and_then(Value::as_array).into_iter().flatten();
    if required.into_iter().any(|action| action == "UPDATE_PASSWORD") {
        add(WSO2, json!({ "forcePasswordReset": true }));
    }
    let credentials = user.get("credentials").and_then(Value::as_array).into_iter().flatten();
    let mut passwords = credentials.filter(|credential| credential.get("type").is_some_and(|kind| kind == "password"));
    if let Some(password) = passwords.next() {
        if passwords.next().is_some() {
            return Err("it has more than one password".to_owned());
        }
        add(EXTENSION, json!({ "passwordHash": spelled(password.clone()) }));
    }
    Ok(made)
}

/// A hash as the server takes it: a record is written as a text.
fn spelled(hash: Value) -> Value {
    match hash {
        Value::Object(record) => Value::String(Value::Object(record).to_string()),
        other => other,
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { made, existed, failed } = self;
        write!(f, "{made} users made, {existed} there already, {failed} lines failed")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &Value) -> Result<Value, String> {
        document(line.to_string().as_bytes())
    }

    #[test]
    fn a_line_is_a_scim_user_whose_hash_may_stand_at_the_top() {
        let user = json!({"schemas": [], "userName": "kim", "emails": ["kim@example.com"], EXTENSION: {"passwordHash": "$2b$…"}});
        assert_eq!(read(&user).unwrap(), user);
        let short = json!({"userName": "kim", "emails": ["kim@example.com"], "passwordHash": "$2b$…"});
        assert_eq!(read(&short).unwrap(), user);
        let wso2 = read(&json!({"userName": "kim", "passwordHash": {"algorithm": "SHA-256"}})).unwrap();
        assert_eq!(wso2[EXTENSION]["passwordHash"], json!("{\"algorithm\":\"SHA-256\"}"));
    }

    #[test]
    fn a_line_of_keycloak_keeps_what_has_a_place_here() {
        let password = json!({"type": "password", "secretData": "{}", "credentialData": "{}"});
        let user = json!({
            "id": "x", "username": "kim", "firstName": "Kim", "lastName": "", "email": "kim@example.com", "enabled": false,
            "emailVerified": true, "credentials": [{"type": "otp"}, password], "requiredActions": ["UPDATE_PASSWORD"],
            "realmRoles": ["user"],
        });
        let made = json!({
            "schemas": [], "userName": "kim", "name": {"givenName": "Kim", "familyName": null}, "active": false,
            "emails": [{"value": "kim@example.com", "primary": true}], WSO2: {"forcePasswordReset": true},
            EXTENSION: {"passwordHash": password.to_string()},
        });
        assert_eq!(read(&user).unwrap(), made);
        assert_eq!(read(&json!({"username": "lee"})).unwrap(), json!({"schemas": [], "userName": "lee"}));
        assert!(
            read(&json!({"username": "lee", "credentials": [password, password]})).unwrap_err().contains("more than")
        );
    }

    #[test]
    fn what_is_no_user_is_told() {
        for (line, why) in [("[]", "not a JSON object"), ("{", "not a JSON object"), ("{\"name\": 1}", "neither")] {
            assert!(document(line.as_bytes()).unwrap_err().contains(why), "{line}");
        }
    }
}
