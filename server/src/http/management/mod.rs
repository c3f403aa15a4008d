//! The management API and SCIM as routes: each names the right that it needs, and there is no other way to add one. The
//! shapes are those that WSO2's users script; what they mean is decided in the rules.

mod answer;
mod apps;
mod audit;
mod audit_hooks;
mod connections;
mod factors;
mod gate;
mod json;
mod keys;
mod page;
mod routes;
mod tenants;

use axum::Router;

pub(super) use answer::{created, fitting};
pub(super) use factors::FactorBody;
pub(super) use gate::Call;
pub use gate::{Route, SchemaOf};
pub(super) use json::{SecretText, Strict, invalid, printable};
pub use routes::ROUTES;

use super::App;

/// The routes of [`ROUTES`].
pub(super) fn router() -> Router<App> {
    ROUTES.iter().fold(Router::new(), |router, route| router.route(route.path, route.door()))
}
