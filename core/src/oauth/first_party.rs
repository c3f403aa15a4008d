//! The authorization challenge endpoint (draft-ietf-oauth-first-party-apps-04): the same flows, begun and answered in one
//! form. Its `auth_session` is the flowId, so a flow that began at one face may be finished at the other.

use super::Params;
use super::authorize::CHALLENGE_CHECKS;
use super::client_auth::Shown;
use crate::error::{Code, Error};
use crate::flow::{Progressed, RawParams, Source, Submission};
use crate::house::House;
use crate::ports::TenantId;

/// An answer that came with a challenge request.
#[derive(Debug)]
pub struct Given {
    /// The option that is meant.
    pub authenticator_id: String,
    /// What is answered; nothing selects the option.
    pub params: RawParams,
}

/// One call of the authorization challenge endpoint.
#[derive(Debug)]
pub struct Challenged<'a> {
    /// The realm of the path.
    pub tenant: &'a TenantId,
    /// What the client shows.
    pub shown: &'a Shown,
    /// Everything but the answer.
    pub params: &'a Params,
    /// The answer, if one came along.
    pub given: Option<Given>,
    /// Where it came from.
    pub source: Source,
}

impl House {
    /// Begins a login or goes on with the one that `auth_session` names. A request that begins one may bring the answer to
    /// its first step.
    ///
    /// # Errors
    /// A refusal of the catalogue.
    pub async fn authorize_by_challenge(&self, challenged: Challenged<'_>) -> Result<Progressed, Error> {
        let Challenged { tenant, shown, params, given, source } = challenged;
        let auth_session = params.owned("auth_session");
        let begins = auth_session.is_none();
        let (flow_id, given) = match (auth_session, given) {
            (Some(flow_id), given) => {
                self.is_clients_own(tenant, shown, params, &flow_id).await?;
                (flow_id, given)
            }
            (None, given) => {
                match (self.start_login((tenant, &CHALLENGE_CHECKS), shown, params, &source).await?, given) {
                    (Progressed::Step(step), Some(given)) => (step.flow_id, Some(given)),
                    (begun, _) => return Ok(begun),
                }
            }
        };
        let (authenticator_id, answers) = given.map_or_else(Default::default, |given| {
            let Given { authenticator_id, params } = given;
            (authenticator_id, params)
        });
        let authenticator_id = Some(authenticator_id.as_str());
        let flow_id = flow_id.as_str();
        let submission = Submission { tenant, flow_id, authenticator_id, params: answers, shown, begins, source };
        self.engine.submit(submission).await
    }

    /// A flow is gone on with by the client that began it, which authenticates again if it has a secret.
    async fn is_clients_own(
        &self,
        tenant: &TenantId,
        shown: &Shown,
        params: &Params,
        flow_id: &str,
    ) -> Result<(), Error> {
        let app = self.engine.application(tenant, flow_id).await?;
        let is_named = params.has("client_id") || shown.has_credential(params)?;
        if is_named && shown.client_id(params)? != app.client_id {
            return Err(Code::InvalidFlowId.into());
        }
        self.clients.check(&app, shown, params).await
    }
}
