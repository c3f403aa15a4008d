//! The user's other sessions: how many there are too many, how they are listed, and which of them an answer names.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use vestibule_core::agent::Agent;
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{Begun, Context, Memo, Prompt, PromptKind};
use vestibule_core::ports::SessionId;
use vestibule_core::secrets::Shown;
use vestibule_core::session::Session;

use super::{CHOSEN, SPEC, prompt_id};

/// Most sessions of one list; the others come up when these are gone.
pub(super) const LONGEST: usize = 50;

/// What was asked.
#[derive(Serialize, Deserialize)]
pub(super) struct Asked {
    pub prompt_id: String,
    /// The list as it is shown.
    sessions: String,
}

impl Asked {
    /// The questions.
    pub fn prompt(self, most: usize) -> Prompt {
        let mut prompt = SPEC.form(PromptKind::User);
        prompt.required.retain(|name| *name != CHOSEN);
        prompt
            .with("MaxSessionCount", most.to_string())
            .with("promptId", self.prompt_id)
            .with("sessions", self.sessions)
    }
}

/// A session of the list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    session_id: String,
    /// Milliseconds since 1970.
    last_access_time: String,
    browser: &'static str,
    platform: &'static str,
    device: &'static str,
}

/// The sessions of a user besides the one that the flow began with, oldest first.
pub(super) struct Others {
    alive: Vec<Session>,
    most: usize,
}

/// How many sessions a user may have.
pub(super) fn most(cx: &Context<'_>) -> usize {
    usize::try_from(cx.option.limits.max_sessions.unwrap_or(1)).unwrap_or(usize::MAX).max(1)
}

impl Others {
    /// Those of the flow's user; `None` before the user has proved anything.
    pub async fn of(cx: &Context<'_>) -> Result<Option<Self>, Fault> {
        let Some(user) = cx.subject.user().filter(|_| cx.proven) else { return Ok(None) };
        let mut alive = cx.ports.store.sessions_of(cx.tenant, &user.id).await?;
        alive.retain(|session| session.is_alive(cx.now) && Some(session.id) != cx.session);
        Ok(Some(Self { alive, most: most(cx) }))
    }

    /// How many have to end before another may begin.
    pub fn surplus(&self) -> usize {
        (self.alive.len() + 1).saturating_sub(self.most)
    }

    /// Asks which of them end.
    pub fn ask(&self, cx: &Context<'_>, messages: Vec<Message>) -> Result<Begun, Fault> {
        let entries: Vec<_> = self.alive.iter().take(LONGEST).map(|session| entry(cx, session)).collect();
        let sessions =
            serde_json::to_string(&entries).map_err(|error| Fault::from("writing a list of sessions", error))?;
        let asked = Asked { prompt_id: prompt_id(cx), sessions };
        let memo = Some(Memo::of(&asked)?);
        Ok(Begun { memo, messages, ..Begun::of(asked.prompt(self.most)) })
    }

    /// Those that an answer names; `None` if one of them is not among these.
    pub fn chosen<'a>(&self, cx: &Context<'_>, names: impl Iterator<Item = &'a str>) -> Option<BTreeSet<SessionId>> {
        let own = |id: &SessionId| self.alive.iter().any(|session| session.id == *id);
        names.map(|name| cx.secrets.read_session(name, Shown::Choice).filter(own)).collect()
    }
}

fn entry(cx: &Context<'_>, session: &Session) -> Entry {
    let Agent { browser, platform, device } = Agent::read(session.agent.as_deref());
    Entry {
        session_id: cx.secrets.session(&session.id, Shown::Choice),
        last_access_time: (session.seen.micros() / 1000).to_string(),
        browser,
        platform,
        device,
    }
}
