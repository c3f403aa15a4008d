//! What a server needs before anybody can operate it: the root tenant and its first administrator. There is no default
//! password (ASVS 6.3.2): one is given, or made and shown once.

use vestibule_jose::base64url;

use super::users::{Role, UserDraft};
use super::{Administration, Operator};
use crate::attempt::TallyKey;
use crate::audit::What;
use crate::error::{Code, Error};
use crate::flow::authenticator::Factor;
use crate::ports::store::Added;
use crate::ports::{Secret, TenantId};
use crate::tenant::Tenant;

/// Name of the first administrator.
pub const ADMINISTRATOR: &str = "admin";

/// Whether the first administrator had to be made.
#[derive(Debug)]
pub enum FirstAdministrator {
    /// There is one.
    Existing,
    /// It was made.
    Made {
        /// The password that was made for it, to be shown once; none where one was given.
        generated: Option<Secret<String>>,
    },
}

impl Administration {
    /// Makes the root tenant and its user [`ADMINISTRATOR`] where they are missing. `password`: the administrator's, else one
    /// is made. At a later start a given password changes nothing but this: wrong passwords of the administrator are
    /// forgotten, so that whoever runs the server can open a door that guesses have closed.
    ///
    /// # Errors
    /// The password is not good enough, or the store failed.
    pub async fn first_start(&self, password: Option<Secret<String>>) -> Result<FirstAdministrator, Error> {
        let root = TenantId::root();
        if self.ports.store.tenant(&root).await?.is_none() {
            let (name, created) = (root.to_string(), self.ports.clock.now());
            let tenant = Tenant { id: root.clone(), name, error_codes: None, messages: None, created };
            // Another node may have been faster; its tenant is as good.
            if self.ports.store.add_tenant(&tenant).await? == Added::Kept {
                let by = Operator::server(root.clone());
                self.ports.record(self.told(&by, What::TenantCreated).with("id", &root)).await?;
            }
        }
        if let Some(user) = self.ports.store.user_by_name(&root, ADMINISTRATOR).await? {
            if password.is_some() {
                TallyKey::forgive(&*self.ports.store, &user, Factor::Password).await?;
            }
            return Ok(FirstAdministrator::Existing);
        }
        let generated = password.is_none().then(|| Secret::new(base64url(&self.ports.random::<18>())));
        let draft = UserDraft { password: password.or(generated.clone()), ..UserDraft::new(ADMINISTRATOR) };
        match self.add_user(&Operator::server(root), draft, Role::Administrator).await {
            Ok(_) => Ok(FirstAdministrator::Made { generated }),
            Err(error) if error.code() == Code::Conflict => Ok(FirstAdministrator::Existing),
            Err(error) => Err(error),
        }
    }
}
