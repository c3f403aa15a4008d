//! Every managed route with the right that it needs, on one page.

use axum::http::Method;
use schemars::SchemaGenerator;
use vestibule_core::admin::Permission;

use super::super::me;
use super::super::push::{
    self, AnswerBody, DeviceBody, DeviceEditBody, NewDeviceBody, SignedBody, StatusBody, TicketBody,
};
use super::super::scim::users::PatchBody;
use super::super::scim::wire::{UserBody, UserList};
use super::super::scim::{discovery, users};
use super::apps::secrets::{ClientSecretBody, NewSecretBody};
use super::apps::{self, ApplicationBody, ApplicationList, AuthorizedApi, NewAuthorizedApi, OidcBody, SecretBody};
use super::audit::{self, RecordList};
use super::audit_hooks::{self, HookBody, NewHookBody};
use super::connections::{
    self, ConnectionBody, ConnectionList, FederatedBody, KindBody, ListedKind, ListedWay, ServiceBody,
};
use super::factors::{self, FactorBody};
use super::gate::Route;
use super::keys::{self, KeyBody, RewrappedBody, RotationBody, SecretTurnBody};
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
    POST "/api/server/v1/applications/{id}/inbound-protocols/oidc/regenerate-secret", RenewSecrets, apps::renew_secret, (), 200 -> SecretBody, "Makes another client secret, shown this once; all others stop.";
    GET "/api/server/v1/applications/{id}/secrets", ViewApps, apps::secrets::list, (), 200 -> Vec<ClientSecretBody>, "Lists the client secrets of an application, without what is secret.";
    POST "/api/server/v1/applications/{id}/secrets", RenewSecrets, apps::secrets::add, (NewSecretBody), 201 -> ClientSecretBody, "Makes one more client secret, shown this once; the others stay good.";
    DELETE "/api/server/v1/applications/{id}/secrets/{secretId}", RenewSecrets, apps::secrets::remove, (), 204, "Removes a client secret; it stops at once.";
    GET "/api/server/v1/applications/{id}/authorized-apis", ViewApps, apps::allowed, (), 200 -> Vec<AuthorizedApi>, "Shows the management scopes of an application.";
    POST "/api/server/v1/applications/{id}/authorized-apis", UpdateApps, apps::allow, (NewAuthorizedApi), 200 -> Vec<AuthorizedApi>, "Allows an application more management scopes.";
    DELETE "/api/server/v1/applications/{id}/authorized-apis", UpdateApps, apps::withdraw, (), 204, "Takes all management scopes from an application.";
    DELETE "/api/server/v1/applications/{id}/attested-keys/{keyId}", UpdateApps, apps::revoke_key, (), 204, "Takes an App Attest key of an app back, with the client attestations that stand on it.";
    GET "/api/server/v1/users/{id}/factors", ViewUsers, factors::list, (), 200 -> Vec<FactorBody>, "Lists what a user holds besides a password, without what is secret.";
    DELETE "/api/server/v1/users/{id}/factors", UpdateUsers, factors::remove_all, (), 204, "Removes all factors of a user; the password stays.";
    DELETE "/api/server/v1/users/{id}/factors/{factorId}", UpdateUsers, factors::remove, (), 204, "Removes a factor of a user.";
    GET "/api/server/v1/identity-providers", ViewConnections, connections::list, (), 200 -> ConnectionList, "Lists connections to identity providers.";
    POST "/api/server/v1/identity-providers", CreateConnections, connections::create, (ConnectionBody), 201 -> ConnectionBody, "Makes a connection to an identity provider. Whoever may, decides who is who.";
    GET "/api/server/v1/identity-providers/meta/federated-authenticators", ViewConnections, connections::kinds, (), 200 -> Vec<ListedKind>, "Lists the ways of signing in that a connection can have.";
    GET "/api/server/v1/identity-providers/meta/federated-authenticators/{id}", ViewConnections, connections::kind, (), 200 -> KindBody, "Shows a way of signing in that a connection can have, and its settings.";
    GET "/api/server/v1/identity-providers/{id}", ViewConnections, connections::show, (), 200 -> ConnectionBody, "Shows a connection.";
    PATCH "/api/server/v1/identity-providers/{id}", UpdateConnections, connections::change, (ConnectionBody), 200 -> ConnectionBody, "Changes what is mentioned of a connection.";
    DELETE "/api/server/v1/identity-providers/{id}", DeleteConnections, connections::remove, (), 204, "Removes a connection that no application uses.";
    GET "/api/server/v1/identity-providers/{id}/federated-authenticators", ViewConnections, connections::federated, (), 200 -> FederatedBody, "Shows the way of signing in of a connection, and its settings.";
    PUT "/api/server/v1/identity-providers/{id}/federated-authenticators", UpdateConnections, connections::replace_federated, (FederatedBody), 200 -> FederatedBody, "Replaces the settings of a connection; secret ones stay until they are mentioned.";
    GET "/api/server/v1/authenticators", ViewAuthenticators, connections::ways, (), 200 -> Vec<ListedWay>, "Lists every way of signing in that an application's steps may name.";
    POST "/api/server/v1/authenticators/custom", CreateServices, connections::create_service, (ServiceBody), 201 -> ServiceBody, "Makes a service that decides on logins. Whoever may, decides who is who.";
    GET "/api/server/v1/authenticators/custom/{id}", ViewServices, connections::show_service, (), 200 -> ServiceBody, "Shows a service that decides on logins.";
    PUT "/api/server/v1/authenticators/custom/{id}", UpdateServices, connections::replace_service, (ServiceBody), 200 -> ServiceBody, "Replaces a service; its secrets stay until they are mentioned.";
    DELETE "/api/server/v1/authenticators/custom/{id}", DeleteServices, connections::remove_service, (), 204, "Removes a service that no application uses.";
    GET "/api/server/v1/audit", ViewAudit, audit::list, (), 200 -> RecordList, "Lists records of the audit log, the oldest first.";
    GET "/api/server/v1/audit/export", ViewAudit, audit::export, (), 200, "Gives records of the audit log as JSON lines, a large page at a time; the header Vestibule-Next is the next page's `after`.";
    GET "/api/server/v1/audit/webhooks", ViewAudit, audit_hooks::list, (), 200 -> Vec<HookBody>, "Lists the webhooks of the audit log.";
    POST "/api/server/v1/audit/webhooks", ManageAuditHooks, audit_hooks::create, (NewHookBody), 201 -> HookBody, "Makes a webhook of the audit log; its secret is shown this once.";
    DELETE "/api/server/v1/audit/webhooks/{id}", ManageAuditHooks, audit_hooks::remove, (), 204, "Removes a webhook of the audit log.";
    GET "/api/server/v1/keys", ViewKeys, keys::list, (), 200 -> Vec<KeyBody>, "Lists signing keys, without their private halves.";
    POST "/api/server/v1/keys/rotate", RotateKeys, keys::rotate, (RotationBody), 200 -> Vec<KeyBody>, "Makes new signing keys; they are published before they sign.";
    DELETE "/api/server/v1/keys/{id}", RevokeKeys, keys::revoke, (), 204, "Takes a signing key back: tokens that it signed fail.";
    POST "/api/server/v1/keys/rotate-secret", KeepSecrets, keys::rotate_secret, (), 200 -> SecretTurnBody, "Adds a server secret; what older ones made still holds.";
    POST "/api/server/v1/keys/rewrap", KeepSecrets, keys::rewrap, (), 200 -> RewrappedBody, "Seals every key and secret under the first master key.";
    GET "/api/server/v1/tenants", ViewTenants, tenants::list, (), 200 -> TenantList, "Lists tenants.";
    POST "/api/server/v1/tenants", CreateTenants, tenants::create, (NewTenantBody), 201 -> TenantBody, "Makes a tenant.";
    GET "/api/server/v1/tenants/{id}", ViewTenants, tenants::show, (), 200 -> TenantBody, "Shows a tenant.";
    GET "/api/users/v1/me/push/discovery-data", OwnUser, push::ticket, (), 200 -> TicketBody, "Gives the signed-in user a ticket for one more device, to be shown as a QR code.";
    GET "/api/users/v1/me/push/devices", OwnUser, push::list, (), 200 -> Vec<DeviceBody>, "Lists the signed-in user's devices for notifications.";
    POST "/api/users/v1/me/push/devices", Anyone, push::enrol, (NewDeviceBody), 201 -> DeviceBody, "Enrols a device, which shows the user's ticket.";
    GET "/api/users/v1/me/push/devices/{id}", OwnUser, push::show, (), 200 -> DeviceBody, "Shows a device of the signed-in user.";
    PUT "/api/users/v1/me/push/devices/{id}", OwnUser, push::change, (DeviceEditBody), 200 -> DeviceBody, "Gives a device another name or push token.";
    DELETE "/api/users/v1/me/push/devices/{id}", OwnUser, push::remove, (), 204, "Removes a device.";
    POST "/api/users/v1/me/push/devices/{id}/update", Anyone, push::change_itself, (SignedBody), 204, "Gives a device another name or push token at its own signed word.";
    POST "/api/users/v1/me/push/devices/{id}/remove", Anyone, push::remove_itself, (SignedBody), 204, "Removes a device at its own signed word.";
    GET "/push-auth/check-status", Anyone, push::status, (), 200 -> StatusBody, "Tells whether a device has answered; COMPLETED also when it refused.";
    POST "/push-auth/authenticate", Anyone, push::answer, (AnswerBody), 200 -> StatusBody, "Takes a device's signed answer, once.";
    GET "/scim2/Users", ListUsers, users::list, (), 200 -> UserList, "Lists users.";
    POST "/scim2/Users", CreateUsers, users::create, (UserBody), 201 -> UserBody, "Makes a user.";
    GET "/scim2/Users/{id}", ViewUsers, users::show, (), 200 -> UserBody, "Shows a user.";
    PUT "/scim2/Users/{id}", UpdateUsers, users::replace, (UserBody), 200 -> UserBody, "Replaces what is known of a user.";
    PATCH "/scim2/Users/{id}", UpdateUsers, users::change, (PatchBody), 200 -> UserBody, "Changes what is mentioned of a user.";
    DELETE "/scim2/Users/{id}", DeleteUsers, users::remove, (), 204, "Removes a user.";
    GET "/scim2/Me", OwnUser, users::me, (), 200 -> UserBody, "Shows the signed-in user.";
    POST "/api/users/v1/me/totp", OwnUser, me::totp::act, (me::totp::TotpBody), 200 -> me::totp::TotpAnswer, "Makes, shows or replaces a secret of an authenticator app, or confirms it by a first code.";
    DELETE "/api/users/v1/me/totp", OwnUser, me::totp::remove, (), 204, "Removes the authenticator app.";
    GET "/api/users/v1/me/totp/secret", OwnUser, me::totp::secret, (), 200 -> me::totp::TotpSecretBody, "Shows the secret that waits to be confirmed.";
    GET "/api/users/v1/me/backup-codes", OwnUser, me::backup::show, (), 200 -> me::backup::RemainingBody, "Shows how many backup codes are left.";
    POST "/api/users/v1/me/backup-codes", OwnUser, me::backup::renew, (), 200 -> me::backup::SheetBody, "Makes new backup codes, shown this once; the old ones are void.";
    DELETE "/api/users/v1/me/backup-codes", OwnUser, me::backup::remove, (), 204, "Voids all backup codes.";
    POST "/api/users/v1/me/verifications", OwnUser, me::contacts::ask, (me::contacts::VerificationBody), 202 -> me::contacts::VerificationSentBody, "Sends a code to the user's email address or telephone number.";
    POST "/api/users/v1/me/verifications/confirm", OwnUser, me::contacts::confirm, (me::contacts::VerificationCodeBody), 204, "Confirms an address by the code that was sent to it.";
    POST "/api/users/v1/me/password", OwnUser, me::password::change, (me::password::PasswordBody), 204, "Changes the password; all sessions and tokens of the user end.";
    POST "/api/users/v2/me/webauthn/start-registration", OwnUser, me::passkeys::start, (me::passkeys::PasskeyStartBody), 200 -> me::passkeys::PasskeyOptionsBody, "Asks for a passkey.";
    POST "/api/users/v2/me/webauthn/start-usernameless-registration", OwnUser, me::passkeys::start_usernameless, (me::passkeys::PasskeyStartBody), 200 -> me::passkeys::PasskeyOptionsBody, "Asks for a passkey that can be used without a user name.";
    POST "/api/users/v2/me/webauthn/finish-registration", OwnUser, me::passkeys::finish, (me::passkeys::PasskeyFinishBody), 200 -> me::passkeys::PasskeyBody, "Takes the passkey that was asked for.";
    GET "/api/users/v2/me/webauthn", OwnUser, me::passkeys::list, (), 200 -> Vec<me::passkeys::PasskeyBody>, "Lists the user's passkeys.";
    GET "/api/users/v2/me/webauthn/", OwnUser, me::passkeys::list, (), 200 -> Vec<me::passkeys::PasskeyBody>, "Lists the user's passkeys.";
    PATCH "/api/users/v2/me/webauthn/{id}", OwnUser, me::passkeys::rename, (Vec<me::passkeys::PasskeyChangeBody>), 200 -> me::passkeys::PasskeyBody, "Gives a passkey another name.";
    DELETE "/api/users/v2/me/webauthn/{id}", OwnUser, me::passkeys::remove, (), 204, "Removes a passkey.";
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
