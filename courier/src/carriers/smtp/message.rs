//! An email as it is written (RFC 5322): nothing in it depends on when it is sent, so a repeated letter is the same to the
//! byte and its reader's mail server can tell.

use std::time::{Duration, SystemTime};

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use super::Undelivered;
use crate::{Content, Rendered};

/// The letter as an email.
///
/// # Errors
/// Its address is none, or it is no email.
pub(super) fn compose(letter: &Rendered, from: &Mailbox, reply_to: Option<&Mailbox>) -> Result<Message, Undelivered> {
    let broken = |what: &str| Undelivered::permanent(what);
    let Content::Email { subject, text, html } = &letter.content else {
        return Err(broken("it is no email"));
    };
    let to = letter.to.parse().map_err(|_| broken("the address is none"))?;
    let written = Duration::from_micros(u64::try_from(letter.created.micros()).unwrap_or(0));
    let mut email = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(subject)
        .date(SystemTime::UNIX_EPOCH + written)
        .message_id(Some(format!("<{}@{}>", letter.id, from.email.domain())))
        // RFC 3834 §5: whoever is away does not answer us.
        .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()));
    if let Some(reply_to) = reply_to {
        email = email.reply_to(reply_to.clone());
    }
    let parts = MultiPart::alternative()
        .boundary(letter.id.to_string())
        .singlepart(SinglePart::plain(text.clone()))
        .singlepart(SinglePart::html(html.clone()));
    email.multipart(parts).map_err(|_| broken("the email cannot be written"))
}
