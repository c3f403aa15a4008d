//! Backup Code (`backup-code-authenticator`): a code from the sheet that the user was given when a factor was enrolled, good
//! once.

use async_trait::async_trait;
use vestibule_core::credential::{Credential, Held, Kind};
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Factor, Memo, Outcome, Param, Prompt, PromptKind, Spec, Then, Triage,
};
use vestibule_core::ports::store::Edit;

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &BackupCode;

struct BackupCode;

static SPEC: Spec = Spec {
    name: "backup-code-authenticator",
    display: "Backup Code",
    i18n_key: "authenticator.backup.code",
    summary: "A code from the user's sheet of backup codes.",
    params: &[Param::secret("BackupCode", 0, "backup.code.param", "Backup Code")],
    factor: Some(Factor::Otp),
    tries: Some(5),
    traceless: true,
    ..Spec::PLAIN
};

#[async_trait]
impl Authenticator for BackupCode {
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
        if answers.secret("BackupCode").is_some() { Triage::Judge } else { Triage::Ask }
    }

    async fn submit(&self, cx: &Context<'_>, _: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        let code = answers.secret("BackupCode").map(|code| code.expose().as_str()).unwrap_or_default();
        let Some(credential) = held(cx).await? else { return Ok(wrong()) };
        let Held::BackupCodes(codes) = &credential.held else { return Ok(wrong()) };
        let Some(left) = codes.without(code, &credential.user, cx.secrets) else { return Ok(wrong()) };
        Ok(Outcome::proved(Edit::used(&credential, Held::BackupCodes(left), cx.now).into()))
    }

    async fn is_usable(&self, cx: &Context<'_>) -> Result<bool, Fault> {
        let credential = held(cx).await?;
        let has_some = |held: &Held| matches!(held, Held::BackupCodes(codes) if !codes.digests.is_empty());
        Ok(credential.is_some_and(|credential| has_some(&credential.held)))
    }
}

/// The sheet of the flow's user.
pub(crate) async fn held(cx: &Context<'_>) -> Result<Option<Credential>, Fault> {
    cx.single(Kind::BackupCodes).await
}

fn wrong() -> Outcome {
    let message = Message::failed("The code is wrong. Please try again.", "authentication.fail.message");
    Outcome::Wrong { message, then: Then::Choose }
}
