//! What an answer of the flow shows: the options of a step with their questions, or the end of the login.

use super::authenticator::Prompt;
use super::message::Message;
use crate::ports::Timestamp;

/// How a call moved the flow.
#[derive(Debug)]
pub enum Progressed {
    /// A step awaits an answer.
    Step(Step),
    /// The login is over and the code is out.
    Done(Completion),
}

/// A step that awaits an answer.
#[derive(Clone, Debug)]
pub struct Step {
    /// Constant for the whole flow.
    pub flow_id: String,
    /// The last answer was wrong.
    pub failed: bool,
    /// The step is a choice among options.
    pub choice: bool,
    /// The options, or the one that was chosen.
    pub offers: Vec<Offer>,
    /// What to tell the user.
    pub messages: Vec<Message>,
}

/// One option of a step.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The id by which the client names it.
    pub id: String,
    /// Display name of the authenticator.
    pub authenticator: String,
    /// Name of the identity provider.
    pub idp: String,
    /// Translation key of the display name.
    pub i18n_key: Option<&'static str>,
    /// Its questions; absent while it needs to be selected first.
    pub prompt: Option<Prompt>,
}

/// The end of a login.
#[derive(Clone, Debug)]
pub struct Completion {
    /// The authorization code.
    pub code: String,
    /// OpenID Connect Session Management §3; with the scope `openid`.
    pub session_state: Option<String>,
    /// The request's `state`, to the byte.
    pub state: Option<String>,
    /// The redirect URI at which the client expects the code.
    pub redirect_uri: String,
    /// Value of the session cookie.
    pub cookie: String,
    /// When the session ends if it is not used again; the cookie's end when the user asked to be remembered.
    pub remembered_until: Option<Timestamp>,
}
