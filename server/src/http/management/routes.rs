//! Every managed route with the right that it needs, on one page.

use axum::http::Method;
use schemars::SchemaGenerator;
use vestibule_core::admin::Permission;

use super::super::scim::users::PatchBody;
use super::super::scim::wire::{UserBody, UserList};
use super::super::scim::{discovery, users};
use super::apps::{self, ApplicationBody, ApplicationList, AuthorizedApi, NewAuthorizedApi, OidcBody, SecretBody};
use super::gate::Route;
use super::tenants::{self, NewTenantBody, TenantBody, TenantList};

/// Method, path, needed right, endpoint, `(body taken)`, status and `-> body given`, and what it does.
macro_rules! routes {
    ($($method:ident $path:literal, $needs:ident, $run:path, ($($takes:ty)?), $status:literal $(-> $gives:ty)?, $summary:literal;)+) => {
        /// Every managed route, in the order of the documents.
        pub static ROUTES: &[Route] = &[$(Route {
            method: Method::$method,
            path: $path,
            needs: Permission::$needs,
            summary: $summary,
            takes: routes!(@schema $($takes)?),
            status: $status,
            gives: routes!(@schema $($gives)?),
            run: |call| Box::pin($run(call)),
        }),+];
    };
    (@schema) => { None };
    (@schema $body:ty) => { Some(SchemaGenerator::subschema_for::<$body>) };
}

routes! {
    GET "/api/server/v1/applications", ViewApps, apps::list, (), 200 -> ApplicationList, "Lists applications.";
    POST "/api/server/v1/applications", CreateApps, apps::create, (ApplicationBody), 201 -> ApplicationBody, "Makes an application; its client secret is shown this once.";
    GET "/api/server/v1/applications/{id}", ViewApps, apps::show, (), 200 -> ApplicationBody, "Shows an application.";
    PATCH "/api/server/v1/applications/{id}", UpdateApps, apps::change, (ApplicationBody), 200 -> ApplicationBody, "Changes what is mentioned of an application.";
    DELETE "/api/server/v1/applications/{id}", DeleteApps, apps::remove, (), 204, "Removes an application and all that was granted to it.";
    GET "/api/server/v1/applications/{id}/inbound-protocols/oidc", ViewApps, apps::oidc, (), 200 -> OidcBody, "Shows the OAuth settings of an application.";
    PUT "/api/server/v1/applications/{id}/inbound-protocols/oidc", UpdateApps, apps::replace_oidc, (OidcBody), 200 -> OidcBody, "Replaces the OAuth settings of an application.";
    POST "/api/server/v1/applications/{id}/inbound-protocols/oidc/regenerate-secret", RenewSecrets, apps::renew_secret, (), 200 -> SecretBody, "Makes another client secret, shown this once; the old one stops.";
    GET "/api/server/v1/applications/{id}/authorized-apis", ViewApps, apps::allowed, (), 200 -> Vec<AuthorizedApi>, "Shows the management scopes of an application.";
    POST "/api/server/v1/applications/{id}/authorized-apis", UpdateApps, apps::allow, (NewAuthorizedApi), 200 -> Vec<AuthorizedApi>, "Allows an application more management scopes.";
    DELETE "/api/server/v1/applications/{id}/authorized-apis", UpdateApps, apps::withdraw, (), 204, "Takes all management scopes from an application.";
    GET "/api/server/v1/tenants", ViewTenants, tenants::list, (), 200 -> TenantList, "Lists tenants.";
    POST "/api/server/v1/tenants", CreateTenants, tenants::create, (NewTenantBody), 201 -> TenantBody, "Makes a tenant.";
    GET "/api/server/v1/tenants/{id}", ViewTenants, tenants::show, (), 200 -> TenantBody, "Shows a tenant.";
    GET "/scim2/Users", ListUsers, users::list, (), 200 -> UserList, "Lists users.";
    POST "/scim2/Users", CreateUsers, users::create, (UserBody), 201 -> UserBody, "Makes a user.";
    GET "/scim2/Users/{id}", ViewUsers, users::show, (), 200 -> UserBody, "Shows a user.";
    PUT "/scim2/Users/{id}", UpdateUsers, users::replace, (UserBody), 200 -> UserBody, "Replaces what is known of a user.";
    PATCH "/scim2/Users/{id}", UpdateUsers, users::change, (PatchBody), 200 -> UserBody, "Changes what is mentioned of a user.";
    DELETE "/scim2/Users/{id}", DeleteUsers, users::remove, (), 204, "Removes a user.";
    GET "/scim2/Me", OwnUser, users::me, (), 200 -> UserBody, "Shows the signed-in user.";
    GET "/scim2/ServiceProviderConfig", Anyone, discovery::config, (), 200, "Shows what this SCIM server can do.";
    GET "/scim2/ResourceTypes", Anyone, discovery::resource_types, (), 200, "Lists the kinds of resources.";
    GET "/scim2/ResourceTypes/{id}", Anyone, discovery::resource_type, (), 200, "Shows a kind of resource.";
    GET "/scim2/Schemas", Anyone, discovery::schemas, (), 200, "Lists the schemas of resources.";
    GET "/scim2/Schemas/{id}", Anyone, discovery::schema, (), 200, "Shows a schema.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_route_is_there_once_and_every_permission_opens_one() {
        let routes: HashSet<_> = ROUTES.iter().map(|route| (&route.method, route.path)).collect();
        assert_eq!(routes.len(), ROUTES.len());
        for permission in Permission::ALL {
            assert!(ROUTES.iter().any(|route| route.needs == *permission), "{permission:?}");
        }
    }

    #[test]
    fn every_body_has_a_schema() {
        let mut generator = SchemaGenerator::default();
        for schema in ROUTES.iter().flat_map(|route| [route.takes, route.gives]).flatten() {
            assert!(schema(&mut generator).as_object().is_some_and(|schema| !schema.is_empty()));
        }
    }
}
