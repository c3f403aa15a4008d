//! Passkeys (WebAuthn Level 3): what an authenticator says is checked here against what it was asked. Whose passkey it is,
//! when a challenge ends and what an answer is worth are decided elsewhere.

pub(crate) mod options;
#[cfg(any(test, feature = "softkey"))]
pub mod softkey;
pub mod verifier;

pub use verifier::Verifier;

use async_trait::async_trait;
use serde_json::Value;
use vestibule_core::credential::{Credential, Held, Kind, PasskeyKey};
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Effects, Factor, Memo, Outcome, Param, Prompt, PromptKind, Spec, Then,
    Triage,
};
use vestibule_core::ports::passkeys::{Asked, Flaw};
use vestibule_core::ports::store::Edit;
use vestibule_jose::{base64url, from_base64url_lenient};

use self::options::Challenge;

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Passkey;

/// Keeps its challenges apart from those of enrolment.
const PURPOSE: &str = "passkey";

struct Passkey;

static SPEC: Spec = Spec {
    name: "FIDOAuthenticator",
    display: "Passkey",
    i18n_key: "authenticator.Fido",
    summary: "A passkey of the user's device (WebAuthn).",
    params: &[Param::silent("tokenResponse")],
    factor: Some(Factor::Key),
    traceless: true,
    enrolled_by: Some(crate::enrolment::PASSKEY),
    ..Spec::PLAIN
};

#[async_trait]
impl Authenticator for Passkey {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn ready_prompt(&self, _: &Context<'_>) -> Option<Prompt> {
        None
    }

    async fn begin(&self, cx: &Context<'_>) -> Result<Begun, Fault> {
        let held = options::held(cx, cx.subject.user()).await?;
        if cx.proven && held.is_empty() {
            let text = "There is no passkey of this account.";
            return Ok(Begun::nothing(Message::failed(text, "no.enrolled.passkey.found")));
        }
        let document = options::request(cx, &Challenge::now(cx, PURPOSE), &held);
        let prompt = SPEC.demand(PromptKind::Internal, &["tokenResponse"]);
        Ok(Begun::of(prompt.with("challengeData", options::challenge_data(&document))))
    }

    fn triage(&self, _: &Context<'_>, answers: &Answers) -> Triage {
        if answers.secret("tokenResponse").is_some() { Triage::Judge } else { Triage::Ask }
    }

    async fn submit(&self, cx: &Context<'_>, _: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        let response = answers.secret("tokenResponse").and_then(|text| options::token_response(text.expose()));
        let Some((response, challenge)) = response.and_then(|response| {
            let request = response.get("requestId").and_then(Value::as_str)?;
            let challenge = Challenge::answered(cx, PURPOSE, request)?;
            Some((response, challenge))
        }) else {
            return Ok(wrong("unknown or old challenge"));
        };
        let answer = response.get("credential").unwrap_or(&Value::Null);
        let Some((credential, key)) = named(cx, answer).await? else { return Ok(wrong("unknown credential")) };
        let (fresh, factor) = match prove(cx, &challenge, &key, answer) {
            Ok(proved) => proved,
            Err(flaw) => return Ok(wrong(flaw)),
        };
        let Some(user) = cx.ports.store.user(cx.tenant, &credential.user).await? else { return Ok(wrong("no user")) };
        let effects = Effects::from(Edit::used(&credential, Held::Passkey(fresh), cx.now));
        Ok(Outcome::Proved { whose: Some(Box::new(user)), factor: Some(factor), remember: false, effects })
    }

    async fn is_usable(&self, cx: &Context<'_>) -> Result<bool, Fault> {
        Ok(!options::held(cx, cx.subject.user()).await?.is_empty())
    }
}

/// The passkey that an answer names, if it is the flow's user's, or anybody's as long as the flow speaks of nobody.
async fn named(cx: &Context<'_>, answer: &Value) -> Result<Option<(Credential, PasskeyKey)>, Fault> {
    let id = answer.get("id").and_then(Value::as_str).and_then(from_base64url_lenient);
    let Some(id) = id.map(|id| base64url(&id)) else { return Ok(None) };
    let Some(credential) = cx.ports.store.credential(cx.tenant, Kind::Passkey, &id).await? else { return Ok(None) };
    let is_theirs = match cx.subject.user() {
        Some(user) => user.id == credential.user,
        None => !cx.subject.is_named(),
    };
    let handle = answer.pointer("/response/userHandle").and_then(Value::as_str).filter(|handle| !handle.is_empty());
    let same = handle
        .is_none_or(|handle| from_base64url_lenient(handle).is_some_and(|handle| handle == credential.user.as_bytes()));
    let Held::Passkey(key) = credential.held.clone() else { return Ok(None) };
    Ok((is_theirs && same).then_some((credential, key)))
}

/// Checks an answer. As the first factor a passkey must have verified its user; as a later one it counts for less without.
fn prove(
    cx: &Context<'_>,
    challenge: &Challenge,
    key: &PasskeyKey,
    answer: &Value,
) -> Result<(PasskeyKey, Factor), Flaw> {
    let party = cx.relying.party_for(cx.app);
    let prove =
        |verified| cx.ports.passkeys.proved(&party, &Asked { challenge: &challenge.bytes, verified }, key, answer);
    match prove(true) {
        Ok(fresh) => Ok((fresh, Factor::VerifiedKey)),
        Err(Flaw::Verification) if cx.proven => prove(false).map(|fresh| (fresh, Factor::Key)),
        Err(flaw) => Err(flaw),
    }
}

fn wrong(why: impl std::fmt::Debug) -> Outcome {
    let message =
        Message::failed("The passkey was not accepted.", "authentication.fail.message").noting(format!("{why:?}"));
    Outcome::Wrong { message, then: Then::Leave }
}
