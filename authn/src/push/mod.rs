//! Push Notification (`push-notification-authenticator`): a registered device asks its user and signs the answer. The app
//! that signs in shows two digits which the user types on the device, so that nobody agrees to a sign-in which is not
//! their own (NIST SP 800-63B-4 §3.1.3.4). Law: whether there is such a user, and which devices they have, is told only
//! after another factor has been proved.

mod ask;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use vestibule_core::credential::Kind;
use vestibule_core::credential::push::{Answer, Found};
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Effects, Factor, Memo, Outcome, Param, Prompt, PromptKind, Sending, Spec,
    Then, Triage,
};
use vestibule_core::ports::store::Edit;

use ask::{Asked, devices};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Push;

struct Push;

static SPEC: Spec = Spec {
    name: "push-notification-authenticator",
    display: "Push Notification",
    i18n_key: "authenticator.push.notification",
    summary: "A registered device on which the user agrees.",
    params: &[Param::USERNAME, Param::silent(SCENARIO)],
    factor: Some(Factor::Device),
    identifier: Some("username"),
    sending: Some(Sending { resends: 3, exhausted: "error.push.resent.count.exceeded" }),
    tries: Some(3),
    ..Spec::PLAIN
};

const SCENARIO: &str = "scenario";

#[async_trait]
impl Authenticator for Push {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn ready_prompt(&self, cx: &Context<'_>) -> Option<Prompt> {
        (!cx.subject.is_named()).then(|| SPEC.form(PromptKind::User))
    }

    async fn begin(&self, cx: &Context<'_>) -> Result<Begun, Fault> {
        ask::ask(cx).await
    }

    fn repeat(&self, cx: &Context<'_>, memo: &Memo) -> Result<Begun, Fault> {
        let asked: Asked = memo.read()?;
        Ok(Begun::of(asked.prompt(cx)))
    }

    fn triage(&self, cx: &Context<'_>, answers: &Answers) -> Triage {
        if !cx.subject.is_named() {
            return Triage::Refuse("The parameter username is missing.");
        }
        match answers.text(SCENARIO) {
            None | Some("SEND_PUSH_NOTIFICATION" | "PUSH_AUTHENTICATION") => Triage::Ask,
            Some("PROCEED_PUSH_AUTHENTICATION") => Triage::Judge,
            Some("RESEND_PUSH_NOTIFICATION") => Triage::Resend,
            Some(
                "PUSH_DEVICE_ENROLLMENT" | "CANCEL_PUSH_DEVICE_ENROLLMENT" | "INIT_PUSH_ENROLL" | "CANCEL_PUSH_ENROLL",
            ) => Triage::Refuse("Devices are not enrolled in a login, but by the signed-in user."),
            Some(_) => Triage::Refuse("There is no such scenario."),
        }
    }

    async fn submit(&self, cx: &Context<'_>, memo: Memo, _: &Answers) -> Result<Outcome, Fault> {
        let asked: Asked = memo.read()?;
        let Some(found) = Found::by_id(cx.ports, cx.secrets, (cx.tenant, &asked.id)).await? else {
            let late =
                Message::failed("The notification is too old. Ask for another one.", "authentication.fail.message");
            return Ok(again(cx, asked, vec![late]));
        };
        if found.question.state == Answer::Awaited {
            return Ok(again(cx, asked, Vec::new()));
        }
        // Answers count once, and in the flow that asked.
        let taken = found.take(cx.ports, (cx.tenant, &asked.id)).await?;
        let taken = taken.filter(|question| question.flow == cx.place.flow);
        let user = cx.subject.user().filter(|user| taken.as_ref().is_some_and(|question| question.user == user.id));
        let (Some(Answer::Approved(handle)), Some(user)) = (taken.map(|question| question.state), user) else {
            return Ok(denied(memo));
        };
        let device = cx.ports.store.credential(cx.tenant, Kind::PushDevice, &handle).await?;
        let Some(device) = device.filter(|device| device.user == user.id) else { return Ok(denied(memo)) };
        // A device that is removed in this moment agrees to nothing.
        let used = Box::new(device.used(device.held.clone(), cx.now));
        Ok(Outcome::proved(Effects::from(Edit::Use { credential: used, seen: device.revision })))
    }

    async fn is_usable(&self, cx: &Context<'_>) -> Result<bool, Fault> {
        let Some(user) = cx.subject.user() else { return Ok(false) };
        Ok(!devices(cx, &user.id).await?.is_empty())
    }
}

fn again(cx: &Context<'_>, asked: Asked, messages: Vec<Message>) -> Outcome {
    Outcome::Again(Begun { messages, ..Begun::of(asked.prompt(cx)) })
}

/// The same questions again: another notification is sent only when it is asked for, lest a refusal brings the next one.
fn denied(memo: Memo) -> Outcome {
    const TEXT: &str = "The sign-in was refused on the device.";
    Outcome::Wrong { message: Message::failed(TEXT, "error.push.user.denied.consent"), then: Then::Repeat(memo) }
}
