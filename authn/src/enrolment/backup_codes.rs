//! `backup-code-enroll`: shows a sheet of backup codes once a factor was enrolled, and passes when the user has put it away.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vestibule_core::credential::{BackupCodes, Credential, Held, backup};
use vestibule_core::error::Fault;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Effects, Memo, Outcome, Param, Prompt, PromptKind, Spec, Triage,
};
use vestibule_core::ports::Secret;
use vestibule_core::ports::store::Edit;

use super::{BACKUP_CODES, candidate, nobody, notice};
use crate::backup_code::held;

pub(super) const KIND: &dyn Authenticator = &Enrol;

/// Purpose of the sealing.
const SEAL: &str = "backup codes";

struct Enrol;

static SPEC: Spec = Spec {
    name: BACKUP_CODES,
    display: "Backup Codes",
    i18n_key: "authenticator.backup.code.enroll",
    summary: "Gives out backup codes after the first factor was enrolled inside the login.",
    params: &[Param::text("acknowledged", 0, "backup.code.acknowledged.param", "I have saved the codes")],
    ..Spec::PLAIN
};

/// The sheet, sealed: an app whose answer was lost is shown it again.
#[derive(Serialize, Deserialize)]
struct Asked {
    sheet: String,
}

#[async_trait]
impl Authenticator for Enrol {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn ready_prompt(&self, _: &Context<'_>) -> Option<Prompt> {
        None
    }

    async fn is_needless(&self, cx: &Context<'_>) -> Result<bool, Fault> {
        Ok(!cx.app.enrolment || held(cx).await?.is_some())
    }

    async fn begin(&self, cx: &Context<'_>) -> Result<Begun, Fault> {
        if candidate(cx).is_none() {
            return Ok(nobody());
        }
        let codes = backup::sheet(cx.ports);
        let codes: Vec<&str> = codes.iter().map(|code| code.expose().as_str()).collect();
        let sheet = Secret::new(serde_json::Value::from(codes).to_string());
        let sealed = cx.secrets.seal(SEAL, cx.ports.random(), sheet.expose().as_bytes())?;
        Ok(Begun { memo: Some(Memo::of(&Asked { sheet: sealed })?), ..Begun::of(form(&sheet)) })
    }

    fn repeat(&self, cx: &Context<'_>, memo: &Memo) -> Result<Begun, Fault> {
        Ok(Begun::of(form(&opened(cx, memo)?)))
    }

    fn triage(&self, _: &Context<'_>, answers: &Answers) -> Triage {
        if answers.is_on("acknowledged") { Triage::Judge } else { Triage::Ask }
    }

    async fn submit(&self, cx: &Context<'_>, memo: Memo, _: &Answers) -> Result<Outcome, Fault> {
        let Some(user) = candidate(cx) else { return Ok(Outcome::Again(nobody())) };
        // Given out elsewhere meanwhile: those stand.
        if held(cx).await?.is_some() {
            return Ok(Outcome::Passed(Effects::default()));
        }
        let codes: Vec<String> = serde_json::from_str(opened(cx, &memo)?.expose())
            .map_err(|error| Fault::from("reading a sheet of backup codes", error))?;
        let codes: Vec<Secret<String>> = codes.into_iter().map(Secret::new).collect();
        let held = Held::BackupCodes(BackupCodes::of(&codes, &user.id, cx.secrets));
        let credential = Credential::new(user, user.id.to_string(), "", held, cx.ports);
        let letters = notice(cx, user, "Backup codes")?;
        Ok(Outcome::Passed(Effects { edits: vec![Edit::Enrol(Box::new(credential))], letters }))
    }
}

fn opened(cx: &Context<'_>, memo: &Memo) -> Result<Secret<String>, Fault> {
    let asked: Asked = memo.read()?;
    let plain = cx.secrets.open(SEAL, &asked.sheet).ok_or(Fault::new("a sheet of backup codes of another server"))?;
    let text = String::from_utf8(plain.as_ref().to_vec());
    text.map(Secret::new).map_err(|error| Fault::from("reading a sheet of backup codes", error))
}

fn form(sheet: &Secret<String>) -> Prompt {
    SPEC.form(PromptKind::User).with("backupCodes", sheet.expose().clone())
}
