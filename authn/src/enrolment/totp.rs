//! `totp-enroll`: shows a fresh secret and is confirmed by its first code, which passes the step that asked for TOTP.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vestibule_core::credential::totp::{SealedTotp, TotpSecret};
use vestibule_core::credential::{Credential, Held};
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Effects, Factor, Memo, Outcome, Param, Prompt, PromptKind, Spec, Then,
    Triage,
};
use vestibule_core::ports::store::Edit;

use super::{BACKUP_CODES, TOTP, candidate, nobody, notice};

pub(super) const KIND: &dyn Authenticator = &Enrol;

struct Enrol;

static SPEC: Spec = Spec {
    name: TOTP,
    display: "TOTP Enrolment",
    i18n_key: "authenticator.totp.enroll",
    summary: "Enrols the user's authenticator app inside the login.",
    params: &[Param::text("token", 0, "totp.authenticator", "Token")],
    factor: Some(Factor::Otp),
    tries: Some(5),
    followed_by: &[BACKUP_CODES],
    enrols: Some("totp"),
    ..Spec::PLAIN
};

#[derive(Serialize, Deserialize)]
struct Asked {
    secret: SealedTotp,
}

#[async_trait]
impl Authenticator for Enrol {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn ready_prompt(&self, _: &Context<'_>) -> Option<Prompt> {
        None
    }

    async fn begin(&self, cx: &Context<'_>) -> Result<Begun, Fault> {
        if candidate(cx).is_none() {
            return Ok(nobody());
        }
        let secret = TotpSecret::random(cx.ports);
        let asked = Asked { secret: secret.seal(cx.ports, cx.secrets)? };
        Ok(Begun { memo: Some(Memo::of(&asked)?), ..Begun::of(form(cx, &secret)) })
    }

    fn repeat(&self, cx: &Context<'_>, memo: &Memo) -> Result<Begun, Fault> {
        let asked: Asked = memo.read()?;
        Ok(Begun::of(form(cx, &asked.secret.open(cx.secrets)?)))
    }

    fn triage(&self, _: &Context<'_>, answers: &Answers) -> Triage {
        if answers.secret("token").is_some() { Triage::Judge } else { Triage::Ask }
    }

    async fn submit(&self, cx: &Context<'_>, memo: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        let asked: Asked = memo.read()?;
        let code = answers.secret("token").map(|code| code.expose().as_str()).unwrap_or_default();
        let step = asked.secret.open(cx.secrets)?.step_of(code, 0, cx.now);
        let (Some(user), Some(step)) = (candidate(cx), step) else {
            let text = "The code does not belong to this secret. Please try the next one.";
            return Ok(Outcome::Wrong {
                message: Message::failed(text, "login.fail.message"),
                then: Then::Repeat(memo),
            });
        };
        let held = Held::Totp(asked.secret.confirmed(step));
        let credential = Credential::new(user, user.id.to_string(), "", held, cx.ports);
        let letters = notice(cx, user, "TOTP")?;
        Ok(Outcome::proved(Effects { edits: vec![Edit::Enrol(Box::new(credential))], letters }))
    }
}

fn form(cx: &Context<'_>, secret: &TotpSecret) -> Prompt {
    let account = cx.subject.user().map_or("", |user| user.name.as_str());
    SPEC.form(PromptKind::User)
        .with("secret", secret.base32().expose().clone())
        .with("otpauthUri", secret.uri(&cx.app.name, account).expose().clone())
}
