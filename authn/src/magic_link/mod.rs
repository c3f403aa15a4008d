//! Magic Link (`MagicLinkAuthenticator`): a link sent by email that leads back into the app. It is good once, for a few
//! minutes, and only in the flow that asked for it: whoever opens it elsewhere has nothing to give it to.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use url::Url;
use vestibule_core::delivery::Channel;
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Effects, Factor, Memo, Outcome, Param, Prompt, PromptKind, Sending, Spec,
    Then, Triage,
};
use vestibule_core::ports::{FlowNumber, Timestamp};
use vestibule_jose::{base64url, equal};

use crate::sent::dispatch;

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &MagicLink;

struct MagicLink;

static SPEC: Spec = Spec {
    name: "MagicLinkAuthenticator",
    display: "Magic Link",
    i18n_key: "authenticator.magic.link",
    summary: "A link sent by email that leads back into the app.",
    params: &[
        Param::USERNAME,
        Param::secret("mlt", 0, "magic.link.code.param", "Magic Link Token"),
        Param::silent("state"),
        Param::RESEND,
    ],
    factor: Some(Factor::Email),
    identifier: Some("username"),
    sending: Some(Sending { resends: 3, exhausted: "resend.count.exceeded" }),
    ..Spec::PLAIN
};

#[derive(Serialize, Deserialize)]
struct Asked {
    digest: String,
    until: Timestamp,
    /// The app compares it with the one that comes back with the link.
    state: String,
}

#[async_trait]
impl Authenticator for MagicLink {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn ready_prompt(&self, cx: &Context<'_>) -> Option<Prompt> {
        (!cx.subject.is_named()).then(|| SPEC.ask(PromptKind::User, &["username"]))
    }

    async fn begin(&self, cx: &Context<'_>) -> Result<Begun, Fault> {
        let to = cx.subject.user().and_then(|user| user.profile.email()).map(|email| email.value.as_str());
        if cx.proven && to.is_none() {
            let text = "There is no email address to which a link could be sent.";
            return Ok(Begun::nothing(Message::failed(text, "user.email.not.found")));
        }
        let token = base64url(&cx.ports.random::<32>());
        let state = FlowNumber::random(&*cx.ports.entropy).to_string();
        let lifetime = cx.app.oauth.lifetimes.one_time;
        let mut link = Url::parse(&cx.request.redirect_uri)
            .map_err(|error| Fault::from("reading a redirect URI that was checked", error))?;
        link.query_pairs_mut().append_pair("mlt", &token).append_pair("state", &state);
        let minutes = lifetime.as_secs().div_ceil(60).to_string();
        let values = [("link", link.into()), ("minutes", minutes), ("app", cx.app.name.clone())];
        let letter = to.map(|to| cx.letter(&dispatch(cx, Channel::Email, to, ("magic-link", values.into())), lifetime));
        let asked = Asked { digest: cx.digest(&token), until: cx.now + lifetime, state };
        let letters = letter.transpose()?.into_iter().collect();
        Ok(Begun { memo: Some(Memo::of(&asked)?), letters, ..Begun::of(form(&asked)) })
    }

    fn repeat(&self, _: &Context<'_>, memo: &Memo) -> Result<Begun, Fault> {
        Ok(Begun::of(form(&memo.read()?)))
    }

    fn triage(&self, cx: &Context<'_>, answers: &Answers) -> Triage {
        match answers.secret("mlt") {
            // A link before a name: none was sent.
            _ if !cx.subject.is_named() => Triage::Ask,
            Some(_) => Triage::Judge,
            None if answers.is_on("resendCode") => Triage::Resend,
            None => Triage::Ask,
        }
    }

    async fn submit(&self, cx: &Context<'_>, memo: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        let asked: Asked = memo.read()?;
        let token = answers.secret("mlt").map(|token| token.expose().as_str()).unwrap_or_default();
        let same = answers.text("state").is_none_or(|state| equal(state.as_bytes(), asked.state.as_bytes()));
        let is_right = cx.is_digest(token, &asked.digest) && cx.now < asked.until && same;
        if is_right && cx.subject.user().is_some() {
            return Ok(Outcome::proved(Effects::default()));
        }
        let message = Message::failed("The link is not good any more.", "authentication.fail.message");
        Ok(Outcome::Wrong { message, then: Then::Leave })
    }

    async fn is_usable(&self, cx: &Context<'_>) -> Result<bool, Fault> {
        Ok(cx.subject.user().is_some_and(|user| user.profile.email().is_some()))
    }
}

fn form(asked: &Asked) -> Prompt {
    SPEC.ask(PromptKind::User, &["mlt"]).with("state", asked.state.clone())
}
