//! A token of the application itself (RFC 6749 §4.4), with the management scopes that an administrator allowed it.

use super::super::client_auth::Shown;
use super::super::issue::{Issuer, Tokens};
use super::super::scope;
use super::Params;
use crate::application::Application;
use crate::audit::What;
use crate::error::{Code, Error};

impl Issuer {
    pub(super) async fn tokens_for_app(
        &self,
        app: &Application,
        shown: &Shown,
        params: &Params,
    ) -> Result<Tokens, Error> {
        // Whoever knows a public client's id would get its token (RFC 6749 §4.4).
        if app.oauth.public {
            return Err(Code::UnauthorizedClient.into());
        }
        let mut scopes = scope::read(params.get("scope"))?;
        scopes.retain(|scope| app.management_scopes.contains(scope));
        let binding = self.binding(app, shown, None).await?;
        self.ports.mention(self.told(app, What::TokenIssued)).await?;
        self.of_app(app, scope::spell(&scopes), &binding, self.ports.clock.now()).await
    }
}
