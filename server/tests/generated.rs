//! Files that are made from the code are as the code says. `UPDATE=1 cargo test --test generated` makes them anew.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use serde_json::{Map, Value, json};
use tower::ServiceExt as _;
use vestibule::config::Config;
use vestibule::http::{App, router};
use vestibule::wiring;
use vestibule::world::{Safe, SystemEntropy, new_master};
use vestibule_core::audit::What;
use vestibule_core::error::{Code, Row};
use vestibule_courier::Bell;
use vestibule_store::Memory;

/// Compares a file of the repository with what it should be, or writes it.
fn is_fresh(path: &str, fresh: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path);
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, fresh).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == fresh, "{} is out of date: run UPDATE=1 cargo test --test generated", path.display());
}

#[test]
fn the_page_of_errors_is_the_catalogue() {
    let mut page = String::from(
        "# Errors\n\n\
         <!-- Made from core/src/error/catalogue.rs by `UPDATE=1 cargo test --test generated`. -->\n\n\
         Every refusal of the server is a row of this page. The native endpoints (`/oauth2/authorize` and `/oidc/logout` in \
         direct mode, `/oauth2/authn`) send\n\n\
         ```json\n{\"code\": \"60009\", \"message\": \"…\", \"description\": \"…\", \"traceId\": \"…\", \"error\": \"invalid_flow_id\"}\n```\n\n\
         and `oauth_error` where the flow met an OAuth error. `error` is the stable name; with `error_codes = \"wso2\"` the code is \
         spelled as WSO2 Identity Server does. The OAuth endpoints send `error`, `error_description` and `traceId`, the \
         management API `code`, `message`, `description` and `traceId`, SCIM the error message of RFC 7644. `traceId` is the \
         request's in the log. A description may be more exact than the one shown here.\n\n\
         | `error` | code | WSO2 | HTTP | OAuth | message | description |\n|---|---|---|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let Row { name, documented, wso2, status, oauth, message, description } = code.row();
        writeln!(page, "| `{name}` | {documented} | {wso2} | {status} | `{oauth}` | {message} | {description} |")
            .unwrap();
    }
    is_fresh("docs/errors.md", &page);
}

#[test]
fn the_page_of_the_audit_log_ends_with_every_event() {
    const HEADING: &str = "## Events\n";
    let kept = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/audit.md")).unwrap();
    let (prose, _) = kept.split_once(HEADING).unwrap();
    let mut page = format!(
        "{prose}{HEADING}\n\
         <!-- Made from core/src/audit/what.rs by `UPDATE=1 cargo test --test generated`. -->\n\n\
         | event | what happened |\n|---|---|\n"
    );
    for what in What::ALL {
        writeln!(page, "| `{}` | {} |", what.name(), what.sentence()).unwrap();
    }
    is_fresh("docs/audit.md", &page);
}

#[test]
fn the_page_of_configuration_is_the_example() {
    let page = format!(
        "# Configuration\n\n\
         <!-- Made from server/src/config by `UPDATE=1 cargo test --test generated`. -->\n\n\
         One TOML file (`--config FILE`), environment variables over it (`VESTIBULE_LISTEN`, `VESTIBULE_HASH__MEMORY_KIB`: \
         section and key joined by two underscores), the command line over both. Unknown keys and variables stop the server; \
         `vestibule config check FILE` tells everything that is wrong. These are all keys with their defaults, as \
         `vestibule config example` prints them:\n\n```toml\n{}\n```\n",
        vestibule::config::example().trim_end()
    );
    is_fresh("docs/configuration.md", &page);
}

#[tokio::test]
async fn the_schema_of_the_first_party_profile_is_that_of_the_wire() {
    let world = document().await;
    let answers = &world["paths"]["/oauth2/authorize-challenge"]["post"]["responses"];
    let of = |status: &str| answers[status]["content"]["application/json"]["schema"].clone();
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Answers of the authorization challenge endpoint",
        "description": "200 is the first alternative, 403 with `insufficient_authorization` the second, any other status the third.",
        "oneOf": [of("200"), of("403"), {
            "type": "object", "required": ["error", "error_description", "traceId"],
            "properties": {
                "error": { "type": "string" }, "error_description": { "type": "string" }, "traceId": { "type": "string" },
            },
        }],
    });
    let mut definitions = Map::new();
    gather(&schema, &world["components"]["schemas"], &mut definitions);
    schema["$defs"] = Value::Object(definitions);
    let text = serde_json::to_string_pretty(&schema).unwrap().replace("#/components/schemas/", "#/$defs/");
    is_fresh("docs/first-party.schema.json", &(text + "\n"));
}

/// The definitions that a schema refers to, and those that they refer to.
fn gather(schema: &Value, all: &Value, found: &mut Map<String, Value>) {
    match schema {
        Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(|at| at.as_str()?.rsplit('/').next())
                && found.insert(name.to_owned(), all[name].clone()).is_none()
            {
                gather(&all[name], all, found);
            }
            members.values().for_each(|value| gather(value, all, found));
        }
        Value::Array(items) => items.iter().for_each(|value| gather(value, all, found)),
        _ => {}
    }
}

/// The API's description of a server over an empty store.
async fn document() -> Value {
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let config = Config::default();
    let vault = Arc::new(Safe::new(&[new_master(&SystemEntropy)], Arc::new(SystemEntropy)).unwrap());
    let ports = wiring::ports(&config, Arc::new(Memory::default()), vault, Bell::default()).unwrap();
    let house = wiring::house(&config, ports, "https://login.example.com", wiring::AUTHENTICATORS.iter().copied());
    let house = Arc::new(house.await.unwrap());
    let courier = wiring::courier(&config.courier(&|_| None).unwrap(), &house, Bell::default()).unwrap();
    let router = router(App::new(house, wiring::http_settings(&config, &courier).unwrap()));
    let answer = router.oneshot(Request::get("/openapi.json").body(Body::empty()).unwrap()).await.unwrap();
    serde_json::from_slice(&to_bytes(answer.into_body(), usize::MAX).await.unwrap()).unwrap()
}
