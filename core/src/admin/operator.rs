//! Who operates: found once per call from what the caller shows, then asked at every door.

use std::collections::BTreeSet;

use super::Permission;
use crate::account::Owner;
use crate::application::Application;
use crate::audit::{Actor, What};
use crate::error::{Code, Error};
use crate::flow::Source;
use crate::house::House;
use crate::oauth::resource::{Access, Bearer, Presented};
use crate::ports::{AppId, Secret, TenantId, Timestamp, UserId};
use crate::user::User;

/// What a caller shows of itself.
#[derive(Debug)]
pub enum Credentials<'a> {
    /// Nothing that can be read.
    Nothing,
    /// Name and password of an administrator (RFC 7617).
    Basic {
        /// The user name.
        name: String,
        /// The password.
        password: Secret<String>,
    },
    /// An access token.
    Token(Presented<'a>),
}

/// A caller whose rights are known, in the tenant where it acts.
#[derive(Debug)]
pub struct Operator {
    tenant: TenantId,
    standing: Standing,
}

/// As what a caller acts.
#[derive(Debug)]
enum Standing {
    /// The server itself: its first start and its demonstration.
    Server,
    /// Nobody in particular.
    Nobody,
    /// An administrator of the tenant or of the root tenant.
    Administrator(UserId),
    /// An application with the management scopes of its token.
    App(AppId, BTreeSet<String>),
    /// A signed-in user.
    User(Box<SignedIn>),
}

/// A signed-in user, the application that acts for the user, and what the login allows it.
#[derive(Debug)]
struct SignedIn {
    user: User,
    app: Application,
    authenticated: Timestamp,
    strong: bool,
    own_record: bool,
}

impl Operator {
    /// The server itself, which may do everything in a tenant.
    pub fn server(tenant: TenantId) -> Self {
        Self { tenant, standing: Standing::Server }
    }

    pub(super) fn administrator(tenant: TenantId, id: UserId) -> Self {
        Self { tenant, standing: Standing::Administrator(id) }
    }

    /// A scope counts only while the token carries it and the application is still allowed it.
    fn of_access(tenant: TenantId, access: Access) -> Self {
        let own_record = access.has_scope("internal_login");
        let scopes = access.app.management_scopes.iter().filter(|scope| access.has_scope(scope)).cloned().collect();
        let authenticated = Timestamp::from_seconds(access.claims.auth_time.unwrap_or_default());
        let strong = access.claims.acr.as_deref() == Some(crate::flow::ACR[1]);
        let standing = match access.bearer {
            Bearer::App => Standing::App(access.app.id, scopes),
            Bearer::User(user) => {
                Standing::User(Box::new(SignedIn { user: *user, app: access.app, authenticated, strong, own_record }))
            }
        };
        Self { tenant, standing }
    }

    /// Where it acts.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// As the audit log names it.
    pub fn actor(&self) -> Actor {
        match &self.standing {
            Standing::Server => Actor::Server,
            Standing::Nobody => Actor::Nobody,
            Standing::Administrator(id) => Actor::Administrator(*id),
            Standing::App(id, _) => Actor::App(*id),
            Standing::User(signed_in) => Actor::User(signed_in.user.id),
        }
    }

    /// The application that acts, for itself or for a user.
    pub fn app(&self) -> Option<AppId> {
        match &self.standing {
            Standing::App(id, _) => Some(*id),
            Standing::User(signed_in) => Some(signed_in.app.id),
            Standing::Server | Standing::Nobody | Standing::Administrator(_) => None,
        }
    }

    /// Whether it may do a kind of operation.
    pub fn may(&self, permission: Permission) -> bool {
        if permission.is_of_root() && !self.tenant.is_root() {
            return false;
        }
        match &self.standing {
            _ if permission == Permission::Anyone => true,
            Standing::Nobody => false,
            Standing::Server | Standing::Administrator(_) => permission != Permission::OwnUser,
            Standing::App(_, scopes) => permission.scope().is_some_and(|scope| scopes.contains(scope)),
            Standing::User(signed_in) => permission == Permission::OwnUser && signed_in.own_record,
        }
    }

    /// Refuses an operation that it may not do.
    ///
    /// # Errors
    /// It may not (403).
    pub fn demand(&self, permission: Permission) -> Result<(), Error> {
        if self.may(permission) { Ok(()) } else { Err(Code::Forbidden.into()) }
    }

    /// The signed-in user whose token it shows.
    pub fn user(&self) -> Option<&User> {
        match &self.standing {
            Standing::User(signed_in) => Some(&signed_in.user),
            _ => None,
        }
    }

