//! TOTP (`totp`): a code that the user's device computes from the time (RFC 6238). Each is accepted once.

use async_trait::async_trait;
use vestibule_core::credential::{Credential, Held, Kind};
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Factor, Memo, Outcome, Param, Prompt, PromptKind, Spec, Then, Triage,
};
use vestibule_core::ports::store::Edit;

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Totp;

struct Totp;

static SPEC: Spec = Spec {
    name: "totp",
    display: "TOTP",
    i18n_key: "authenticator.totp",
    summary: "A code computed by the user's authenticator app.",
    params: &[Param::text("token", 0, "totp.authenticator", "Token")],
    factor: Some(Factor::Otp),
    tries: Some(5),
    traceless: true,
    enrolled_by: Some(crate::enrolment::TOTP),
    ..Spec::PLAIN
};

#[async_trait]
impl Authenticator for Totp {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    /// Among other options it is a button until it is selected, like every code: a client would draw the form at once.
    fn ready_prompt(&self, _: &Context<'_>) -> Option<Prompt> {
        None
    }

    async fn begin(&self, _: &Context<'_>) -> Result<Begun, Fault> {
        Ok(Begun::of(SPEC.form(PromptKind::User)))
    }

    fn triage(&self, _: &Context<'_>, answers: &Answers) -> Triage {
        if answers.secret("token").is_some() { Triage::Judge } else { Triage::Ask }
    }

    async fn submit(&self, cx: &Context<'_>, _: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        let code = answers.secret("token").map(|code| code.expose().as_str()).unwrap_or_default();
        let Some(credential) = held(cx).await? else { return Ok(wrong()) };
        let Held::Totp(key) = &credential.held else { return Ok(wrong()) };
        let Some(step) = key.open(cx.secrets)?.step_of(code, key.last_step, cx.now) else { return Ok(wrong()) };
        let mut spent = key.clone();
        spent.last_step = step;
        Ok(Outcome::proved(Edit::used(&credential, Held::Totp(spent), cx.now).into()))
    }

    async fn is_usable(&self, cx: &Context<'_>) -> Result<bool, Fault> {
        Ok(held(cx).await?.is_some())
    }
}

async fn held(cx: &Context<'_>) -> Result<Option<Credential>, Fault> {
    cx.single(Kind::Totp).await
}

fn wrong() -> Outcome {
    let message = Message::failed("The code is wrong. Please try again.", "login.fail.message");
    Outcome::Wrong { message, then: Then::Choose }
}
