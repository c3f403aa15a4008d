//! Ways of signing in that only stories know: a code that has to be sent first, one whose judge breaks, and one whose
//! judgement waits until it is let go.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use tokio::sync::Notify;
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Effects, Factor, Memo, Outcome, Param, ParamKind, Prompt, PromptKind, Spec,
    Then, Triage,
};

/// The names of these ways of signing in.
pub const CODE: &str = "story-code";
pub const BROKEN: &str = "story-broken";
pub const WAITING: &str = "story-waiting";

/// The code that [`Code`] sends.
pub const RIGHT: &str = "424242";

static PARAMS: &[Param] = &[Param {
    name: "OTPCode",
    aliases: &["OTPcode"],
    kind: ParamKind::String,
    order: 1,
    i18n_key: "code.param",
    display: "Code",
    confidential: true,
    asked: true,
}];

const fn spec(name: &'static str, i18n_key: &'static str) -> Spec {
    let summary = "Only for stories.";
    let factor = Some(Factor::Otp);
    Spec { name, display: "Story", i18n_key, summary, params: PARAMS, factor, ..Spec::PLAIN }
}

static CODE_SPEC: Spec = spec(CODE, "authenticator.story.code");
static BROKEN_SPEC: Spec = spec(BROKEN, "authenticator.story.broken");
static WAITING_SPEC: Spec = spec(WAITING, "authenticator.story.waiting");

fn wrong(then: Then) -> Outcome {
    Outcome::Wrong { message: Message::failed("The code is wrong.", "authentication.fail.message"), then }
}

fn triage(answers: &Answers) -> Triage {
    if answers.secret("OTPCode").is_some() { Triage::Judge } else { Triage::Ask }
}

/// A code that is sent when the option is selected and remembered until it is answered.
#[derive(Default)]
pub struct Code {
    sent: AtomicUsize,
    judged: AtomicUsize,
}

impl Code {
    /// One that lives as long as the tests.
    pub fn leaked() -> &'static Self {
        Box::leak(Box::default())
    }

    /// How many codes were sent.
    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }

    /// How many answers were judged.
    pub fn judged(&self) -> usize {
        self.judged.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Authenticator for Code {
    fn spec(&self) -> &'static Spec {
        &CODE_SPEC
    }

    fn ready_prompt(&self, _: &Context<'_>) -> Option<Prompt> {
        None
    }

    async fn begin(&self, _: &Context<'_>) -> Result<Begun, Fault> {
        self.sent.fetch_add(1, Ordering::SeqCst);
        let sent = Message::info("CodeSent", "The code is sent.".into());
        let memo = Some(Memo::of(&RIGHT)?);
        Ok(Begun { memo, messages: vec![sent], ..Begun::of(CODE_SPEC.form(PromptKind::User)) })
    }

    fn repeat(&self, _: &Context<'_>, _: &Memo) -> Result<Begun, Fault> {
        Ok(Begun::of(CODE_SPEC.form(PromptKind::User)))
    }

    fn triage(&self, _: &Context<'_>, answers: &Answers) -> Triage {
        triage(answers)
    }

    async fn submit(&self, _: &Context<'_>, memo: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        self.judged.fetch_add(1, Ordering::SeqCst);
        let sent: String = memo.read()?;
        Ok(match answers.text("OTPCode") == Some(&sent) {
            true => Outcome::proved(Effects::default()),
            false => wrong(Then::Repeat(memo)),
        })
    }
}

/// One whose judge breaks.
pub struct Broken;

#[async_trait]
impl Authenticator for Broken {
    fn spec(&self) -> &'static Spec {
        &BROKEN_SPEC
    }

    fn ready_prompt(&self, _: &Context<'_>) -> Option<Prompt> {
        Some(BROKEN_SPEC.form(PromptKind::User))
    }

    fn triage(&self, _: &Context<'_>, answers: &Answers) -> Triage {
        triage(answers)
    }

    async fn submit(&self, _: &Context<'_>, _: Memo, _: &Answers) -> Result<Outcome, Fault> {
        Err(Fault::from("judging a code", "secret-internals at line 7"))
    }
}

/// One whose judgement waits.
#[derive(Default)]
pub struct Waiting {
    begun: Notify,
    go: Notify,
}

impl Waiting {
    /// One that lives as long as the tests.
    pub fn leaked() -> &'static Self {
        Box::leak(Box::default())
    }

    /// Returns once an answer is being judged.
    pub async fn has_begun(&self) {
        self.begun.notified().await;
    }

    /// Lets the judgement go on.
    pub fn let_go(&self) {
        self.go.notify_one();
    }
}

#[async_trait]
impl Authenticator for Waiting {
    fn spec(&self) -> &'static Spec {
        &WAITING_SPEC
    }

    fn ready_prompt(&self, _: &Context<'_>) -> Option<Prompt> {
        Some(WAITING_SPEC.form(PromptKind::User))
    }

    fn triage(&self, _: &Context<'_>, answers: &Answers) -> Triage {
        triage(answers)
    }

    async fn submit(&self, _: &Context<'_>, _: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        self.begun.notify_one();
        self.go.notified().await;
        Ok(match answers.text("OTPCode") == Some(RIGHT) {
            true => Outcome::proved(Effects::default()),
            false => wrong(Then::Choose),
        })
    }
}
