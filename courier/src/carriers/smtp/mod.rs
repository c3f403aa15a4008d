//! A mail server over SMTP (RFC 5321). Connections are kept for the next letter; one on which anything went wrong, or
//! whose letter was given up, is dropped, so that no answer is ever read as that to another letter.

mod line;
mod message;

use std::sync::Arc;

use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp;
use vestibule_core::error::Fault;
use vestibule_core::ports::Clock;

use super::{Carrier, Undelivered};
use crate::{Rendered, Smtp};
use line::Lines;

pub(super) struct SmtpCarrier {
    lines: Lines,
    from: Mailbox,
    reply_to: Option<Mailbox>,
}

impl SmtpCarrier {
    pub(super) fn new(smtp: &Smtp, clock: Arc<dyn Clock>) -> Result<Self, Fault> {
        let from = smtp.from.parse().map_err(|error| Fault::from("reading the address that emails are from", error))?;
        let reply_to = smtp.reply_to.as_deref().map(str::parse).transpose();
        let reply_to = reply_to.map_err(|error| Fault::from("reading the address for answers to emails", error))?;
        Ok(Self { lines: Lines::new(smtp, clock)?, from, reply_to })
    }
}

#[async_trait]
impl Carrier for SmtpCarrier {
    async fn carry(&self, letter: &Rendered) -> Result<(), Undelivered> {
        let email = message::compose(letter, &self.from, self.reply_to.as_ref())?;
        let mut line = self.lines.take().await.map_err(|error| Undelivered::temporary(reason(&error)))?;
        line.send(email.envelope(), &email.formatted()).await.map_err(|error| judge(&error))?;
        self.lines.keep(line);
        Ok(())
    }
}

/// What an error while a letter was handed over means.
fn judge(error: &smtp::Error) -> Undelivered {
    let status = error.status().map(u16::from);
    // RFC 4954 §6: these speak of our login, not of the letter.
    let is_login = matches!(status, Some(530 | 534 | 535 | 538));
    if (error.is_permanent() && !is_login) || error.is_client() {
        Undelivered::permanent(reason(error))
    } else {
        Undelivered::temporary(reason(error))
    }
}

/// An error without the server's own words.
fn reason(error: &smtp::Error) -> String {
    match error.status().map(u16::from) {
        Some(status) => format!("SMTP {status}"),
        None if error.is_response() => "the answer of the mail server is not understood".to_owned(),
        None => error.to_string(),
    }
}
