//! `/api/server/v1/authenticators/custom`: services of the operator's that decide on logins.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use vestibule_core::admin::{ConnectionDraft, Elsewhere};
use vestibule_core::connection::Connection;
use vestibule_core::error::{Code, Error};
use vestibule_core::ports::Secret;
use vestibule_jose::{base64url, from_base64url_lenient};

use super::super::super::body::Object;
use super::super::answer::created;
use super::super::gate::Call;
use super::super::json::{Off, SecretText, invalid};

/// Settings that are secret, each with the type of authentication that it is for.
const SECRETS: [(&str, Authentication); 4] = [
    ("username", Authentication::Basic),
    ("password", Authentication::Basic),
    ("accessToken", Authentication::Bearer),
    ("value", Authentication::ApiKey),
];

/// A service that decides on logins.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in super::super) struct ServiceBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// `custom-` and a name; an application's steps name it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Its name for people.
    display_name: String,
    #[serde(default)]
    description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    #[serde(default = "on")]
    is_enabled: bool,
    /// Whether it names the user or confirms the one who is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authentication_type: Option<Kind>,
    endpoint: Object<EndpointBody>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    place: Option<Local>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    defined_by: Option<User>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tags: Option<Vec<Tag>>,
    #[serde(default, rename = "self", skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

/// Where the service is, and how this server shows itself there.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EndpointBody {
    uri: String,
    authentication: Object<AuthenticationBody>,
    /// Requests are signed with it (Standard Webhooks). Never shown; kept until it is mentioned.
    #[serde(default, skip_serializing)]
    signing_secret: Option<SecretText>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allowed_headers: Option<Off>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allowed_parameters: Option<Off>,
}

