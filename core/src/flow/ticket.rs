//! The ticket of a flow, sealed into its flowId: everything that was decided when it started. A flow therefore costs no
//! storage until it has something to remember, any node can go on with it, and a changed one does not open.

use serde::{Deserialize, Serialize};

use super::policy::Plan;
use super::state::Progress;
use crate::error::{Code, Error, Fault};
use crate::oauth::admission::Binding;
use crate::oauth::authorize::AuthorizationRequest;
use crate::ports::{AppId, FlowNumber, Ports, SessionId, TenantId, Timestamp};
use crate::secrets::Secrets;

/// What was decided when a flow started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Names what is kept of the flow.
    #[serde(rename = "n")]
    pub number: FlowNumber,
    /// The realm.
    #[serde(rename = "t")]
    pub tenant: TenantId,
    /// The application.
    #[serde(rename = "a")]
    pub app: AppId,
    /// When it is too old.
    #[serde(rename = "x")]
    pub expires: Timestamp,
    /// What was asked for.
    #[serde(rename = "r")]
    pub request: AuthorizationRequest,
    /// The steps.
    #[serde(rename = "p")]
    pub plan: Plan,
    /// How far the session brought the flow.
    #[serde(rename = "g")]
    pub progress: Progress,
    /// The session that is used again.
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionId>,
    /// What the flow is bound to.
    #[serde(rename = "b", default, skip_serializing_if = "Binding::is_free")]
    pub binding: Binding,
}

impl Ticket {
    /// The flowId.
    ///
    /// # Errors
    /// The ticket could not be written or sealed.
    pub fn seal(&self, ports: &Ports, secrets: &Secrets) -> Result<String, Fault> {
        let plain = serde_json::to_vec(self).map_err(|error| Fault::from("writing a flow's ticket", error))?;
        secrets.seal_flow(ports.random(), &plain)
    }

    /// The ticket that a flowId holds, if it may be used in this tenant now.
    ///
    /// # Errors
    /// Not sealed by this server or for another tenant (60009), or too old (60008).
    pub fn open(flow_id: &str, tenant: &TenantId, now: Timestamp, secrets: &Secrets) -> Result<Self, Error> {
        let plain = secrets.open_flow(flow_id).ok_or(Code::InvalidFlowId)?;
        let ticket: Self = serde_json::from_slice(plain.as_ref()).map_err(|error| {
            Error::filled(Code::UnknownFlowStatus, &[("flow_status", "sealed by another version")])
                .caused_by(Fault::from("reading a flow's ticket", error))
        })?;
        if ticket.tenant != *tenant {
            return Err(Code::InvalidFlowId.into());
        }
        if now >= ticket.expires {
            return Err(Code::FlowTimeout.into());
        }
        Ok(ticket)
    }
}
