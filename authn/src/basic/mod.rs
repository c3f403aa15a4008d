//! Username & Password (`BasicAuthenticator`): a name and something known. When the flow already speaks of somebody, the
//! password alone will do.

#[cfg(test)]
mod tests;

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Context, Effects, Factor, Memo, Outcome, Param, Spec, Subject, Then, Triage,
};
use vestibule_core::ports::store::Edit;
use vestibule_core::ports::{Secret, Verdict};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Basic;

struct Basic;

static SPEC: Spec = Spec {
    name: "BasicAuthenticator",
    display: "Username & Password",
    i18n_key: "authenticator.basic",
    summary: "A user name and a password.",
    params: &[
        Param::USERNAME,
        Param::secret("password", 1, "password.param", "Password"),
        Param::silent("chkRemember"),
    ],
    factor: Some(Factor::Password),
    identifier: Some("username"),
    followed_by: &["password-reset-enforcer"],
    ..Spec::PLAIN
};

#[async_trait]
impl Authenticator for Basic {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn triage(&self, cx: &Context<'_>, answers: &Answers) -> Triage {
        let is_named = cx.identified || answers.text("username").is_some_and(|name| !name.is_empty());
        match (is_named, answers.secret("password")) {
            (true, Some(_)) => Triage::Judge,
            (true, None) => Triage::Refuse("The parameter password is missing."),
            (false, _) => Triage::Refuse("The parameter username is missing."),
        }
    }

    async fn submit(&self, cx: &Context<'_>, _: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        let Some(password) = answers.secret("password") else { return Ok(wrong()) };
        // A shadow is compared with nothing, in the time of a comparison.
        let hash = match cx.subject {
            Subject::Known(user) => user.password.as_ref(),
            Subject::Shadow | Subject::Nobody => None,
        };
        Ok(match cx.ports.passwords.verify(password, hash).await? {
            Verdict::Right { rehash } => {
                warn_of_short(cx, password);
                let renewed =
                    cx.subject.user().zip(rehash.as_ref()).and_then(|(user, fresh)| Edit::rehash(user, fresh));
                let effects = Effects { edits: renewed.into_iter().collect(), letters: Vec::new() };
                Outcome::Proved { whose: None, factor: None, remember: answers.is_on("chkRemember"), effects }
            }
            Verdict::Wrong => wrong(),
            Verdict::Overloaded => Outcome::Overloaded,
        })
    }
}

/// Tells the operator where a password is the only factor of a login and too short for it. The login goes on: the password
/// was good enough when it was set, and is renewed only when somebody wants it.
fn warn_of_short(cx: &Context<'_>, password: &Secret<String>) {
    let is_last = cx.place.step + 1 >= cx.app.sequence.steps.len();
    if let (true, false, Some(user)) = (is_last, cx.proven, cx.subject.user())
        && cx.passwords.is_short_alone(password.expose())
    {
        tracing::warn!(tenant = %cx.tenant, user = %user.id, app = %cx.app.id, least = cx.passwords.shortest_alone, "a password is the only factor and short");
    }
}

fn wrong() -> Outcome {
    const TEXT: &str = "The user name or the password is wrong. Please try again.";
    Outcome::Wrong { message: Message::failed(TEXT, "login.fail.message"), then: Then::Choose }
}