/// How this server shows itself.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AuthenticationBody {
    #[serde(rename = "type")]
    kind: Authentication,
    /// What it shows. Secrets are never shown; they are kept until one of them is mentioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    properties: Option<Object<PropertiesBody>>,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct PropertiesBody {
    #[serde(skip_serializing)]
    username: Option<SecretText>,
    #[serde(skip_serializing)]
    password: Option<SecretText>,
    #[serde(skip_serializing)]
    access_token: Option<SecretText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<String>,
    #[serde(skip_serializing)]
    value: Option<SecretText>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Authentication {
    None,
    Basic,
    Bearer,
    ApiKey,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Kind {
    Identification,
    Verification,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Local {
    Local,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum User {
    User,
}

/// It runs inside an app, and is the operator's.
#[derive(Serialize, Deserialize, JsonSchema)]
enum Tag {
    #[serde(rename = "APIAuth")]
    Native,
    Custom,
}

const fn on() -> bool {
    true
}

pub(in super::super) async fn create(call: Call) -> Result<Response, Error> {
    let body: ServiceBody = call.json()?;
    let name = body.name.as_deref().ok_or_else(|| invalid("name is missing."))?;
    if body.id.is_some() {
        return Err(invalid("id is given by the server."));
    }
    let mut draft = ConnectionDraft::new(name, name);
    body.apply(&mut draft);
    let made = call.app.house().create_connection(&call.by, Elsewhere::Service, draft).await?;
    created(&address(&call, &made.name), ServiceBody::of(&call, &made))
}

pub(in super::super) async fn show(call: Call) -> Result<Response, Error> {
    let found = find(&call).await?;
    Ok(Json(ServiceBody::of(&call, &found)).into_response())
}

pub(in super::super) async fn replace(call: Call) -> Result<Response, Error> {
    let found = find(&call).await?;
    let body: ServiceBody = call.json()?;
    let edit = |connection: &Connection, draft: &mut ConnectionDraft| {
        let id = base64url(connection.name.as_bytes());
        let address = address(&call, &connection.name);
        for (member, given, own) in
            [("id", &body.id, &id), ("name", &body.name, &connection.name), ("self", &body.address, &address)]
        {
            if given.as_ref().is_some_and(|given| given != own) {
                return Err(invalid(format!("{member} cannot be changed.")));
            }
        }
        body.apply(draft);
        Ok(())
    };
    let changed = call.app.house().change_connection(&call.by, (Elsewhere::Service, &found.id), edit).await?;
    Ok(Json(ServiceBody::of(&call, &changed)).into_response())
}

pub(in super::super) async fn remove(call: Call) -> Result<Response, Error> {
    let found = find(&call).await?;
    call.app.house().remove_connection(&call.by, Elsewhere::Service, &found.id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The address of a service in this API.
pub(super) fn address(call: &Call, name: &str) -> String {
    call.url(&format!("/api/server/v1/authenticators/custom/{}", base64url(name.as_bytes())))
}

async fn find(call: &Call) -> Result<Connection, Error> {
    let name = from_base64url_lenient(call.raw_id()).and_then(|name| String::from_utf8(name).ok());
    call.app.house().service(&call.by, &name.ok_or(Code::NotFound)?).await
}

impl ServiceBody {
    /// A service as it is shown.
    fn of(call: &Call, service: &Connection) -> Self {
        let setting = |name: &str| service.setting(name);
        let header = setting("header").map(str::to_owned);
        let authentication = AuthenticationBody {
            kind: match setting("type") {
                Some("BASIC") => Authentication::Basic,
                Some("BEARER") => Authentication::Bearer,
                Some("API_KEY") => Authentication::ApiKey,
                _ => Authentication::None,
            },
            properties: header
                .map(|header| Object(PropertiesBody { header: Some(header), ..PropertiesBody::default() })),
        };
        Self {
            id: Some(base64url(service.name.as_bytes())),
            name: Some(service.name.clone()),
            display_name: service.display.clone().unwrap_or_default(),
            description: service.description.clone(),
            image: service.image.clone(),
            is_enabled: service.enabled,
            authentication_type: Some(match setting("authenticationType") {
                Some("VERIFICATION") => Kind::Verification,
                _ => Kind::Identification,
            }),
            endpoint: Object(EndpointBody {
                uri: setting("uri").unwrap_or_default().to_owned(),
                authentication: Object(authentication),
                signing_secret: None,
                allowed_headers: None,
                allowed_parameters: None,
            }),
            place: Some(Local::Local),
            defined_by: Some(User::User),
            tags: Some(vec![Tag::Native, Tag::Custom]),
            address: Some(address(call, &service.name)),
        }
    }

    /// Does to a service what the body says: all of it, but for secrets that are not mentioned.
    fn apply(&self, draft: &mut ConnectionDraft) {
        let Object(endpoint) = &self.endpoint;
        let Object(authentication) = &endpoint.authentication;
        draft.display = Some(self.display_name.clone());
        draft.description.clone_from(&self.description);
        draft.image = self.image.clone().filter(|image| !image.is_empty());
        draft.enabled = self.is_enabled;
        // What kind of service it is stays unless the body says so.
        draft.settings.retain(|name, _| name == "authenticationType");
        let mut set = |name: &str, value: &str| {
            draft.properties.insert(name.to_owned(), Secret::new(value.to_owned()));
        };
        set("uri", &endpoint.uri);
        match self.authentication_type {
            Some(Kind::Identification) => set("authenticationType", "IDENTIFICATION"),
            Some(Kind::Verification) => set("authenticationType", "VERIFICATION"),
            None => {}
        }
        set("type", authentication.kind.as_str());
        for (name, _) in SECRETS.iter().filter(|(_, kind)| *kind != authentication.kind) {
            // Secrets of a type that is no longer used go.
            set(name, "");
        }
        if let Some(Object(properties)) = &authentication.properties {
            let PropertiesBody { username, password, access_token, header, value } = properties;
            let secrets =
                [("username", username), ("password", password), ("accessToken", access_token), ("value", value)];
            for (name, secret) in secrets {
                if let Some(SecretText(secret)) = secret {
                    set(name, secret.expose());
                }
            }
            if let Some(header) = header {
                set("header", &header.to_ascii_lowercase());
            }
        }
        if let Some(SecretText(secret)) = &endpoint.signing_secret {
            set("signingSecret", secret.expose());
        }
    }
}

impl Authentication {
    const fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Basic => "BASIC",
            Self::Bearer => "BEARER",
            Self::ApiKey => "API_KEY",
        }
    }
}
