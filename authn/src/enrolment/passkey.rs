//! `passkey-enroll`: makes a passkey inside the login, which passes the step that asked for one.

use async_trait::async_trait;
use serde_json::Value;
use vestibule_core::credential::{Credential, Held};
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Effects, Factor, Memo, Outcome, Param, Prompt, PromptKind, Spec, Then,
    Triage,
};
use vestibule_core::ports::passkeys::Asked;
use vestibule_core::ports::store::Edit;

use super::{BACKUP_CODES, PASSKEY, candidate, nobody, notice};
use crate::passkey::options::{self, Challenge};

pub(super) const KIND: &dyn Authenticator = &Enrol;

/// Keeps its challenges apart from those of proofs.
const PURPOSE: &str = "passkey creation";

struct Enrol;

static SPEC: Spec = Spec {
    name: PASSKEY,
    display: "Passkey Enrolment",
    i18n_key: "authenticator.passkey.enroll",
    summary: "Makes a passkey inside the login.",
    params: &[Param::silent("tokenResponse")],
    factor: Some(Factor::VerifiedKey),
    tries: Some(5),
    traceless: true,
    followed_by: &[BACKUP_CODES],
    enrols: Some("FIDOAuthenticator"),
    ..Spec::PLAIN
};

#[async_trait]
impl Authenticator for Enrol {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn ready_prompt(&self, _: &Context<'_>) -> Option<Prompt> {
        None
    }

    async fn begin(&self, cx: &Context<'_>) -> Result<Begun, Fault> {
        let Some(user) = candidate(cx) else { return Ok(nobody()) };
        let held = options::held(cx, Some(user)).await?;
        let document = options::creation(cx, &Challenge::now(cx, PURPOSE), user, &held);
        let prompt = SPEC.demand(PromptKind::Internal, &["tokenResponse"]);
        Ok(Begun::of(prompt.with("challengeData", options::challenge_data(&document))))
    }

    fn triage(&self, _: &Context<'_>, answers: &Answers) -> Triage {
        if answers.secret("tokenResponse").is_some() { Triage::Judge } else { Triage::Ask }
    }

    async fn submit(&self, cx: &Context<'_>, _: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        let Some(user) = candidate(cx) else { return Ok(wrong()) };
        let response = answers.secret("tokenResponse").and_then(|text| options::token_response(text.expose()));
        let request = response.as_ref().and_then(|response| response.get("requestId")).and_then(Value::as_str);
        let challenge = request.and_then(|request| Challenge::answered(cx, PURPOSE, request));
        let (Some(response), Some(challenge)) = (response, challenge) else { return Ok(wrong()) };
        let party = cx.relying.party_for(cx.app);
        let asked = Asked { challenge: &challenge.bytes, verified: true };
        let answer = response.get("credential").unwrap_or(&Value::Null);
        let Ok(key) = cx.ports.passkeys.created(&party, &asked, answer) else { return Ok(wrong()) };
        let (handle, held) = (key.id.clone(), Held::Passkey(key));
        let credential = Credential::new(user, handle, "Passkey", held, cx.ports);
        let letters = notice(cx, user, "Passkey")?;
        Ok(Outcome::proved(Effects { edits: vec![Edit::Enrol(Box::new(credential))], letters }))
    }
}

fn wrong() -> Outcome {
    let message = Message::failed("The passkey could not be made. Please try again.", "authentication.fail.message");
    Outcome::Wrong { message, then: Then::Choose }
}
