//! Active Sessions Limit (`SessionExecutor`): a user who is signed in too often already ends some of the other sessions,
//! or does not sign in. It proves nothing. Law: before somebody has proved who they are, it says nothing of any session
//! and ends none.

mod listed;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use vestibule_core::audit::What;
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Effects, Memo, Outcome, Param, ParamKind, Prompt, Spec, Then, Triage,
};
use vestibule_jose::{base64url, equal};

use listed::{Asked, Others};

/// The registration of this step.
pub const KIND: &dyn Authenticator = &Limit;

struct Limit;

static SPEC: Spec = Spec {
    name: "SessionExecutor",
    display: "Active Sessions Limit",
    summary: "Which sessions end, where a user is signed in too often.",
    params: &[
        Param::text("promptResp", 1, "promptResp.param", "Prompt Response"),
        Param::text("promptId", 2, "promptId.param", "Prompt ID"),
        Param::text(ACTION, 3, "ActiveSessionsLimitAction.param", "Active Sessions Limit Action"),
        Param {
            kind: ParamKind::MultiValued,
            ..Param::text(CHOSEN, 4, "sessionsToTerminate.param", "Sessions to Terminate")
        },
    ],
    tries: Some(5),
    ..Spec::PLAIN
};

const ACTION: &str = "ActiveSessionsLimitAction";
const CHOSEN: &str = "sessionsToTerminate";
const TERMINATE: &str = "terminateActiveSessionsAction";
const DENY: &str = "denyLimitActiveSessionsAction";
const REFRESH: &str = "refreshActiveSessionsAction";

#[async_trait]
impl Authenticator for Limit {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn ready_prompt(&self, _: &Context<'_>) -> Option<Prompt> {
        None
    }

    async fn begin(&self, cx: &Context<'_>) -> Result<Begun, Fault> {
        match Others::of(cx).await? {
            Some(others) => others.ask(cx, Vec::new()),
            None => Ok(Begun::nothing(unproven())),
        }
    }

    fn repeat(&self, cx: &Context<'_>, memo: &Memo) -> Result<Begun, Fault> {
        let asked: Asked = memo.read()?;
        Ok(Begun::of(asked.prompt(listed::most(cx))))
    }

    fn triage(&self, _: &Context<'_>, answers: &Answers) -> Triage {
        match (answers.text("promptId"), answers.text(ACTION)) {
            (None, _) | (_, None) => Triage::Ask,
            (_, Some(TERMINATE)) if answers.texts(CHOSEN).next().is_none() => {
                Triage::Refuse("The parameter sessionsToTerminate is missing.")
            }
            (_, Some(TERMINATE | DENY | REFRESH)) => Triage::Judge,
            _ => Triage::Refuse("There is no such ActiveSessionsLimitAction."),
        }
    }

    async fn submit(&self, cx: &Context<'_>, memo: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        let Some(others) = Others::of(cx).await? else {
            return Ok(Outcome::Wrong { message: unproven(), then: Then::Leave });
        };
        let asked: Asked = memo.read()?;
        let named = answers.text("promptId").unwrap_or_default();
        if !equal(named.as_bytes(), asked.prompt_id.as_bytes()) {
            let message = Message::failed("The list of sessions is not the last one.", "session.prompt.mismatch");
            return Ok(Outcome::Wrong { message, then: Then::Repeat(memo) });
        }
        match answers.text(ACTION) {
            Some(DENY) => {
                let text = "The sign-in was given up: there are too many sessions.";
                let message = Message::failed(text, "active.session.limit.denied");
                Ok(Outcome::Wrong { message, then: Then::Leave })
            }
            Some(TERMINATE) => end(cx, (&others, memo), answers).await,
            _ => go_on(cx, others, Vec::new()),
        }
    }

    async fn is_needless(&self, cx: &Context<'_>) -> Result<bool, Fault> {
        Ok(Others::of(cx).await?.is_some_and(|others| others.surplus() == 0))
    }
}

/// Ends the chosen sessions, if they are the user's and enough.
async fn end(cx: &Context<'_>, (others, memo): (&Others, Memo), answers: &Answers) -> Result<Outcome, Fault> {
    let Some(chosen) = others.chosen(cx, answers.texts(CHOSEN)) else {
        let message = Message::failed("One of these is no session of the user.", "session.unknown");
        return Ok(Outcome::Wrong { message, then: Then::Repeat(memo) });
    };
    let needed = others.surplus().min(listed::LONGEST);
    if chosen.len() < needed {
        let few = Message::failed("More sessions have to end.", "session.too.few").with("needed", needed.to_string());
        return Ok(Outcome::Again(others.ask(cx, vec![few])?));
    }
    for id in &chosen {
        if cx.ports.store.end_session(id, cx.now).await? {
            let event = cx.event(What::SessionEnded).session(*id).user(cx.subject.user().map(|user| user.id));
            cx.ports.record(event.because("too many sessions")).await?;
        }
    }
    match Others::of(cx).await? {
        Some(left) => go_on(cx, left, Vec::new()),
        None => Ok(Outcome::Wrong { message: unproven(), then: Then::Leave }),
    }
}

/// Passes when there are few enough sessions, else asks again.
fn go_on(cx: &Context<'_>, others: Others, messages: Vec<Message>) -> Result<Outcome, Fault> {
    if others.surplus() == 0 {
        return Ok(Outcome::Passed(Effects::default()));
    }
    Ok(Outcome::Again(others.ask(cx, messages)?))
}

fn unproven() -> Message {
    Message::failed("Nobody has proved who they are yet.", "session.user.unknown")
}

/// A name of one asking: an answer to an older list ends nothing.
fn prompt_id(cx: &Context<'_>) -> String {
    base64url(&cx.ports.random::<16>())
}
