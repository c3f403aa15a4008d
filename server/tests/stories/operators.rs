//! Those who operate the server: administrators and applications with management scopes.

use axum::http::Method;
use serde_json::{Value, json};
use vestibule_core::application::Application;
use vestibule_core::ports::TenantId;

use crate::world::*;

pub const APPS: &str = "/api/server/v1/applications";
pub const CONNECTIONS: &str = "/api/server/v1/identity-providers";
pub const WAYS: &str = "/api/server/v1/authenticators";
pub const TENANTS: &str = "/api/server/v1/tenants";
pub const USERS: &str = "/scim2/Users";

impl World {
    /// The administrator `admin` of the root tenant, who is made.
    pub async fn admin(&self) -> Caller {
        self.user_with("admin", |user| user.administrator = true).await;
        self.anonymous().basic("admin", PASSWORD)
    }

    /// The administrator of that name of a tenant, who is made.
    pub async fn admin_of(&self, tenant: &TenantId, name: &str) -> Caller {
        self.user_with(name, |user| (user.administrator, user.tenant) = (true, tenant.clone())).await;
        self.anonymous().at(&format!("/t/{tenant}")).basic(name, PASSWORD)
    }

    /// A confidential application that is allowed these management scopes.
    pub async fn scoped_app(&self, client_id: &str, scopes: &[&str]) -> Application {
        let app = self.confidential_app(client_id).await;
        self.change_app(&app, |app| app.management_scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect())
            .await;
        app
    }

    /// A caller with a token of the application itself that asked for these scopes.
    pub async fn as_app(&self, client_id: &str, scopes: &str) -> Caller {
        let form = [("grant_type", "client_credentials"), ("scope", scopes)];
        let tokens = self.anonymous().basic(client_id, SECRET).form("/oauth2/token", &form).await;
        self.anonymous().bearer(&tokens.is(200).at("/access_token"))
    }
}

impl Caller {
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json(Method::POST, path, &body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PUT, path, &body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.json(Method::PATCH, path, &body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, Vec::new()).await
    }

    /// Patches a user by operations.
    pub async fn scim_patch(&self, id: &str, operations: Value) -> Answer {
        let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations});
        let body = serde_json::to_vec(&body).unwrap();
        self.send(Method::PATCH, &format!("{USERS}/{id}"), Some("application/scim+json"), body).await
    }
}

impl Answer {
    /// A refusal of the management API: status and sentence.
    #[track_caller]
    pub fn is_refusal(&self, status: u16, sentence: &str) -> &Self {
        self.is(status);
        let body = self.json();
        let told = body.get("description").or(body.get("detail"));
        assert_eq!(told.and_then(Value::as_str), Some(sentence), "{body}");
        self
    }
}
