//! Codes that are sent, over whatever channel: how they are made, asked for and judged. Unknown users, and users without an
//! address, are asked for a code that nobody was sent, until another factor is proved.

mod mask;

use std::borrow::Cow;
use std::collections::BTreeMap;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vestibule_core::delivery::{Channel, Dispatch};
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Effects, Memo, Outcome, Prompt, PromptKind, Spec, Then, Triage,
};
use vestibule_core::ports::Timestamp;
use vestibule_core::user::User;

pub(crate) use mask::{masked_email, masked_phone};

/// Decimal digits of a code: just under twenty bits, of which five may be tried.
const DIGITS: usize = 6;

/// A way of sending codes.
pub(crate) struct SentCode {
    pub spec: &'static Spec,
    /// Parameter of the code.
    pub code: &'static str,
    pub channel: Channel,
    /// Where the user is reached.
    pub address: fn(&User) -> Option<&str>,
    /// What is told of a code that was sent: to nobody in particular, or to a masked address.
    pub told: fn(Option<&str>) -> Option<Message>,
    /// Message key of a user who cannot be reached.
    pub unreachable: &'static str,
}

/// What is remembered of a code.
#[derive(Serialize, Deserialize)]
struct Asked {
    digest: String,
    until: Timestamp,
    /// The address, once it may be told in part.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

#[async_trait]
impl Authenticator for SentCode {
    fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn ready_prompt(&self, cx: &Context<'_>) -> Option<Prompt> {
        (!cx.subject.is_named()).then(|| self.spec.ask(PromptKind::User, &["username"]))
    }

    async fn begin(&self, cx: &Context<'_>) -> Result<Begun, Fault> {
        let to = cx.subject.user().and_then(self.address);
        if cx.proven && to.is_none() {
            let told = Message::failed("There is no address to which a code could be sent.", self.unreachable);
            return Ok(Begun::nothing(told));
        }
        let code = cx.digits(DIGITS);
        let lifetime = cx.app.oauth.lifetimes.one_time;
        let asked = Asked {
            digest: cx.digest(&code),
            until: cx.now + lifetime,
            to: to.filter(|_| cx.proven).map(str::to_owned),
        };
        let minutes = lifetime.as_secs().div_ceil(60).to_string();
        let values = [("code", code), ("minutes", minutes), ("app", cx.app.name.clone())];
        let letter = to.map(|to| cx.letter(&dispatch(cx, self.channel, to, ("otp", values.into())), lifetime));
        Ok(Begun {
            memo: Some(Memo::of(&asked)?),
            letters: letter.transpose()?.into_iter().collect(),
            ..self.again(&asked)
        })
    }

    fn repeat(&self, _: &Context<'_>, memo: &Memo) -> Result<Begun, Fault> {
        Ok(self.again(&memo.read()?))
    }

    fn triage(&self, cx: &Context<'_>, answers: &Answers) -> Triage {
        match answers.secret(self.code) {
            // A code before a name: none was sent.
            _ if !cx.subject.is_named() => Triage::Ask,
            Some(_) => Triage::Judge,
            None if answers.is_on("resendCode") => Triage::Resend,
            None => Triage::Ask,
        }
    }

    async fn submit(&self, cx: &Context<'_>, memo: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        let asked: Asked = memo.read()?;
        let code = answers.secret(self.code).map(|code| code.expose().as_str()).unwrap_or_default();
        let is_right = cx.is_digest(code, &asked.digest) && cx.now < asked.until;
        if is_right && cx.subject.user().is_some() {
            return Ok(Outcome::proved(Effects::default()));
        }
        let message = Message::failed("The code is wrong or too old. Please try again.", "authentication.fail.message");
        Ok(Outcome::Wrong { message, then: Then::Repeat(memo) })
    }

    async fn is_usable(&self, cx: &Context<'_>) -> Result<bool, Fault> {
        Ok(cx.subject.user().and_then(self.address).is_some())
    }
}

impl SentCode {
    fn again(&self, asked: &Asked) -> Begun {
        let messages = (self.told)(asked.to.as_deref()).into_iter().collect();
        Begun { messages, ..Begun::of(self.spec.ask(PromptKind::User, &[self.code])) }
    }
}

/// A message to the flow's user, in the language that the user or else the app prefers.
pub(crate) fn dispatch(
    cx: &Context<'_>,
    channel: Channel,
    to: &str,
    (template, values): (&str, BTreeMap<&str, String>),
) -> Dispatch {
    Dispatch {
        channel,
        to: to.to_owned(),
        template: template.to_owned(),
        locale: preferred_locale(cx, cx.subject.user()),
        values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

/// The language that the user or else the app prefers.
pub(crate) fn preferred_locale(cx: &Context<'_>, user: Option<&User>) -> Option<String> {
    let own = user.and_then(|user| user.profile.locale.clone());
    own.or_else(|| cx.request.ui_locales.first().cloned())
}

/// What is told of something that was sent: nothing of the address until it may be told.
pub(crate) fn told(
    id: &'static str,
    to: Option<(&'static str, String)>,
    (known, unknown): (&'static str, &'static str),
) -> Message {
    match to {
        Some((name, masked)) => Message::info(id, Cow::Owned(format!("{known}{masked}"))).with(name, masked),
        None => Message::info(id, Cow::Borrowed(unknown)),
    }
}
