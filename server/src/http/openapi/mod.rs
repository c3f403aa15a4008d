//! The API's description (OpenAPI 3.1), made from what the code is made of: the route tables, the error catalogue, the
//! authenticators and the schemas of the wire types. It is built once and served from memory.

mod errors;
mod examples;
mod managed;
mod protocol;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::App;
use super::management::ROUTES;

/// `GET /openapi.json`.
pub(super) async fn handle(State(app): State<App>) -> Response {
    let bytes = app.0.openapi.get_or_init(|| Bytes::from(document(&app).to_string())).clone();
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
    ];
    (headers, bytes).into_response()
}

/// The document.
fn document(app: &App) -> Value {
    let mut schemas = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    schemas.inline_subschemas = false;
    let mut generator = schemas.into_generator();
    let mut paths = Map::new();
    for (path, method, operation) in protocol::operations(app, &mut generator) {
        insert(&mut paths, path, method, operation);
    }
    for route in ROUTES {
        let method = route.method.as_str().to_ascii_lowercase();
        insert(&mut paths, route.path, &method, managed::operation(route, &mut generator));
    }
    let url = app.house().urls.as_str();
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Vestibule",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "An identity server whose login is an API.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [
            { "url": url, "description": "The root tenant." },
            {
                "url": format!("{url}/t/{{tenant}}"), "description": "Any tenant.",
                "variables": { "tenant": { "default": "carbon.super", "description": "The tenant's handle." } },
            },
        ],
        "tags": [
            { "name": "Login", "description": "Signing in on the app's own screens, step by step." },
            { "name": "Tokens", "description": "OAuth 2 and OpenID Connect." },
            { "name": "Passkeys", "description": "What phones and browsers look up before they use a passkey." },
            { "name": "Management", "description": "Applications, tenants and the factors of users." },
            { "name": "Account", "description": "What signed-in users do with their own account." },
            { "name": "SCIM", "description": "Users (RFC 7643, RFC 7644)." },
            { "name": "Health", "description": "Whether the server runs and can serve." },
        ],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "responses": errors::responses(app.settings().error_codes),
            "securitySchemes": {
                "administrator": { "type": "http", "scheme": "basic", "description": "An administrator's name and password." },
                "client": { "type": "http", "scheme": "basic", "description": "client_secret_basic; client_secret_post works too." },
                "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" },
            },
        },
    })
}

fn insert(paths: &mut Map<String, Value>, path: &str, method: &str, operation: Value) {
    let item = paths.entry(path).or_insert_with(|| json!({}));
    if let Some(item) = item.as_object_mut() {
        item.insert(method.to_owned(), operation);
    }
}

/// A response by reference for each status, as an operation's `responses`.
fn responses(success: (&str, Value), refusals: &[(&str, &str)]) -> Value {
    let mut all = Map::new();
    all.insert(success.0.to_owned(), success.1);
    for (status, name) in refusals {
        all.insert((*status).to_owned(), json!({ "$ref": format!("#/components/responses/{name}") }));
    }
    Value::Object(all)
}
