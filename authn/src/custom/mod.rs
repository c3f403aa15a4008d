//! Services of the operator's (`custom-…`): an HTTP service decides. It is told of the flow what it needs and nothing by which
//! it could go on in the user's place; it answers yes, no, or that the app should open its page and ask again. Which
//! addresses may be called, and for how long, is the world's policy.

mod call;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vestibule_core::connection::Connection;
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Effects, Factor, Memo, Outcome, Param, Prompt, PromptKind, Setting,
    SettingKind, Spec, Subject, Then, Triage,
};
use vestibule_core::user::{User, canonical_name};
use vestibule_jose::{base64url, equal};

use call::{Named, Said};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Custom;

struct Custom;

static SPEC: Spec = Spec {
    name: "custom-*",
    i18n_key: "AbstractAuthenticatorAdapter",
    summary: "A service of the operator's decides.",
    params: &[Param::silent("state")],
    factor: Some(Factor::Service),
    polls: true,
    connected: true,
    ..Spec::PLAIN
};

static SETTINGS: &[Setting] = &[
    Setting::text("uri", "Endpoint", "The address of the service.").of(SettingKind::Endpoint).required(),
    Setting::text("authenticationType", "Kind", "Whether the service names the user or confirms the one who is named.")
        .of(SettingKind::Choice(&["IDENTIFICATION", "VERIFICATION"]))
        .required(),
    Setting::text("type", "Authentication", "How this server shows itself to the service.")
        .of(SettingKind::Choice(&["NONE", "BASIC", "BEARER", "API_KEY"]))
        .or("NONE"),
    Setting::text("username", "User name", "For BASIC.").of(SettingKind::Secret),
    Setting::text("password", "Password", "For BASIC.").of(SettingKind::Secret),
    Setting::text("accessToken", "Token", "For BEARER.").of(SettingKind::Secret),
    Setting::text("header", "Header", "For API_KEY: x-api-key, api-key or authorization.")
        .of(SettingKind::Choice(call::KEY_HEADERS)),
    Setting::text("value", "Key", "For API_KEY.").of(SettingKind::Secret),
    Setting::text(
        "signingSecret",
        "Signing secret",
        "Requests are signed with it (Standard Webhooks); whsec_ and base64.",
    )
    .of(SettingKind::Secret),
];

/// What is remembered while the app is at the service's page.
#[derive(Serialize, Deserialize)]
struct Waiting {
    /// The page, if the service named one.
    page: Option<String>,
    /// What the app brings back, if it brings it.
    state: String,
}

impl Waiting {
    fn of(cx: &Context<'_>, page: Option<String>) -> Self {
        Self { page, state: base64url(&cx.derived("service state")) }
    }

    fn prompt(&self) -> Prompt {
        let prompt = SPEC.demand(PromptKind::Internal, &[]).with("state", self.state.clone());
        match &self.page {
            Some(page) => prompt.with("endpointUrl", page.clone()),
            None => prompt,
        }
    }

    fn begun(&self) -> Result<Begun, Fault> {
        Ok(Begun { memo: Some(Memo::of(self)?), ..Begun::of(self.prompt()) })
    }
}

#[async_trait]
impl Authenticator for Custom {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn ready_prompt(&self, _: &Context<'_>) -> Option<Prompt> {
        None
    }

    /// Only asks where the user should go: a yes counts when the app asks for it.
    async fn begin(&self, cx: &Context<'_>) -> Result<Begun, Fault> {
        match call::ask(cx).await? {
            Said::Unclear => Ok(Begun::nothing(failed())),
            Said::No => Ok(Begun::nothing(failed())),
            Said::Yes(_) => Waiting::of(cx, None).begun(),
            Said::Later(page) => Waiting::of(cx, page).begun(),
        }
    }

    fn repeat(&self, _: &Context<'_>, memo: &Memo) -> Result<Begun, Fault> {
        Ok(Begun::of(memo.read::<Waiting>()?.prompt()))
    }

    fn triage(&self, _: &Context<'_>, _: &Answers) -> Triage {
        Triage::Judge
    }

    async fn submit(&self, cx: &Context<'_>, memo: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        let waiting: Waiting = memo.read()?;
        if answers.text("state").is_some_and(|state| !equal(state.as_bytes(), waiting.state.as_bytes())) {
            return Ok(wrong());
        }
        match call::ask(cx).await? {
            Said::Unclear => Ok(Outcome::Overloaded),
            Said::No => Ok(wrong()),
            Said::Later(page) => Ok(Outcome::Again(Waiting::of(cx, page.or(waiting.page)).begun()?)),
            Said::Yes(named) => judge(cx, named).await,
        }
    }

    fn check(&self, connection: &Connection) -> Result<(), String> {
        connection.check_settings(SETTINGS)?;
        let needed: &[&str] = match connection.setting("type").unwrap_or_default() {
            "BASIC" => &["username", "password"],
            "BEARER" => &["accessToken"],
            "API_KEY" => &["header", "value"],
            _ => &[],
        };
        let has = |name: &str| connection.settings.contains_key(name) || connection.secrets.contains_key(name);
        match needed.iter().find(|name| !has(name)) {
            Some(name) => Err(format!("The property {name} is required for this type of authentication.")),
            None => Ok(()),
        }
    }
}

/// The service said yes: of whom. A service that verifies may only confirm whom the flow speaks of; one that identifies names
/// somebody, but never somebody else than the flow speaks of, and never an administrator.
async fn judge(cx: &Context<'_>, named: Named) -> Result<Outcome, Fault> {
    let identifies = cx.connection.and_then(|c| c.setting("authenticationType")) == Some("IDENTIFICATION");
    if named.is_nobody() {
        return Ok(match cx.subject {
            Subject::Known(_) if !identifies => Outcome::proved(Effects::default()),
            _ => wrong(),
        });
    }
    let user = find(cx, &named).await?;
    Ok(match (user, cx.subject) {
        (Some(user), Subject::Known(own)) if user.id == own.id => Outcome::proved(Effects::default()),
        (Some(user), Subject::Nobody) if identifies && !user.administrator => {
            Outcome::Proved { whose: Some(Box::new(user)), factor: None, remember: false, effects: Effects::default() }
        }
        _ => wrong(),
    })
}

/// The one user whom everything that was named fits.
async fn find(cx: &Context<'_>, named: &Named) -> Result<Option<User>, Fault> {
    let name = named.user_name.as_deref().map(canonical_name);
    let found = match (named.id.as_deref().map(str::parse), &name) {
        (Some(Ok(id)), _) => cx.ports.store.user(cx.tenant, &id).await?,
        (Some(Err(_)), _) | (None, None) => None,
        (None, Some(name)) => cx.ports.store.user_by_name(cx.tenant, name).await?,
    };
    Ok(found.filter(|user| name.is_none_or(|name| name == user.canonical)))
}

fn failed() -> Message {
    const TEXT: &str = "The service that decides on this login did not confirm it.";
    Message::failed(TEXT, "authentication_processing_error")
}

fn wrong() -> Outcome {
    Outcome::Wrong { message: failed(), then: Then::Leave }
}
