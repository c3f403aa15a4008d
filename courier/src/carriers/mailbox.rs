//! The mailbox of development: messages that would have been sent, in memory, the newest of them. It forgets at the end of
//! the process and is never a way to people.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde::Serialize;
use vestibule_core::delivery::Channel;
use vestibule_core::ports::{LetterId, TenantId, Timestamp};

use super::{Carrier, Undelivered};
use crate::{Content, Rendered};

/// How many messages are kept.
const KEPT: usize = 500;

/// Messages that would have been sent.
#[derive(Default)]
pub struct Mailbox(Mutex<VecDeque<Entry>>);

/// A message that would have been sent.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The letter's name.
    pub id: LetterId,
    /// The realm.
    pub tenant: TenantId,
    /// How it would have travelled.
    pub channel: Channel,
    /// To whom.
    pub to: String,
    /// Name of the template.
    pub template: String,
    /// Its heading, if it has one.
    pub subject: Option<String>,
    /// Its text.
    pub text: String,
    /// Its text as HTML, of an email.
    pub html: Option<String>,
    /// The code that it carries.
    pub code: Option<String>,
    /// The link that it carries.
    pub link: Option<String>,
    /// When the letter was written, in microseconds since 1970.
    pub time: Timestamp,
}

impl Mailbox {
    /// All messages, oldest first.
    pub fn entries(&self) -> Vec<Entry> {
        self.kept().iter().cloned().collect()
    }

    /// The messages that came after that one, oldest first; all when it is not kept.
    pub fn since(&self, id: &LetterId) -> Vec<Entry> {
        let kept = self.kept();
        let seen = kept.iter().position(|entry| entry.id == *id).map_or(0, |place| place + 1);
        kept.iter().skip(seen).cloned().collect()
    }

    fn kept(&self) -> MutexGuard<'_, VecDeque<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Carrier for Mailbox {
    async fn carry(&self, letter: &Rendered) -> Result<(), Undelivered> {
        let mut kept = self.kept();
        // A letter that is carried once more because its carrier died lies here already.
        if !kept.iter().any(|entry| entry.id == letter.id) {
            kept.push_back(Entry::of(letter));
        }
        while kept.len() > KEPT {
            kept.pop_front();
        }
        Ok(())
    }
}

impl Entry {
    fn of(letter: &Rendered) -> Self {
        let html = match &letter.content {
            Content::Email { html, .. } => Some(html.clone()),
            Content::Sms { .. } | Content::Push { .. } => None,
        };
        Self {
            id: letter.id,
            tenant: letter.tenant.clone(),
            channel: letter.content.channel(),
            to: letter.to.clone(),
            template: letter.template.clone(),
            subject: letter.content.subject().map(str::to_owned),
            text: letter.content.text().to_owned(),
            html,
            code: letter.values.get("code").cloned(),
            link: letter.values.get("link").cloned(),
            time: letter.created,
        }
    }
}

impl std::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mailbox of {}", self.kept().len())
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} [hidden]", self.id, self.template)
    }
}