    /// The signed-in user at work on the own account.
    ///
    /// # Errors
    /// It is no user, or the token does not allow it (403).
    pub fn owner(&self) -> Result<Owner<'_>, Error> {
        self.demand(Permission::OwnUser)?;
        match &self.standing {
            Standing::User(signed_in) => {
                let SignedIn { user, app, authenticated, strong, .. } = &**signed_in;
                Ok(Owner { user, app, authenticated: *authenticated, strong: *strong })
            }
            _ => Err(Code::Forbidden.into()),
        }
    }

    /// Whether it may change a user: administrators are changed by administrators only, or an application could make
    /// itself one by a new password.
    pub(super) fn may_change(&self, user: &User) -> Result<(), Error> {
        let is_administrator = matches!(self.standing, Standing::Server | Standing::Administrator(_));
        if is_administrator || !user.administrator {
            return Ok(());
        }
        Err(Error::new(Code::Forbidden).because("Only an administrator may change an administrator."))
    }

    /// Whether it may change an application: none that has scopes which it lacks itself, or it could take them over.
    pub(super) fn may_change_app(&self, app: &Application) -> Result<(), Error> {
        if app.management_scopes.iter().all(|scope| self.holds(scope)) {
            return Ok(());
        }
        Err(Error::new(Code::Forbidden).because("The application has scopes that the caller does not have."))
    }

    /// Whether it has a management scope, and so may give it away.
    pub(super) fn holds(&self, scope: &str) -> bool {
        Permission::of_scope(scope).is_some_and(|permission| self.may(permission))
    }
}

impl House {
    /// Who calls an operation of a tenant, and whether it may.
    ///
    /// # Errors
    /// No such tenant (404), the caller is not known (401) or may not do it (403), too many wrong passwords came from its
    /// address (429), or the server is too busy to compare one (503).
    pub async fn operator(
        &self,
        tenant: &TenantId,
        shown: Credentials<'_>,
        source: Source,
        needs: Permission,
    ) -> Result<Operator, Error> {
        // Before anything else: the keys of a tenant that does not exist must not be made.
        if self.ports.store.tenant(tenant).await?.is_none() {
            return Err(Error::new(Code::NotFound).because("There is no such tenant."));
        }
        let tenant = tenant.clone();
        let operator = match shown {
            _ if needs == Permission::Anyone => Operator { tenant, standing: Standing::Nobody },
            Credentials::Nothing => {
                return Err(Error::new(Code::Unauthorized)
                    .because("Authenticate with Authorization: Basic as an administrator, or with a Bearer token."));
            }
            Credentials::Basic { name, password } => {
                self.admin.authenticate(&tenant, &name, &password, &source).await?
            }
            Credentials::Token(presented) => {
                let access = self.issuer.present(&tenant, &presented).await?;
                Operator::of_access(tenant, access)
            }
        };
        if let Err(refusal) = operator.demand(needs) {
            let event = self.admin.told(&operator, What::AdminRefused);
            let needed = needs.scope().unwrap_or_default();
            self.ports.record(event.because(refusal.code().row().name).with("needed", needed)).await?;
            return Err(refusal);
        }
        Ok(operator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(tenant: &str, scopes: &[&str]) -> Operator {
        let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let standing = Standing::App(AppId::from_bytes([1; 16]), scopes);
        Operator { tenant: tenant.parse().unwrap(), standing }
    }

    #[test]
    fn an_application_may_what_its_scopes_say() {
        let operator = app("carbon.super", &["internal_user_mgt_view", "internal_tenant_mgt_view", "unheard_of"]);
        for permission in Permission::ALL {
            let expected = [Permission::Anyone, Permission::ViewUsers, Permission::ViewTenants].contains(permission);
            assert_eq!(operator.may(*permission), expected, "{permission:?}");
        }
        assert!(operator.holds("internal_user_mgt_view") && !operator.holds("unheard_of"));
    }

    #[test]
    fn tenants_are_the_root_tenants_affair() {
        assert!(!app("acme", &["internal_tenant_mgt_view"]).may(Permission::ViewTenants));
        let acme = Operator::administrator("acme".parse().unwrap(), UserId::from_bytes([1; 16]));
        assert!(!acme.may(Permission::CreateTenants) && !acme.holds("internal_tenant_mgt_create"));
        assert!(Operator::server(TenantId::root()).may(Permission::CreateTenants));
    }

    #[test]
    fn nobody_may_nothing_but_what_anyone_may() {
        let nobody = Operator { tenant: TenantId::root(), standing: Standing::Nobody };
        assert!(
            Permission::ALL.iter().all(|permission| nobody.may(*permission) == (*permission == Permission::Anyone))
        );
    }
}
