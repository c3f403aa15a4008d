//! What a caller of the management API may be allowed. Each permission is a scope that an administrator can give an
//! application, in the names that WSO2's users already script.

/// The right to one kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Needs no caller: documents that say nothing of anybody.
    Anyone,
    /// A signed-in user's own record.
    OwnUser,
    /// Applications, read.
    ViewApps,
    /// Applications, made.
    CreateApps,
    /// Applications, changed.
    UpdateApps,
    /// Applications, removed.
    DeleteApps,
    /// Client secrets, renewed.
    RenewSecrets,
    /// Tenants, read; the root tenant's alone.
    ViewTenants,
    /// Tenants, made; the root tenant's alone.
    CreateTenants,
    /// Users, read one by one.
    ViewUsers,
    /// Users, listed and searched.
    ListUsers,
    /// Users, made.
    CreateUsers,
    /// Users, changed.
    UpdateUsers,
    /// Users, removed.
    DeleteUsers,
    /// Connections to identity providers, read.
    ViewConnections,
    /// Connections, made. Whoever makes one decides who is who.
    CreateConnections,
    /// Connections, changed.
    UpdateConnections,
    /// Connections, removed.
    DeleteConnections,
    /// Ways of signing in, listed.
    ViewAuthenticators,
    /// Services that decide on logins, read.
    ViewServices,
    /// Services, made. Whoever makes one decides who is who.
    CreateServices,
    /// Services, changed.
    UpdateServices,
    /// Services, removed.
    DeleteServices,
    /// The audit log and its webhooks, read.
    ViewAudit,
    /// Webhooks of the audit log, made and removed. Whoever makes one reads the log.
    ManageAuditHooks,
    /// Signing keys, read without their private halves.
    ViewKeys,
    /// Signing keys, rotated.
    RotateKeys,
    /// Signing keys, taken back.
    RevokeKeys,
    /// The server's own secrets, rotated and wrapped anew; the root tenant's alone.
    KeepSecrets,
}

impl Permission {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Anyone,
        Self::OwnUser,
        Self::ViewApps,
        Self::CreateApps,
        Self::UpdateApps,
        Self::DeleteApps,
        Self::RenewSecrets,
        Self::ViewTenants,
        Self::CreateTenants,
        Self::ViewUsers,
        Self::ListUsers,
        Self::CreateUsers,
        Self::UpdateUsers,
        Self::DeleteUsers,
        Self::ViewConnections,
        Self::CreateConnections,
        Self::UpdateConnections,
        Self::DeleteConnections,
        Self::ViewAuthenticators,
        Self::ViewServices,
        Self::CreateServices,
        Self::UpdateServices,
        Self::DeleteServices,
        Self::ViewAudit,
        Self::ManageAuditHooks,
        Self::ViewKeys,
        Self::RotateKeys,
        Self::RevokeKeys,
        Self::KeepSecrets,
    ];

    /// The scope by which an application holds it; none where no application can.
    pub const fn scope(self) -> Option<&'static str> {
        Some(match self {
            Self::Anyone | Self::OwnUser => return None,
            Self::ViewApps => "internal_application_mgt_view",
            Self::CreateApps => "internal_application_mgt_create",
            Self::UpdateApps => "internal_application_mgt_update",
            Self::DeleteApps => "internal_application_mgt_delete",
            Self::RenewSecrets => "internal_application_mgt_client_secret_create",
            Self::ViewTenants => "internal_tenant_mgt_view",
            Self::CreateTenants => "internal_tenant_mgt_create",
            Self::ViewUsers => "internal_user_mgt_view",
            Self::ListUsers => "internal_user_mgt_list",
            Self::CreateUsers => "internal_user_mgt_create",
            Self::UpdateUsers => "internal_user_mgt_update",
            Self::DeleteUsers => "internal_user_mgt_delete",
            Self::ViewConnections => "internal_idp_view",
            Self::CreateConnections => "internal_idp_create",
            Self::UpdateConnections => "internal_idp_update",
            Self::DeleteConnections => "internal_idp_delete",
            Self::ViewAuthenticators => "internal_authenticator_view",
            Self::ViewServices => "internal_custom_authenticator_view",
            Self::CreateServices => "internal_custom_authenticator_create",
            Self::UpdateServices => "internal_custom_authenticator_update",
            Self::DeleteServices => "internal_custom_authenticator_delete",
            Self::ViewAudit => "internal_audit_view",
            Self::ManageAuditHooks => "internal_audit_webhook_manage",
            Self::ViewKeys => "internal_keystore_view",
            Self::RotateKeys => "internal_keystore_update",
            Self::RevokeKeys => "internal_keystore_delete",
            Self::KeepSecrets => "internal_server_secret_update",
        })
    }

    /// Whether only the root tenant has it.
    pub(super) const fn is_of_root(self) -> bool {
        matches!(self, Self::ViewTenants | Self::CreateTenants | Self::KeepSecrets)
    }

    /// The permission that a scope gives.
    pub(super) fn of_scope(scope: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.scope() == Some(scope))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::oauth::scope::MANAGEMENT_SCOPES;

    #[test]
    fn every_management_scope_is_a_permission_and_the_reverse() {
        let scopes: BTreeSet<_> = Permission::ALL.iter().filter_map(|permission| permission.scope()).collect();
        assert_eq!(scopes, MANAGEMENT_SCOPES.iter().copied().collect());
    }
}
